#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""kill -9 while an event is open and being written. TAP on stdout.

    killed.py PAUSEMON PAUSEMOND HELPERS_DIR
"""
import json
import os
import random
import time

from daemonlib import FULL, NERVOUS, QUICK, Daemon, busy, main, seconds_of, sound, test

ROUNDS = 100 if FULL else 5
SEED = int(os.environ.get("PAUSEMON_SEED", "20260123"))
LOST_SECONDS = 3  # "at most the last second", and what a busy machine adds


class Told:
    """What all rounds heard of events over the socket: id -> start."""

    def __init__(self):
        self.starts, self.twice = {}, []

    def take(self, daemon):
        """Remembers; an id that means two things is noted. The starts say which thing it is."""
        for event in daemon.stream.of("event"):
            start = self.starts.setdefault(event["id"], event["start"])
            if start != event["start"]:
                self.twice.append((event["id"], start, event["start"]))

    def forget_what_is_not_in(self, daemon):
        there = {number for (number,) in daemon.rows("SELECT id FROM events")}
        self.starts = {n: start for n, start in self.starts.items() if n in there}


def kill(daemon):
    daemon.kill()
    daemon.stream.join()
    sound(daemon.base)


def what_is_missing(daemon, event):
    """Seconds between the last sample told and the last one kept of that event, and how many."""
    told = [s for s in daemon.stream.of("sample") if s["tier"] == 3]
    kept = [json.loads(text)["timestamp"] for (text,) in daemon.rows(
        "SELECT data FROM process_sample_records WHERE event_id = ? ORDER BY id", event)]
    assert len(set(kept)) == len(kept), "a sample was kept twice"
    if not told:
        return 0, 0
    last = seconds_of(kept[-1]) if kept else seconds_of(told[0]["timestamp"])
    missing = [s for s in told if s["timestamp"] not in kept]
    early = [s for s in missing if seconds_of(s["timestamp"]) < last]
    assert not early, f"holes before the end: {[s['timestamp'] for s in early]}"
    return max(0, seconds_of(told[-1]["timestamp"]) - last), len(missing)


def one_round(home, told, pick):
    with Daemon(home, QUICK + NERVOUS) as daemon:
        event = daemon.stream.wait("event", end=None)
        time.sleep(pick.uniform(0, 3))
        kill(daemon)
        lost, count = what_is_missing(daemon, event["id"])
        assert lost <= LOST_SECONDS, f"{lost:.1f} s were lost, {count} samples"
        told.take(daemon)
        told.forget_what_is_not_in(daemon)  # the last second may be lost
        assert not told.twice, f"ids were given out twice: {told.twice}"
    return lost, event["id"]


def closed_by_next(home, told, left_open):
    """The next start closes what is open, at its last sample. How many it ever closed."""
    with Daemon(home, QUICK + NERVOUS) as daemon:
        daemon.stream.wait("event", end=None)
        for number, start, end, notes in daemon.rows(
                "SELECT id, start_timestamp, end_timestamp, notes FROM events"):
            if number not in told.starts:
                continue  # this start's own
            assert end is not None, f"event {number} is still open"
            if number != left_open:
                continue
            assert "interrupted" in (notes or ""), f"event {number}: {notes!r}"
            last = daemon.rows("SELECT data FROM process_sample_records WHERE event_id = ? "
                               "ORDER BY id DESC LIMIT 1", number)
            if last:
                seen = seconds_of(json.loads(last[0][0])["timestamp"])
                assert abs(end - seen) < 0.01 and end >= start, (number, start, end, seen)
        daemon.end()
        daemon.stream.join()
        told.take(daemon)
        assert not told.twice, f"ids were given out twice: {told.twice}"
        there = {number for (number,) in daemon.rows("SELECT id FROM events "
                                                     "WHERE end_timestamp IS NOT NULL")}
        assert there == set(told.starts), f"in the file {there}, told {set(told.starts)}"
        return daemon.rows("SELECT count(*) FROM events WHERE notes LIKE '%interrupted%'")[0][0]


@test
def a_killed_daemon_leaves_a_sound_database_that_lost_little(home):
    pick, told, worst, interrupted = random.Random(SEED), Told(), 0, 0
    for number in range(ROUNDS):
        with busy(30):
            try:
                lost, event = one_round(home, told, pick)
                worst = max(worst, lost)
                interrupted = closed_by_next(home, told, event)
            except AssertionError as error:
                raise AssertionError(f"round {number}, seed {SEED}: {error}") from error
    assert interrupted >= ROUNDS / 3, f"only {interrupted} events were there to be closed"
    print(f"# {ROUNDS} rounds, seed {SEED}: at most {worst:.2f} s lost; "
          f"{interrupted} events were interrupted")


@test
def an_id_that_was_told_never_means_another_event(home):
    told = Told()
    for _ in range(ROUNDS):
        with busy(30), Daemon(home, QUICK + NERVOUS) as daemon:
            daemon.stream.wait("event", end=None)
            kill(daemon)  # perhaps before it was written
            told.take(daemon)
            assert not told.twice, f"id, start, other start: {told.twice}"


main()
