#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The machine, or the daemon alone, stands still; the daemon tells what happened. TAP on stdout.

    freezes.py PAUSEMON PAUSEMOND HELPERS_DIR
"""
import os
import signal
import time

from daemonlib import ATTEMPTS, FULL, NOBODY, Canary, Daemon, beside, busy, felt_by, main
from daemonlib import no_nobody, seconds_of, sound, test, undisturbed, wait_until

HOG_SECONDS = 3


def look_at_hog(home, priority, number, user):
    """One hog on every core; asserts all that must be, returns what all pauses cover."""
    data = f"data{number}"
    os.mkdir(os.path.join(home, data), 0o700)
    if user:
        os.chown(os.path.join(home, data), user, user)
    with Daemon(home, data=data, user=user) as daemon, Canary(60) as canary:
        daemon.stream.wait("sample", where=lambda m: m["sample_count"] >= 3)
        began, began_wall = time.monotonic(), time.time()
        with busy(HOG_SECONDS, priority) as hog:
            if not hog.can:
                return None
            hog.finish()
        over = time.monotonic()

        def shown():
            code, answer = daemon.ask("why")
            pause = answer["pause"]
            return code == 0 and seconds_of(pause["end"]) > began_wall and pause

        newest = wait_until("pausemon why to show it", shown, over + 3 - time.monotonic())
        time.sleep(2.5)  # whatever else belongs to that moment is told by then
        _, answer = daemon.ask("pauses")
        pauses = [p for p in answer["pauses"] if seconds_of(p["end"]) > began_wall]
        told = daemon.stream.of("pause", since=began)
        assert newest["id"] in [p["id"] for p in told], f"no PAUSE line of {newest}"
        assert {p["id"] for p in told} == {p["id"] for p in pauses}, (told, pauses)
        spans = sorted((seconds_of(p["start"]), seconds_of(p["end"]), p["id"]) for p in pauses)
        for one, next_one in zip(spans, spans[1:]):
            assert one[1] <= next_one[0] + 0.05, f"one standstill is told twice: {spans}"
        biggest = max(pauses, key=lambda p: p["duration_ms"])
        assert biggest["cause"] == "cpu" and biggest["confidence"] >= 0.6, biggest
        assert "heartbeat" in biggest["detectors"], biggest
        assert biggest["culprits"][0]["command"] == "pm-hog", biggest["culprits"]
        if biggest["duration_ms"] < 2000:  # pause.forensics_ms; the kernel gave turns too long
            print(f"# split or short: {[(p['id'], p['duration_ms'], p['cause']) for p in pauses]}")
            return biggest["duration_ms"] / 1000
        tiers = daemon.stream.of("tier", since=began)
        assert any(t["action"] == "tier3_entry" for t in tiers), f"no tier 3: {tiers}, {biggest}"
        assert max(e["peak_tier"] for e in daemon.ask("events")[1]["events"]) == 3
        looks = [s["monotonic_ns"] / 1e9 for s in daemon.stream.of("sample")]
        inside = [s for s in looks if began < s < began + HOG_SECONDS]
        gap = max(b - a for a, b in zip(looks, looks[1:]))
        print(f"# {len(inside)} samples inside the hog's time, longest gap {gap:.2f} s; verdict: "
              f"{biggest['verdict']}; told {newest['end']}")
        assert inside and gap < 2.5, f"sampling did not go on: {inside}, gap {gap:.2f} s"
        beats = canary.late()
        assert felt_by(biggest, beats), f"the canary beside felt nothing: {beats}"
        daemon.end()
        sound(daemon.base)
        return sum(p["duration_ms"] for p in pauses) / 1000


def hog_at(home, priority, user=None):
    covered = []
    for number in range(ATTEMPTS):
        seconds = look_at_hog(home, priority, f"{priority}-{number}", user)
        if seconds is None:
            return "SCHED_FIFO is not to be had here"
        covered.append(seconds)
        if 2.0 <= seconds <= 3.8:
            print(f"# {seconds:.2f} s were covered, attempt {number + 1} of {ATTEMPTS}")
            return None
    raise AssertionError(f"a hog of {HOG_SECONDS} s: pauses cover {covered} s")


@test
def a_hog_on_every_core_is_a_pause_with_its_culprit(home):
    return hog_at(home, 10)


@test
def a_daemon_without_rights_names_the_hog_too(home):
    return no_nobody(home) or hog_at(home, 10, NOBODY)


if FULL:
    @test
    def so_is_a_hog_of_the_lowest_real_time_priority(home):
        return hog_at(home, 1)

    @test
    def so_is_a_hog_of_the_highest(home):
        return hog_at(home, 98)


def stopped_alone(home, stop, go_on):
    """The daemon alone stands still for 1.2 s."""
    with Daemon(home) as daemon:
        daemon.stream.wait("sample", where=lambda m: m["sample_count"] >= 2)
        began, began_wall = time.monotonic(), time.time()
        stop(daemon.pid)
        time.sleep(1.2)
        go_on(daemon.pid)
        pause = daemon.stream.wait("pause", since=began, seconds=5)
        assert pause["cause"] == "stopped", pause
        assert pause["culprits"] == [], pause
        assert 900 <= pause["duration_ms"] <= 1900, pause
        assert seconds_of(pause["end"]) > began_wall, pause
        time.sleep(2.5)
        for kind in ("tier", "event"):
            assert not daemon.stream.of(kind), f"{kind}: {daemon.stream.of(kind)}"
        assert all(s["tier"] == 1 for s in daemon.stream.of("sample")), "it raised the tier"
        code, answer = daemon.ask("why")
        assert code == 0 and answer["pause"]["id"] == pause["id"], answer
        assert daemon.ask("events") == (4, {"events": []})
        daemon.end()


@test
@beside
def a_stopped_daemon_says_stopped_and_blames_nobody(home):
    undisturbed(home, lambda place: stopped_alone(
        place, lambda pid: os.kill(pid, signal.SIGSTOP),
        lambda pid: os.kill(pid, signal.SIGCONT)))


def frozen_group(home, root, switch, frozen, thawed):
    """A cgroup of its own is made for the daemon, and taken away again."""
    group = os.path.join(root, f"pausemon-test-{os.getpid()}")

    def tell(path, text):
        with open(path, "w", encoding="ascii") as file:
            file.write(str(text))

    def stop(pid):
        tell(os.path.join(group, "cgroup.procs"), pid)
        tell(os.path.join(group, switch), frozen)

    def go_on(_):
        tell(os.path.join(group, switch), thawed)

    try:
        os.mkdir(group)
        if not os.path.exists(os.path.join(group, switch)):
            return f"no {switch} in {root}"
    except OSError as error:
        return f"no group in {root}: {error.strerror}"
    try:
        undisturbed(home, lambda place: stopped_alone(place, stop, go_on))
    finally:
        tell(os.path.join(group, switch), thawed)
        wait_until("the group to be empty", lambda: os.path.exists(group) and not open(
            os.path.join(group, "cgroup.procs"), encoding="ascii").read())
        os.rmdir(group)
    return None


@test
@beside
def a_daemon_frozen_by_the_old_freezer_says_stopped(home):
    return frozen_group(home, "/sys/fs/cgroup/freezer", "freezer.state", "FROZEN", "THAWED")


@test
@beside
def a_daemon_frozen_by_the_new_freezer_says_stopped(home):
    roots = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"]
    root = next((r for r in roots if os.path.exists(f"{r}/cgroup.controllers")), roots[1])
    return frozen_group(home, root, "cgroup.freeze", "1", "0")


main()
