#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""What the daemon keeps, and what it does when it cannot. TAP on stdout.

    daemon_records.py PAUSEMOND TESTS_DIR
"""
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time

from daemonlib import CALM, PATIENCE, QUICK, Daemon, main, refused, test, wait_until

STRESSED = QUICK + "[tiers]\nelevated_threshold = 1\ncritical_threshold = 2\n"
BEATING = QUICK.replace("enabled = false", "enabled = true") + CALM


def query(daemon, sql):
    database = sqlite3.connect(os.path.join(daemon.data, "data.db"), timeout=PATIENCE)
    try:
        return database.execute(sql).fetchall()
    finally:
        database.close()


def spin():
    """Busy half of the time: enough for tier 3, and the suites beside have the rest."""
    return subprocess.Popen([sys.executable, "-c", """import time
while True:
    end = time.monotonic() + 0.01
    while time.monotonic() < end:
        pass
    time.sleep(0.01)"""])


def end_process(process):
    process.kill()
    process.wait()


def status_of(daemon):
    with daemon.connect() as client:
        return client.next_of("status")


@test
def an_escalation_is_kept_and_ended_by_the_end(home):
    spinner = spin()
    try:
        with Daemon(home, config=STRESSED) as daemon:
            with daemon.connect() as client:
                client.next_of("sample", tier=3)
            daemon.end()
            rows = query(daemon, "SELECT id, end_timestamp, peak_tier FROM events")
            assert len(rows) == 1 and rows[0][1] and rows[0][2] == 3, rows
            assert query(daemon, "SELECT count(*) FROM process_sample_records")[0][0] >= 1
        with Daemon(home, config=STRESSED) as daemon:
            wait_until("the second event", lambda: len(query(daemon, "SELECT id FROM events")) == 2)
            ids = [row[0] for row in query(daemon, "SELECT id FROM events ORDER BY id")]
            assert ids == [rows[0][0], rows[0][0] + 1], ids
    finally:
        end_process(spinner)


@test
def a_killed_daemon_leaves_a_valid_database_with_what_was_a_second_old(home):
    spinner = spin()
    try:
        with Daemon(home, config=STRESSED) as daemon:
            wait_until("a flush",
                       lambda: query(daemon, "SELECT count(*) FROM process_sample_records")[0][0])
            daemon.signal(signal.SIGKILL)
            daemon.process.wait()
            assert query(daemon, "PRAGMA integrity_check") == [("ok",)]
            assert query(daemon, "SELECT end_timestamp FROM events") == [(None,)]
        with Daemon(home) as daemon:  # the first flush does it
            wait_until("the event to be closed",
                       lambda: query(daemon, "SELECT end_timestamp FROM events") != [(None,)])
            rows = query(daemon, "SELECT notes FROM events")
            assert "interrupted" in rows[0][0], rows
            daemon.end()
    finally:
        end_process(spinner)


@test
def a_locked_database_is_said_once_delays_no_sample_and_is_caught_up_with(home):
    spinner = spin()
    try:
        with Daemon(home, config=STRESSED) as daemon, daemon.connect() as client:
            client.next_of("sample", tier=3)
            other = sqlite3.connect(os.path.join(daemon.data, "data.db"), timeout=PATIENCE,
                                    isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            daemon.wait_log(r"data\.db cannot be written, records wait: .*locked")
            assert status_of(daemon)["disk"] == "locked"
            for _ in range(5):
                assert client.next_of("sample")["elapsed_ms"] < 1000
            other.execute("ROLLBACK")
            other.close()
            daemon.wait_log(r"data\.db is written again")
            status = status_of(daemon)
            assert status["disk"] == "ok" and status["dropped_records"] == 0, status
            assert len(re.findall("cannot be written", daemon.log())) == 1, daemon.log()
            daemon.end()
    finally:
        end_process(spinner)


@test
def at_the_end_a_locked_database_is_said_and_left(home):
    spinner = spin()
    try:
        with Daemon(home, config=STRESSED) as daemon, daemon.connect() as client:
            client.next_of("sample", tier=3)
            other = sqlite3.connect(os.path.join(daemon.data, "data.db"), timeout=PATIENCE,
                                    isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            started = time.monotonic()
            daemon.end()
            assert time.monotonic() - started < 15
            assert re.search(r"the last flush failed .*\d+ records are lost", daemon.log())
            other.close()
    finally:
        end_process(spinner)


@test
def a_storm_of_reloads_does_not_keep_records_from_the_disk(home):
    count = "SELECT count(*) FROM process_sample_records"
    spinner = spin()
    try:
        with Daemon(home, config=STRESSED) as daemon, daemon.connect() as client:
            client.next_of("sample", tier=3)
            for _ in range(10):
                daemon.signal(signal.SIGHUP)
                time.sleep(0.1)
            before = query(daemon, count)

            def grown():
                daemon.signal(signal.SIGHUP)
                time.sleep(0.1)
                return query(daemon, count) > before

            for _ in range(50):  # five seconds, in which no order is long in coming
                if grown():
                    break
            else:
                raise AssertionError("nothing was flushed")
            daemon.end()
    finally:
        end_process(spinner)


@test
def a_database_that_is_locked_at_the_start_is_attached_when_it_opens(home):
    spinner = spin()
    try:
        with Daemon(home, config=STRESSED) as daemon:
            daemon.end()
            path = os.path.join(daemon.data, "data.db")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("INSERT INTO events (id, start_timestamp, end_timestamp) VALUES (70, 1, 2)")
        other.execute("BEGIN IMMEDIATE")
        with Daemon(home, config=STRESSED) as daemon, daemon.connect() as client:
            told = client.next_of("event")
            assert told["id"] == 1, told  # nobody knows yet which ids are free
            assert status_of(daemon)["disk"] == "locked"
            daemon.wait_log("locked: nothing is stored until .*data.db")
            other.execute("ROLLBACK")
            other.close()
            client.close()
            daemon.wait_log("data.db\" is open: what happens from now on is stored")
            status = status_of(daemon)
            assert status["disk"] == "ok" and status["dropped_records"] == 0, status
            assert len(re.findall("locked", daemon.log())) == 1, daemon.log()
            daemon.configure(STRESSED.replace("= 1\n", "= 99\n").replace("= 2\n", "= 100\n")
                             + "hold_ms = 0\n")
            daemon.signal(signal.SIGHUP)
            daemon.wait_log("tier 1, ")
            assert len(re.findall("tier 1, ", daemon.log())) == 1, daemon.log()
            daemon.configure(STRESSED)
            daemon.signal(signal.SIGHUP)
            wait_until("the next event to be stored above all others",
                       lambda: query(daemon, "SELECT id FROM events WHERE id > 70"))
            daemon.end()
            rows = query(daemon, "SELECT end_timestamp FROM events WHERE id = 70")
            assert rows == [(2.0,)], rows
    finally:
        end_process(spinner)


@test
def on_a_full_disk_it_starts_and_stores_when_there_is_room(home):
    data = os.path.join(home, "data")
    os.mkdir(data, 0o700)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k,mode=700", "none", data],
                      stderr=subprocess.DEVNULL, check=False).returncode != 0:
        return "a file system of its own is needed"
    try:
        filler = os.path.join(data, "filler")
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        with Daemon(home) as daemon:
            assert re.search("cannot write .*daemon.pid.*: No space", daemon.log()), daemon.log()
            assert re.search("nothing is stored until", daemon.log()), daemon.log()
            assert status_of(daemon)["disk"] == "full"
            refused(home, rf"another pausemond runs already, pid {daemon.process.pid} ")
            os.unlink(filler)
            daemon.wait_log("is open: what happens from now on is stored")
            assert status_of(daemon)["disk"] == "ok"
            daemon.end()
            assert query(daemon, "SELECT value FROM daemon_state WHERE key = 'ended_boot_id'")
    finally:
        subprocess.run(["umount", "-l", data], check=True)


@test
def a_database_that_cannot_be_opened_keeps_it_from_starting_and_says_what_to_do(home):
    data = os.path.join(home, "data")
    os.mkdir(data, 0o700)
    os.mkdir(os.path.join(data, "data.db"))
    refused(home, r"data\.db.*--data-dir")
    os.rmdir(os.path.join(data, "data.db"))
    os.symlink("/nonexistent/other.db", os.path.join(data, "data.db"))
    refused(home, r"data\.db.*--data-dir")


@test
def a_database_of_a_newer_version_is_left_as_it_is_and_monitoring_goes_on(home):
    with Daemon(home) as daemon:
        daemon.end()
        query(daemon, "PRAGMA user_version = 9999")
    with Daemon(home) as daemon, daemon.connect() as client:
        client.next_of("sample")
        assert status_of(daemon)["disk"] == "read-only"
        daemon.end()


@test
def a_standstill_of_the_daemon_is_a_pause_in_log_stream_and_database(home):
    with Daemon(home, config=BEATING) as daemon, daemon.connect() as client:
        status = client.next_of("status")
        assert status["heartbeat"] == "on", status
        for _ in range(5):
            client.next_of("sample")
        daemon.signal(signal.SIGSTOP)
        time.sleep(1)  # the standstill itself
        daemon.signal(signal.SIGCONT)
        pause = client.next_of("pause")
        assert pause["cause"] in ("stopped", "vm", "unknown"), pause
        assert 500 < pause["duration_ms"] < 30000, pause
        daemon.wait_log(re.escape(pause["verdict"]))
        status = status_of(daemon)
        assert status["beats"] > 0 and status["late_beats"] > 0, status
        daemon.end()
        rows = query(daemon, "SELECT id FROM pauses")
        assert (pause["id"],) in rows, rows


main()
