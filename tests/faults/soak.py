#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Long watches: a quiet machine, then one that compiles on every core. TAP on stdout.

    soak.py PAUSEMON PAUSEMOND HELPERS_DIR [SECONDS of each, 600]

A canary that knows nothing of the daemon beats beside it. What the daemon calls a pause, ordinary
programs must have felt, or the cause is one that they cannot feel, with evidence.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from daemonlib import Canary, Daemon, felt_by, main, seconds_of, test

SECONDS = int(sys.argv[4]) if len(sys.argv) > 4 else 600
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
RECORD_MS = 250  # pause.record_ms
RSS_MOST = 64 << 20


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def size_of(daemon):
    return sum(os.path.getsize(daemon.base + end) for end in ("", "-wal")
               if os.path.exists(daemon.base + end))


def watch(home, work):
    """A daemon and a canary for SECONDS, while work() is called again and again."""
    with Daemon(home) as daemon, Canary(SECONDS + 60) as canary:
        daemon.stream.wait("sample", where=lambda m: m["sample_count"] >= 5)
        since, cpu, size = time.monotonic(), cpu_seconds(daemon.pid), size_of(daemon)
        while time.monotonic() < since + SECONDS:
            work(since + SECONDS - time.monotonic())
        passed = time.monotonic() - since
        cpu = (cpu_seconds(daemon.pid) - cpu) / passed
        rss = daemon.status()["rss_bytes"]
        print(f"# {passed:.0f} s: {cpu * 100:.2f} % of a core, {rss / 2**20:.1f} MiB resident, the "
              f"database grew by {(size_of(daemon) - size) / 1024:.0f} KiB in "
              f"{len(daemon.rows('SELECT id FROM events'))} events")
        samples = len(daemon.stream.of("sample", since))
        time.sleep(3)
        pauses = daemon.ask("pauses", "-n", "10000")[1]["pauses"]
        beats = canary.late()
        daemon.end()
    for pause in pauses:
        print(f"# {pause['start']} {pause['cause']} {pause['duration_ms']} ms, "
              f"felt: {felt_by(pause, beats)}: {pause['verdict']}")
    missed = [b for b in beats if (b[1] - b[0]) * 1000 > RECORD_MS and not any(
        seconds_of(p["start"]) <= b[1] and b[0] <= seconds_of(p["end"]) for p in pauses)]
    print(f"# {len(pauses)} pauses; the canary felt {len(beats)} late beats, {len(missed)} of "
          f"{RECORD_MS} ms and more are in no pause: {missed}")
    alone = [p for p in pauses if not felt_by(p, beats)
             and not (p["cause"] in ("vm", "unknown") and p["evidence"])]
    assert not alone, f"pauses that nobody felt: {alone}"
    assert samples >= 0.9 * passed, f"{samples} samples in {passed:.0f} s"
    assert rss < RSS_MOST, f"{rss} bytes resident"


def run_at_most(seconds, command, place):
    """Runs it to its end, or interrupts it: ninja then ends what it started."""
    with subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          start_new_session=True) as process:
        try:
            code = process.wait(timeout=max(0, seconds))
            assert code == 0, f"{command}: {code}"
        except subprocess.TimeoutExpired:
            for number in (signal.SIGINT, signal.SIGKILL):
                os.killpg(process.pid, number)  # its session is its own
                try:
                    process.wait(timeout=10)
                    break
                except subprocess.TimeoutExpired:
                    pass


@test
def on_a_quiet_machine_no_pause_is_invented(home):
    watch(home, lambda left: time.sleep(max(0, min(left, 1))))


@test
def while_all_cores_compile_no_pause_is_invented(home):
    for tool in ("meson", "ninja"):
        if not shutil.which(tool):
            return f"no {tool}"
    with tempfile.TemporaryDirectory() as place:
        copy = os.path.join(place, "copy")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("build", "build-*", ".git"))
        subprocess.run(["meson", "setup", "build"], cwd=copy, check=True, capture_output=True)
        rounds = []

        def work(left):
            began = time.monotonic()
            for command in (["ninja", "-C", "build", "-t", "clean"],
                            ["ninja", "-C", "build", "-j", str(os.cpu_count())]):
                run_at_most(left - (time.monotonic() - began), command, copy)
            rounds.append(left)

        watch(home, work)
        print(f"# {len(rounds)} compiles were begun")
    return None


main()
