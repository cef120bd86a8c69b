# SPDX-License-Identifier: MIT
"""Sources of one's own, recordings, and the system's: what comes out of what is put in."""
import dataclasses
import os
import sys

import pytest
import stage
from stage import GIB, SECOND, START, look_at

import pausemon
from pausemon import Look, Row, State

RATES = ("cpu", "pageins", "csw", "sysbsd")
UNKNOWN = ("ppid", "start_time", "cpu", "mem", "cmprs", "pageins", "csw", "sysbsd", "threads",
           "run_delay_ns", "io_bytes", "child_cpu_ns", "blocked_ns")


def of(processes, pid):
    (found,) = [p for p in processes if p.pid == pid]
    return found


# ---- unknown is None ----

def test_what_a_row_does_not_say_is_unknown():
    (sample,), (process,) = look_at([Row(pid=5, command="bare")])
    assert (process.pid, process.command, process.state) == (5, "bare", State.UNKNOWN)
    assert process.score == 0 and not process.categories
    for name in UNKNOWN:
        assert getattr(process, name) is None, name
    assert sample.process_count == 1 and sample.rogues == ()


@pytest.mark.parametrize("name, value", [("mem", 0), ("cmprs", 0), ("threads", 0), ("ppid", 0),
                                         ("start_time", 0), ("mem", 2 ** 64 - 1),
                                         ("start_time", -3), ("ppid", 2 ** 31)])
def test_zero_is_known(name, value):
    _, (process,) = look_at([Row(pid=5, command="bare", **{name: value})])
    assert getattr(process, name) == value
    for other in UNKNOWN:
        assert other == name or getattr(process, other) is None, other


def test_a_rate_needs_two_looks():
    rows = [Row(pid=1, command="p", cpu_ns=0, pageins=5, csw=10, sysbsd=0),
            Row(pid=1, command="p", cpu_ns=SECOND // 4, pageins=8, csw=10, sysbsd=7)]
    _, (first,) = look_at([rows[0]])
    assert [getattr(first, name) for name in RATES] == [None] * 4
    _, (second,) = look_at([rows[0]], [rows[1]])
    assert [getattr(second, name) for name in RATES] == [250, 3, 0, 7]
    assert second.cpu_percent == 25.0 and first.cpu_percent is None
    assert second.elapsed_ns == SECOND


def test_a_counter_that_fell_is_unknown():
    _, (process,) = look_at([Row(pid=1, command="p", csw=10, sysbsd=3)],
                            [Row(pid=1, command="p", csw=9, sysbsd=4)])
    assert process.csw is None and process.sysbsd == 1


def test_totals_for_blame():
    _, (process,) = look_at(
        [Row(pid=1, command="p", run_delay_ns=5, io_bytes=10, child_cpu_ns=0)],
        [Row(pid=1, command="p", run_delay_ns=9, io_bytes=15, child_cpu_ns=7)])
    assert (process.run_delay_ns, process.io_bytes, process.child_cpu_ns) == (4, 5, 7)


def test_a_process_is_frozen_small_and_can_be_replaced():
    _, (process,) = look_at([Row(pid=1, command="p", mem=3)])
    with pytest.raises(dataclasses.FrozenInstanceError):
        process.mem = 4
    assert not hasattr(process, "__dict__")
    other = process.replace(mem=None, pid=2)
    assert (other.mem, other.pid, process.mem, other.command) == (None, 2, 3, "p")
    assert other != process and process == process.replace()
    assert hash(process) == hash(process.replace())
    with pytest.raises(TypeError):
        process.replace(nothing=1)


def test_hostile_names_are_cleaned():
    names = {"tab\there": "tab?here", "x" * 80: "x" * 63, "日本語": "日本語",
             "ä" * 40: "ä" * 31, "": ""}
    for given, expected in names.items():
        _, (process,) = look_at([Row(pid=1, command=given)])
        assert process.command == expected
    _, (process,) = look_at([Row(pid=1, command="a\udcffb")])
    assert process.command == "a?b"


@pytest.mark.parametrize("wrong", [dict(pid="1"), dict(pid=1, mem=-1), dict(pid=1, mem=2 ** 64),
                                   dict(pid=2 ** 70), dict(pid=1, cpu_ns=1.5), dict(pid=None)])
def test_a_row_that_does_not_fit_is_refused(wrong):
    """By the row itself, by put, or as an exception of the look: never cut to fit."""
    with pytest.raises((TypeError, ValueError, OverflowError, pausemon.PausemonError)):
        look_at([Row(**{"command": "p", **wrong})])


def test_a_row_that_makes_no_sense_is_skipped():
    (sample,), processes = look_at([Row(pid=-1, command="p"), Row(pid=2, command="q")])
    assert sample.unreadable == 1 and [p.pid for p in processes] == [2]


# ---- looks ----

def test_full_partial_unchanged_and_gone():
    verb = type(Row(pid=1).verb)
    (_, second, third, fourth), processes = look_at(
        [Row(pid=1, command="a", mem=10, csw=5), Row(pid=2, command="b", mem=20)],
        [Row(pid=1, verb=verb.PARTIAL, csw=9), Row(pid=2, verb=verb.UNCHANGED)],
        [Row(pid=1, verb=verb.UNCHANGED), Row(pid=2, verb=verb.GONE)],
        [Row(pid=1, command="a", mem=11)])
    assert (second.process_count, third.process_count, fourth.process_count) == (2, 1, 1)
    assert third.deaths == 1
    (one,) = processes
    assert one.mem == 11 and one.csw is None  # FULL: what it lacks is unknown
    _, processes = look_at(
        [Row(pid=1, command="a", mem=10, csw=5), Row(pid=2, command="b", mem=20)],
        [Row(pid=1, verb=verb.PARTIAL, csw=9), Row(pid=2, verb=verb.UNCHANGED)])
    assert (of(processes, 1).mem, of(processes, 1).csw, of(processes, 2).mem) == (10, 4, 20)


def test_a_complete_look_ends_what_it_does_not_name():
    looks = [[Row(pid=1, command="a"), Row(pid=2, command="b")]]
    (_, sample), processes = look_at(*looks, [Row(pid=1, command="a")])
    assert sample.complete and sample.deaths == 1 and [p.pid for p in processes] == [1]

    def partial(sink):
        sink.put(Row(pid=1, command="a"))
        sink.skipped(3)
        return Look.PARTIAL

    (_, sample), processes = look_at(*looks, partial)
    assert not sample.complete and sample.deaths == 0
    assert {p.pid for p in processes} == {1, 2} and sample.unreadable == 3


def test_the_time_of_a_look_is_what_it_says():
    (one, two), _ = look_at([Row(pid=1, command="a")], [Row(pid=1, command="a")])
    assert one.time == (SECOND, SECOND, START + SECOND, 0)
    assert isinstance(one.time, pausemon.Instant)
    assert (one.elapsed_ns, two.elapsed_ns) == (0, SECOND)
    assert one.time.datetime.isoformat() == "2026-01-23T20:00:01+00:00"
    west = one.time._replace(utc_offset_s=-8 * 3600).datetime
    assert west.isoformat() == "2026-01-23T12:00:01-08:00" and west == one.time.datetime


def test_the_sink_says_what_is_wanted():
    said = []

    def ask(sink):
        said.append((bool(sink.wants_full), int(sink.wants)))
        sink.put(Row(pid=1, command="a"))

    def fail(sink):
        said.append((bool(sink.wants_full), int(sink.wants)))
        raise OSError("now and then")

    with stage.Machine(ask, ask, fail, ask) as source, pausemon.Collector(source) as collector:
        collector.collect()
        collector.collect()
        with pytest.raises(pausemon.PausemonError):
            collector.collect()
        collector.collect()
    assert [full for full, _ in said] == [True, False, False, True]
    assert all(wants & 1 for _, wants in said)  # cpu


def test_a_sink_is_dead_after_its_look():
    kept = []
    look_at(kept.append)
    with pytest.raises(pausemon.PausemonError):
        kept[0].put(Row(pid=1))
    for name in ("wants", "wants_full"):
        with pytest.raises(pausemon.PausemonError):
            getattr(kept[0], name)
    with pytest.raises(pausemon.PausemonError):
        kept[0].skipped(1)


@pytest.mark.parametrize("returned", [7, "complete", object(), -1])
def test_a_look_that_returns_nonsense_has_failed(returned):
    with stage.Machine(lambda sink: returned) as source, pausemon.Collector(source) as collector:
        with pytest.raises((pausemon.PausemonError, TypeError, ValueError)):
            collector.collect()


class Unready(pausemon.PythonSource):
    """With a descriptor and a deadline."""

    def __init__(self):
        super().__init__()
        self.reader, self.writer = os.pipe()
        self.deadline = -1

    def read(self, sink):
        raise pausemon.BusyError("nothing yet")

    def fileno(self):
        return self.reader

    def deadline_ns(self):
        return self.deadline


def test_a_descriptor_of_ones_own_is_handed_on():
    source = Unready()
    with source, pausemon.Collector(source) as collector:
        assert collector.fileno() == source.reader
        with pytest.raises(pausemon.BusyError):
            collector.collect()
    os.close(source.reader)
    os.close(source.writer)


def test_errors_of_fileno_and_deadline_are_not_lost():
    class Odd(stage.Script):
        def fileno(self):
            raise KeyError("no descriptor")

    with pytest.raises((KeyError, pausemon.PausemonError)) as caught:
        with Odd("..") as source, pausemon.Collector(source) as collector:
            collector.collect()
            collector.fileno()
            collector.timeout()
    assert "no descriptor" in str(caught.value) or isinstance(caught.value.__cause__, KeyError)


class Halting(Exception):
    """As KeyboardInterrupt would, but for this test alone."""


@pytest.mark.parametrize("kind", [Halting, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_whatever_a_source_raises_arrives(kind):
    def interrupted(sink):
        raise kind("in the middle")

    with stage.Machine(interrupted, []) as source, pausemon.Collector(source) as collector:
        with pytest.raises((kind, pausemon.PausemonError)) as caught:
            collector.collect()
        assert kind in (type(caught.value), type(caught.value.__cause__))
        if not issubclass(kind, Exception):
            assert type(caught.value) is kind  # to stop the program is not a failed look
        assert collector.collect().process_count == 0


# ---- recordings, the system ----

@pytest.mark.parametrize("looks", [1, 2, 5])
def test_a_recorded_top(looks):
    with pausemon.Source.from_bytes("top", stage.top_text(looks)) as source, \
            pausemon.Collector(source) as collector:
        assert "top" in source.name
        samples = [collector.collect() for _ in range(looks)]
        with pytest.raises(pausemon.EndError):
            collector.collect()
        if looks > 1:
            browser = of(samples[-1].rogues, 873)
            assert (browser.cpu, browser.csw, browser.ppid) == (125, 250, None)
            assert browser.command == "Web Browser Help" and browser.state is State.RUNNING


def test_the_bytes_need_not_be_kept():
    data = bytearray(stage.top_text(2))
    source = pausemon.Source.from_bytes("top", data)
    data[:] = b"x" * len(data)
    with source, pausemon.Collector(source) as collector:
        collector.collect()
        assert of(collector.collect().rogues, 873).cpu == 125


def test_a_recording_plays_again():
    lines = []
    with stage.Machine([Row(pid=1, command="a", cpu_ns=0, mem=GIB)],
                       [Row(pid=1, command="a", cpu_ns=SECOND, mem=GIB)]) as source:
        source.record(lines.append)
        source.record(lines.append)
        with pytest.raises(pausemon.EndError):
            source.record(lines.append)
    data = b"".join(p if isinstance(p, bytes) else p.encode() for p in lines)
    with pausemon.Source.from_bytes("replay", data) as source, \
            pausemon.Collector(source) as collector:
        collector.collect()
        sample = collector.collect()
    assert (sample.rogues[0].cpu, sample.rogues[0].mem) == (1000, GIB)
    assert sample.time.realtime_ns == START + 2 * SECOND


def test_an_exception_of_write_arrives():
    def full(_):
        raise Halting("no room")

    with stage.Machine([Row(pid=1, command="a")]) as source, pytest.raises(Halting):
        source.record(full)


@pytest.mark.parametrize("format, data", [("tops", b""), ("top", "text"), ("top", None)])
def test_what_is_no_recording_is_refused(format, data):
    with pytest.raises((TypeError, pausemon.PausemonError)):
        pausemon.Source.from_bytes(format, data)


@pytest.mark.skipif(sys.platform != "linux", reason="procfs is Linux's")
def test_this_machine():
    with pausemon.Source() as source, pausemon.Collector(source) as collector:
        assert source.name.startswith("procfs")
        collector.collect()
        sample = collector.collect()
        ours = of(collector.processes(), os.getpid())
    assert sample.process_count >= 1 and len(sample.rogues) == sample.rogue_count
    assert ours.ppid == os.getppid() and ours.mem > 0 and ours.threads >= 1
    assert ours.state is State.RUNNING


# ---- samples ----

def test_a_sample_is_a_copy_of_its_own():
    with stage.Machine([Row(pid=1, command="a", mem=1)], [Row(pid=2, command="b", mem=2)]) as \
            source, pausemon.Collector(source) as collector:
        first = collector.collect()
        rogues = first.rogues
        collector.collect()
        assert first.rogues == rogues and rogues[0].command == "a"
    assert first.rogues[0].mem == 1 and isinstance(first.rogues, tuple)
    assert "mem" in [str(c) for c in pausemon.Category if c & rogues[0].categories]


def test_json_there_and_back():
    (_, sample), _ = look_at(
        [Row(pid=1, ppid=0, command='a"\\', cpu_ns=0, mem=GIB, start_time=3)],
        [Row(pid=1, ppid=0, command='a"\\', cpu_ns=SECOND, mem=GIB, start_time=3)])
    again = pausemon.Sample.from_json(sample.to_json())
    assert again.to_json() == sample.to_json()
    (ours,), (theirs,) = sample.rogues, again.rogues
    for name in ("pid", "ppid", "command", "start_time", "cpu", "mem", "cmprs", "state", "score"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.cmprs is None
    for text in ("", "[]", "{}", sample.to_json()[:-1], sample.to_json() + "x", "\0"):
        with pytest.raises(pausemon.FormatError):
            pausemon.Sample.from_json(text)


def test_at_most_64_rogues_and_the_omitted_are_counted():
    rows = [Row(pid=i, command=f"z{i}", state=State.ZOMBIE) for i in range(1, 101)]
    (sample,), processes = look_at(rows)
    assert (len(sample.rogues), sample.rogues_omitted, len(processes)) == (64, 36, 100)
    assert [p.pid for p in sample.rogues] == list(range(1, 65))
