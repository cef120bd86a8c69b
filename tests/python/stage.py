# SPDX-License-Identifier: MIT
"""What the tests of the binding share: sources with a script, small machines, a patient wait."""
import gc
import os
import time
import types

import pausemon

BUILD = os.environ.get("PAUSEMON_BUILD", "build")
TOP = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
FULL = os.environ.get("PAUSEMON_FULL", "") not in ("", "0")
PATIENCE = 60  # seconds: far more than anything here takes
GIB = 1 << 30
SECOND = 1_000_000_000
# What `from pausemon import *` brings.
PUBLIC = sorted(getattr(pausemon, "__all__", None) or
                [name for name, thing in vars(pausemon).items()
                 if not name.startswith("_") and not isinstance(thing, types.ModuleType)])
START = 1_769_198_400 * SECOND

TOP_TEXT = """\
Processes: 2 total, 1 running, 1 sleeping, 4 threads
2026/01/23 12:00:0{second}
Load Avg: 1.50, 1.75, 2.00
CPU usage: 5.25% user, 3.5% sys, 91.70% idle
SharedLibs: 640M resident, 96M data, 160M linkedit.
MemRegions: 120000 total, 5000M resident, 300M private, 1000M shared.
PhysMem: 15G used (2000M wired, 1024M compressor), 512M unused.
VM: 200T vsize, 5000M framework vsize, 0(0) swapins, 0(0) swapouts.
Networks: packets: 1000000/10G in, 2000000/20G out.
Disks: 3000000/30G read, 4000000/40G written.

PID  COMMAND          %CPU STATE    MEM   CMPRS #TH CSW  SYSBSD PAGEINS
873  Web Browser Help {cpu:4} running  1135M 0B    2   {csw:4} 2500   10
28   a  b             0.0  sleeping 8192K 0B    2   60   1000   10
"""


def top_text(looks=3):
    """A recording of macOS top, in our own words: the browser takes 12.5 % and 250 switches."""
    return "".join(TOP_TEXT.format(second=i, cpu="12.5" if i else "0.0", csw=1000 + 250 * i)
                   for i in range(looks)).encode()


class Script(pausemon.PythonSource):
    """A character a look: '.' calm, '!' full memory, 'x' a failure, 'b' busy; then the end.

    '@' is a look at nothing that has been looked at only in part.
    """

    def __init__(self, script, hook=None):
        super().__init__()
        self.script = iter(script)
        self.looks = 0
        self.hook = hook

    def read(self, sink):
        if self.hook:
            self.hook()
        step = next(self.script, None)
        if step is None:
            raise pausemon.EndError("the script is over")
        if step == "x":
            raise OSError("told to fail")
        if step == "b":
            raise pausemon.BusyError("not yet")
        self.looks += 1
        if step == "@":
            return pausemon.Look.PARTIAL
        bad = step == "!"
        sink.put(pausemon.Row(pid=7, command="hog", state=pausemon.State.RUNNING,
                              mem=8 * GIB if bad else 1, cmprs=GIB if bad else 0,
                              cpu_ns=self.looks * 1000))
        return None


class Machine(pausemon.PythonSource):
    """Looks given beforehand: a list of lists of rows, one second apart on a clock of its own."""

    def __init__(self, *looks):
        super().__init__()
        self.left = list(looks)
        self.now = SECOND

    def read(self, sink):
        if not self.left:
            raise pausemon.EndError("no more looks")
        look = self.left.pop(0)
        sink.at(pausemon.Instant(self.now, self.now, START + self.now, 0))
        self.now += SECOND
        if callable(look):
            return look(sink)
        for row in look:
            sink.put(row)
        return None


def nervous_config(**more):
    """8 GiB of memory and 1 GiB compressed score 22: elevated. The hold time is none."""
    config = pausemon.Config()
    for key, value in {"monitor.interval_ms": 100, "tiers.hold_ms": 0,
                       "tiers.elevated_threshold": 20, "tiers.critical_threshold": 90,
                       "sentinel.pause_threshold_ratio": 100.0, **more}.items():
        config[key] = value
    return config


def look_at(*looks, config=None):
    """The samples of a machine, and its processes after the last look."""
    with Machine(*looks) as source, pausemon.Collector(source, config) as collector:
        samples = [collector.collect() for _ in looks]
        return samples, collector.processes()


def process(**fields):
    """A judged process with these fields; what is not named is unknown."""
    _, (found,) = look_at([pausemon.Row(pid=1, command="p")])
    return found.replace(**fields)


def play(monitor, mask=pausemon.EventType.ALL):
    """Feeds it to the end of its recording; what it told."""
    told = []
    with_end = pausemon.EventType.END
    subscription = monitor.subscribe(told.append, mask | with_end)
    for _ in range(1000):
        monitor.feed()
        if told and told[-1].type == with_end:
            break
    subscription.cancel()
    return told


def wait_until(what, condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.005)


def descriptors():
    """How many are open; those of garbage are not counted."""
    gc.collect()
    return len(os.listdir("/dev/fd"))


def resident():
    """Bytes, now."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
