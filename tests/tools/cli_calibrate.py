#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""pausemon calibrate, on databases made here: what it proposes is valid and fits the counts. TAP.

    cli_calibrate.py PAUSEMON MAKE_DB
"""
import json
import os
import re
import subprocess
import sys
import time

from cli_incidents import SAMPLE, add_event, add_pause, make
from taplib import (PAUSEMON, environment, expect, in_one_hour, main, run, test, tests,
                    to_nobody, user_place)

MAKE_DB = os.path.abspath(sys.argv[2])
HOUR = 3600
tests.clear()  # those of the module above


def fill(base, hours, first_ago=None, **counts):
    """Each of so many hours has these scores: s0=3500."""
    now = int(time.time() // HOUR)
    first_ago = hours - 1 if first_ago is None else first_ago
    for ago in range(first_ago, first_ago - hours, -1):
        for score, count in counts.items():
            base.execute("INSERT INTO score_histogram VALUES (?, ?, ?)",
                         (now - ago, int(score[1:]), count))
    base.commit()


def add_events(base, count, samples, **rogue):
    """Each event has so many samples with 10 rogues of these values; `scale` grows by rogue."""
    for number in range(1, count + 1):
        at = time.time() - 600 * number
        add_event(base, number, at, at + 60, samples=0)
        for i in range(samples):
            rogues = [dict(SAMPLE["rogues"][0], pid=1 + j,
                           **{key: value(i, j) if callable(value) else value
                              for key, value in rogue.items()}) for j in range(10)]
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(at + i))
            base.execute("INSERT INTO process_sample_records (event_id, tier, data)"
                         " VALUES (?, 2, ?)",
                         (number, json.dumps(dict(SAMPLE, timestamp=stamp, rogues=rogues))))
    base.commit()


def lines_of(text):
    """What is to be pasted."""
    return text[text.index("[tiers]\n"):]


def check_config(home, text):
    path = os.path.join(home, "proposed.toml")
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return expect(run(home, "config", "check", "--config", path), 0)


def ask(home, *args, code=0):
    return json.loads(expect(run(home, "calibrate", "--json", *args), code).stdout)


@test
@in_one_hour
def wrong_usage_and_no_database_are_told(home):
    for args, err in ((["x"], r'unexpected "x"'), (["-H", "0"], r"--hours"),
                      (["-H", "87601"], r"--hours")):
        expect(run(home, "calibrate", *args), 2, r"^$", err)
    expect(run(home, "calibrate"), 4, r"^$", r"nothing is recorded yet in .*pausemon daemon")
    done = ask(home, code=4)
    assert done["enough"] is False and done["proposal"] is None and done["choices"] == [], done
    assert done["based_on"] == {"hours": 0, "samples": 0, "first": None, "last": None, "events": 0,
                                "event_samples": 0, "rogues": 0, "pauses": 0}, done
    assert os.listdir(home) == []
    path = os.path.join(user_place(home), "data.db")
    with open(path, "wb") as file:
        file.write(b"garbage " * 1000)
    expect(run(home, "calibrate"), 1, r"^$", r"data\.db")
    expect(run(home, "calibrate", "--json"), 1, r"^$", r"data\.db")


@test
@in_one_hour
def too_little_proposes_nothing_and_says_what_is_missing(home):
    base = make(user_place(home))
    fill(base, 71, s0=3600)
    add_events(base, 6, 5, cpu=500.0)
    text = expect(run(home, "calibrate"), 4, r"too little to propose anything:\n  71 of 72 hours",
                  r"^$").stdout
    assert "[tiers]" not in text and "of 100000 samples" not in text, text
    assert "learning_mode" in text and max(map(len, text.splitlines())) <= 80, text
    done = ask(home, code=4)
    assert done["proposal"] is None and not done["enough"], done
    assert all(scale["reason"] == "keep" for scale in done["scales"]), done["scales"]
    fill(base, 1, first_ago=80, s0=1)
    expect(run(home, "calibrate"), 0, r"\[tiers\]", r"^$")
    base.execute("UPDATE score_histogram SET count = 1000")
    base.commit()
    text = expect(run(home, "calibrate"), 4, r"\n  72000 of 100000 samples", r"^$").stdout
    assert "of 72 hours;" not in text, text
    own = os.path.join(home, "own")
    os.mkdir(own)
    subprocess.run([MAKE_DB, os.path.join(own, "data.db")], check=True, timeout=60)
    expect(run(home, "calibrate", "--data-dir", own), 4, r"  1 of 72 hours;.*\n  12 of 100000")


@test
@in_one_hour
def thresholds_are_the_lowest_that_flag_seldom_enough(home):
    base = make(user_place(home))
    # Of 360000 samples 360 may be elevated, 36 critical.
    fill(base, 99, s0=3590, s10=10)
    fill(base, 1, first_ago=99, s0=3000, s31=241, s33=200, s40=123, s50=1, s60=25, s63=5, s97=5)
    text = expect(run(home, "calibrate", TZ="UTC"), 0, None, r"^$").stdout
    assert lines_of(text) == "[tiers]\nelevated_threshold = 32\ncritical_threshold = 42\n", text
    assert max(map(len, text.splitlines())) <= 80, text
    done = ask(home)
    assert done["percentiles"]["50"] == 0 and done["percentiles"]["100"] == 97, done
    for choice in done["choices"]:
        assert abs(choice["share"] - choice["samples"] / 360000) < 1e-6, choice
    flagged = {choice["threshold"]: choice["samples"] for choice in done["choices"]}
    assert flagged == {20: 600, 30: 600, 32: 359, 40: 159, 42: 36, 50: 36, 60: 35, 70: 5, 75: 5,
                       80: 5, 90: 5, 100: 0}, flagged
    assert done["proposal"] == {"tiers.elevated_threshold": 32, "tiers.critical_threshold": 42}
    assert {choice["hours"] for choice in done["choices"]} == {1, 0}, done["choices"]
    assert re.search(r"\n +32 +359 +1 +0\.100 %  elevated, proposed\n", text), text
    assert re.search(r"\n +50 +36 +1 +0\.010 %  elevated now\n", text), text
    assert "one core busy scores 22." in text and "50 % at most 0," in text, text
    check_config(home, lines_of(text))


@test
@in_one_hour
def a_machine_at_rest_gets_no_lower_than_a_busy_core_and_a_busy_one_goes_up(home):
    base = make(user_place(home))
    fill(base, 200, s0=3600)
    done = ask(home)
    assert done["proposal"] == {"tiers.elevated_threshold": 25, "tiers.critical_threshold": 35}
    base.execute("UPDATE score_histogram SET score = 97")
    base.commit()
    done = ask(home)
    assert done["proposal"] == {"tiers.elevated_threshold": 90, "tiers.critical_threshold": 100}
    check_config(home, lines_of(run(home, "calibrate").stdout))
    config = os.path.join(home, "c.toml")
    with open(config, "w", encoding="ascii") as file:
        file.write("[scoring.normalization]\ncpu = 200\n[tiers]\nelevated_threshold = 90\n"
                   "critical_threshold = 95\n")
    done = ask(home, "--config", config)
    assert done["busy_core"] == 11 and done["scales"][0]["now"] == 200.0, done
    expect(run(home, "calibrate", "--config", config), 0, r"90 .* elevated, now and proposed\n")
    with open(config, "a", encoding="ascii") as file:
        file.write("hold_ms = x\n")
    expect(run(home, "calibrate", "--config", config), 1, r"^$", r"c\.toml:6: error")


@test
@in_one_hour
def full_scales_follow_what_the_rogues_had(home):
    base = make(user_place(home))
    fill(base, 100, s0=3600)
    add_events(base, 5, 5, cpu=lambda i, j: 390.0 if j == 0 else 90.0, mem=(300 << 20) - 5,
               csw=1500, pageins=1, sysbsd=lambda i, j: 10**7 if j < 5 else 5, threads=50000)
    text = expect(run(home, "calibrate"), 0, None, r"^$").stdout
    done = ask(home)
    scales = {scale["key"].rpartition(".")[2]: scale for scale in done["scales"]}
    assert {key: scale["reason"] for key, scale in scales.items()} == {
        "cpu": "saturated", "mem_gb": "unused", "cmprs_gb": "keep", "pageins": "keep",
        "csw": "unused", "sysbsd": "saturated", "threads": "keep"}, scales
    assert 390 <= scales["cpu"]["proposed"] <= 420, scales["cpu"]
    assert scales["mem_gb"]["proposed"] == 0.8, scales["mem_gb"]
    assert scales["csw"]["proposed"] == 10000, scales["csw"]
    assert scales["sysbsd"]["proposed"] == 10**6, scales["sysbsd"]  # tenfold, no more
    lines = lines_of(text)
    assert re.search(r"\n\n\[scoring\.normalization\]\ncpu = \d+\.0\nmem_gb = 0\.8\ncsw = 10000\n"
                     r"sysbsd = 1000000\n$", lines), lines
    assert "Scored with these, of the 25 samples kept\n  25 reach 25 (now: 25)\n  0 reach 35 " \
        "(now: 0)\n" in text, text
    assert re.search(r"threads .* no weight\n", text) and max(map(len, text.splitlines())) <= 80
    check_config(home, lines)
    assert done["proposal"] == {
        "tiers.elevated_threshold": 25, "tiers.critical_threshold": 35,
        "scoring.normalization.cpu": scales["cpu"]["proposed"],
        "scoring.normalization.mem_gb": 0.8, "scoring.normalization.csw": 10000,
        "scoring.normalization.sysbsd": 10**6}, done["proposal"]
    # Four events are too few to speak of values.
    base.execute("DELETE FROM events WHERE id = 5")
    base.execute("DELETE FROM process_sample_records WHERE event_id = 5")
    base.commit()
    text = expect(run(home, "calibrate"), 0, r"of 4 events, 5 are needed", r"^$").stdout
    assert "[scoring" not in text, text


@test
@in_one_hour
def only_the_hours_that_are_asked_for_count(home):
    base = make(user_place(home))
    fill(base, 100, s0=3600)
    fill(base, 100, first_ago=299, s80=3600)
    add_pause(base, 1, time.time() - 50 * HOUR)
    add_pause(base, 2, time.time() - 250 * HOUR)
    add_events(base, 6, 1, cpu=50.0)
    done = ask(home)
    assert done["based_on"]["hours"] == 200 and done["based_on"]["pauses"] == 2
    assert done["percentiles"]["99"] == 80 and done["based_on"]["events"] == 6, done
    done = ask(home, "-H", "100")
    assert done["based_on"]["hours"] == 100 and done["percentiles"]["99"] == 0, done
    assert done["based_on"]["pauses"] == 1 and done["based_on"]["rogues"] == 60, done
    first = time.strptime(done["based_on"]["first"][:13], "%Y-%m-%dT%H")
    assert abs(time.mktime(first) - (time.time() - 99.5 * HOUR)) <= 1.1 * HOUR, done["based_on"]
    ask(home, "-H", "50", code=4)


@test
@in_one_hour
def hostile_counts_and_names_do_no_harm(home):
    base = make(user_place(home))
    most = 2**63 - 1
    fill(base, 100, s0=most, s50=most, s99=most)
    add_events(base, 5, 5, cpu=1e300, mem=2**62, csw=2**62, pageins=0, command="\x1b[2J\n",
               state="zombie")
    text = expect(run(home, "calibrate"), 0, None).stdout
    assert "\x1b" not in text, text
    check_config(home, lines_of(text))
    done = ask(home)
    assert done["proposal"]["tiers.elevated_threshold"] <= 90, done


@test
@in_one_hour
def a_reader_that_goes_away_is_no_crash(home):
    base = make(user_place(home))
    fill(base, 100, s0=3600)
    for args in ([], ["--json"]):
        done = to_nobody(home, "calibrate", *args)
        assert (done.returncode, done.stderr) == (1, ""), done
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([PAUSEMON, "calibrate", *args], env=environment(home),
                                  stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
                                  check=False)
        expect(done, 1, None, r"could not be written: No space left")


main()
