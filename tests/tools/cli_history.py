#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""pausemon history, with and without --at, on databases made here. TAP on stdout.

    cli_history.py PAUSEMON MAKE_DB
"""
import csv
import datetime
import io
import json
import os
import pty
import re
import sqlite3
import subprocess
import sys
import time

from cli_blackbox import note, put_box, some
from cli_incidents import CULPRIT, SAMPLE, add_event, add_pause, elsewhere, make
from taplib import (PAUSEMON, environment, expect, harmless, in_one_hour, main, run,
                    test, tests, to_nobody, user_place)

MAKE_DB = os.path.abspath(sys.argv[2])
HOUR = 3600
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
THEN = 1769198400  # 2026-01-23 20:00 UTC, a full hour
EVIL = "\x1b[2J\x9b\u202eevil,\"\r\n=1+1"
tests.clear()  # those of the modules above


def hour_now():
    return int(time.time() // HOUR)


def add_scores(base, hour, **counts):
    """add_scores(base, hour, s0=3500, s22=90)"""
    for score, count in counts.items():
        base.execute("INSERT INTO score_histogram VALUES (?, ?, ?)", (hour, int(score[1:]), count))
    base.commit()


def add_sample(base, event, at, command="burner", tier=2):
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.500000+00:00", time.gmtime(at))
    rogues = [dict(SAMPLE["rogues"][0], command=command, pid=i) for i in range(1, 8)]
    base.execute("INSERT INTO process_sample_records (event_id, tier, data) VALUES (?, ?, ?)",
                 (event, tier, json.dumps(dict(SAMPLE, timestamp=stamp, rogues=rogues))))
    base.commit()


def a_day(home):
    """Hours of the last day with scores, some of them without; two events, three pauses."""
    base = make(user_place(home))
    now = hour_now()
    for ago in range(24):
        if ago not in (5, 6, 7, 12):
            add_scores(base, now - ago, s0=3000, s4=500, s22=99, s63=1)
    add_event(base, 1, (now - 2) * HOUR + 60, (now - 2) * HOUR + 90)
    add_event(base, 2, (now - 10) * HOUR - 60, (now - 10) * HOUR + 60)
    add_pause(base, 1, (now - 2) * HOUR + 70, event_id=1)
    add_pause(base, 2, (now - 2) * HOUR + 80, cause="io", ms=900)
    add_pause(base, 3, (now - 6) * HOUR - 1800, cause="suspend", ms=HOUR * 1000)
    return base, now


def hours_of(home, *args, **more):
    return json.loads(expect(run(home, "history", "--json", *args, **more), 0, None, r"^$").stdout)


@test
@in_one_hour
def wrong_usage_is_told(home):
    for args, err in (
            (["x"], r'unexpected "x"'), (["-f", "tabel"], r'did you mean "table"'),
            (["-f", "xml"], r'unknown format "xml": table, json, csv'),
            (["-H", "0"], r"--hours"), (["-H", "87601"], r"from 0\.001 to 87600"),
            (["-H", "x"], r'"x" is no number'), (["-n", "1.5"], r"no whole number"),
            (["--json", "-f", "csv"], r"--json, or --format csv"),
            (["--at", "12:00", "-H", "3"], r"about one minute"),
            (["--at", "12:00", "-f", "csv"], r"about one minute"),
            (["--at", "noon"], r'--at: "noon" is no time: HH:MM\[:SS\], yesterday HH:MM, '
                               r'YYYY-MM-DD HH:MM\[:SS\], 2026-01-23T12:04:31-08:00 .*ago'),
            (["--at", ""], r'"" is no time'),
            (["--at", "2026-02-30 12:00"], r'there was no "2026-02-30 12:00"')):
        result = expect(run(home, "history", *args), 2, r"^$", err)
        assert len(result.stderr.splitlines()) == 1, result.stderr
    expect(run(home, "history", "--help"), 0, r"--at TIME", r"^$")
    assert os.listdir(home) == [], os.listdir(home)


@test
@in_one_hour
def without_a_record_there_is_nothing_and_nothing_is_made(home):
    expect(run(home, "history"), 4, r"^$", r"nothing is recorded yet in .*pausemon daemon")
    expect(run(home, "history", "-f", "csv"), 4, r"^$", r"nothing is recorded yet")
    done = json.loads(expect(run(home, "history", "--json"), 4).stdout)
    assert [hour["recorded"] for hour in done["hours"]] == [False] * 25, done
    assert done["events"] == done["pauses"] == []
    done = expect(run(home, "history", "--at", "10 minutes ago"), 4, r"^$", r"nothing is recorded")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    done = json.loads(expect(run(home, "history", "--at", "yesterday 12:00", "--json"), 4).stdout)
    assert done["kept"] == "nothing" and done["events"] == [] and not done["hour"]["recorded"]
    assert os.listdir(home) == [], os.listdir(home)
    base = make(user_place(home))
    expect(run(home, "history"), 4, r"^$", r"no daemon ran, or retention has cut")
    expect(run(home, "history", "--at", "2 hours ago"), 4, r"^$", r"no scores are kept at all")
    add_scores(base, hour_now() - 30, s1=5)
    expect(run(home, "history"), 4, r"^$", r"nothing is recorded of that time")
    expect(run(home, "history", "-H", "30"), 0, r"no record \(30 hours\)\n", r"^$")
    expect(run(home, "history", "-H", "29.5"), 0, r"no record \(30 hours\)\n", r"^$")


@test
@in_one_hour
def the_table_has_a_line_an_hour_and_says_where_nothing_was_kept(home):
    a_day(home)
    text = expect(run(home, "history", TZ="UTC", LC_ALL="C.UTF-8"), 0, None, r"^$").stdout
    table, _, rest = text.partition("\n\n")
    rows = [line for line in table.splitlines() if re.match(r"\d\d:\d\d ", line)]
    assert max(map(len, text.splitlines())) <= 80, text
    assert table.startswith("HOUR   SCORES 0 TO 100       SAMPLES  MAX  EVENTS  PAUSES  LOST\n")
    assert len(rows) == 25, text
    bars = [row[7:27] for row in rows if "no record" not in row and " - " not in row]
    assert set(bars) == {"▇   ▄       ▁       "}, (bars, text)
    assert sum("no record" in row for row in rows) == 3, text
    assert rows[-3][27:] == "     3600   63       1       2  cpu 2.31 s", rows[-3]
    assert rows[-2].endswith("     3600   63       0       0"), rows[-2]
    lost = table.splitlines()[table.splitlines().index(rows[-3]) + 1]
    assert lost == " " * 59 + "io 900 ms", lost
    # A suspend over two hours in which nothing else was kept is a record of them, half of it each.
    assert sum("      -    -       0       1  suspend 30 min" in row for row in rows) == 2, text
    assert "No record: no daemon ran, or what it kept was cut by retention." in rest
    assert re.search(r"\n\nEvents\nID .*\n 1 .* 30\.0 s +77 .*\n 2 .* 2 min ", rest), rest
    assert re.search(r"\n\nPauses\nID .*\n 2 .*io.*\n 1 .*cpu.*\n 3 .*suspend", rest), rest
    plain = expect(run(home, "history", TZ="UTC", LC_ALL="C"), 0).stdout
    assert "#   =       .       " in plain, plain
    assert plain.partition("\n\n")[0].isascii(), plain
    few = expect(run(home, "history", "-n", "1"), 0, None, r"older ones: -n 0 shows all").stdout
    assert re.findall(r"^ ?(\d)  ", few.partition("Events")[2], re.M) == ["1", "2"], few
    text = expect(run(home, "history", "-H", "1"), 0, r"Events: none was kept\.", r"^$").stdout
    assert "Pauses: none was kept." in text and "No record" not in text, text


@test
@in_one_hour
def json_is_one_document_of_the_shape_that_is_promised(home):
    _, now = a_day(home)
    done = hours_of(home, TZ="UTC")
    assert list(done) == ["hours", "events", "pauses"]
    assert [list(hour) for hour in done["hours"]] == [
        ["start", "samples", "scores", "max_score", "events", "pauses", "lost_ms", "recorded"]] * 25
    starts = [datetime.datetime.fromisoformat(hour["start"]).timestamp() for hour in done["hours"]]
    assert starts == [(now - ago) * HOUR for ago in range(24, -1, -1)], starts
    hour = done["hours"][-3]
    assert hour["scores"] == {"0": 3000, "4": 500, "22": 99, "63": 1} and hour["samples"] == 3600
    assert (hour["max_score"], hour["events"], hour["pauses"]) == (63, 1, 2), hour
    assert hour["lost_ms"] == {"cpu": 2310, "io": 900} and hour["recorded"] is True
    hour = done["hours"][-6]
    assert hour == dict(hour, samples=0, scores={}, max_score=None, events=0, recorded=False), hour
    assert done["hours"][-7]["lost_ms"] == {"suspend": 1800000}, done["hours"][-7]
    # An event over the turn of an hour touches both.
    assert [done["hours"][-11 - i]["events"] for i in (-1, 0, 1, 2)] == [0, 1, 1, 0]
    assert [event["id"] for event in done["events"]] == [1, 2]
    assert [pause["id"] for pause in done["pauses"]] == [2, 1, 3]
    assert done == hours_of(home, TZ="UTC") | json.loads(run(home, "history", "-f", "json",
                                                             TZ="UTC").stdout)
    few = json.loads(expect(run(home, "history", "--json", "-n", "1"), 0).stdout)
    assert len(few["events"]) == len(few["pauses"]) == 1 and len(few["hours"]) == 25


@test
@in_one_hour
def csv_is_a_line_an_hour(home):
    a_day(home)
    text = subprocess.run([PAUSEMON, "history", "-f", "csv"], env=environment(home), timeout=60,
                          stdout=subprocess.PIPE, check=True).stdout.decode()
    assert text.count("\r\n") == text.count("\n") == 26, text
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert len(rows) == 25 and all(None not in row and None not in row.values() for row in rows)
    row = rows[-3]
    assert (row["samples"], row["max_score"], row["events"], row["pauses"]) == ("3600", "63", "1",
                                                                                "2"), row
    assert (row["lost_ms_cpu"], row["lost_ms_io"], row["lost_ms_vm"]) == ("2310", "900", "0"), row
    assert (row["scores_0_4"], row["scores_20_24"], row["scores_60_64"], row["scores_95_100"]) == (
        "3500", "99", "1", "0"), row
    unknown = rows[-6]
    assert [value for key, value in unknown.items() if key != "start"] == [""] * 32, unknown
    suspended = rows[-7]
    assert suspended["samples"] == "" and suspended["lost_ms_suspend"] == "1800000", suspended


@test
@in_one_hour
def a_day_on_which_the_clocks_are_set_has_each_of_its_hours(home):
    # 2026-10-25 in Berlin: 02:00 comes twice. The command's clock is not ours to set: the hours
    # are told by --at.
    base = make(user_place(home))
    back = 1792890000
    for n in range(-3, 3):
        add_scores(base, back // HOUR + n, **{f"s{10 + n}": 1})
    shown = {}
    for text in ("01:30", "03:30", "02:30+02:00", "02:30+01:00"):
        at = "2026-10-25T" + text
        done = json.loads(expect(run(home, "history", "--json", "--at", at, TZ=BERLIN), 0,
                                 None, r"^$").stdout)
        shown[text] = (done["hour"]["start"], done["hour"]["max_score"])
    assert shown == {"01:30": ("2026-10-25T01:00:00+02:00", 8),
                     "02:30+02:00": ("2026-10-25T02:00:00+02:00", 9),
                     "02:30+01:00": ("2026-10-25T02:00:00+01:00", 10),
                     "03:30": ("2026-10-25T03:00:00+01:00", 11)}, shown
    done = expect(run(home, "history", "--json", "--at", "2026-10-25 02:30", TZ=BERLIN), 0, None,
                  r"came twice; this is the first, the second is --at 2026-10-25T02:30:00\+01:00\n")
    assert json.loads(done.stdout)["hour"]["max_score"] == 9, done.stdout
    expect(run(home, "history", "--at", "2026-03-29 02:30", TZ=BERLIN), 2, r"^$",
           r"the clocks were set forward")
    # A span of a year holds both: every line of a day says its zone.
    now = hour_now()
    add_scores(base, now, s0=1)
    text = expect(run(home, "history", "-H", "8760", TZ=BERLIN), 0).stdout
    assert re.search(r"^\d{4}-\d\d-\d\d \w{3} \+0[12]00$", text, re.M), text
    assert re.search(r"^\d{4}-\d\d-\d\d \w{3}$", run(home, "history", TZ="UTC").stdout, re.M)
    # Zones of half hours: their hours begin at half past.
    expect(run(home, "history", "-H", "1", TZ="IST-5:30"), 0, r"\n\d\d:30  ")


@test
@in_one_hour
def every_form_of_a_time_finds_its_minute(home):
    base = make(user_place(home))
    now = time.time()
    minute = int(now // 60) * 60
    add_scores(base, hour_now() - 1, s0=1)
    for number, ago in ((1, 600), (2, 2 * HOUR), (3, 86400)):
        add_pause(base, number, minute - ago + 10)
    add_pause(base, 4, THEN + 125)

    def found(*at, zone="UTC"):
        done = run(home, "history", "--json", "--at", *at, TZ=zone)
        assert done.returncode in (0, 4), done
        return [pause["id"] for pause in json.loads(done.stdout)["pauses"]]

    stamp = time.gmtime(minute - 2 * HOUR)
    clock = time.strftime("%H:%M", stamp)
    yesterday = time.strftime("%H:%M:%S", time.gmtime(minute))
    for text, ids in (("10 minutes ago", [1]), ("10 min ago", [1]), ("600 s ago", [1]),
                      ("9 minutes ago", []), ("2 hours ago", [2])):
        assert found(text) == ids or time.time() >= minute + 60, text  # the minute has ended
    assert found(clock) == [2] and found(clock + ":59") == [2]
    assert found(time.strftime("%Y-%m-%d ", stamp) + clock) == [2]
    assert found("yesterday " + yesterday) == [3]
    for text in ("2026-01-23 20:02", "2026-01-23T20:02:59Z", "2026-01-23 12:02-08:00",
                 "2026-01-24T01:32+0530"):
        assert found(text) == [4], text
    assert found("2026-01-23 12:02", zone="PST8") == [4]
    assert found("2026-01-23 21:02", zone=BERLIN) == [4]
    assert found("2026-01-23 20:01") == found("2026-01-23 20:03") == []
    expect(run(home, "history", "--at", "2037-01-01 00:00"), 4, r"^$", r"still to come")


@test
@in_one_hour
def a_minute_is_told_with_all_that_lay_over_it(home):
    base = make(user_place(home))
    add_scores(base, THEN // HOUR, s0=3500, s37=100)
    add_event(base, 1, THEN + 100, THEN + 300, notes="why", samples=0)
    for second in range(100, 200, 10):
        add_sample(base, 1, THEN + second, command=f"at{second}")
    add_pause(base, 1, THEN + 130, event_id=1)
    add_pause(base, 2, THEN + 3000)
    done = expect(run(home, "history", "--at", "2026-01-23 20:02:31", TZ="UTC", LC_ALL="C"), 0,
                  r"^2026-01-23 20:02 \(\+00:00\)\n\n2026-01-23 20:02:10  froze 2\.31 s", r"^$")
    text = done.stdout
    for pattern in (r"\n  stress-ng +41 +8 ", r"\nEvents\nID .*\n 1 .*why\n",
                    r"\nSamples kept of that minute, with the first 5 rogues",
                    r"\nTier elevated, stress 37\n20:02:00 ",
                    r"\nIts hour\nHOUR .*\n20:00  #      = +3600   37       1       2  cpu 4\.62"):
        assert re.search(pattern, text), f"no {pattern} in\n{text}"
    named = re.findall(r" (at\d+) ", text)
    assert named == [f"at{second}" for second in range(120, 180, 10) for _ in range(5)], named
    assert "is kept of that minute:" not in text, text
    few = expect(run(home, "history", "--at", "2026-01-23 20:02", "-n", "2", TZ="UTC"), 0, None,
                 r"^.*there are more samples: -n 0 shows all\n$").stdout
    assert few.count("Tier elevated") == 2 and "Its hour" in few, few
    document = json.loads(run(home, "history", "--at", "2026-01-23 20:02", "--json",
                              TZ="UTC").stdout)
    assert list(document) == ["at", "pauses", "events", "samples", "blackbox", "hour", "hard_end",
                              "kept", "why"], list(document)
    assert document["at"] == {"start": "2026-01-23T20:02:00+00:00",
                              "end": "2026-01-23T20:03:00+00:00"}
    assert [pause["id"] for pause in document["pauses"]] == [1]
    assert [event["id"] for event in document["events"]] == [1]
    assert [s["rogues"][6]["command"] for s in document["samples"]] == [
        f"at{second}" for second in range(120, 180, 10)]
    assert document["samples"][0]["tier"] == 2 and document["hour"]["samples"] == 3600
    assert document["kept"] == "incident" and document["why"] is None, document


@test
@in_one_hour
def a_minute_of_which_nothing_was_kept_says_why(home):
    base = make(user_place(home))
    for hour in (0, 1, 4):
        add_scores(base, THEN // HOUR + hour, s0=3600)
    done = expect(run(home, "history", "--at", "2026-01-23 21:30", TZ="UTC"), 0,
                  r"Its hour\n.*\n21:00 .*3600    0       0       0\n\nNo more is kept of that "
                  r"minute: no event and no pause lay over it, and between them only scores",
                  r"^$")
    assert max(map(len, done.stdout.splitlines())) <= 160
    expect(run(home, "history", "--at", "2026-01-23 22:30", TZ="UTC"), 4, r"^$",
           r"nothing is known of that minute: no daemon ran then, or it could not write")
    expect(run(home, "history", "--at", "2026-01-23 19:30", TZ="UTC"), 4, r"^$",
           r"scores are kept from 2026-01-23 20:00:00 on: before, no daemon ran, or retention")
    expect(run(home, "history", "--at", "now"), 4, r"^$", r"writes scores every 20 seconds")
    for at, kept in (("21:30", "scores"), ("22:30", "nothing")):
        document = json.loads(run(home, "history", "--json", "--at", "2026-01-23 " + at,
                                  TZ="UTC").stdout)
        assert document["kept"] == kept and document["why"], document


@test
@in_one_hour
def black_boxes_and_hard_ends_that_touch_the_minute_are_told(home):
    place = user_place(home)
    base = make(place)
    add_scores(base, THEN // HOUR, s0=100)
    note(base, THEN + 615, THEN + 4000)
    put_box(os.path.join(place, "blackbox.last"), some(12, THEN + 625, tier=3, stress=77))
    text = expect(run(home, "history", "--at", "2026-01-23 20:10", TZ="UTC"), 0, None, r"^$").stdout
    for pattern in (r"\nSamples of that minute in the black box", r"\nTier critical, stress 77\n",
                    r"The boot of that black box ended without shutdown; its last sample is of "
                    r"2026-01-23 20:10:25\.\n",
                    r"\nThe boot of that time ended without shutdown: last alive 2026-01-23 "
                    r"20:10:15,\nnoted by the start after it, 2026-01-23 21:06:40\.\n"):
        assert re.search(pattern, text), f"no {pattern} in\n{text}"
    assert text.count("Tier ") == 12, text
    document = json.loads(run(home, "history", "--json", "--at", "2026-01-23 20:10",
                              TZ="UTC").stdout)
    assert len(document["blackbox"]) == 12 and document["kept"] == "samples", document
    assert document["hard_end"] == {"last_alive": "2026-01-23T20:10:15+00:00",
                                    "noted": "2026-01-23T21:06:40+00:00"}, document
    # In the hour after it nobody was there.
    text = expect(run(home, "history", "--at", "2026-01-23 21:01", TZ="UTC"), 0, None, r"^$").stdout
    assert "ended without shutdown" in text and "Nothing is kept of that minute" in text, text
    expect(run(home, "history", "--at", "2026-01-23 21:10", TZ="UTC"), 4)
    # Without a database the box alone tells.
    base.close()
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(os.path.join(place, "data.db" + suffix)):
            os.unlink(os.path.join(place, "data.db" + suffix))
    expect(run(home, "history", "--at", "2026-01-23 20:10", TZ="UTC"), 0, r"Tier critical")
    with open(os.path.join(place, "blackbox.last"), "wb") as file:
        file.write(b"\xff" * 5000)
    done = expect(run(home, "history", "--at", "2026-01-23 20:10", TZ="UTC"), 4, r"^$",
                  r"the black box: ")
    assert harmless(done.stderr)


@test
@in_one_hour
def nothing_in_the_database_reaches_the_terminal_as_a_command(home):
    base = make(user_place(home))
    now = time.time() - 100
    add_scores(base, int(now // HOUR), s0=100)
    add_event(base, 1, now - 10, now + 10, notes=EVIL, samples=0)
    add_sample(base, 1, now, command=EVIL)
    add_pause(base, 1, now, culprit=dict(CULPRIT, command=EVIL, exe="/" + EVIL, unit=EVIL),
              verdict=EVIL, forensics="../../" + EVIL)
    for args in ([], ["--json"], ["-f", "csv"], ["--at", "100 s ago"],
                 ["--at", "100 s ago", "--json"]):
        done = expect(run(home, "history", *args), 0)
        assert harmless(done.stdout.replace("\r\n", "\n") + done.stderr), done.stdout
        assert args[:1] == ["-f"] or "evil" in done.stdout, (args, done.stdout)
    done = expect(run(home, "history", "--at", "12:00\x1b[2J"), 2, r"^$", r"is no time")
    assert harmless(done.stderr), done.stderr


@test
@in_one_hour
def what_is_no_database_or_may_not_be_read_is_an_error_that_names_it(home):
    path = os.path.join(user_place(home), "data.db")
    for content in (b"", b"garbage " * 1000, b"SQLite format 3\0" + b"\xff" * 4096):
        with open(path, "wb") as file:
            file.write(content)
        for args in ([], ["--json"], ["-f", "csv"], ["--at", "12:00"]):
            done = expect(run(home, "history", *args), 1, r"^$", r"data\.db")
            assert len(done.stderr.splitlines()) == 1, done.stderr
    if os.getuid() != 0 or elsewhere(home, "true").returncode != 0:
        return "needs root and a mount namespace for the part about rights"
    os.unlink(path)
    source = os.path.join(home, "source")
    os.mkdir(source)
    make(source).close()
    os.chmod(home, 0o755)
    expect(elsewhere(home, f"mkdir -m 750 /var/lib/pause-monitor && cp {source}/* "
                     '/var/lib/pause-monitor && setpriv --reuid 65534 --regid 65534 '
                     '--clear-groups "$P" history'), 1, r"^$", r"for root alone: sudo")
    return None


@test
@in_one_hour
def damaged_and_hostile_rows_do_not_hide_the_others(home):
    base = make(user_place(home))
    now = hour_now()
    add_scores(base, now - 1, s0=5)
    base.execute("DROP TABLE score_histogram")
    base.execute("CREATE TABLE score_histogram (hour, score, count)")
    most = 2**63 - 1
    base.executemany("INSERT INTO score_histogram VALUES (?, ?, ?)", [
        (now, 3, most), (now, 4, most), (now, 5, most), (now, 101, 7), (now, -1, 7), (now, 6, -7),
        (now, "x", "y"), ("x", 1, 1), (None, 1, 1), (most, 1, 1), (-most, 1, 1), (1e300, 1, 1),
        (now - 1, 2, 9)])
    for number, start, ms in ((1, -1e12, 1), (2, 8e9, 5), (3, (now - 3) * HOUR, -5),
                              (4, (now - 1) * HOUR + 5, 300)):
        add_pause(base, number, start, ms=ms)
    base.execute("UPDATE pauses SET end_timestamp = 8e9, lost_ms = ? WHERE id = 1", (most,))
    base.commit()
    add_event(base, 1, -1e12, 8e9)
    add_event(base, 2, now * HOUR, (now - 5) * HOUR)
    done = json.loads(expect(run(home, "history", "--json"), 0).stdout)
    assert done["hours"][-1]["max_score"] == 5, done
    assert done["hours"][-2]["samples"] == 9 and len(done["hours"]) == 25
    assert 4 in [pause["id"] for pause in done["pauses"]]
    assert done["hours"][-24]["events"] == 1, done["hours"][-24]
    for args in ([], ["-f", "csv"], ["-H", "87600"], ["--at", "an hour ago"]):
        expect(run(home, "history", *args), 0)


@test
@in_one_hour
def the_originals_database_and_one_of_our_own_are_read(home):
    base = make(user_place(home), ours=False)
    now = time.time()
    add_event(base, 1, now - 300, now - 90)
    done = hours_of(home)
    assert sum(hour["events"] for hour in done["hours"]) >= 1 and done["pauses"] == [], done
    assert all(hour["samples"] == 0 for hour in done["hours"])
    expect(run(home, "history", "--at", "195 s ago"), 0, r"Events")
    own = os.path.join(home, "own")
    os.mkdir(own)
    subprocess.run([MAKE_DB, os.path.join(own, "data.db")], check=True, timeout=60)
    done = expect(run(home, "history", "--data-dir", own, "--json", "--at", "2026-01-23 12:00",
                      TZ="PST8"), 0)
    document = json.loads(done.stdout)
    assert [event["id"] for event in document["events"]] == [2, 1], document["events"]
    assert document["hour"]["samples"] == 12 and len(document["samples"]) > 3, document
    counted = sqlite3.connect(os.path.join(own, "data.db")).execute(
        "SELECT sum(count) FROM score_histogram").fetchone()
    assert counted == (12,), counted


@test
@in_one_hour
def reading_changes_nothing(home):
    base, _ = a_day(home)
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    base.close()
    place = user_place(home)
    before = {name: os.stat(os.path.join(place, name)).st_mtime_ns for name in os.listdir(place)}
    for args in ([], ["--json"], ["--at", "2 hours ago"]):
        run(home, "history", *args)
    after = {name: os.stat(os.path.join(place, name)).st_mtime_ns for name in os.listdir(place)}
    assert after["data.db"] == before["data.db"], (before, after)


@test
@in_one_hour
def a_reader_that_goes_away_and_a_full_disk_are_no_crash(home):
    base, _ = a_day(home)
    for number in range(10, 300):
        add_pause(base, number, time.time() - 300 + number / 1000)
    for args in (["--json"], ["-n", "0"], ["-f", "csv", "-H", "5000"],
                 ["--json", "--at", "2 hours ago"]):
        done = to_nobody(home, "history", *args)
        assert (done.returncode, done.stderr) == (1, ""), done
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([PAUSEMON, "history", *args], env=environment(home),
                                  stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
                                  check=False)
        expect(done, 1, None, r"could not be written: No space left")


@test
@in_one_hour
def on_a_terminal_long_work_shows_itself_and_cleans_up(home):
    add_scores(make(user_place(home)), hour_now(), s0=1)
    ours, theirs = pty.openpty()  # too little to show progress of: that nothing is left
    done = subprocess.run([PAUSEMON, "history"], env=environment(home), stdout=subprocess.PIPE,
                          stderr=theirs, timeout=60, check=False)
    os.close(theirs)
    try:
        said = os.read(ours, 4096)
    except OSError:
        said = b""
    os.close(ours)
    assert done.returncode == 0 and (said == b"" or said.endswith(b"\r\x1b[K")), said


main()
