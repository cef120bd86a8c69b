#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a daemon finds when it starts, and what it makes of it. TAP on stdout.

    starts.py PAUSEMON PAUSEMOND HELPERS_DIR
"""
import glob
import json
import os
import re
import sqlite3
import time

from daemonlib import NERVOUS, NOBODY, PATIENCE, QUICK, Daemon, busy, main, no_nobody, rows
from daemonlib import seconds_of, sound, test, wait_until

ORIGINAL = """
CREATE TABLE daemon_state (key TEXT PRIMARY KEY, value TEXT NOT NULL, updated_at REAL NOT NULL);
CREATE TABLE events (id INTEGER PRIMARY KEY, start_timestamp REAL NOT NULL, end_timestamp REAL,
    peak_stress INTEGER, peak_tier INTEGER, status TEXT DEFAULT 'unreviewed', notes TEXT);
CREATE TABLE process_sample_records (id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id INTEGER NOT NULL, tier INTEGER NOT NULL, data TEXT NOT NULL,
    FOREIGN KEY(event_id) REFERENCES events(id) ON DELETE CASCADE);
CREATE TABLE event_samples (id INTEGER PRIMARY KEY, event_id INTEGER NOT NULL, note TEXT);
CREATE TABLE samples (id INTEGER PRIMARY KEY, timestamp REAL NOT NULL, stress TEXT);
CREATE TABLE process_samples (id INTEGER PRIMARY KEY, sample_id INTEGER NOT NULL, data TEXT);
CREATE INDEX idx_events_start ON events(start_timestamp);
INSERT INTO daemon_state VALUES ('schema_version', '7', 1700000000.5);
INSERT INTO daemon_state VALUES ('io_baseline', '10485760', 1700000000.5);
"""
SAMPLE = {"timestamp": "2026-01-23T12:00:00.123456-08:00", "elapsed_ms": 1003,
          "process_count": 412, "max_score": 77, "rogues": [
              {"pid": 1, "command": "burner", "cpu": 99.5, "state": "running", "mem": 1,
               "cmprs": 0, "pageins": 0, "csw": 10, "sysbsd": 5, "threads": 2, "score": 77,
               "categories": ["cpu"]}]}
TABLES = ["daemon_state", "events", "process_sample_records", "event_samples", "samples",
          "process_samples"]


def data_of(home):
    path = os.path.join(home, "data")
    os.makedirs(path, mode=0o700, exist_ok=True)
    return os.path.join(path, "data.db")


def original(path, journal="WAL", left_open=False):
    """As the Python original leaves it, with rows in every table. Its rows by table."""
    base = sqlite3.connect(path)
    base.execute(f"PRAGMA journal_mode = {journal}")
    base.executescript(ORIGINAL)
    start = seconds_of(SAMPLE["timestamp"])
    for number, status in [(3, "unreviewed"), (4, "reviewed"), (9, "pinned"), (11, "dismissed")]:
        end = None if left_open and number == 11 else start + 10
        base.execute("INSERT INTO events VALUES (?,?,?,77,3,?,?)",
                     (number, start - 1, end, status, "noted – ünï"))
        base.execute("INSERT INTO process_sample_records (event_id, tier, data) VALUES (?,3,?)",
                     (number, json.dumps(SAMPLE)))
        base.execute("INSERT INTO event_samples (event_id, note) VALUES (?, 'old')", (number,))
    base.execute("INSERT INTO samples VALUES (1, ?, 'old')", (start,))
    base.execute("INSERT INTO process_samples VALUES (1, 1, 'old')")
    base.commit()
    base.close()
    return {table: set(rows(path, f"SELECT * FROM {table}")) for table in TABLES}


def refused(home, pattern, **more):
    """It does not start, and says why in a line that matches."""
    with Daemon(home, QUICK, wait=False, **more) as daemon:
        assert daemon.process.wait(timeout=PATIENCE) == 1, daemon.log()
        assert re.search(pattern, daemon.log()), f"no {pattern!r} in {daemon.log()!r}"
        assert "Traceback" not in daemon.log() and len(daemon.log().splitlines()) <= 5


def has_event(daemon):
    return daemon.rows("SELECT id FROM events WHERE id NOT IN (3, 4, 9, 11)")


# What others wrote is old, and retention comes after each capture.
KEEPING = "[retention]\nevents_days = 3650\n"


def watches_and_stores(home):
    """Starts, escalates, stores; the log."""
    with Daemon(home, QUICK + NERVOUS + KEEPING) as daemon, busy(30):
        wait_until("an event in the file", lambda: has_event(daemon))
        daemon.end()
        sound(daemon.base)
        return daemon.log()


# ---- one at a time ----


@test
def the_second_of_two_is_refused_and_the_first_goes_on(home):
    with Daemon(home, QUICK) as daemon:
        refused(home, rf"another pausemond runs.*{daemon.pid}")
        since = time.monotonic()
        daemon.stream.wait("sample", since=since, seconds=2)
        assert daemon.ask("status")[0] == 0
        daemon.end()
        sound(daemon.base)


@test
def what_a_killed_daemon_left_keeps_nobody_from_starting(home):
    with Daemon(home, QUICK) as daemon:
        daemon.kill()
        assert os.path.exists(daemon.path) and os.path.exists(daemon.data + "/daemon.pid")
    assert daemon.ask("why")[0] == 4, "history needs no daemon"
    with Daemon(home, QUICK) as daemon:
        assert "stale" in daemon.log(), daemon.log()
        daemon.end()


@test
def a_lock_file_with_the_pid_of_somebody_else_is_only_a_file(home):
    data_of(home)
    with open(os.path.join(home, "data/daemon.pid"), "w", encoding="ascii") as file:
        file.write("1\n")
    with Daemon(home, QUICK) as daemon:
        with open(os.path.join(home, "data/daemon.pid"), encoding="ascii") as file:
            assert int(file.read()) == daemon.pid
        daemon.end()


@test
def a_directory_that_may_not_be_written_is_named(home):
    reason = no_nobody(home)
    if reason:
        return reason
    refused(home, r"/data.*(Permission denied|belongs to)", user=NOBODY)
    assert not os.path.exists(os.path.join(home, "data"))
    os.mkdir(os.path.join(home, "data"), 0o755)
    refused(home, r"/data.*(Permission denied|belongs to)", user=NOBODY)
    os.chown(os.path.join(home, "data"), NOBODY, NOBODY)
    os.chmod(os.path.join(home, "data"), 0o500)  # its own, and not writable
    refused(home, r"/data.*Permission denied", user=NOBODY)
    assert os.listdir(os.path.join(home, "data")) == []
    return None


# ---- what somebody else wrote ----


@test
def a_database_of_the_original_keeps_its_rows_and_grows(home):
    for journal in ("WAL", "DELETE"):
        path = data_of(home)
        before = original(path, journal)
        log = watches_and_stores(home)
        assert "aside" not in log, log
        for table in TABLES[1:]:
            now = set(rows(path, f"SELECT * FROM {table}"))
            assert before[table] <= now, f"{journal}: lost in {table}: {before[table] - now}"
        state = dict(rows(path, "SELECT key, value FROM daemon_state"))
        assert state["schema_version"] == "7" and state["io_baseline"] == "10485760", state
        assert rows(path, "PRAGMA user_version")[0][0] >= 1
        new = rows(path, "SELECT min(id) FROM events WHERE id NOT IN (3, 4, 9, 11)")[0][0]
        assert new > 11, f"id {new} may have been another event's"
        # And the original can go on with it: what it inserts, marks and prunes.
        base = sqlite3.connect(path)
        base.execute("PRAGMA foreign_keys = ON")
        base.execute("INSERT INTO events (start_timestamp) VALUES (1)")
        base.execute("UPDATE events SET status = 'reviewed', notes = 'x' WHERE id = 3")
        base.execute("DELETE FROM event_samples WHERE event_id IN (3, 4)")
        base.execute("DELETE FROM process_sample_records WHERE event_id IN (3, 4)")
        base.execute("DELETE FROM events WHERE id IN (3, 4)")
        base.commit()
        base.close()
        sound(path)
        for name in glob.glob(path + "*"):
            os.unlink(name)


@test
def an_event_that_the_original_left_open_is_closed_at_its_last_sample(home):
    path = data_of(home)
    original(path, left_open=True)
    log = watches_and_stores(home)
    (end, notes, status), = rows(
        path, "SELECT end_timestamp, notes, status FROM events WHERE id = 11")
    assert end is not None and abs(end - seconds_of(SAMPLE["timestamp"])) < 0.01, end
    assert "interrupted" in notes and "noted – ünï" in notes, f"{notes!r}: {log}"
    assert status == "dismissed"


def corrupt(path, kind):
    """Makes a file of that kind; its bytes."""
    if kind == "garbage":
        content = os.urandom(20000)
    elif kind == "text":
        content = b"this is no database\n" * 1000
    else:
        original(path, "DELETE")
        with open(path, "rb") as file:
            content = file.read()
        if kind == "cut":
            content = content[:len(content) // 2]
        else:  # a header that is right, pages that are not
            content = content[:100] + b"\xff" * (len(content) - 100)
    with open(path, "wb") as file:
        file.write(content)
    return content


def aside(path):
    """What lies beside the database and is not of SQLite or the daemon."""
    known = {path + end for end in ("", "-wal", "-shm", "-journal")}
    return sorted(n for n in glob.glob(path + "*") if n not in known
                  and not n.endswith(("-wal", "-shm", "-journal")))


@test
def a_corrupt_file_is_kept_aside_loudly_and_monitoring_goes_on(home):
    for kind in ("garbage", "text", "cut", "pages"):
        path = data_of(home)
        content = corrupt(path, kind)
        log = watches_and_stores(home)
        kept = aside(path)
        assert len(kept) == 1, f"{kind}: {os.listdir(os.path.dirname(path))}, {log}"
        with open(kept[0], "rb") as file:
            assert file.read() == content, f"{kind}: its bytes have changed"
        assert os.path.basename(kept[0]) in log, f"{kind}: not said: {log}"
        for name in glob.glob(path + "*"):
            os.unlink(name)


@test
def three_corrupt_files_are_kept(home):
    path, contents = data_of(home), []
    for _ in range(5):
        for end in ("-wal", "-shm"):
            if os.path.exists(path + end):
                os.unlink(path + end)
        contents.append(corrupt(path, "garbage"))
        with Daemon(home, QUICK) as daemon:
            daemon.end()
    kept = []
    for name in aside(path):
        with open(name, "rb") as file:
            kept.append(file.read())
    assert sorted(kept) == sorted(contents[2:]), f"{len(kept)} are kept: {aside(path)}"


@test
def a_database_of_a_newer_version_is_read_and_left_alone(home):
    path = data_of(home)
    watches_and_stores(home)
    base = sqlite3.connect(path)
    base.execute("PRAGMA user_version = 99")
    base.execute("CREATE TABLE of_tomorrow (x)")
    base.commit()
    before = sorted(base.iterdump())
    base.close()
    with Daemon(home, QUICK + NERVOUS) as daemon, busy(30):
        daemon.stream.wait("event", end=None)
        assert re.search(r"newer version", daemon.log()), daemon.log()
        status = daemon.status()
        assert status["disk"] != "ok", f"nothing is stored and the status says {status['disk']}"
        code, answer = daemon.ask("events")
        assert code == 0 and answer["events"], answer
        daemon.end()
    base = sqlite3.connect(path)
    assert sorted(base.iterdump()) == before, "it was written to"
    assert base.execute("PRAGMA user_version").fetchone() == (99,)
    base.close()
    assert aside(path) == []


main()
