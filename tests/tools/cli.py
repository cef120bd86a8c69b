#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The command line as a user meets it: exit codes, messages, output. TAP on stdout.

    cli.py PAUSEMON TESTS_DIR
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

PAUSEMON, TESTS = sys.argv[1:3]
TOP = os.path.join(TESTS, "golden/top/11-missing-global-lines.txt")
STANDIN = os.path.join(TESTS, "tools/top-standin")
tests = []


def test(function):
    tests.append(function)
    return function


def run(home, *args, stdin=subprocess.DEVNULL, **environment):
    env = dict(os.environ, HOME=home, **environment)
    env.pop("XDG_CONFIG_HOME", None)
    return subprocess.run([PAUSEMON, *args], env=env, stdin=stdin, capture_output=True, text=True,
                          timeout=60)


def expect(result, code, out=None, err=None):
    assert result.returncode == code, f"exit {result.returncode}: {result.args}\n{result.stderr}"
    for pattern, text in ((out, result.stdout), (err, result.stderr)):
        assert pattern is None or re.search(pattern, text), f"no {pattern!r} in {text!r}"
    return result


# args, exit code, pattern of stdout, pattern of stderr
TABLE = [
    (["--help"], 0, r"sample.*\n.*record.*\n.*config", r"^$"),
    (["--version"], 0, r"^pausemon \d+\.\d+\.\d+", r"^$"),
    ([], 2, r"^$", r"Usage: pausemon"),
    (["sampel"], 2, r"^$", r'unknown command "sampel"; did you mean "sample"'),
    (["--hlep"], 2, r"^$", r"unknown option"),
    (["sample", "--help"], 0, r"--source SPEC", r"^$"),
    (["record", "--help"], 0, r"Usage: pausemon record FILE", r"^$"),
    (["config", "--help"], 0, r"reset", r"^$"),
    (["sample", "--jsno"], 2, r"^$", r"--jsno; did you mean --json"),
    (["sample", "-z"], 2, r"^$", r"unknown option -z"),
    (["sample", "--json=1"], 2, r"^$", r"--json takes no value"),
    (["sample", "-n"], 2, r"^$", r"--count needs a value"),
    (["sample", "-n", "1.5"], 2, r"^$", r'"1.5" is no whole number'),
    (["sample", "-n", "-1"], 2, r"^$", r'"-1" is no number from 0'),
    (["sample", "-i", "0"], 2, r"^$", r'"0" is no number from 0.1 to 60'),
    (["sample", "more"], 2, r"^$", r'unexpected "more"'),
    (["sample", "--source", "procsf"], 2, r"^$", r'did you mean "procfs"'),
    (["sample", "--source", "procfs:/nonexistent"], 1, r"^$", r"/nonexistent.*No such file"),
    (["sample", "--source", "procfs:/var/empty-or-not"], 1, r"^$", r"cannot open"),
    (["sample", "--source", "procfs:" + TESTS], 1, r"^$", r"does not look like a proc"),
    (["sample", "--source", "top:/nonexistent"], 1, r"^$", r"/nonexistent"),
    (["sample", "--source", "top:/dev/null"], 1, r"^$", r"no header line"),
    (["sample", "--source", "top:"], 2, r"^$", r"a path must follow"),
    (["sample", "--source", "top"], 1, r"^$", r"macOS only"),
    (["sample", "--source", "replay:/dev/null"], 1, r"^$", r"no look in it"),
    (["sample", "--source", "top:" + TOP, "-n", "1"], 0, r"SCORE .*WHY\n.*database", r"^$"),
    (["sample", "--config", "/nonexistent"], 1, r"^$", r"/nonexistent"),
    (["record"], 2, r"^$", r"one FILE is needed"),
    (["record", "/dev/null"], 1, r"^$", r"exists"),
    (["config", "chek"], 2, r"^$", r'did you mean "check"'),
    (["config", "show"], 0, r"tiers.hold_ms +=\s+5000 +\(default\)", r"^$"),
    (["config", "check"], 0, r"^$", r"does not exist: the defaults"),
    (["config", "path"], 0, r"/.config/pause-monitor/config.toml\n$", r"does not exist"),
]


@test
def every_row_of_the_table_says_and_returns_what_it_should(home):
    for args, code, out, err in TABLE:
        expect(run(home, *args), code, out, err)


@test
def a_live_sample_is_json_with_the_keys_of_the_original_first(home):
    result = expect(run(home, "sample", "-n", "2", "-i", "0.2", "--json"), 0)
    lines = result.stdout.splitlines()
    assert len(lines) == 2, lines
    for line in lines:
        assert len(line.encode()) < 60 * 1024
        sample = json.loads(line)
        assert list(sample)[:5] == ["timestamp", "elapsed_ms", "process_count", "max_score",
                                    "rogues"]
        assert 150 <= sample["elapsed_ms"] < 10000, sample["elapsed_ms"]
        assert sample["cost_us"] > 0
        assert list(sample["rogues"][0])[:12] == [
            "pid", "command", "cpu", "state", "mem", "cmprs", "pageins", "csw", "sysbsd",
            "threads", "score", "categories"]


@test
def all_shows_everybody_and_ourselves(home):
    sample = json.loads(expect(run(home, "sample", "-i", "0.2", "--all", "--json"), 0).stdout)
    assert len(sample["processes"]) == sample["process_count"]
    assert any(process["command"] == "pausemon" for process in sample["processes"])


@test
def a_recording_is_replayed_to_the_same_judgement(home):
    path = os.path.join(home, "look.jsonl")
    expect(run(home, "record", path, "--source", "top:" + TOP), 0, r"^$", r"5 looks")
    assert os.stat(path).st_mode & 0o777 == 0o600
    direct = expect(run(home, "sample", "--json", "--source", "top:" + TOP), 0)
    replayed = expect(run(home, "sample", "--json", "--source", "replay:" + path), 0)
    without_cost = [re.sub(r'"cost_us":\d+', "", text) for text in
                    (direct.stdout, replayed.stdout)]
    assert without_cost[0] == without_cost[1] and len(direct.stdout.splitlines()) == 4
    expect(run(home, "record", path, "--source", "top:" + TOP), 1, None, r"exists")


@test
def a_truncated_replay_says_so_and_judges_the_rest(home):
    path = os.path.join(home, "look.jsonl")
    expect(run(home, "record", path, "--source", "top:" + TOP), 0)
    with open(path, "rb") as file:
        whole = file.read()
    with open(path, "wb") as file:
        file.write(whole[:-40])
    result = run(home, "sample", "--json", "--source", "replay:" + path)
    assert "line" in result.stderr, result.stderr
    assert len(result.stdout.splitlines()) >= 3


@test
def a_live_recording_of_this_machine_can_be_judged(home):
    path = os.path.join(home, "look.jsonl")
    expect(run(home, "record", path, "-n", "3", "-i", "0.2"), 0, None, r"3 looks of procfs:/proc")
    expect(run(home, "sample", "--source", "replay:" + path), 0, r"processes, highest score")


@test
def a_reader_that_goes_away_ends_it_quietly(home):
    process = subprocess.Popen([PAUSEMON, "sample", "-n", "0", "-i", "0.1", "--json"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=30) == 1
    assert process.stderr.read() == b""
    process.stderr.close()


@test
def a_full_disk_is_an_error(home):
    with open("/dev/full", "w", encoding="ascii") as full:
        result = subprocess.run([PAUSEMON, "config", "show"], stdout=full, text=True,
                                stderr=subprocess.PIPE, timeout=60, check=False)
    expect(result, 1, None, r"could not be written: No space left")


@test
def an_interrupt_ends_sampling_well(home):
    process = subprocess.Popen([PAUSEMON, "sample", "-n", "0", "-i", "0.1", "--json"],
                               stdout=subprocess.PIPE, text=True)
    json.loads(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    rest = process.stdout.read()
    assert process.wait(timeout=30) == 0
    process.stdout.close()
    for line in rest.splitlines():
        json.loads(line)


@test
def reset_writes_a_file_that_is_good_and_keeps_the_old_one(home):
    path = os.path.join(home, ".config/pause-monitor/config.toml")
    expect(run(home, "config", "reset"), 0, None, r"has the defaults")
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert os.stat(os.path.dirname(path)).st_mode & 0o777 == 0o700
    expect(run(home, "config", "check"), 0, None, r"is good")
    with open(path, "w", encoding="ascii") as file:
        file.write("[tiers]\nhold_ms = 7\n")
    expect(run(home, "config", "show"), 0, r"tiers.hold_ms += 7 +\(file\)")
    expect(run(home, "config", "reset"), 0, None, r"the old file is now")
    kept = [name for name in os.listdir(os.path.dirname(path)) if name != "config.toml"]
    assert len(kept) == 1, kept
    with open(os.path.join(os.path.dirname(path), kept[0]), encoding="ascii") as file:
        assert "hold_ms = 7" in file.read()


@test
def edit_runs_the_editor_without_a_shell_and_checks_what_came_out(home):
    editor = os.path.join(home, "my editor")
    with open(editor, "w", encoding="ascii") as file:
        file.write('#!/bin/sh\necho "$1" >"$HOME/argument"\necho "hold_ms = x" >>"$2"\n')
    os.chmod(editor, 0o755)
    link = os.path.join(home, "editor")
    os.symlink(editor, link)
    result = run(home, "config", "edit", EDITOR=link + "  $(touch${IFS}evil)", VISUAL="")
    expect(result, 1, None, r"config.toml:\d+: error: .*hold_ms")
    with open(os.path.join(home, "argument"), encoding="ascii") as file:
        assert file.read() == "$(touch${IFS}evil)\n"
    expect(run(home, "config", "edit", EDITOR="/nonexistent", VISUAL=""), 1, None,
           r'cannot run the editor "/nonexistent"')


@test
def a_config_with_mistakes_stops_a_sample_and_names_every_line(home):
    path = os.path.join(home, "bad.toml")
    with open(path, "w", encoding="ascii") as file:
        file.write("[tiers]\nhold_ms = -1\nelevated_threshhold = 50\n")
    result = expect(run(home, "sample", "--config", path), 1, r"^$", r"bad.toml:2: error")
    assert 'bad.toml:3: error: unknown key "tiers.elevated_threshhold"; did you mean ' in \
        result.stderr, result.stderr


@test
def a_program_that_speaks_macos_top_can_be_sampled_live(home):
    result = run(home, "sample", "-n", "2", "--json", "--source", "top", PAUSEMON_TOP=STANDIN,
                 STANDIN_MODE="true-pace", STANDIN_PERIOD="0.3")
    expect(result, 0)
    for line in result.stdout.splitlines():
        assert json.loads(line)["process_count"] > 0


def main():
    print(f"1..{len(tests)}")
    failed = 0
    for number, function in enumerate(tests, 1):
        name = function.__name__
        with tempfile.TemporaryDirectory() as home:
            started = time.monotonic()
            try:
                function(home)
                print(f"ok {number} - {name}", flush=True)
            except Exception as error:  # a test that cannot run has failed
                failed += 1
                print(f"not ok {number} - {name}: " + str(error).replace("\n", " | "), flush=True)
            print(f"# {time.monotonic() - started:.1f} s", flush=True)
    sys.exit(1 if failed else 0)


main()
