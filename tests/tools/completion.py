#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What shells complete, with the scripts that `pausemon completion` prints. TAP on stdout.

    completion.py PAUSEMON
"""
import json
import os
import re
import shutil
import subprocess

import helplib
from taplib import PAUSEMON, environment, expect, main, run, test

# What readline does before it calls the function, and what comes of it.
ASK = """
source /dev/stdin <<<"$SCRIPT"
cd "$HOME" || exit
COMP_WORDBREAKS=$BREAKS
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_pausemon "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
BREAKS = " \t\n\"'><=;|&(:"
NO_BASH = "bash is not there"


def split(line, breaks):
    """The words as readline splits them; what is to be completed is the last."""
    marks = re.escape("".join(c for c in "=:" if c in breaks))
    words = []
    for word in line.split(" "):
        parts = re.findall(rf"[{marks}]|[^{marks}]+", word) if marks else [word]
        words += parts or [""]
    return words


def complete(home, line, breaks=BREAKS):
    script = expect(run(home, "completion", "bash"), 0, None, r"^$").stdout
    ran = subprocess.run(["bash", "--norc", "-c", ASK, "bash", *split(line, breaks)],
                         env=environment(home, SCRIPT=script, BREAKS=breaks), text=True,
                         stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    complaint = re.sub(r".*compopt: .*not currently executing.*\n", "", ran.stderr)
    assert ran.returncode == 0 and not complaint, (line, ran.stderr)
    return [word for word in ran.stdout.split("\n") if word]


def has_bash():
    return shutil.which("bash") is not None


# A line, and all that it may go on with.
LINES = [
    ("pausemon wh", ["why"]),
    ("pausemon un", ["uninstall"]),
    ("pausemon comp", []),
    ("pausemon --v", ["--version"]),
    ("/opt/x/pausemon wh", ["why"]),
    ("pausemon events ", ["list", "show", "mark"]),
    ("pausemon events --json s", ["show"]),
    ("pausemon events --count 3 s", ["show"]),
    ("pausemon events -n 3 s", ["show"]),
    ("pausemon events -n3 s", ["show"]),
    ("pausemon events mark 3 --p", ["--pinned"]),
    ("pausemon events --status ", ["unreviewed", "reviewed", "pinned", "dismissed"]),
    ("pausemon events --status=", ["unreviewed", "reviewed", "pinned", "dismissed"]),
    ("pausemon events --status=pi", ["pinned"]),
    ("pausemon events --status x", []),
    ("pausemon events --count ", []),
    ("pausemon pauses --cause s", ["suspend", "stopped"]),
    ("pausemon pauses --cause cpu --h", ["--help", "--hours"]),
    ("pausemon config ", ["show", "check", "path", "reset", "edit"]),
    ("pausemon config show tiers.h", ["tiers.hold_ms"]),
    ("pausemon config check tiers.h", []),
    ("pausemon config --config x sh", ["show"]),
    ("pausemon install --for s", ["systemd"]),
    ("pausemon sample --source pro", ["procfs", "procfs:"]),
    ("pausemon sample --source re", ["replay:"]),
    ("pausemon why --da", ["--data-dir"]),
    ("pausemon why -- --da", []),
    ("pausemon nonsense --da", []),
    ("pausemond --sy", ["--system"]),
    ("pausemon daemon --sy", ["--system"]),
    ("pausemon daemon --source au", ["auto"]),
    ("pausemond --source=au", ["auto"]),
]


@test
def bash_completes_what_may_come_next(home):
    if not has_bash():
        return NO_BASH
    for line, wanted in LINES:
        got = complete(home, line)
        assert sorted(got) == sorted(wanted), (line, got)
    return None


@test
def bash_completes_files_where_files_are_meant(home):
    if not has_bash():
        return NO_BASH
    os.makedirs(os.path.join(home, "two words"))
    for name in ("two.jsonl", "*"):
        with open(os.path.join(home, name), "w", encoding="utf-8"):
            pass
    both = ["two words", "two.jsonl"]
    for line, wanted in (("pausemon record tw", both), ("pausemon record ", [*both, "*"]),
                         ("pausemon record -n 3 two.", ["two.jsonl"]),
                         ("pausemon sample --config tw", both),
                         ("pausemon why --data-dir tw", ["two words"]),
                         ("pausemon sample --source replay:tw", both),
                         ("pausemon sample --source=replay:tw", both),
                         ("pausemon sample --source replay:", [*both, "*"])):
        got = complete(home, line)
        assert sorted(got) == sorted(wanted), (line, got)
    # Where words do not end at a colon, the whole word is replaced.
    got = complete(home, "pausemon sample --source replay:two.", BREAKS.replace(":", ""))
    assert got == ["replay:two.jsonl"], got
    assert complete(home, "pausemon sample --source replay:two. --js") == ["--json"]
    return None


@test
def every_command_and_option_is_completed(home):
    if not has_bash():
        return NO_BASH
    known = helplib.commands(PAUSEMON)
    for name, asked in known.items():
        if name in helplib.HIDDEN:
            continue
        assert name in complete(home, f"pausemon {name[:-1]}"), name
        wanted = {"--" + option for option in asked.options} | {"--help"}
        assert set(complete(home, f"pausemon {name} --")) == wanted, name
        assert set(complete(home, f"pausemon {name} ")) >= set(asked.verbs()), name
    for name in helplib.programs(PAUSEMON):
        assert f"--{next(iter(known['daemon'].options))}" in complete(home, f"{name} --"), name
    return None


@test
def each_script_names_all_of_it(home):
    known = helplib.commands(PAUSEMON)
    for shell, form in (("bash", "--{}"), ("zsh", "--{}"), ("fish", " -l {}")):
        text = expect(run(home, "completion", shell), 0, None, r"^$").stdout
        for name, asked in known.items():
            if name in helplib.HIDDEN:
                continue
            assert re.search(rf"\b{name}\b", text), (shell, name)
            for option in asked.options:
                assert form.format(option) in text, (shell, name, option)
        for name in helplib.programs(PAUSEMON):
            assert re.search(rf"\b{name}\b", text), (shell, name)


@test
def what_is_offered_for_source_is_in_the_help(home):
    if not has_bash():
        return NO_BASH
    named = re.search(r"--source SPEC +(.*)", helplib.ask(PAUSEMON, "sample")).group(1)
    for word in complete(home, "pausemon sample --source "):
        assert word in re.sub(r"[\[\]]", "", named), (word, named)
    return None


def syntax(home, shell, *check):
    if not shutil.which(check[0]):
        return f"{check[0]} is not there"
    path = os.path.join(home, "script")
    with open(path, "w", encoding="utf-8") as file:
        file.write(run(home, "completion", shell).stdout)
    ran = subprocess.run([*check, path], capture_output=True, text=True, timeout=60, check=False,
                         env=environment(home))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return None


@test
def bash_can_read_its_script(home):
    return syntax(home, "bash", "bash", "-n")


@test
def shellcheck_is_content_with_it(home):
    return syntax(home, "bash", "shellcheck")


@test
def zsh_can_read_its_script(home):
    return syntax(home, "zsh", "zsh", "-n")


@test
def fish_can_read_its_script(home):
    return syntax(home, "fish", "fish", "-n")


@test
def a_shell_that_is_not_known_is_refused(home):
    expect(run(home, "completion"), 2, r"^$", "for which shell")
    expect(run(home, "completion", "fihs"), 2, r"^$", 'did you mean "fish"')
    expect(run(home, "completion", "elvish"), 2, r"^$", "bash, zsh or fish")
    expect(run(home, "completion", "bash", "zsh"), 2, r"^$", "for which shell")
    assert "completion" not in expect(run(home, "--help"), 0).stdout


@test
def config_shows_one_key(home):
    expect(run(home, "config", "show", "tiers.hold_ms"), 0,
           r"\Atiers.hold_ms += 5000  \(default\)\n\Z", r"^$")
    result = expect(run(home, "config", "show", "tiers.hold_ms", "--json"), 0, None, r"^$")
    assert json.loads(result.stdout) == {"tiers.hold_ms": {"value": 5000, "origin": "default"}}
    expect(run(home, "config", "show", "tiers.hold"), 2, r"^$", 'did you mean "tiers.hold_ms"')
    expect(run(home, "config", "show", "nonsense"), 2, r"^$", "lists all")
    expect(run(home, "config", "show", "tiers.hold_ms", "x"), 2, r"^$", 'unexpected "x"')
    expect(run(home, "config", "path", "x"), 2, r"^$", 'unexpected "x"')


main()
