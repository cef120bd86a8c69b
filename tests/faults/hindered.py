#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A full disk, a locked database, clients that behave badly: sampling goes on. TAP on stdout.

    hindered.py PAUSEMON PAUSEMOND HELPERS_DIR
"""
import json
import os
import socket
import sqlite3
import subprocess
import threading
import time

from daemonlib import FULL, INTERVAL, NERVOUS, QUICK, Daemon, busy, main, sound, test
from daemonlib import undisturbed, wait_until

SHARE = 0.7  # of the samples that were to come
LOCKED_SECONDS = 30 if FULL else 3
FULL_DISK_SECONDS = 30 if FULL else 12  # more than there is room for in memory
CLIENTS = 64


def sampling_goes_on(daemon, since):
    """Counted over the socket, and what the daemon says of its own loop."""
    count = len(daemon.stream.of("sample", since))
    expected = (time.monotonic() - since) / INTERVAL
    status = daemon.status()
    print(f"# {count} samples of {expected:.0f}, longest dispatch "
          f"{status['longest_dispatch_ms']} ms, queued {status['queued_records']}, dropped "
          f"{status['dropped_records']}, disk {status['disk']}")
    assert count >= SHARE * expected, f"{count} samples of {expected:.0f}"
    assert status["longest_dispatch_ms"] < 10 * INTERVAL * 1000, status
    return status


def kept(daemon):
    return {json.loads(text)["timestamp"]
            for (text,) in daemon.rows("SELECT data FROM process_sample_records")}


def all_is_written(daemon, since, until):
    """Every sample of tier 3 that was told then, but for those that are counted as lost."""
    status = wait_until("what waited to be written", lambda: (
        lambda s: s["disk"] == "ok" and s["queued_records"] <= 1 and s)(daemon.status()), 30)
    told = {s["timestamp"] for at, s in list(daemon.stream.messages)
            if s["type"] == "sample" and s["tier"] == 3 and since <= at <= until}
    assert told, "nothing was to be kept"
    # What was told last may be on its way.
    missing = wait_until("the last to be written", lambda: (
        lambda gone: len(gone) <= status["dropped_records"] and [gone])(told - kept(daemon)), 5)[0]
    print(f"# {len(told)} samples of that time were to be kept, {len(missing)} are not; "
          f"dropped {status['dropped_records']}")
    code, answer = daemon.ask("events")
    assert code == 0 and answer["events"][0]["samples"] > 0, answer
    return status


def full_disk(home, data):
    with Daemon(home, QUICK + NERVOUS) as daemon, busy(59):
        daemon.stream.wait("sample", where=lambda m: m["tier"] == 3)
        wait_until("the event in the file", lambda: daemon.rows("SELECT id FROM events"))
        since = time.monotonic()
        filler = os.path.join(data, "filler")
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass  # full
        status = wait_until("the status to say that the disk is full", lambda: (
            lambda s: s["disk"] != "ok" and s)(daemon.status()))
        assert "full" in status["disk"], status
        time.sleep(max(0, since + FULL_DISK_SECONDS - time.monotonic()))
        status = sampling_goes_on(daemon, since)
        assert status["queued_records"] > 0 and status["dropped_records"] > 0, status
        assert daemon.log().lower().count("full") >= 1, f"the log is silent: {daemon.log()}"
        assert len(daemon.log().splitlines()) < 20, f"the log is noisy: {daemon.log()}"
        freed = time.monotonic()
        os.unlink(filler)
        all_is_written(daemon, since, freed)
        daemon.end()
        sound(daemon.base)


def on_a_disk_of_its_own(home):
    data = os.path.join(home, "data")
    os.mkdir(data, 0o700)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "pm-test", data],
                             capture_output=True, text=True)
    if mounted.returncode != 0:
        return "no tmpfs can be mounted: " + mounted.stderr.strip()
    try:
        full_disk(home, data)
    finally:
        subprocess.run(["umount", data], check=True)
    return None


@test
def a_full_disk_delays_no_sample_and_what_waited_is_written(home):
    if os.geteuid() != 0:
        return "only root mounts a tmpfs"
    return undisturbed(home, on_a_disk_of_its_own)


def locked(home):
    with Daemon(home, QUICK + NERVOUS) as daemon, busy(59):
        daemon.stream.wait("sample", where=lambda m: m["tier"] == 3)
        wait_until("the event in the file", lambda: daemon.rows("SELECT id FROM events"))
        lock = sqlite3.connect(daemon.base, isolation_level=None, timeout=10)
        lock.execute("BEGIN EXCLUSIVE")
        since, before = time.monotonic(), len(kept(daemon))
        time.sleep(LOCKED_SECONDS)
        assert len(kept(daemon)) == before, "it was not locked"
        status = sampling_goes_on(daemon, since)
        assert status["queued_records"] + status["dropped_records"] > 0, status
        lock.execute("ROLLBACK")
        lock.close()
        freed = time.monotonic()
        all_is_written(daemon, since, freed)
        daemon.end()
        sound(daemon.base)


@test
def a_locked_database_delays_no_sample_and_what_waited_is_written(home):
    undisturbed(home, locked)


def broken(home):
    with Daemon(home, QUICK + NERVOUS) as daemon, busy(59):
        wait_until("the event in the file", lambda: daemon.rows("SELECT id FROM events"))
        for end, keep in (("", 16), ("-wal", 4)):
            with open(daemon.base + end, "r+b") as file:
                size = os.path.getsize(file.name)
                file.seek(keep)
                file.write(b"\xff" * max(0, size - keep))
        since = time.monotonic()
        time.sleep(4)
        sampling_goes_on(daemon, since)
        daemon.kill()
        log = daemon.log()
    with Daemon(home, QUICK + NERVOUS) as daemon, busy(30):
        wait_until("an event in the file", lambda: daemon.rows("SELECT id FROM events"))
        assert "aside" in log + daemon.log(), log + daemon.log()
        daemon.end()
        sound(daemon.base)


@test
def a_database_broken_under_the_daemon_stops_nothing(home):
    undisturbed(home, broken)


def chatter(sock, stop):
    """Garbage, as much as it takes, and nothing is ever read."""
    noise = [os.urandom(4096), b"\n" * 4096, b'{"type":"sample",' * 200, b"\0" * 4096]
    sock.settimeout(0.2)
    turn = 0
    while not stop.is_set():
        turn += 1
        try:
            sock.send(noise[turn % len(noise)])
        except socket.timeout:
            pass
        except OSError:
            return  # the daemon had enough of it
        time.sleep(0.05)


def crowded(home):
    with Daemon(home, QUICK) as daemon:
        stop, threads, crowd = threading.Event(), [], []
        try:
            since = time.monotonic()
            for number in range(CLIENTS + 8):  # more than are let in
                sock = socket.socket(socket.AF_UNIX)
                crowd.append(sock)
                sock.connect(daemon.path)
                if number % 4 == 1:
                    threads.append(threading.Thread(target=chatter, args=(sock, stop)))
                    threads[-1].start()
            time.sleep(20 if FULL else 5)
            count = len(daemon.stream.of("sample", since))
            expected = (time.monotonic() - since) / INTERVAL
            assert count >= SHARE * expected, f"{count} samples of {expected:.0f}"
            stamps = [s["monotonic_ns"] for s in daemon.stream.of("sample", since)]
            gap = max(b - a for a, b in zip(stamps, stamps[1:])) / 1e9
            assert gap < 10 * INTERVAL, f"a gap of {gap:.2f} s"
        finally:
            stop.set()
            for thread in threads:
                thread.join()
            for sock in crowd:
                sock.close()
        wait_until("the crowd to be gone", lambda: daemon.status().get("clients", CLIENTS) <= 2)
        sampling_goes_on(daemon, since)
        rss = daemon.status()["rss_bytes"]
        assert rss < 64 << 20, f"{rss} bytes resident"
        daemon.end()


@test
def clients_that_never_read_or_talk_garbage_delay_no_sample(home):
    undisturbed(home, crowded)


main()
