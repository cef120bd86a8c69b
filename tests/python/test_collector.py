# SPDX-License-Identifier: MIT
"""The collector's pace, and watch: what they wait for, and how they end."""
import os
import select
import time

import pytest
import stage

import pausemon
from pausemon import Row


def test_it_paces_itself_and_ends():
    with stage.nervous_config() as config, stage.Script("....") as source, \
            pausemon.Collector(source, config) as collector:
        assert collector.timeout() == 0
        begun = time.monotonic()
        samples = list(collector)
        took = time.monotonic() - begun
        assert len(samples) == 4 and took >= 0.29  # three intervals between four looks
        assert collector.timeout() is None
        assert list(collector) == []


def test_a_recording_ends():
    with stage.nervous_config() as config, pausemon.Collector(
            pausemon.Source.from_bytes("top", stage.top_text(3)), config) as collector:
        assert len(list(collector)) == 3


def test_busy_is_waited_for_by_who_iterates():
    with stage.nervous_config() as config, stage.Script("b.b.") as source, \
            pausemon.Collector(source, config) as collector:
        assert len(list(collector)) == 2


def test_a_failed_look_is_told_and_the_next_may_succeed():
    with stage.nervous_config() as config, stage.Script(".x.") as source, \
            pausemon.Collector(source, config) as collector:
        looks = iter(collector)
        next(looks)
        with pytest.raises(pausemon.PausemonError, match="told to fail"):
            next(looks)
        assert len(list(collector)) == 1


def test_timeout_is_in_seconds():
    with stage.nervous_config(**{"monitor.interval_ms": 60000}) as config, \
            stage.Script("..") as source, pausemon.Collector(source, config) as collector:
        assert collector.timeout() == 0 and collector.fileno() == -1
        collector.collect()
        assert 50 < collector.timeout() <= 60
        config["monitor.interval_ms"] = 100
        collector.set_config(config)
        assert collector.timeout() <= 0.1


def test_a_config_is_copied():
    with stage.nervous_config(**{"monitor.interval_ms": 60000}) as config, \
            stage.Script("..") as source, pausemon.Collector(source, config) as collector:
        collector.collect()
        config["monitor.interval_ms"] = 100
        config.close()
        assert collector.timeout() > 50


def test_other_settings_for_the_next_look():
    rows = [Row(pid=1, command="a", mem=8 * stage.GIB, state=pausemon.State.RUNNING)]
    with pausemon.Config() as config, stage.Machine(rows, rows) as source, \
            pausemon.Collector(source) as collector:
        assert collector.collect().max_score == 13
        config["scoring.state_multipliers.running"] = 1.0
        collector.set_config(config)
        assert collector.collect().max_score == 15


def test_processes_before_any_look():
    with stage.Script(".") as source, pausemon.Collector(source) as collector:
        assert collector.processes() == []
        collector.collect()
        assert [p.pid for p in collector.processes()] == [7]


class Piped(pausemon.PythonSource):
    """Each byte in the pipe is a look."""

    def __init__(self):
        super().__init__()
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)

    def read(self, sink):
        try:
            byte = os.read(self.reader, 1)
        except BlockingIOError:
            raise pausemon.BusyError("nothing yet") from None
        if not byte:
            raise pausemon.EndError("closed")
        sink.put(Row(pid=byte[0], command="a"))

    def fileno(self):
        return self.reader


def test_the_descriptor_wakes_it():
    """Its looks are read as they come; the last one is the end of the pipe."""
    source = Piped()
    with stage.nervous_config() as config, source, \
            pausemon.Collector(source, config) as collector:
        assert not select.select([collector.fileno()], [], [], 0)[0]
        os.write(source.writer, b"ab")
        assert select.select([collector.fileno()], [], [], 0)[0]
        os.close(source.writer)
        assert len(list(collector)) == 2
    os.close(source.reader)


def test_watch():
    with stage.Script("...") as source:
        samples = list(pausemon.watch(interval=0.1, source=source))
        assert [s.process_count for s in samples] == [1, 1, 1]
        assert source.looks == 3


def test_watch_that_is_left_lets_go_of_its_source():
    with stage.Script("......") as source:
        looks = pausemon.watch(interval=0.1, source=source)
        next(looks)
        looks.close()
        assert source.looks == 1
    for _ in pausemon.watch(interval=0.1):
        break


@pytest.mark.parametrize("interval", [0, -1, 0.01, 61, float("nan"), "1"])
def test_an_interval_that_is_none_is_refused(interval):
    with pytest.raises((ValueError, TypeError)):
        next(pausemon.watch(interval=interval))


def test_watch_does_not_change_your_configuration():
    with pausemon.Config() as config, stage.Script(".") as source:
        list(pausemon.watch(interval=0.2, source=source, config=config))
        assert config["monitor.interval_ms"] == 1000


def test_two_collectors_for_one_source_are_refused():
    with stage.Script("..") as source, pausemon.Collector(source) as collector:
        with pytest.raises((pausemon.MisuseError, pausemon.InvalidError)):
            pausemon.Collector(source)
        with pytest.raises((pausemon.MisuseError, pausemon.InvalidError)):
            pausemon.Monitor(source)
        collector.collect()
