#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the Python original does with our database, and we with its: written from the
specification, with Python's sqlite3 and json. TAP on stdout.

    original.py MAKE_DB
"""
import dataclasses
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import datetime

MAKE_DB = sys.argv[1]
tests = []


def test(function):
    tests.append(function)
    return function


# ---- the original, as far as it touches the file ----

@dataclasses.dataclass
class ProcessScore:
    pid: int
    command: str
    cpu: float
    state: str
    mem: int
    cmprs: int
    pageins: int
    csw: int
    sysbsd: int
    threads: int
    score: int
    categories: list


@dataclasses.dataclass
class ProcessSamples:
    timestamp: datetime
    elapsed_ms: int
    process_count: int
    max_score: int
    rogues: list

    @classmethod
    def from_json(cls, text):
        data = json.loads(text)
        rogues = [ProcessScore(**{f.name: rogue[f.name] for f in dataclasses.fields(ProcessScore)})
                  for rogue in data["rogues"]]
        return cls(datetime.fromisoformat(data["timestamp"]), data["elapsed_ms"],
                   data["process_count"], data["max_score"], rogues)


SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS daemon_state (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, updated_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY, start_timestamp REAL NOT NULL, end_timestamp REAL, peak_stress INTEGER,
    peak_tier INTEGER, status TEXT DEFAULT 'unreviewed', notes TEXT);
CREATE TABLE IF NOT EXISTS process_sample_records (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event_id INTEGER NOT NULL, tier INTEGER NOT NULL,
    data TEXT NOT NULL, FOREIGN KEY (event_id) REFERENCES events(id) ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS event_samples (
    id INTEGER PRIMARY KEY, event_id INTEGER NOT NULL, timestamp REAL NOT NULL,
    tier INTEGER NOT NULL, stress_total INTEGER, FOREIGN KEY (event_id) REFERENCES events(id));
CREATE TABLE IF NOT EXISTS samples (
    id INTEGER PRIMARY KEY, timestamp REAL NOT NULL, stress_total INTEGER);
CREATE TABLE IF NOT EXISTS process_samples (
    id INTEGER PRIMARY KEY, sample_id INTEGER NOT NULL, name TEXT,
    FOREIGN KEY (sample_id) REFERENCES samples(id));
CREATE INDEX IF NOT EXISTS idx_events_start ON events(start_timestamp);
CREATE INDEX IF NOT EXISTS idx_event_samples_event ON event_samples(event_id);
CREATE INDEX IF NOT EXISTS idx_event_samples_timestamp ON event_samples(timestamp);
CREATE INDEX IF NOT EXISTS idx_process_sample_records_event ON process_sample_records(event_id);
INSERT OR REPLACE INTO daemon_state VALUES ('schema_version', '7', 0);
"""

SAMPLE = {
    "timestamp": "2026-01-23T12:00:05.500000-08:00", "elapsed_ms": 1003, "process_count": 412,
    "max_score": 61, "rogues": [{
        "pid": 9, "command": "node", "cpu": 99.5, "state": "running", "mem": 1, "cmprs": 0,
        "pageins": 0, "csw": 10, "sysbsd": 5, "threads": 2, "score": 61, "categories": ["cpu"]}]}


def connect(path):
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def prune(connection, days):
    cutoff = time.time() - days * 86400
    gone = ("SELECT id FROM events WHERE end_timestamp < ? AND status IN"
            " ('reviewed', 'dismissed')")
    for table, column in (("event_samples", "event_id"), ("process_sample_records", "event_id"),
                          ("events", "id")):
        connection.execute(f"DELETE FROM {table} WHERE {column} IN ({gone})", (cutoff,))
    connection.commit()


# ---- tests ----

def make(home):
    path = os.path.join(home, "data.db")
    subprocess.run([MAKE_DB, path], check=True, timeout=60)
    return path


def look(path):
    done = subprocess.run([MAKE_DB, "--look", path], check=True, timeout=60, capture_output=True,
                          text=True)
    return done.stdout.splitlines()


@test
def it_finds_the_schema_version_it_knows(home):
    with connect(make(home)) as connection:
        value, = connection.execute(
            "SELECT value FROM daemon_state WHERE key = 'schema_version'").fetchone()
    assert int(value) == 7


@test
def it_lists_our_events_and_reads_our_samples(home):
    connection = connect(make(home))
    events = connection.execute("SELECT id, start_timestamp, end_timestamp, peak_stress, peak_tier,"
                                " status, notes FROM events ORDER BY start_timestamp").fetchall()
    assert [event[0] for event in events] == [1, 2], events
    for _, start, end, stress, tier, status, notes in events:
        assert 1769198400 < start < end < 1769199000
        assert stress == 22 and tier == 3 and status == "unreviewed" and notes is None
    rows = connection.execute("SELECT event_id, tier, data FROM process_sample_records").fetchall()
    assert [row[:2] for row in rows] == [(1, 3), (1, 3), (2, 3), (2, 3), (2, 3)], rows
    for _, _, data in rows:
        sample = ProcessSamples.from_json(data)
        assert sample.max_score == 22 and sample.process_count == 1
        assert sample.timestamp.utcoffset().total_seconds() == -8 * 3600
        assert sample.rogues[0].command == 'hog "!"' and sample.rogues[0].categories
        assert list(json.loads(data))[:5] == ["timestamp", "elapsed_ms", "process_count",
                                              "max_score", "rogues"]
    connection.close()


@test
def what_it_marks_we_read(home):
    path = make(home)
    connection = connect(path)
    connection.execute("UPDATE events SET status = ?, notes = ? WHERE id = ?",
                       ("pinned", "seen by the original", 2))
    connection.commit()
    connection.close()
    assert look(path) == ["2 pinned 3 seen by the original", "1 unreviewed 2 -"]


@test
def it_prunes_our_file_with_foreign_keys_on_and_our_pauses_let_go(home):
    path = make(home)
    connection = connect(path)
    connection.execute("UPDATE events SET status = 'reviewed', start_timestamp = 1,"
                       " end_timestamp = 2 WHERE id = 1")
    connection.execute("INSERT INTO pauses VALUES (1, 1, 2, 1000, 1000, '[]', 'cpu', 0.9, 'froze',"
                       " '[]', '[]', '[]', 2, 1, NULL)")
    connection.execute("INSERT INTO captures VALUES ('2026-01-23_12-00-00', 1, 'tier', 1, 1, 1, 1)")
    connection.commit()
    prune(connection, 30)
    assert connection.execute("SELECT id FROM events").fetchall() == [(2,)]
    assert connection.execute("SELECT event_id FROM captures").fetchall() == [(None,)]
    assert connection.execute("SELECT DISTINCT event_id FROM process_sample_records").fetchall() \
        == [(2,)]
    assert connection.execute("SELECT event_id FROM pauses").fetchall() == [(None,)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    assert look(path) == ["2 unreviewed 3 -"]


@test
def its_own_file_is_opened_gets_our_tables_and_still_serves_it(home):
    path = os.path.join(home, "data.db")
    connection = connect(path)
    connection.executescript(SCHEMA)
    connection.execute("INSERT INTO events VALUES (7, 1769198400.5, 1769198410.25, 61, 2,"
                       " 'reviewed', 'old')")
    connection.execute("INSERT INTO events (id, start_timestamp) VALUES (8, 1769198400.5)")
    connection.execute("INSERT INTO event_samples (event_id, timestamp, tier) VALUES (7, 5, 2)")
    for event in (7, 8):
        connection.execute("INSERT INTO process_sample_records (event_id, tier, data)"
                           " VALUES (?, 2, ?)", (event, json.dumps(SAMPLE)))
    connection.commit()
    connection.close()
    assert look(path) == ["8 unreviewed 1 interrupted", "7 reviewed 1 old"]
    connection = connect(path)
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert {"pauses", "score_histogram"} <= tables
    end, = connection.execute("SELECT end_timestamp FROM events WHERE id = 8").fetchone()
    assert end == datetime.fromisoformat(SAMPLE["timestamp"]).timestamp(), end
    connection.execute("UPDATE events SET start_timestamp = 1, end_timestamp = 2 WHERE id = 7")
    connection.commit()
    prune(connection, 30)
    assert connection.execute("SELECT id FROM events").fetchall() == [(8,)]
    connection.close()
    assert look(path) == ["8 unreviewed 1 interrupted"]


@test
def it_starts_on_our_file_and_finds_nothing_missing(home):
    path = make(home)
    connection = connect(path)
    before = connection.execute("SELECT count(*) FROM events").fetchone()
    connection.executescript(SCHEMA)
    assert connection.execute("SELECT count(*) FROM events").fetchone() == before
    indexes = connection.execute("SELECT tbl_name, sql FROM sqlite_master WHERE type = 'index'"
                                 " AND tbl_name IN ('events', 'process_sample_records')").fetchall()
    assert len(indexes) == 2, indexes  # no index twice
    connection.close()
    assert len(look(path)) == 2


@test
def it_writes_beside_us_in_the_same_file(home):
    path = make(home)
    connection = connect(path)
    connection.execute("INSERT INTO events (start_timestamp) VALUES (1769198500.0)")
    connection.execute("INSERT INTO process_sample_records (event_id, tier, data) VALUES (3, 2, ?)",
                       (json.dumps(SAMPLE),))
    connection.execute("UPDATE events SET end_timestamp = 1769198501.0 WHERE id = 3")
    connection.commit()
    connection.close()
    assert look(path)[0] == "3 unreviewed 1 -"


def main():
    print(f"1..{len(tests)}")
    failed = 0
    for number, function in enumerate(tests, 1):
        with tempfile.TemporaryDirectory() as home:
            try:
                function(home)
                print(f"ok {number} - {function.__name__}", flush=True)
            except Exception as error:  # a test that cannot run has failed
                failed += 1
                print(f"not ok {number} - {function.__name__}: "
                      + repr(error).replace("\n", " | "), flush=True)
    sys.exit(1 if failed else 0)


main()
