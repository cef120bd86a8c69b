#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a freeze leaves behind: the directory of evidence, the hook, what makes none. Written from
the specification alone. TAP on stdout.

    evidence.py PAUSEMON PAUSEMOND HELPERS_DIR
"""
import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
import time

from daemonlib import ATTEMPTS, FULL, NERVOUS, PAUSEMON, PATIENCE, QUICK, Daemon, Helper
from daemonlib import beside, busy, environment, main, seconds_of, sound, test, undisturbed
from daemonlib import wait_until
from evidencelib import SHORT, captures, commands_in, complete_and_valid, event_of
from evidencelib import load, next_capture, only_for_owner, walk_json

HOG_SECONDS = 3
FORENSICS_MS = 2000  # pause.forensics_ms
STUCK = 2
NO_RIGHT = "SCHED_FIFO is not to be had here"


@contextlib.contextmanager
def private_place():
    """Where nobody else can write in any directory above, as nobody says of /tmp."""
    with tempfile.TemporaryDirectory(prefix=".pausemon-test-", dir=os.path.expanduser("~")) as path:
        yield path


def hook_in(place, name, mode=0o700):
    """A program that keeps what it is given: its path, and where it keeps it."""
    path, out = os.path.join(place, name), os.path.join(place, name + ".out")
    with open(path, "w", encoding="ascii") as file:
        file.write(f"#!/bin/sh\ncat >'{out}.new' && mv '{out}.new' '{out}'.$$\n")
    os.chmod(path, mode)
    return path, out


def given(out):
    """The documents that a hook got."""
    place, prefix = os.path.split(out)
    return [load(os.path.join(place, name)) for name in sorted(os.listdir(place))
            if re.match(re.escape(prefix) + r"\.\d+$", name)]


def starve(daemon, seconds):
    """Hogs on every core; the longest pause that was told of it, or None without the right."""
    began = time.monotonic()
    with busy(seconds, 10) as hog:
        if not hog.can:
            return None
        hog.finish()
    daemon.stream.wait("pause", since=began, cause="cpu", seconds=10)
    time.sleep(1)  # the rest of that moment
    return max(daemon.stream.of("pause", began, cause="cpu"), key=lambda p: p["duration_ms"])


def is_long(pause):
    """So long, and so much of it lost, that evidence is taken (behaviour §6.4, decision 9)."""
    return pause["duration_ms"] >= FORENSICS_MS and 3 * pause["lost_ms"] >= pause["duration_ms"]


def freeze(home, config, body):
    """body(daemon, pause) after a pause that is long enough; the kernel may split the first."""
    told = []
    for number in range(ATTEMPTS):
        with Daemon(home, config, data=f"data{number}", umask=0) as daemon, \
                Helper("vforker", STUCK, 25) as stuck:
            assert stuck.can
            daemon.stream.wait("sample", where=lambda m: m["sample_count"] >= 3)
            began = time.time()
            pause = starve(daemon, HOG_SECONDS)
            if pause is None:
                return NO_RIGHT
            told.append(pause["duration_ms"])
            if is_long(pause):
                assert seconds_of(pause["end"]) > began, pause
                return body(daemon, pause)
    raise AssertionError(f"a hog of {HOG_SECONDS} s: pauses of {told} ms")


def look_at_metadata(metadata, pause):
    assert metadata.get("peak_score") is not None, metadata
    assert isinstance(metadata.get("sample_count"), int) and metadata["sample_count"] > 0, metadata
    assert metadata.get("tier") is not None, metadata
    # The capture may have been begun by the entry into CRITICAL, and the pause merged into it.
    ids = {entry.get("pause_id") for entry in walk_json(metadata)}
    ids |= {entry.get("id") for entry in walk_json(metadata) if "cause" in entry}
    assert pause["id"] in ids, f"pause {pause['id']} is not named: {metadata}"


def look_at_artifacts(path, daemon):
    ring = load(os.path.join(path, "ring_buffer.json"))
    assert "pm-hog" in commands_in(ring), f"no hog among {sorted(commands_in(ring))}"
    assert sum("rogues" in entry for entry in walk_json(ring)) >= 3, "hardly a sample in the ring"
    processes = load(os.path.join(path, "processes.json"))
    pids = {entry["pid"] for entry in walk_json(processes) if "pid" in entry}
    assert {1, os.getpid(), daemon.pid} <= pids, f"not every process: {len(pids)}"
    assert "pm-stuck" in commands_in(processes), sorted(commands_in(processes))
    print(f"# the hog is {'' if 'pm-hog' in commands_in(processes) else 'not '}in processes.json")
    pressure = json.dumps(load(os.path.join(path, "pressure.json")))
    for word in ("vmstat", "diskstats", "interrupts", "stat"):
        assert f'"{word}' in pressure, f"nothing of {word} in pressure.json"
    if os.path.exists("/proc/pressure/cpu"):
        assert re.search('"(psi|pressure|cpu)', pressure), "no PSI in pressure.json"
    assert re.search(r": *-?\d*[1-9]", pressure), "nothing moved during a freeze of seconds"
    with open(os.path.join(path, "stuck.txt"), encoding="utf-8") as file:
        assert "pm-stuck" in file.read(), "stuck.txt does not know who was stuck"


def told_by_why(daemon, path, pause):
    """`why` names the directory, in its text and in its JSON."""
    name = os.path.basename(path)

    def named():
        code, answer = daemon.ask("why", str(pause["id"]))
        value = code == 0 and answer["pause"]["forensics"]
        return value and os.path.basename(str(value).rstrip("/")) == name

    wait_until(f"\"forensics\" to be {name} in why --json", named, 10)
    text = subprocess.run([PAUSEMON, "why", str(pause["id"]), "--data-dir", daemon.data],
                          env=environment(daemon.home), stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=PATIENCE, check=True).stdout
    assert name in re.sub(r"\n *", "", text), f"why does not name {name}: {text}"


def freeze_again(daemon):
    """Once more, long enough, within 30 s of the first: no directory more."""
    first = captures(daemon.data)
    for _ in range(ATTEMPTS):
        again = starve(daemon, HOG_SECONDS)
        time.sleep(3)
        assert captures(daemon.data) == first, f"{first} and then {captures(daemon.data)}"
        print(f"# {again['duration_ms']} ms more")
        if is_long(again):
            return again
    raise AssertionError(f"{ATTEMPTS} hogs of {HOG_SECONDS} s, and no long pause")


def look_at_evidence(kept, daemon, pause):
    path, metadata = next_capture(daemon)
    complete_and_valid(path, metadata)
    look_at_metadata(metadata, pause)
    look_at_artifacts(path, daemon)
    told_by_why(daemon, path, pause)
    document = wait_until("the hook to be run", lambda: given(kept))[0]
    assert pause["id"] in [e.get("id") for e in walk_json(document) if "cause" in e], document
    told_by_why(daemon, path, freeze_again(daemon))
    said = [line for line in daemon.log().splitlines() if "evidence of" in line]
    assert len(said) == 1, said
    said = [line for line in daemon.log().splitlines() if "notify-send" in line]
    assert len(said) <= 1, said
    daemon.end()
    only_for_owner(daemon.data)
    sound(daemon.base)


@test
def a_freeze_leaves_evidence_that_is_complete_and_private(home):
    # A notification on the screen of who runs the tests would be none of theirs.
    alerts = f"[alerts]\nenabled = {str(not os.path.exists('/usr/bin/notify-send')).lower()}\n"
    with private_place() as place:
        hook, kept = hook_in(place, "hook")
        return freeze(home, f"{alerts}{SHORT}hook = \"{hook}\"\n",
                      lambda daemon, pause: look_at_evidence(kept, daemon, pause))


@test
def a_hook_that_others_can_write_is_not_run_and_that_is_said(home):
    with private_place() as place:
        return good_and_bad(home, place)


def good_and_bad(home, place):
    good, kept = hook_in(place, "good")
    bad, nothing = hook_in(place, "bad", 0o777)
    with Daemon(home, SHORT + f'hook = "{good}"\n') as daemon:
        daemon.stream.wait("sample", where=lambda m: m["sample_count"] >= 2)
        if starve(daemon, 1.2) is None:
            return NO_RIGHT
        wait_until("the good one to be run", lambda: given(kept))
        with open(daemon.config, "w", encoding="utf-8") as file:
            file.write(SHORT + f'hook = "{bad}"\n')
        daemon.process.send_signal(signal.SIGHUP)
        wait_until("the reload", lambda: "reloaded" in daemon.log())
        pause = starve(daemon, 1.2)
        wait_until(f"pause {pause['id']}: the log to name {bad}", lambda: bad in daemon.log(), 10)
        time.sleep(1)
        assert given(nothing) == [], "it was run"
        assert daemon.log().count(bad) <= 2, f"the log is noisy: {daemon.log()}"
        daemon.end()
    return None


@test
def the_entry_into_critical_makes_one_too(home):
    with Daemon(home, QUICK + NERVOUS + SHORT) as daemon, busy(4):
        event = event_of(daemon)
        path, metadata = next_capture(daemon)
        complete_and_valid(path, metadata)
        inner = metadata.get("event") or {}
        ids = {metadata.get("event_id"), inner.get("id") if isinstance(inner, dict) else None}
        assert event in ids, f"event {event} is not named: {metadata}"
        daemon.end()


@test
@beside
def who_asks_by_a_signal_gets_a_capture_without_any_pause(home):
    with Daemon(home, QUICK + SHORT, umask=0) as daemon, Helper("vforker", STUCK, 15):
        daemon.stream.wait("sample", where=lambda m: m["sample_count"] >= 5)
        os.kill(daemon.pid, signal.SIGUSR1)
        path, metadata = next_capture(daemon)
        complete_and_valid(path, metadata)
        ring = load(os.path.join(path, "ring_buffer.json"))
        assert sum("rogues" in e for e in walk_json(ring)) >= 5, "the ring is missing"
        assert "pm-stuck" in commands_in(load(os.path.join(path, "processes.json")))
        assert not [p for p in daemon.stream.of("pause") if p["duration_ms"] >= FORENSICS_MS]
        # As many as come in quick succession are one, or one each; never a broken one.
        for _ in range(20):
            os.kill(daemon.pid, signal.SIGUSR1)
        time.sleep(2)
        print(f"# 20 more signals: {len(captures(daemon.data))} captures")
        daemon.end()
        for name in captures(daemon.data):
            load(os.path.join(daemon.data, "events", name, "metadata.json"))
        only_for_owner(daemon.data)
        sound(daemon.base)


def ask_for_capture(home, data, code=0):
    result = subprocess.run([PAUSEMON, "capture", "--data-dir", data], env=environment(home),
                            stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=PATIENCE, check=False, umask=0)
    assert result.returncode == code, result
    return result.stdout + result.stderr


@test
@beside
def the_command_asks_the_daemon(home):
    with Daemon(home, QUICK + SHORT) as daemon:
        daemon.stream.wait("sample", where=lambda m: m["sample_count"] >= 5)
        said = ask_for_capture(home, daemon.data)
        assert said.strip(), "it says nothing at all"
        path, metadata = next_capture(daemon)
        complete_and_valid(path, metadata)
        ring = load(os.path.join(path, "ring_buffer.json"))
        assert sum("rogues" in e for e in walk_json(ring)) >= 5, "the daemon's ring is missing"
        daemon.end()


@test
@beside
def without_a_daemon_the_command_captures_what_it_can_and_says_what_not(home):
    data = os.path.join(home, "data")
    with Daemon(home, QUICK + SHORT) as daemon:
        daemon.end()
    said = ask_for_capture(home, data)
    assert re.search(r"\bring\b", said), f"that there is no ring is not said: {said!r}"
    name, = captures(data)
    path = os.path.join(data, "events", name)
    told = complete_and_valid(path, load(os.path.join(path, "metadata.json")))
    # Of the counters' growth nothing need be known: nobody read them before.
    assert told["processes.json"]["error"] is None and told["stuck.txt"]["error"] is None, told
    pids = {e["pid"] for e in walk_json(load(os.path.join(path, "processes.json"))) if "pid" in e}
    assert {1, os.getpid()} <= pids, pids
    only_for_owner(data)


def stopped(home):
    with Daemon(home, SHORT) as daemon:
        daemon.stream.wait("sample", where=lambda m: m["sample_count"] >= 2)
        os.kill(daemon.pid, signal.SIGSTOP)
        time.sleep(2.6)
        os.kill(daemon.pid, signal.SIGCONT)
        pause = daemon.stream.wait("pause", seconds=10)
        assert pause["cause"] == "stopped" and pause["duration_ms"] >= FORENSICS_MS, pause
        time.sleep(4 if FULL else 2)
        assert captures(daemon.data) == [], captures(daemon.data)
        assert daemon.ask("why")[1]["pause"]["forensics"] is None
        os.kill(daemon.pid, signal.SIGUSR1)  # it could, had it wanted to
        next_capture(daemon)
        assert len(captures(daemon.data)) == 1, captures(daemon.data)
        daemon.end()


@test
@beside
def a_daemon_that_was_stopped_captures_nothing(home):
    undisturbed(home, stopped)


main()
