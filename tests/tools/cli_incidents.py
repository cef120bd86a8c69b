#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The commands that read the incident database, on databases made here. TAP on stdout.

    cli_incidents.py PAUSEMON
"""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import time

from taplib import PAUSEMON, environment, expect, harmless, main, run, test, user_place

ORIGINAL = """
CREATE TABLE daemon_state (key TEXT PRIMARY KEY, value TEXT NOT NULL, updated_at REAL NOT NULL);
CREATE TABLE events (id INTEGER PRIMARY KEY, start_timestamp REAL NOT NULL, end_timestamp REAL,
    peak_stress INTEGER, peak_tier INTEGER, status TEXT DEFAULT 'unreviewed', notes TEXT);
CREATE TABLE process_sample_records (id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id INTEGER NOT NULL, tier INTEGER NOT NULL, data TEXT NOT NULL,
    FOREIGN KEY(event_id) REFERENCES events(id) ON DELETE CASCADE);
INSERT INTO daemon_state VALUES ('schema_version', '7', 0);
"""
OURS = """
CREATE TABLE pauses (id INTEGER PRIMARY KEY, start_timestamp REAL NOT NULL,
    end_timestamp REAL NOT NULL, duration_ms INTEGER NOT NULL, lost_ms INTEGER NOT NULL,
    detectors TEXT NOT NULL, cause TEXT NOT NULL, confidence REAL NOT NULL, verdict TEXT NOT NULL,
    evidence TEXT NOT NULL, culprits TEXT NOT NULL, victims TEXT NOT NULL, tier INTEGER,
    event_id INTEGER, forensics TEXT);
CREATE TABLE score_histogram (hour INTEGER NOT NULL, score INTEGER NOT NULL,
    count INTEGER NOT NULL, PRIMARY KEY (hour, score)) WITHOUT ROWID;
PRAGMA user_version = 1;
"""
EVIDENCE = [{"name": "run_delay_ms", "value": 2290, "window_ms": 2400},
            {"name": "loadavg", "value": 31, "window_ms": 0}]
CULPRIT = {"pid": 41, "command": "stress-ng", "resource": "cpu", "share": 0.96, "count": 8,
           "suspect": False, "exe": "/usr/bin/stress-ng", "unit": "user@0.service", "uid": 0}
VICTIMS = [{"pid": 9, "command": "Xorg", "lost_ms": 2200, "how": "run_delay"},
           {"pid": 10, "command": "sshd", "lost_ms": 150, "how": "blocked"}]
SAMPLE = {"timestamp": "2026-01-23T12:00:00.123456-08:00", "elapsed_ms": 1003,
          "process_count": 412, "max_score": 37, "rogues": [
              {"pid": 1, "command": "burner", "cpu": 12.5, "state": "running", "mem": 1,
               "cmprs": 0, "pageins": 0, "csw": 10, "sysbsd": 5, "threads": 2, "score": 7,
               "categories": ["cpu"]}]}
SENTENCE = ("froze 2.31 s: cpu starvation (confidence 0.94). Culprit: stress-ng ×8, 96 % of CPU. "
            "Victims: Xorg, sshd.")


def make(directory, ours=True):
    base = sqlite3.connect(os.path.join(directory, "data.db"))
    base.executescript("PRAGMA journal_mode = WAL;" + ORIGINAL + (OURS if ours else ""))
    return base


def add_pause(base, number, start, cause="cpu", ms=2310, culprit=None, **columns):
    row = {"id": number, "start_timestamp": start, "end_timestamp": start + ms / 1000,
           "duration_ms": ms, "lost_ms": ms, "detectors": '["heartbeat","sample"]',
           "cause": cause, "confidence": 0.94, "verdict": "not read",
           "evidence": json.dumps(EVIDENCE), "culprits": json.dumps([culprit or CULPRIT]),
           "victims": json.dumps(VICTIMS), "tier": 2, "event_id": None, **columns}
    base.execute(f"INSERT INTO pauses ({','.join(row)}) VALUES ({','.join('?' * len(row))})",
                 list(row.values()))
    base.commit()


def add_event(base, number, start, end=None, notes=None, status="unreviewed", samples=1):
    base.execute("INSERT INTO events VALUES (?,?,?,77,3,?,?)", (number, start, end, status, notes))
    for _ in range(samples):
        base.execute("INSERT INTO process_sample_records (event_id, tier, data) VALUES (?,2,?)",
                     (number, json.dumps(SAMPLE)))
    base.commit()


def started():
    return time.time() - 100


# args, exit code, pattern of stdout, pattern of stderr: without a database
TABLE = [
    (["why"], 4, r"^$", r"nothing is recorded yet in .*pausemon daemon"),
    (["why", "--json"], 4, r'^\{"pause":null\}\n$', r"nothing is recorded"),
    (["pauses", "--json"], 4, r'^\{"pauses":\[\]\}\n$', r"nothing is recorded"),
    (["events", "--json"], 4, r'^\{"events":\[\]\}\n$', r"nothing is recorded"),
    (["events", "show", "1", "--json"], 4, r'^\{"event":null\}\n$', r"nothing is recorded"),
    (["events", "mark", "1", "--pinned"], 4, r"^$", r"nothing is recorded"),
    (["why", "x"], 2, r"^$", r'"x" is no id'),
    (["why", "0"], 2, r"^$", r'"0" is no id'),
    (["why", "-1"], 2, r"^$", r"unknown option"),
    (["why", "1", "2"], 2, r"^$", r'unexpected "2"'),
    (["pauses", "--cause", "mem"], 2, r"^$", r'unknown cause "mem": unknown, suspend, '),
    (["pauses", "--cause", "memori"], 2, r"^$", r'did you mean "memory"'),
    (["pauses", "-n", "x"], 2, r"^$", r'"x" is no number'),
    (["pauses", "-n", "1.5"], 2, r"^$", r'"1.5" is no whole number'),
    (["pauses", "more"], 2, r"^$", r'unexpected "more"'),
    (["events", "--status", "pined"], 2, r"^$", r'did you mean "pinned"'),
    (["events", "shwo", "1"], 2, r"^$", r'did you mean "show"'),
    (["events", "show"], 2, r"^$", r'an id is needed'),
    (["events", "list", "1"], 2, r"^$", r'unexpected "1"'),
    (["events", "mark", "1"], 2, r"^$", r"one of --reviewed"),
    (["events", "mark", "1", "--pinned", "--reviewed"], 2, r"^$", r"one of --reviewed"),
    (["why", "--help"], 0, r"Usage: pausemon why \[ID\]", r"^$"),
    (["events", "--help"], 0, r"--dismissed", r"^$"),
]


@test
def every_row_of_the_table_says_and_returns_what_it_should(home):
    for args, code, out, err in TABLE:
        expect(run(home, *args), code, out, err)
    assert os.listdir(home) == [], os.listdir(home)  # reading makes nothing


@test
def why_tells_the_newest_pause_with_all_that_is_known(home):
    base = make(user_place(home))
    add_pause(base, 1, started() - 50, cause="io")
    add_pause(base, 2, started(), event_id=3)
    text = expect(run(home, "why"), 0, None, r"^$").stdout
    assert SENTENCE in re.sub(r"\s*\n\s+", " ", text), text
    assert re.match(r"(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d  froze", text), text
    for pattern in (r"Pause 2\. Confidence: high\. Noticed by heartbeat, sample; tier elevated; "
                    r"event 3\n", r"  run_delay_ms +2290 +2\.40 s\n", r"  loadavg +31 +-\n",
                    r"  stress-ng +41 +8 +96 % +cpu +0 *\n",
                    r"  41 is /usr/bin/stress-ng \(unit user@0\.service\)\n",
                    r"  Xorg +9 +2\.20 s +waiting for a CPU\n", r"  sshd +10 +150 ms +blocked\n"):
        assert re.search(pattern, text), f"no {pattern} in\n{text}"
    assert max(map(len, text.splitlines())) <= 80, text
    expect(run(home, "why", "1"), 0, r"waiting for I/O")
    expect(run(home, "why", "3"), 4, r"^$", r"there is no pause 3")
    expect(run(home, "why", "99999999999999999999"), 4, r"^$")


@test
def a_date_stands_before_the_time_unless_it_is_today(home):
    base = make(user_place(home))
    add_pause(base, 1, 1769198400)
    expect(run(home, "why", TZ="UTC"), 0, r"^2026-01-23 20:00:00  froze")
    expect(run(home, "why", TZ="ABC+8"), 0, r"^2026-01-23 12:00:00  froze")
    add_pause(base, 2, time.time() - 2)
    expect(run(home, "why", TZ="UTC"), 0, r"^\d\d:\d\d:\d\d  froze")


@test
def why_as_json_is_the_pause_of_the_specification(home):
    base = make(user_place(home))
    add_pause(base, 1, started())
    pause = json.loads(expect(run(home, "why", "--json"), 0, None, r"^$").stdout)["pause"]
    assert list(pause) == ["id", "start", "end", "duration_ms", "lost_ms", "detectors", "cause",
                           "confidence", "verdict", "evidence", "culprits", "victims", "tier",
                           "event_id", "forensics"], list(pause)
    assert pause["verdict"] == SENTENCE and pause["culprits"] == [CULPRIT], pause
    assert pause["evidence"] == EVIDENCE and pause["victims"] == VICTIMS, pause
    result = expect(run(home, "why", "7", "--json"), 4)
    assert json.loads(result.stdout) == {"pause": None}


@test
def pauses_are_listed_newest_first_and_chosen_by_count_age_and_cause(home):
    base = make(user_place(home))
    for number in range(1, 31):
        add_pause(base, number, started() - 3600 * (30 - number),
                  cause="memory" if number % 10 == 0 else "cpu")
    text = expect(run(home, "pauses"), 0, None, r"older ones: -n 0 shows all").stdout
    lines = text.splitlines()
    assert lines[0].split() == ["ID", "TIME", "LENGTH", "CAUSE", "CONFIDENCE", "CULPRIT"], lines[0]
    assert [int(line.split()[0]) for line in lines[1:]] == list(range(30, 10, -1)), text
    assert re.search(r"2\.31 s +memory +0\.94 +stress-ng ×8$", lines[1]), lines[1]
    for args, ids in ((["-n", "2"], [30, 29]), (["-n", "0"], list(range(30, 0, -1))),
                      (["-n", "30"], list(range(30, 0, -1))), (["--hours", "1.5"], [30, 29]),
                      (["--cause", "memory"], [30, 20, 10])):
        listed = json.loads(expect(run(home, "pauses", "--json", *args), 0).stdout)["pauses"]
        assert [pause["id"] for pause in listed] == ids, (args, listed)
    expect(run(home, "pauses", "--cause", "vm"), 4, r"^$", r"no such pause")


@test
def events_are_listed_shown_and_marked(home):
    base = make(user_place(home))
    add_event(base, 1, started() - 7200, started() - 7100, samples=2)
    add_event(base, 2, started(), None, notes="a \"note\"")
    add_pause(base, 1, started() - 7150, event_id=1)
    add_pause(base, 2, started() + 1, cause="io", event_id=2)
    text = expect(run(home, "events"), 0, r"^ID +TIME +LENGTH +PEAK +TIER +STATUS +SAMPLES +NOTES",
                  r"^$").stdout
    assert re.search(r'\n 2 .* goes on +77 +critical +unreviewed +1 +a "note"\n', text), text
    assert re.search(r"\n 1 .* 1 min 40 s +77 +critical +unreviewed +2 *\n", text), text
    text = expect(run(home, "events", "show", "1"), 0).stdout
    assert text.count("burner") == 2 and re.search(r"Pauses\n.*\n +1 .*cpu", text), text
    assert " io " not in text, text
    shown = json.loads(expect(run(home, "events", "show", "1", "--json"), 0).stdout)
    assert list(shown) == ["event", "samples", "pauses", "captures"], list(shown)
    assert shown["event"]["duration_ms"] == 100000 and shown["event"]["end"], shown
    assert [sample["tier"] for sample in shown["samples"]] == [2, 2]
    assert shown["samples"][0]["rogues"][0]["command"] == "burner"
    assert [pause["id"] for pause in shown["pauses"]] == [1]
    expect(run(home, "events", "show", "9"), 4, r"^$", r"no event of that id")
    expect(run(home, "events", "mark", "1", "--pinned", "--notes", "keep"), 0, r"pinned +2 +keep")
    marked = expect(run(home, "events", "mark", "1", "--notes", "why", "--json"), 0).stdout
    assert json.loads(marked)["event"]["status"] == "pinned", marked
    assert json.loads(marked)["event"]["notes"] == "why", marked
    expect(run(home, "events", "mark", "1", "--dismissed"), 0, r"dismissed +2 +why")
    row = base.execute("SELECT status, notes FROM events WHERE id = 1").fetchone()
    assert row == ("dismissed", "why"), row
    result = expect(run(home, "events", "mark", "9", "--pinned", "--json"), 4, None, r"no event")
    assert json.loads(result.stdout) == {"event": None}
    listed = json.loads(expect(run(home, "events", "--json", "--status", "dismissed"), 0).stdout)
    assert [event["id"] for event in listed["events"]] == [1]
    expect(run(home, "events", "--hours", "1"), 0, r"\n +2 ")
    expect(run(home, "events", "--status", "reviewed"), 4)


@test
def nothing_in_the_database_reaches_the_terminal_as_a_command(home):
    base = make(user_place(home))
    evil = "\x1b[2J\x07\x9b31m\u202eevil\u2066\x7f\n"
    add_event(base, 1, started() - 10, started() + 10, notes=evil)
    add_pause(base, 1, started(), culprit=dict(CULPRIT, command=evil, exe="/" + evil, unit=evil),
              victims=json.dumps([dict(VICTIMS[0], command=evil)]), event_id=1,
              evidence=json.dumps([dict(EVIDENCE[0], name=evil)]), verdict=evil)
    for args in (["why"], ["pauses"], ["events"], ["events", "show", "1"]):
        for more in ([], ["--json"]):
            result = expect(run(home, *args, *more), 0, r"evil")
            assert harmless(result.stdout + result.stderr), result.stdout


@test
def an_end_without_shutdown_is_told_until_a_pause_is_newer(home):
    base = make(user_place(home))
    add_pause(base, 1, 1769190000)
    base.execute("INSERT INTO daemon_state VALUES ('hard_end_last_alive', ?, 0)",
                 (str(1769198400 * 10**9),))
    base.execute("INSERT INTO daemon_state VALUES ('hard_end_noted', ?, 0)",
                 (str(1769198700 * 10**9),))
    base.commit()
    expect(run(home, "why", TZ="UTC"), 0,
           r"2026-01-23 20:05:00  the previous boot ended without shutdown; last alive "
           r"2026-01-23 20:00:00\n\n2026.*froze")
    answer = json.loads(run(home, "why", "--json", TZ="UTC").stdout)
    assert answer["hard_end"] == {"last_alive": "2026-01-23T20:00:00+00:00",
                                  "noted": "2026-01-23T20:05:00+00:00"}, answer
    add_pause(base, 2, started())
    assert "without shutdown" not in run(home, "why").stdout
    assert "hard_end" not in json.loads(run(home, "why", "--json").stdout)


@test
def a_database_of_the_original_has_events_and_no_pauses(home):
    base = make(user_place(home), ours=False)
    add_event(base, 1, started(), started() + 5)
    expect(run(home, "events", "show", "1"), 0, r"burner")
    expect(run(home, "why"), 4, r"^$", r"no pause is recorded")
    expect(run(home, "pauses", "--json"), 4, r'^\{"pauses":\[\]\}\n$')


@test
def what_is_no_database_is_an_error_that_names_it(home):
    path = os.path.join(user_place(home), "data.db")
    for content in (b"", b"garbage " * 1000, b"SQLite format 3\0" + b"\xff" * 4096):
        with open(path, "wb") as file:
            file.write(content)
        for args in (["why"], ["pauses"], ["events"], ["events", "mark", "1", "--pinned"]):
            result = expect(run(home, *args), 1, r"^$", r"data\.db")
            assert len(result.stderr.splitlines()) == 1, result.stderr
    os.unlink(path)
    os.symlink("/etc/passwd", path)
    expect(run(home, "why"), 1, r"^$", r"data\.db")
    os.unlink(path)
    os.mkdir(path)
    expect(run(home, "why"), 1, r"^$", r"data\.db")


@test
def damaged_rows_do_not_hide_the_others(home):
    base = make(user_place(home))
    add_pause(base, 1, started())
    add_pause(base, 2, started() + 1, culprits="no JSON")
    add_pause(base, 3, started() + 2, duration_ms=-5)
    result = expect(run(home, "pauses", "--json"), 0)
    assert 1 in [pause["id"] for pause in json.loads(result.stdout)["pauses"]], result.stdout


@test
def a_given_directory_is_the_only_one_looked_at(home):
    base = make(user_place(home))
    add_pause(base, 1, started())
    other = os.path.join(home, "other")
    os.mkdir(other)
    expect(run(home, "why", "--data-dir", other), 4, r"^$", r"nothing is recorded yet in .*/other:")
    add_pause(make(other), 2, started(), cause="io")
    expect(run(home, "why", "--data-dir", other), 0, r"waiting for I/O", r"^$")
    expect(run(home, "why", XDG_DATA_HOME=home + "/xdg"), 4)
    shutil.copytree(user_place(home), home + "/xdg/pause-monitor")
    expect(run(home, "why", XDG_DATA_HOME=home + "/xdg"), 0, r"cpu starvation")
    for path in ("x" * 5000, ""):
        expect(run(home, "why", "--data-dir", path), 1, r"^$", r"empty or too long")


def elsewhere(home, script):
    """Runs a shell script as root of a mount namespace with an own, empty /var/lib and /run."""
    mounts = "mount -t tmpfs none /var/lib && mount -t tmpfs none /run && "
    return subprocess.run(["unshare", "-m", "sh", "-c", mounts + script], text=True,
                          capture_output=True, env=environment(home, P=PAUSEMON), timeout=60,
                          check=False)


@test
def the_systems_place_is_read_when_the_user_has_none_and_that_is_said(home):
    if os.getuid() != 0 or elsewhere(home, "true").returncode != 0:
        return "needs root and a mount namespace"
    source = os.path.join(home, "source")
    os.mkdir(source)
    base = make(source)
    add_pause(base, 1, started(), cause="io")
    base.close()
    prepare = (f'mkdir -m 750 /var/lib/pause-monitor && cp {source}/* /var/lib/pause-monitor && ')
    expect(elsewhere(home, prepare + '"$P" why'), 0, r"waiting for I/O",
           r"reading the system's /var/lib/pause-monitor")
    expect(elsewhere(home, prepare + '"$P" status'), 3, r"last 24 hours: 0 events, 1 pause\n",
           r"no daemon runs: nobody serves .*daemon.sock or /run/pause-monitor/daemon.sock")
    os.chmod(home, 0o755)
    expect(elsewhere(home, prepare + 'setpriv --reuid 65534 --regid 65534 --clear-groups "$P" why'),
           1, r"^$", r"for root alone: sudo; or a group pausemon")
    expect(elsewhere(home, prepare + 'chgrp 8 /var/lib/pause-monitor && setpriv --reuid 65534'
                     ' --regid 65534 --clear-groups "$P" why'),
           1, r"^$", r"the group mail: sudo usermod -aG mail USER, then log in again")
    add_pause(make(user_place(home)), 2, started())
    expect(elsewhere(home, prepare + '"$P" why'), 0, r"cpu starvation", r"^$")
    return None


@test
def a_reader_that_goes_away_and_a_full_disk_are_no_crash(home):
    base = make(user_place(home))
    for number in range(1, 400):
        add_pause(base, number, started() + number)
    process = subprocess.Popen([PAUSEMON, "pauses", "-n", "0", "--json"], env=environment(home),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.wait(timeout=60) == 1
    assert process.stderr.read() == b""
    process.stderr.close()
    for args in (["pauses"], ["why"], ["pauses", "--json", "-n", "0"]):
        with open("/dev/full", "w", encoding="ascii") as full:
            result = subprocess.run([PAUSEMON, *args], env=environment(home), stdout=full,
                                    stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        expect(result, 1, None, r"could not be written: No space left")


@test
def daemon_runs_the_pausemond_beside_it_or_in_the_path(home):
    beside = os.path.join(home, "bin")
    os.mkdir(beside)
    shutil.copy(PAUSEMON, beside)
    os.symlink(os.path.join(os.path.dirname(PAUSEMON), "../libpausemon"), home + "/libpausemon")
    script = '#!/bin/sh\necho {} "$@"\nexit 7\n'
    for place, name in ((beside, "beside"), (os.path.join(home, "path"), "path")):
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(place, "pausemond"), "w", encoding="ascii") as file:
            file.write(script.format(name))
        os.chmod(os.path.join(place, "pausemond"), 0o755)
    env = environment(home, PATH=home + "/path:/usr/bin:/bin")
    command = [os.path.join(beside, "pausemon"), "daemon", "--system", "--help", "a b"]
    for name in ("beside", "path"):
        result = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60,
                                check=False)
        expect(result, 7, "^" + name + r" --system --help a b\n$", r"^$")
        if name == "beside":
            os.unlink(os.path.join(beside, "pausemond"))
    os.unlink(os.path.join(home, "path/pausemond"))
    result = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60,
                            check=False)
    expect(result, 1, r"^$", r"cannot run pausemond: No such file")


if __name__ == "__main__":
    main()
