#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Stalls that spare who only wants a processor: a slow disk, too little memory. Real ones, of
processes in control groups that are given little of either. TAP on stdout.

    pressure.py PAUSEMON PAUSEMOND HELPERS_DIR
"""
import contextlib
import os
import subprocess
import tempfile
import time

from daemonlib import Daemon, Helper, main, test

COUNT = 4
SECONDS = 8
GROUPS = "/sys/fs/cgroup"
READS_A_SECOND = 40
MEMORY_MIB = 64  # of all, who want
EACH_MIB = 48
ZRAM = "/sys/block/zram0"
# Swapping to memory costs processor time too: less of it is waiting than with a disk.
PATIENT = "[pause]\npressure_share = 0.2\n"


def get(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def put(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def refusal(controller, limit):
    """Why that cannot be made scarce here; or None."""
    if os.geteuid() != 0:
        return "only root makes control groups"
    if not os.path.exists(os.path.join(GROUPS, controller, limit)):
        return f"no {GROUPS}/{controller}/{limit} (control groups of the first version)"
    if not os.path.exists("/proc/pressure/memory"):
        return "the kernel tells of no pressure"
    return None


@contextlib.contextmanager
def group(controller, limit, value):
    """A control group with that limit: its cgroup.procs."""
    path = os.path.join(GROUPS, controller, f"pausemon-test-{os.getpid()}")
    os.mkdir(path)
    try:
        put(os.path.join(path, limit), value)
        yield os.path.join(path, "cgroup.procs")
    finally:
        os.rmdir(path)


@contextlib.contextmanager
def swap():
    """Some of it, in memory."""
    put(f"{ZRAM}/disksize", "512M")
    try:
        subprocess.run(["mkswap", "-q", "/dev/zram0"], check=True)
        subprocess.run(["swapon", "/dev/zram0"], check=True)
        yield
    finally:
        subprocess.run(["swapoff", "/dev/zram0"], check=False, capture_output=True)
        put(f"{ZRAM}/reset", "1")


def stall(home, config, *arguments):
    """The longest pause that is told of while they have it hard."""
    with Daemon(home, config) as daemon:
        daemon.stream.wait("sample", where=lambda m: m["sample_count"] >= 3)
        began = time.monotonic()
        with Helper("scarce", *arguments) as scarce:
            assert scarce.can, "they could not begin"
            scarce.finish()
        daemon.stream.wait("pause", since=began)
        time.sleep(2)
        pauses = daemon.stream.of("pause", since=began)
        for pause in pauses:
            print(f"# {pause['verdict']}")
        daemon.end()
        return max(pauses, key=lambda p: p["duration_ms"])


def is_of(pause, cause, command):
    """Seen by pressure alone, and with the right culprit."""
    assert (pause["cause"], pause["detectors"]) == (cause, ["pressure"]), pause
    first = pause["culprits"][0]
    assert (first["command"], first["count"]) == (command, COUNT), pause["culprits"]


@test
def a_slow_disk_that_others_wait_for_is_a_pause_of_that_cause(home):
    limit = "blkio.throttle.read_iops_device"
    if refusal("blkio", limit):
        return refusal("blkio", limit)
    with tempfile.NamedTemporaryFile(dir="/var/tmp", prefix="pausemon-test-") as file:
        file.write(os.urandom(16 << 20))
        file.flush()
        os.fsync(file.fileno())
        device = os.stat(file.name).st_dev
        with group("blkio", limit,
                   f"{os.major(device)}:{os.minor(device)} {READS_A_SECOND}") as procs:
            pause = stall(home, "", "read", file.name, COUNT, SECONDS, procs)
    is_of(pause, "io", "pm-reader")
    return None


@test
def too_little_memory_is_a_pause_of_that_cause(home):
    limit = "memory.limit_in_bytes"
    if refusal("memory", limit):
        return refusal("memory", limit)
    if not os.path.exists(ZRAM) or get(f"{ZRAM}/disksize").strip() != "0":
        return f"no {ZRAM} that nobody uses"
    with swap(), group("memory", limit, f"{MEMORY_MIB}M") as procs:
        pause = stall(home, PATIENT, "touch", EACH_MIB, COUNT, SECONDS, procs)
    is_of(pause, "memory", "pm-toucher")
    return None


main()
