# SPDX-License-Identifier: MIT
"""Made, used and closed many times: nothing stays. 10 000 times with PAUSEMON_FULL=1.

Counted are the bytes that malloc has given out (the library's and the binding's), the blocks of
Python, and descriptors: exact, so that a few hundred cycles show what 10 000 would.
"""
import ctypes
import gc
import sys
import tempfile

import kinds
import pytest
import stage

import pausemon

# They make files and threads: a cycle takes milliseconds.
SLOW = {"Storage", "History", "Forensics", "Blackbox", "Alerts", "Heartbeat", "Client"}
PER_CYCLE = 2  # blocks of Python or 64 bytes of malloc: less than any object leaves
RESIDENT = 8 << 20  # what 10 000 cycles may fragment


class Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in
                ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks",
                 "fordblks", "keepcost")]


def given_out():
    """Bytes that malloc has given out and not got back; 0 where it does not tell."""
    try:
        mallinfo = ctypes.CDLL(None).mallinfo2
    except AttributeError:
        return 0
    mallinfo.restype = Mallinfo
    info = mallinfo()
    return info.uordblks + info.hblkhd


def state():
    gc.collect()
    return given_out(), sys.getallocatedblocks(), stage.descriptors()


def cycle(kind, close):
    """Closed, or left to be collected."""
    with tempfile.TemporaryDirectory() as folder, kinds.Stand(folder) as stand:
        thing = kinds.KINDS[kind](stand)
        kinds.use(kind, thing, stand)
        if close:
            thing.close()
        del thing  # before what it uses is closed


def rounds_of(kind):
    if stage.FULL:
        return 10000
    return 20 if kind in SLOW else 100


def run_cycles(once, rounds):
    """Bytes, blocks and descriptors that `rounds` left, and how much more is resident."""
    for i in range(max(10, rounds // 10)):  # whatever is made once is made
        once(i % 2 == 0)
    before, resident = state(), stage.resident()
    for i in range(rounds):
        once(i % 2 == 0)
        if i % 50 == 49:
            gc.collect()
    grown = [after - first for after, first in zip(state(), before)]
    return *grown, stage.resident() - resident


def check(once, rounds):
    bytes_left, blocks, descriptors, resident = run_cycles(once, rounds)
    assert descriptors == 0
    assert blocks < PER_CYCLE * rounds / 2 + 200, f"{blocks} blocks in {rounds} rounds"
    assert bytes_left < PER_CYCLE * 32 * rounds + 4096, f"{bytes_left} bytes in {rounds} rounds"
    assert resident < RESIDENT, f"{resident} bytes resident more"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc and mallinfo2 are Linux's")
@pytest.mark.parametrize("kind", kinds.KINDS)
def test_cycles(kind):
    check(lambda close: cycle(kind, close), rounds_of(kind))


def failing_look(_):
    with stage.Script("x") as source, pausemon.Collector(source) as collector:
        with pytest.raises(pausemon.PausemonError):
            collector.collect()


def raising_callback(_):
    def odd(event):
        raise LookupError

    with stage.Script(".") as source, pausemon.Monitor(source) as monitor:
        monitor.subscribe(odd, pausemon.EventType.SAMPLE)
        with pytest.raises(LookupError):
            monitor.feed()


def refused(_):
    with pytest.raises(pausemon.PausemonError):
        pausemon.Storage("/nonexistent/data.db")
    with pytest.raises(pausemon.PausemonError):
        pausemon.Config("junk\n")
    with pytest.raises(pausemon.PausemonError):
        pausemon.Source("junk:")
    with pytest.raises(pausemon.PausemonError):
        pausemon.Sample.from_json('{"timestamp": 7}')
    with stage.Script(".") as source, pausemon.Collector(source):
        with pytest.raises(pausemon.PausemonError):
            pausemon.Collector(source)


def cyclic(_):
    """Kept alive by nothing but itself."""
    monitor = pausemon.Monitor(stage.Script("!!"))
    monitor.subscribe(lambda event: monitor.tier)
    monitor.feed()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc and mallinfo2 are Linux's")
@pytest.mark.parametrize("once", [failing_look, raising_callback, refused, cyclic])
def test_cycles_that_go_wrong(once):
    check(once, 10000 if stage.FULL else 100)
