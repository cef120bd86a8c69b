#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Processes that wait and cannot be interrupted. TAP on stdout.

    stuck.py PAUSEMON PAUSEMOND HELPERS_DIR
"""
import time

from daemonlib import Canary, Daemon, Helper, felt_by, main, test, undisturbed

STUCK = 4
SECONDS = 13


def stuck_in(sample):
    return [r for r in sample["rogues"] if r["command"] == "pm-stuck"
            and "stuck" in r["categories"] and r["state"] == "stuck"]


def look_at_stuck(home):
    with Daemon(home) as daemon, Canary(60) as canary:
        stream = daemon.stream
        stream.wait("sample", where=lambda m: m["sample_count"] >= 2)
        began = time.monotonic()
        with Helper("vforker", STUCK, SECONDS) as vforker:
            stream.wait("sample", since=began, where=lambda m: len(stuck_in(m)) == STUCK)
            rogues_after = time.monotonic() - began
            assert 2 <= rogues_after <= 6, f"stuck after {rogues_after:.1f} s"
            stream.wait("tier", since=began, action="tier2_entry")
            tier_after = time.monotonic() - began
            assert 9.9 <= tier_after <= 12.9, f"elevated after {tier_after:.1f} s"
            assert stream.of("sample", since=began)[-1]["stress"] >= 50
            assert stream.wait("event", since=began, seconds=3)["end"] is None
            vforker.finish()
        print(f"# rogues after {rogues_after:.1f} s, elevated after {tier_after:.1f} s")
        stream.wait("tier", action="tier2_exit")
        event = daemon.ask("events")[1]["events"][0]
        assert event["peak_tier"] == 2 and event["peak_stress"] >= 50, event
        beats = canary.late()
        alone = [p for p in stream.of("pause") if not felt_by(p, beats)]
        assert not alone, f"pauses that the canary did not feel: {alone}"
        daemon.end()


@test
def processes_that_stay_stuck_open_an_event_without_a_pause(home):
    undisturbed(home, look_at_stuck)


main()
