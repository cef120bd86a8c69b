#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The manuals say of commands, options, settings and messages what the programs have: all of it,
and nothing else. TAP on stdout.

    manuals.py PAUSEMON TESTS_DIR LIST_KEYS MAKE_DB

That libpausemon.3 knows every function is looked at by tests/lint/manuals.py.
"""
import json
import os
import re
import subprocess
import sys

import helplib
import incidentlib
import mdoclib
from taplib import PAUSEMON, expect, main, run, test

TESTS, LIST_KEYS, MAKE_DB = sys.argv[2:5]
BESIDE = helplib.programs(PAUSEMON)


def page(name):
    return mdoclib.read(TESTS, name)


def of_commands():
    """heading: text, of each in pausemon.1, by its name."""
    found = mdoclib.parts(mdoclib.section(page("pausemon.1"), "COMMANDS"), "Ss")
    return {heading.split(" ")[0]: (heading, text) for heading, text in found}


def same(what, written, there):
    assert set(written) == set(there), \
        f"{what}: only in the manual: {sorted(set(written) - set(there))}; " \
        f"only in the program: {sorted(set(there) - set(written))}"


def compare_options(what, text, asked, left_out=()):
    written = mdoclib.options(text)
    same(what, set(written) - set(left_out), set(asked.options) - set(left_out))
    for name, (letter, value) in asked.options.items():
        if name not in left_out:
            # A list of words is written as words, not as a name for them.
            assert value is None or value in written[name] or "|" in value, (what, name, value)
            assert letter is None or letter in mdoclib.letters(text), (what, name, letter)
    shown = {letter for letter, _ in asked.options.values() if letter}
    same(f"{what}, letters", mdoclib.letters(text) - {"h"}, shown - {"h"})


@test
def every_command_is_in_the_manual(home):
    known = helplib.commands(PAUSEMON)
    same("commands", set(of_commands()), known)


@test
def operands_and_options_of_every_command_are_in_the_manual(home):
    written = of_commands()
    for name, asked in helplib.commands(PAUSEMON).items():
        heading, text = written[name]
        if asked.name in BESIDE:  # it has a page of its own
            assert not mdoclib.options(text) and heading == name, name
            continue
        assert heading == f"{name} {asked.operands}".strip(), (heading, asked.operands)
        compare_options(name, text, asked, left_out=("help",))
        for verb in asked.verbs() if name not in helplib.HIDDEN else ():
            assert f"\n.It Cm {verb}" in text, (name, verb)


@test
def options_of_every_program_are_in_its_manual(home):
    for name, path in BESIDE.items():
        suffix = "8" if name == "pausemond" else "1"
        text = page(f"{name}.{suffix}")
        asked = helplib.Help(helplib.ask(path))
        for heading in ("SYNOPSIS", "DESCRIPTION"):
            # The synopsis may have the letter alone.
            if heading == "DESCRIPTION":
                compare_options(name, mdoclib.section(text, heading), asked)
            else:
                assert set(mdoclib.options(mdoclib.section(text, heading))) <= set(asked.options)


@test
def exit_codes_are_in_the_manual(home):
    text = re.search(r"Exit codes:(.*)", helplib.ask(PAUSEMON), re.S).group(1)
    there = re.findall(r"(?:^|, |,\n)\s*(\d) ", text)
    assert there[:3] == ["0", "1", "2"], there
    written = re.findall(r"^\.It (\d)$", mdoclib.section(page("pausemon.1"), "EXIT STATUS"), re.M)
    assert written == there, (written, there)


def written_keys():
    """key: [type, range, default, when], as pausemon.toml.5 has them."""
    keys = {}
    for heading, text in mdoclib.parts(mdoclib.section(page("pausemon.toml.5"), "KEYS"), "Ss"):
        sections = re.findall(r"\[([\w.]+)\]", heading) or [""]
        for name, default, kind, limits, when in re.findall(
                r"^\.It Ic (\w+) No = Li (.*)\n\.Pq Em (\w+)(?: , (\S+))? ; (\w+)\n\S", text, re.M):
            default = mdoclib.literal(re.sub(r'^"(.*)"$', r"\1", default))
            for prefix in sections:
                full = f"{prefix}.{name}" if prefix else name
                assert full not in keys, full
                keys[full] = [kind, limits, default, when]
    return keys


@test
def every_setting_is_in_the_manual(home):
    listed = subprocess.run([LIST_KEYS], capture_output=True, text=True, check=True, timeout=60)
    there = {name: rest for name, *rest in
             (line.split("\t") for line in listed.stdout.splitlines())}
    assert len(there) > 50
    written = written_keys()
    same("keys", written, there)
    for name, rest in there.items():
        assert written[name] == rest, (name, written[name], rest)
    shown = json.loads(expect(run(home, "config", "show", "--json"), 0).stdout)
    same("config show", written, shown)


@test
def settings_that_manuals_name_are_settings(home):
    known = set(written_keys())
    rooms = {name.split(".")[0] for name in known if "." in name}
    for name in sorted(os.listdir(os.path.join(TESTS, "../docs/man"))):
        if name == "meson.build":
            continue
        for word in re.findall(r"\bIc ([a-z_]+(?:\.[a-z_]+)+)", page(name)):
            assert word.split(".")[0] in rooms and word in known, (name, word)


# ---- the protocol ----

def of_protocol(heading):
    """The keys that are listed in a part of the page, and all that it names as one."""
    text = dict(mdoclib.parts(mdoclib.section(page("pausemon-protocol.7"), "DESCRIPTION"),
                              "Ss"))[heading]
    listed = {word for line in re.findall(r"^\.It Ql (.*)$", text, re.M)
              for word in line.split(" , ")}
    return listed, set(re.findall(r"\bQl (\w+)", text)) | listed


@test
def every_message_of_the_daemon_is_in_the_manual(home):
    folder = os.path.join(TESTS, "../tools/pausemond")
    sent = set()
    for name in os.listdir(folder):
        if name.endswith(".c"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                sent |= set(re.findall(r'\{\\"type\\":\\"(\w+)\\"', file.read()))
    assert {"status", "sample", "initial_state"} <= sent, sent
    same("messages", of_protocol("Messages")[0], sent)


@test
def every_key_of_its_messages_is_in_the_manual(home):
    sys.argv[1:3] = [BESIDE["pausemond"], TESTS]
    import daemonlib  # which takes the daemon from there
    with daemonlib.Daemon(home) as daemon, daemon.connect() as client:
        got = {kind: client.next_of(kind) for kind in ("initial_state", "status", "sample")}
        daemon.end()
    named = of_protocol("Messages")[1]
    samples, _ = of_protocol("Samples")
    same("status", of_protocol("Status")[0], set(got["status"]) - {"type"})
    assert set(got["initial_state"]) - {"type"} <= named, got["initial_state"].keys()
    assert set(got["sample"]) - {"type"} - samples <= named, got["sample"].keys()


@test
def every_key_of_samples_and_processes_is_in_the_manual(home):
    sample = json.loads(expect(run(home, "sample", "-i", "0.1", "--all", "--json"), 0).stdout)
    same("samples", of_protocol("Samples")[0], sample)
    same("processes", of_protocol("Processes")[0], sample["processes"][0])


@test
def every_key_of_pauses_and_events_is_in_the_manual(home):
    data = os.path.join(home, "data")
    incidentlib.make(data, MAKE_DB)
    why = json.loads(expect(run(home, "why", "--json", "--data-dir", data), 0).stdout)["pause"]
    listed, named = of_protocol("Pauses")
    same("pauses", listed, why)
    for inner in ("evidence", "culprits", "victims"):
        assert set(why[inner][0]) <= named, (inner, why[inner][0])
    events = json.loads(expect(run(home, "events", "--json", "--data-dir", data), 0).stdout)
    same("events", of_protocol("Events")[0], events["events"][0])


main()
