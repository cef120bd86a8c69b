#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What evidence and database may take of the disk, and a disk that has nothing left. Written from
the specification alone. TAP on stdout.

    bounds.py PAUSEMON PAUSEMOND HELPERS_DIR
"""
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time

from daemonlib import FULL, NERVOUS, PATIENCE, PAUSEMON, QUICK, Daemon, busy, environment, main
from daemonlib import rows, sound, test, wait_until
from evidencelib import SHORT, captures, event_of, fingerprint, next_capture

MIB = 1 << 20
LIMIT_MIB = 8
LIMITS = f"[retention]\nmax_db_mb = {LIMIT_MIB}\nmax_forensics_mb = {LIMIT_MIB}\n"
NEEDED_MIB = 256  # free, or nothing is captured
DAY = 86400
ASKED = 40 if FULL else 8
MARKS = ["pinned", "reviewed", "unreviewed"]  # of the captures that are made, the oldest first
SAMPLE = json.dumps({
    "timestamp": "2026-01-23T12:00:00.123456-08:00", "elapsed_ms": 1003, "process_count": 412,
    "max_score": 37, "rogues": [
        {"pid": number, "command": f"burner {number:056}", "cpu": 12.5, "state": "running",
         "mem": 1, "cmprs": 0, "pageins": 0, "csw": 10, "sysbsd": 5, "threads": 2, "score": 7,
         "categories": ["cpu"]} for number in range(1, 41)]})


def command(home, data, *args, config=None):
    """Exit code 0; what it said on both."""
    more = ["--config", config] if config else []
    result = subprocess.run([PAUSEMON, *args, "--data-dir", data, *more], env=environment(home),
                            stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=PATIENCE, check=False)
    assert result.returncode == 0, f"{args}: exit code {result.returncode}, " \
        f"{result.stdout}{result.stderr}"
    return result.stdout + result.stderr


def limits_in(home):
    path = os.path.join(home, "limits.toml")
    with open(path, "w", encoding="ascii") as file:
        file.write(LIMITS)
    return path


def bytes_in(path):
    return sum(os.lstat(os.path.join(place, name)).st_size
               for place, _, files in os.walk(path) for name in files)


def live_until_captured(home, above):
    """One escalation above that id with its capture: its id, and the directory's name."""
    known = captures(os.path.join(home, "data"))
    with Daemon(home, QUICK + NERVOUS + SHORT) as daemon, busy(3):
        path, _ = next_capture(daemon, known)
        event = event_of(daemon, above)
        daemon.end()
        return event, os.path.basename(path)


def grow(path, size):
    """An artifact that is larger than it was, as a chatty kernel would have made it."""
    with open(os.path.join(path, "system.log"), "ab") as file:
        file.write(b"x" * 79 + b"\n")
        file.write(bytes(size))


def captured_and_marked(home):
    """Three escalations with captures, 3 MiB each: pinned, reviewed, new. Pairs of id, name."""
    data, made = os.path.join(home, "data"), []
    for mark in MARKS:
        event, name = live_until_captured(home, max([0] + [number for number, _ in made]))
        grow(os.path.join(data, "events", name), 3 * MIB)
        if mark != "unreviewed":
            command(home, data, "events", "mark", str(event), "--" + mark)
        made.append((event, name))
    assert bytes_in(os.path.join(data, "events")) > LIMIT_MIB * MIB
    return data, made


@test
def over_the_limit_of_evidence_reviewed_goes_first_and_pinned_never(home):
    data, made = captured_and_marked(home)
    limits, names = limits_in(home), [name for _, name in made]
    events = os.path.join(data, "events")
    bystander = os.path.join(events, "notes.txt")
    with open(bystander, "w", encoding="ascii") as file:
        file.write("mine\n")
    before = fingerprint(events)
    said = command(home, data, "prune", "--dry-run", config=limits)
    assert fingerprint(events) == before, "a dry run changed something"
    assert [name in said for name in names] == [False, True, False], f"{made}, {said}"
    command(home, data, "prune", "-f", config=limits)
    assert captures(data) == sorted([names[0], names[2]]), captures(data)
    assert os.path.exists(bystander), "a file that is none of its went"
    assert bytes_in(events) <= LIMIT_MIB * MIB, bytes_in(events)
    sound(os.path.join(data, "data.db"))
    # What is left is pinned and new: over the limit again, the new one goes; then nothing can.
    grow(os.path.join(events, names[2]), 3 * MIB)
    grow(os.path.join(events, names[0]), 6 * MIB)
    said = command(home, data, "prune", "--dry-run", config=limits)
    command(home, data, "prune", "-f", config=limits)
    assert names[2] in said and captures(data) == [names[0]], (said, captures(data))
    command(home, data, "prune", "-f", config=limits)
    assert captures(data) == [names[0]], "pinned evidence went"
    statuses = dict(rows(os.path.join(data, "data.db"), "SELECT id, status FROM events"))
    assert statuses[made[0][0]] == "pinned", statuses


def fill_database(path, count, samples):
    """Escalations as the original writes them, a day apart from 30 days ago on; the third is
    pinned, every second reviewed. Their ids, by what they are."""
    base = sqlite3.connect(path)
    first, kinds = base.execute("SELECT coalesce(max(id), 0) + 1 FROM events").fetchone()[0], {}
    with base:
        for number in range(count):
            start = time.time() - 30 * DAY + number * DAY / 2
            status = "pinned" if number == 2 else "reviewed" if number % 2 else "unreviewed"
            base.execute("INSERT INTO events VALUES (?,?,?,77,3,?,NULL)",
                         (first + number, start, start + 60, status))
            base.executemany("INSERT INTO process_sample_records (event_id, tier, data) "
                             "VALUES (?,3,?)", [(first + number, SAMPLE)] * samples)
            kinds.setdefault(status, []).append(first + number)
    base.close()
    return kinds


@test
def over_the_limit_of_the_database_the_oldest_go_and_the_file_shrinks(home):
    limits = limits_in(home)
    with Daemon(home, QUICK) as daemon:
        daemon.end()
    path = daemon.base
    kinds = fill_database(path, 24, 64)
    command(home, daemon.data, "events", "mark", str(kinds["reviewed"][-1]), "--reviewed")
    size = os.path.getsize(path)
    assert size > 1.5 * LIMIT_MIB * MIB, f"the test wrote only {size} bytes"
    said = command(home, daemon.data, "prune", "--dry-run", config=limits)
    assert rows(path, "SELECT count(*) FROM events") == [(24,)], "a dry run changed something"
    command(home, daemon.data, "prune", "-f", config=limits)
    left = {number for (number,) in rows(path, "SELECT id FROM events")}
    gone = {number for ids in kinds.values() for number in ids} - left
    assert gone and kinds["pinned"][0] in left, (gone, left)
    for kind in ("reviewed", "unreviewed"):  # the oldest of each went, and new ones last
        order = [number in left for number in kinds[kind]]
        assert order == sorted(order), f"{kind}: not the oldest: {order}"
    assert not gone & set(kinds["unreviewed"]) or not left & set(kinds["reviewed"]), (gone, left)
    for number in gone:
        assert re.search(rf"\b{number}\b", said), f"the dry run did not tell event {number}: {said}"
    assert rows(path, "SELECT count(*) FROM process_sample_records WHERE event_id NOT IN "
                      "(SELECT id FROM events)") == [(0,)], "samples without their event"
    sound(path)
    total = sum(os.path.getsize(path + end) for end in ("", "-wal") if os.path.exists(path + end))
    print(f"# {size} bytes before, {total} after; {len(gone)} of 24 events went")
    assert os.path.getsize(path) <= LIMIT_MIB * MIB, f"the disk got nothing back: {total} bytes"
    assert len(left) > 5, f"more went than had to: {sorted(left)}"


@test
def by_age_reviewed_ones_go_and_new_ones_stay(home):
    with Daemon(home, QUICK) as daemon:
        daemon.end()
    kinds = fill_database(daemon.base, 20, 1)  # from 30 days ago to 20
    said = command(home, daemon.data, "prune", "--events-days", "25", "--dry-run")
    command(home, daemon.data, "prune", "--events-days", "25", "-f")
    left = {number for (number,) in rows(daemon.base, "SELECT id FROM events")}
    assert set(kinds["unreviewed"]) | set(kinds["pinned"]) <= left, left
    reviewed = kinds["reviewed"]
    old = [n for n in reviewed if n - reviewed[0] < 9]  # a half day apart, from the second on
    assert not left & set(old), f"{left & set(old)} are older than 25 days and stay"
    assert set(reviewed[5:]) <= left, f"{set(reviewed[5:]) - left} were not old enough"
    assert all(re.search(rf"\b{number}\b", said) for number in old), said


@test
def directories_that_nobody_knows_go_and_others_stay(home):
    with Daemon(home, QUICK) as daemon:
        daemon.end()
    events = os.path.join(daemon.data, "events")
    os.makedirs(events, mode=0o700, exist_ok=True)
    old = time.time() - 200 * DAY
    for name in ("2020-01-01_00-00-00", "2020-01-01_00-00-00_2", "mine", "2020-01-01"):
        os.mkdir(os.path.join(events, name), 0o700)
        with open(os.path.join(events, name, "file"), "w", encoding="ascii") as file:
            file.write("x\n")
        for path in (os.path.join(events, name, "file"), os.path.join(events, name)):
            os.utime(path, (old, old))
    said = command(home, daemon.data, "prune", "--dry-run")
    command(home, daemon.data, "prune", "-f")
    assert sorted(os.listdir(events)) == ["2020-01-01", "mine"], os.listdir(events)
    assert "2020-01-01_00-00-00_2" in said and "mine" not in said, said


@test
def many_that_are_asked_for_stay_within_the_limit(home):
    """Of the daemon by signals, then without one by the command, and each grows."""
    limits = limits_in(home)
    with Daemon(home, QUICK + SHORT + LIMITS) as daemon:
        daemon.stream.wait("sample", where=lambda m: m["sample_count"] >= 3)
        for _ in range(200):
            os.kill(daemon.pid, signal.SIGUSR1)
            time.sleep(0.005)
        next_capture(daemon)
        time.sleep(1)
        burst = len(captures(daemon.data))
        assert burst <= 40, f"200 signals in a second made {burst} captures"
        before = daemon.status()["samples"]
        wait_until("sampling", lambda: daemon.status()["samples"] > before + 3)
        daemon.end()
    events = os.path.join(daemon.data, "events")
    for _ in range(ASKED):
        known = captures(daemon.data)
        command(home, daemon.data, "capture")
        name, = set(captures(daemon.data)) - set(known)
        grow(os.path.join(events, name), 2 * MIB)
        command(home, daemon.data, "prune", "-f", config=limits)
        assert bytes_in(events) <= LIMIT_MIB * MIB, f"{bytes_in(events)} bytes"
    assert name in captures(daemon.data), "the newest went"
    print(f"# a burst of 200 signals: {burst} captures; then {ASKED} by the command, "
          f"{len(captures(daemon.data))} are left")
    sound(daemon.base)


class Disk:
    """A small file system of the test's own, as the data directory."""

    def __init__(self, home, mib):
        self.data = os.path.join(home, "data")
        self.filler = os.path.join(self.data, "filler")
        os.mkdir(self.data, 0o700)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=0700",
                                  "pm-test", self.data], capture_output=True, text=True)
        self.refused = mounted.stderr.strip() if mounted.returncode != 0 else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.refused is None:
            subprocess.run(["umount", "-l", self.data], check=True)

    def free(self):
        return shutil.disk_usage(self.data).free

    def leave(self, size):
        """Takes all but so much."""
        with open(self.filler, "ab") as file:
            wanted = os.path.getsize(self.filler) + self.free() - size
            while True:  # the daemon writes too
                try:
                    return os.posix_fallocate(file.fileno(), 0, wanted)
                except OSError:
                    wanted -= 65536

    def fill(self):
        self.leave(0)
        with open(self.filler, "ab", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass  # full


def disk_or_reason(home, mib):
    if os.geteuid() != 0:
        return None, "only root mounts a tmpfs"
    disk = Disk(home, mib)
    return (disk, None) if disk.refused is None else (
        None, "no tmpfs can be mounted: " + disk.refused)


@test
def with_too_little_room_nothing_is_captured_and_that_is_said(home):
    disk, reason = disk_or_reason(home, NEEDED_MIB + 64)
    if reason:
        return reason
    with disk, Daemon(home, QUICK + SHORT) as daemon:
        disk.leave((NEEDED_MIB - 8) * MIB)
        daemon.stream.wait("sample", where=lambda m: m["sample_count"] >= 3)
        os.kill(daemon.pid, signal.SIGUSR1)
        wait_until("the log to say how much room it takes",
                   lambda: re.search(rf"\b{NEEDED_MIB}\b", daemon.log()), 10)
        time.sleep(1)
        assert captures(daemon.data) == [], captures(daemon.data)
        os.unlink(disk.filler)
        os.kill(daemon.pid, signal.SIGUSR1)
        next_capture(daemon)  # a request is never put off
        disk.leave((NEEDED_MIB - 8) * MIB)
        before = captures(daemon.data)
        said = asked_in_vain(daemon)
        assert captures(daemon.data) == before, captures(daemon.data)
        daemon.end()
        sound(daemon.base)
        assert said, f"pausemon capture says nothing for {PATIENCE} s where nothing can come"
    return None


def asked_in_vain(daemon):
    """`pausemon capture` where there is no room: what it said, None where it never ended."""
    try:
        result = subprocess.run([PAUSEMON, "capture", "--data-dir", daemon.data], check=False,
                                env=environment(daemon.home), stdin=subprocess.DEVNULL, text=True,
                                capture_output=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return None
    time.sleep(1)
    return f"exit code {result.returncode}: {result.stdout}{result.stderr}"


def filled_amid_a_capture(home, disk):
    with Daemon(home, QUICK + NERVOUS + SHORT) as daemon, busy(12):
        daemon.stream.wait("sample", where=lambda m: m["tier"] == 3)
        event_of(daemon)
        os.kill(daemon.pid, signal.SIGUSR1)
        wait_until("a capture to begin", lambda: captures(daemon.data), 10)
        disk.fill()
        count = daemon.status()["samples"]
        status = wait_until("the status to say that the disk is full", lambda: (
            lambda s: s["disk"] == "full" and s)(daemon.status()))
        wait_until("20 more samples", lambda: daemon.status()["samples"] >= count + 20, 10)
        assert status["longest_dispatch_ms"] < 1000, status
        assert len(daemon.log().splitlines()) < 30, f"the log is noisy: {daemon.log()}"
        assert daemon.rows("PRAGMA integrity_check") == [("ok",)]
        kept = "SELECT count(*) FROM process_sample_records"
        before = daemon.rows(kept)[0][0]
        os.unlink(disk.filler)
        wait_until("records to be stored again", lambda: daemon.rows(kept)[0][0] > before + 5)
        wait_until("the status to be well", lambda: daemon.status()["disk"] == "ok")
        assert daemon.ask("events")[0] == 0
        daemon.end()
        sound(daemon.base)
        told = [name for name in captures(daemon.data) if os.path.exists(
            os.path.join(daemon.data, "events", name, "metadata.json"))]
        for name in told:  # whole, or not there: never half a document
            with open(os.path.join(daemon.data, "events", name, "metadata.json"),
                      encoding="utf-8") as file:
                text = file.read()
            assert not text or json.loads(text), f"half a metadata.json in {name}: {text[-80:]!r}"


@test
def a_disk_that_fills_amid_a_capture_harms_neither_database_nor_sampling(home):
    disk, reason = disk_or_reason(home, NEEDED_MIB + 64)
    if reason:
        return reason
    with disk:
        filled_amid_a_capture(home, disk)
    return None


main()
