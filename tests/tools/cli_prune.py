#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""pausemon prune, and where `why` and `events show` say that evidence is. TAP on stdout.

    cli_prune.py PAUSEMON MAKE_DB
"""
import json
import os
import pty
import select
import sqlite3
import subprocess
import sys
import time

from taplib import PAUSEMON, environment, expect, main, run, test, user_place

MAKE_DB = os.path.abspath(sys.argv[2])
DAY = 86400


def name_at(when, suffix=""):
    return time.strftime("%Y-%m-%d_%H-%M-%S", time.localtime(when)) + suffix


def add_directory(place, name, when, size=5000):
    path = os.path.join(place, "events", name)
    os.makedirs(path, mode=0o700)
    with open(os.path.join(path, "metadata.json"), "wb") as file:
        file.write(b"x" * size)
    os.utime(path, (when, when))
    return path


def add_capture(base, place, when, event=None, pause=None, suffix=""):
    name = name_at(when, suffix)
    base.execute("INSERT INTO captures VALUES (?, ?, 'pause', ?, ?, 5000, 1)",
                 (name, when, event, pause))
    base.commit()
    return add_directory(place, name, when)


def make(home):
    """Event 1, reviewed and 100 days old, with a capture; event 2 of yesterday with another; and
    a stray of three days ago."""
    place = user_place(home)
    path = os.path.join(place, "data.db")
    subprocess.run([MAKE_DB, path], check=True, timeout=60)
    base = sqlite3.connect(path)
    now = time.time()
    for number, start, status in ((1, now - 100 * DAY, "reviewed"), (2, now - DAY, "unreviewed")):
        base.execute("UPDATE events SET start_timestamp = ?, end_timestamp = ?, status = ?"
                     " WHERE id = ?", (start, start + 60, status, number))
    base.execute("UPDATE daemon_state SET value = '0' WHERE key = 'captures_since'")
    base.commit()
    old = add_capture(base, place, now - 100 * DAY, 1)
    new = add_capture(base, place, now - DAY, 2)
    stray = add_directory(place, name_at(now - 3 * DAY), now - 3 * DAY)
    return base, place, old, new, stray


def events(base):
    return [row[0] for row in base.execute("SELECT id FROM events ORDER BY id")]


def ask(home, answer):
    """Runs it on a terminal; what it said there, what it printed, its exit code."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([PAUSEMON, "prune"], env=environment(home), stdin=theirs,
                               stdout=subprocess.PIPE, stderr=theirs, text=True)
    said = ""
    while "[y/N]" not in said and process.poll() is None:
        if select.select([ours], [], [], 0.1)[0]:
            said += os.read(ours, 4096).decode()
    if "[y/N]" in said:
        os.write(ours, answer.encode())
    out = process.communicate(timeout=60)[0]
    while select.select([ours], [], [], 0)[0]:
        said += os.read(ours, 4096).decode()
    os.close(theirs)
    os.close(ours)
    return said, out, process.returncode


@test
def a_dry_run_lists_just_what_goes(home):
    base, _, old, new, stray = make(home)
    dry = expect(run(home, "prune", "--dry-run"), 0,
                 r"event +1 .* reviewed +age +-\n", r"^$").stdout
    assert os.path.basename(old) in dry and os.path.basename(new) not in dry, dry
    assert "1 event and 2 captures would go" in dry, dry
    assert events(base) == [1, 2] and os.path.isdir(old) and os.path.isdir(stray)
    real = expect(run(home, "prune", "-f"), 0, None, r"^$").stdout
    assert real == dry.replace("would go", "went"), (dry, real)
    assert events(base) == [2] and os.path.isdir(new)
    assert not os.path.exists(old) and not os.path.exists(stray)
    expect(run(home, "prune", "-f"), 0, r"^Nothing has to go\.\n$", r"^$")


@test
def a_dry_run_tells_of_pauses_and_scores_too(home):
    base, _, _, _, _ = make(home)
    run(home, "prune", "-f")
    old = time.time() - 100 * DAY
    base.executemany("INSERT INTO pauses VALUES (?, ?, ?, 300, 300, 'heartbeat', 'cpu', 0.9,"
                     " 'froze', '[]', '[]', '[]', 1, NULL, NULL)",
                     [(1000 + i, old, old) for i in range(10)])
    base.execute("INSERT INTO score_histogram VALUES (?, 5, 60)", (int(old / 3600),))
    base.commit()
    left = "SELECT (SELECT count(*) FROM pauses WHERE id >= 1000), count(*) FROM score_histogram" \
        f" WHERE hour <= {int(old / 3600)}"
    expect(run(home, "prune", "--dry-run"), 0, r"10 pauses and 1 hour of scores would go\.\n",
           r"^$")
    assert base.execute(left).fetchall() == [(10, 1)]
    done = expect(run(home, "prune", "--dry-run", "--json"), 0, None, r"^$")
    document = json.loads(done.stdout)
    assert (document["pauses"], document["hours"], document["removed"]) == (10, 1, [])
    said, out, code = ask(home, "y\n")
    assert code == 0 and "10 pauses and 1 hour of scores went.\n" in out, (said, out)
    assert base.execute(left).fetchall() == [(0, 0)]


@test
def a_damaged_file_is_left_where_it_is(home):
    base, place, _, _, _ = make(home)
    path = os.path.join(place, "data.db")
    (root,) = base.execute("SELECT rootpage FROM sqlite_master WHERE name = 'pauses'").fetchone()
    (size,) = base.execute("PRAGMA page_size").fetchone()
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    base.close()
    with open(path, "r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xa5" * size)
    for how in ("--dry-run", "-f"):
        expect(run(home, "prune", how), 1, r"^$", r"data\.db: .*malformed")
    assert [name for name in os.listdir(place) if "corrupt" in name] == []


def make_many(home, count):
    """So many events that are to go, each with a capture and a stray beside it, and one that is
    pinned. The base's path, and what stays."""
    base, place, _, new, _ = make(home)
    now = time.time()
    for number in range(100, 100 + count):
        start = now - (100 + number) * DAY
        base.execute("INSERT INTO events (id, start_timestamp, end_timestamp, status)"
                     " VALUES (?, ?, ?, 'reviewed')", (number, start, start + 5))
        add_capture(base, place, start, number)
        add_directory(place, name_at(start - 3600), start - 3600)
    base.execute("INSERT INTO events (id, start_timestamp, end_timestamp, status)"
                 " VALUES (99, 1, 2, 'pinned')")
    pinned = add_capture(base, place, now - 400 * DAY, 99)
    base.close()
    return os.path.join(place, "data.db"), {os.path.basename(new), os.path.basename(pinned)}


def state_of(path):
    """Ids of events, names of captures with a row, names of directories."""
    base = sqlite3.connect(path)
    try:
        assert base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = {row[0] for row in base.execute("SELECT name FROM captures")}
        return events(base), rows, set(os.listdir(os.path.join(os.path.dirname(path), "events")))
    finally:
        base.close()


@test
def several_at_once_do_not_stand_in_each_others_way(home):
    """The daemon's daily one and the command's, say."""
    path, stays = make_many(home, 40)
    running = [subprocess.Popen([PAUSEMON, "prune", "-f"], env=environment(home), text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    for process in running:
        out, said = process.communicate(timeout=60)
        assert process.returncode == 0 and said == "", (process.returncode, out, said)
    assert state_of(path) == ([2, 99], stays, stays), state_of(path)


@test
def killed_at_any_time_it_leaves_no_row_without_its_directory(home):
    path, stays = make_many(home, 40)
    seen = set()
    for delay_ms in (4, 9, 16, 25, 36, 49):
        process = subprocess.Popen([PAUSEMON, "prune", "-f"], env=environment(home),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay_ms / 1000)
        process.kill()
        process.wait()
        there, rows, directories = state_of(path)
        assert rows <= directories and stays <= rows, rows ^ directories
        assert {2, 99} <= set(there), there
        seen.add(len(there))
    print(f"# events left after each: {sorted(seen, reverse=True)}")
    expect(run(home, "prune", "-f"), 0, None, r"^$")
    there, rows, directories = state_of(path)
    assert (there, rows) == ([2, 99], stays) and stays <= directories, state_of(path)
    # One whose files were going has changed just now: no row knows it, and it goes after a day.
    for name in directories - stays:
        print(f"# half removed: {name}")
        stray = os.path.join(os.path.dirname(path), "events", name)
        os.utime(stray, (time.time() - 400 * DAY,) * 2)
    expect(run(home, "prune", "-f"), 0, None, r"^$")
    assert state_of(path) == ([2, 99], stays, stays), state_of(path)


@test
def json_is_one_document(home):
    base, _, old, _, stray = make(home)
    for args, dry in ((["--dry-run"], True), (["--force"], False)):
        done = expect(run(home, "prune", "--json", *args), 0, None, r"^$")
        document = json.loads(done.stdout)
        assert document["dry_run"] is dry
        first, second, third = document["removed"]
        assert first["event"]["id"] == 1 and first["event"]["status"] == "reviewed"
        assert first["why"] == "age" and first["capture"] is None
        assert second["capture"] == os.path.basename(old) and second["event"] is None
        assert second["bytes"] >= 5000 and second["why"] == "age"
        assert third["capture"] == os.path.basename(stray) and third["why"] == "stray"
        assert document["bytes"] == second["bytes"] + third["bytes"]
    assert events(base) == [2]
    done = expect(run(home, "prune", "--json", "-f"), 0, None, r"^$")
    assert json.loads(done.stdout) == {"removed": [], "bytes": 0, "pauses": 0, "hours": 0,
                                       "dry_run": False}


@test
def nobody_to_ask_is_a_refusal(home):
    base, _, old, _, _ = make(home)
    for args in ([], ["--json"]):
        expect(run(home, "prune", *args), 2, r"^$", r"nobody can be asked here: --force removes")
    assert events(base) == [1, 2] and os.path.isdir(old)


@test
def on_a_terminal_it_asks(home):
    base, _, old, _, _ = make(home)
    for answer in ("n\n", "\n", "yep\n", "\x04"):
        said, out, code = ask(home, answer)
        assert code == 0 and "remove these? [y/N]" in said and "nothing was removed" in said, said
        assert "1 event and 2 captures would go" in out, out
        assert events(base) == [1, 2] and os.path.isdir(old)
    said, out, code = ask(home, "y\n")
    assert code == 0 and "1 event and 2 captures went, " in out, (said, out)
    assert events(base) == [2] and not os.path.exists(old)
    said, out, code = ask(home, "y\n")
    assert code == 0 and "[y/N]" not in said and out == "Nothing has to go.\n", (said, out)


@test
def the_configuration_and_the_option_say_how_old(home):
    base, place, _, _, _ = make(home)
    base.execute("UPDATE events SET status = 'pinned' WHERE id = 1")
    base.execute("UPDATE events SET status = 'dismissed' WHERE id = 2")
    base.execute("UPDATE events SET end_timestamp = ? WHERE id = 2", (time.time() - 50 * DAY,))
    base.commit()
    config = os.path.join(home, "c.toml")
    with open(config, "w", encoding="ascii") as file:
        file.write("[retention]\nevents_days = 40\n")
    listed = ["prune", "--dry-run", "--data-dir", place]
    expect(run(home, *listed), 0, r"0 events and 1 capture would go")
    expect(run(home, *listed, "--config", config), 0, r"1 event and 2 captures would go")
    expect(run(home, *listed, "--config", config, "--events-days", "60"), 0, r"0 events and 1 cap")
    expect(run(home, *listed, "--events-days", "40"), 0, r"1 event and 2 captures would go")
    for days, why in (("0", "least"), ("3651", "most"), ("1.5", "whole"), ("x", "no number")):
        expect(run(home, *listed, "--events-days", days), 2, r"^$", r"--events-days")
    with open(config, "w", encoding="ascii") as file:
        file.write("[retention]\nevents_days = 0\n")
    expect(run(home, *listed, "--config", config), 1, r"^$", r"c\.toml:2: error")


@test
def without_a_database_there_is_nothing_and_nothing_is_made(home):
    place = user_place(home)
    expect(run(home, "prune", "-f"), 4, r"^$", r"nothing is recorded yet")
    assert os.listdir(place) == []
    path = os.path.join(place, "data.db")
    with open(path, "wb") as file:
        file.write(b"not a database at all, and longer than its header would be\n" * 40)
    expect(run(home, "prune", "-f"), 1, r"^$", r"data\.db")
    assert os.listdir(place) == ["data.db"], os.listdir(place)  # not moved aside
    expect(run(home, "prune", "more"), 2, r"^$", r'unexpected "more"')


@test
def rights_and_what_goes_on_in_the_file_stay_as_they_are(home):
    base, place, _, _, _ = make(home)
    base.execute("INSERT INTO events (id, start_timestamp) VALUES (9, ?)", (time.time(),))
    base.commit()
    path = os.path.join(place, "data.db")
    for mode in (0o600, 0o660):
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(path + suffix):
                os.chmod(path + suffix, mode)
        expect(run(home, "prune", "-f"), 0)
        assert os.stat(path).st_mode & 0o777 == mode, oct(os.stat(path).st_mode)
    # The event that a daemon has open is still open.
    assert base.execute("SELECT end_timestamp, notes FROM events WHERE id = 9").fetchone() \
        == (None, None)


@test
def what_cannot_be_removed_is_told(home):
    base, _, old, _, stray = make(home)
    path = old
    for _ in range(64):
        path = os.path.join(path, "d")
    os.makedirs(path)
    expect(run(home, "prune", "-f"), 1, r"1 event and 2 captures", r"stays: .* too deep")
    assert events(base) == [2] and os.path.isdir(old) and not os.path.exists(stray)


@test
def links_planted_beside_the_captures_lead_nowhere(home):
    _, place, old, _, stray = make(home)
    precious = os.path.join(home, "precious")
    os.mkdir(precious)
    with open(os.path.join(precious, "file"), "w", encoding="ascii"):
        pass
    os.symlink(precious, os.path.join(old, "link"))
    planted = os.path.join(place, "events", name_at(time.time() - 200 * DAY))
    os.symlink(precious, planted)
    os.utime(planted, (1, 1), follow_symlinks=False)
    expect(run(home, "prune", "-f"), 0, r"2 captures went")
    assert os.listdir(precious) == ["file"] and os.path.islink(planted)
    assert not os.path.exists(stray)


@test
def why_and_events_show_say_where_the_evidence_is(home):
    base, place, old, _, _ = make(home)
    base.execute("INSERT INTO pauses VALUES (1, ?, ?, 3000, 3000, '[\"sample\"]', 'cpu', 0.9, 'x',"
                 " '[]', '[]', '[]', 2, NULL, ?)",
                 (time.time() - 9, time.time() - 6, os.path.basename(old)))
    base.commit()
    expect(run(home, "why"), 0, r"\n\nCaptured in\n  " + old + r"\n$", r"^$")
    done = expect(run(home, "why", "--json"), 0)
    assert json.loads(done.stdout)["pause"]["forensics"] == os.path.basename(old)
    expect(run(home, "events", "show", "1"), 0, r"Captured in\n  " + old + r"\n$", r"^$")
    done = expect(run(home, "events", "show", "1", "--json"), 0)
    assert json.loads(done.stdout)["captures"] == [
        {"name": os.path.basename(old), "reason": "pause", "bytes": 5000, "complete": True}]
    os.rename(old, os.path.join(place, "elsewhere"))
    expect(run(home, "why"), 0, old + r" \(it is gone\)\n$")
    expect(run(home, "events", "show", "1"), 0, old + r" \(it is gone\)\n$")
    base.execute("UPDATE pauses SET forensics = '../../etc'")
    base.commit()
    assert "Captured" not in expect(run(home, "why"), 0).stdout


main()
