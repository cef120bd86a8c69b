#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The end without a word: kill -9 of the daemon and of all it started; the black box, and what the
next start makes of it. Written from the specification alone. TAP on stdout.

    blackout.py PAUSEMON PAUSEMOND HELPERS_DIR
"""
import ctypes
import os
import random
import re
import signal
import sqlite3
import subprocess
import time

from daemonlib import FULL, HELPERS, NERVOUS, PATIENCE, PAUSEMON, QUICK, Daemon, busy, environment
from daemonlib import main, sound, test, undisturbed
from evidencelib import SHORT, event_of

ROUNDS = 50 if FULL else 3
SEED = int(os.environ.get("PAUSEMON_SEED", "20260123"))
INTERVAL_MS = 250
OLDEST_SECONDS = 2  # of the last sample in the black box, at the kill
LIBRARY = os.path.join(HELPERS, "../libpausemon/libpausemon.so")
BOX_BYTES = 256 * 1024
RUNS, CLEAN, HARD = range(3)  # enum pausemon_blackbox_end
WITHOUT = "ended without shutdown"
OTHER_BOOT = "01234567-89ab-4cde-8f01-23456789abcd"


class Info(ctypes.Structure):
    """struct pausemon_blackbox_info."""
    _fields_ = [("size", ctypes.c_uint64), ("end", ctypes.c_uint64), ("begin_ns", ctypes.c_int64),
                ("last_ns", ctypes.c_int64)] + [
        (name, ctypes.c_uint64) for name in ("samples", "torn", "stale", "lost", "beats",
                                             "late_beats", "worst_beat_ns")] + [
        ("boot_id", ctypes.c_char * 64)]


class Error(ctypes.Structure):
    """struct pausemon_error."""
    _fields_ = [("status", ctypes.c_int64), ("os_errno", ctypes.c_int64), ("line", ctypes.c_int64),
                ("text", ctypes.c_char * 232)]


def read_box(path):
    """What the library says of a black box; its public function, called as anybody would."""
    read = getattr(ctypes.CDLL(LIBRARY), "pausemon_blackbox_read", None)
    assert read, "the library has no pausemon_blackbox_read"
    info, error = Info(size=ctypes.sizeof(Info)), Error()
    count = read(os.fsencode(path), ctypes.byref(info), None, None, None, ctypes.byref(error))
    assert count >= 0, f"{path}: {count}, {error.text.decode()}"
    assert count == info.samples, (count, info.samples)
    return info


def this_boot():
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def children_of(pid):
    """Of all its threads; grandchildren too."""
    found = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                found += [int(word) for word in file.read().split()]
    except OSError:
        return []
    return found + [inner for child in found for inner in children_of(child)]


def blow(daemon):
    """The daemon first, so that it sees nothing; when that was, in nanoseconds."""
    children = children_of(daemon.pid)
    at = time.time_ns()
    daemon.kill()
    for child in children:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return at


def one_round(home, pick):
    """Returns how old the last sample in the box was, seconds."""
    box = os.path.join(home, "data", "blackbox")
    with Daemon(home, f"[monitor]\ninterval_ms = {INTERVAL_MS}\n" + NERVOUS + SHORT) as daemon:
        daemon.stream.wait("sample", where=lambda m: m["sample_count"] >= 12)
        if pick.random() < 0.5:  # amid a capture, perhaps
            os.kill(daemon.pid, signal.SIGUSR1)
        time.sleep(pick.uniform(0, 2))
        living = read_box(box)  # also while it is written
        assert living.end == RUNS and living.samples > 0, (living.end, living.samples)
        at = blow(daemon)
        daemon.stream.join()
        told = len(daemon.stream.of("sample"))
    info = read_box(box)
    age = (at - info.last_ns) / 1e9
    assert info.end == RUNS, f"end {info.end}"
    assert info.boot_id.decode() == this_boot(), info.boot_id
    assert info.torn <= 2, f"{info.torn} torn records, by one kill"
    assert info.lost == 0, f"{info.lost} samples were lost on a disk that works"
    assert info.samples >= min(told - OLDEST_SECONDS / INTERVAL_MS * 1000, 8), (info.samples, told)
    assert os.path.getsize(box) <= BOX_BYTES, os.path.getsize(box)
    assert -0.5 < age <= OLDEST_SECONDS, f"the last sample was {age:.2f} s old"
    sound(daemon.base)
    return age


def nothing_claims_a_hard_end(home):
    """The same boot goes on: the next start knows that it was killed, no more."""
    data = os.path.join(home, "data")
    with Daemon(home, QUICK + SHORT) as daemon:
        assert WITHOUT not in daemon.log(), daemon.log()
        assert daemon.status()["disk"] == "ok", daemon.log()
        assert WITHOUT not in why(home, data)
        assert not os.path.lexists(os.path.join(data, "blackbox.last")), "it was no hard end"
        assert not os.path.lexists(os.path.join(data, "blackbox.damaged")), daemon.log()
        daemon.end()
    assert read_box(os.path.join(data, "blackbox")).end == CLEAN
    sound(os.path.join(data, "data.db"))


def why(home, data):
    result = subprocess.run([PAUSEMON, "why", "--data-dir", data], env=environment(home),
                            stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=PATIENCE, check=False)
    assert result.returncode in (0, 4), result
    return re.sub(r"\s+", " ", result.stdout + result.stderr)


def rounds(home):
    pick = random.Random(SEED)
    ages = []
    for number in range(ROUNDS):
        try:
            ages.append(one_round(home, pick))
        except AssertionError as error:
            raise AssertionError(f"round {number}, seed {SEED}: {error}") from error
    print(f"# {ROUNDS} rounds, seed {SEED}: last samples {min(ages):.2f} to {max(ages):.2f} s old")
    nothing_claims_a_hard_end(home)


@test
def after_a_kill_the_black_box_holds_the_last_seconds(home):
    undisturbed(home, rounds)


@test
def a_kill_is_no_hard_end(home):
    """The same without looking into the black box."""
    data = os.path.join(home, "data")
    with Daemon(home, QUICK + NERVOUS + SHORT) as daemon, busy(3):
        event_of(daemon)
        blow(daemon)
    sound(os.path.join(data, "data.db"))
    with Daemon(home, QUICK + SHORT) as daemon:
        assert WITHOUT not in daemon.log() + why(home, data), daemon.log()
        daemon.end()
    sound(os.path.join(data, "data.db"))
    assert WITHOUT not in why(home, data)


def other_boot(path):
    """As if the last run had been in another boot."""
    base = sqlite3.connect(path)
    with base:
        changed = base.execute("UPDATE daemon_state SET value = ? WHERE key = 'boot_id'",
                               (OTHER_BOOT,)).rowcount
    base.close()
    assert changed == 1, "daemon_state holds no boot_id"


@test
def a_boot_that_ended_without_shutdown_is_told_by_the_next_start(home):
    data = os.path.join(home, "data")
    with Daemon(home, QUICK + NERVOUS + SHORT) as daemon, busy(3):
        event_of(daemon)
        time.sleep(1)
        blow(daemon)
    (last,), = daemon.rows("SELECT updated_at FROM daemon_state WHERE key = 'last_alive'")
    assert time.time() - 60 < last <= time.time(), last
    other_boot(daemon.base)
    with Daemon(home, QUICK + SHORT) as daemon:
        said = ended_badly(daemon)
        clock = time.strftime("%H:%M", time.localtime(last))
        assert clock in said, f"when it was last alive ({clock}) is not told: {said}"
        print(f"# {said[:300]}")
        daemon.end()
    assert WITHOUT in why(home, data), "forgotten with the daemon's end"
    # And it is told of that end alone: a second start in good order adds nothing.
    with Daemon(home, QUICK + SHORT) as daemon:
        assert WITHOUT not in daemon.log(), daemon.log()
        daemon.end()
    sound(os.path.join(data, "data.db"))


def ended_badly(daemon):
    deadline = time.monotonic() + 10
    while WITHOUT not in why(daemon.home, daemon.data):
        assert time.monotonic() < deadline, \
            f"why does not tell it: {why(daemon.home, daemon.data)}; the log: {daemon.log()}"
        time.sleep(0.2)
    assert WITHOUT in daemon.log(), f"the log does not tell it: {daemon.log()}"
    return why(daemon.home, daemon.data)


@test
def a_boot_that_was_shut_down_in_good_order_is_not_complained_of(home):
    with Daemon(home, QUICK + SHORT) as daemon:
        daemon.end()
    base = sqlite3.connect(daemon.base)
    with base:  # both that of the run and that of the end in good order
        base.execute("UPDATE daemon_state SET value = ? WHERE value = ?", (OTHER_BOOT, this_boot()))
    base.close()
    with Daemon(home, QUICK + SHORT) as daemon:
        time.sleep(1.5)  # the first flush
        assert WITHOUT not in daemon.log() + why(home, daemon.data), daemon.log()
        daemon.end()


@test
def what_is_no_black_box_is_put_aside_and_said(home):
    data = os.path.join(home, "data")
    os.mkdir(data, 0o700)
    box = os.path.join(data, "blackbox")
    garbage = os.urandom(70000)
    with open(box, "wb") as file:
        file.write(garbage)
    with Daemon(home, QUICK + SHORT) as daemon:
        assert "blackbox" in daemon.log(), f"it is not said: {daemon.log()}"
        with open(box + ".damaged", "rb") as file:
            assert file.read() == garbage
        daemon.end()
    info = read_box(box)
    assert info.end == CLEAN and info.samples > 0, (info.end, info.samples)


main()
