# SPDX-License-Identifier: MIT
"""That the binding is there: each object once. PYTHONPATH names build/bindings/python."""

import os
import sys

import pytest

import pausemon
from pausemon._pausemon import lib

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.append(os.path.join(ROOT, "bindings", "python"))  # behind the package that was built
import build_ffi  # noqa: E402
import cdef  # noqa: E402


class Counting(pausemon.PythonSource):
    """One process that has a core for itself; ends after three looks."""

    looks = 0

    def read(self, sink):
        self.looks += 1
        if self.looks > 3:
            raise pausemon.EndError
        sink.at(pausemon.Instant(self.looks * 10 ** 9, self.looks * 10 ** 9, self.looks * 10 ** 9))
        sink.put(pausemon.Row(1, "hog", pausemon.State.RUNNING, cpu_ns=self.looks * 10 ** 9))


def test_rates_are_made():
    with pausemon.Collector(Counting()) as collector:
        assert collector.collect().rated_count == 0
        sample = collector.collect()
        (hog,) = collector.processes()
    assert (sample.elapsed_ns, hog.cpu, hog.mem) == (10 ** 9, 1000, None)
    assert hog.score == pausemon.score(hog)


def test_monitor_tells_until_the_end():
    seen = []
    with pausemon.Monitor(Counting()) as monitor:
        monitor.subscribe(lambda event: seen.append(str(event.type)))
        while not seen or seen[-1] != "end":
            monitor.feed()
    assert seen == ["sample"] * 3 + ["end", "close"]


def test_storage_and_history(tmp_path):
    config = pausemon.Config(tiers__elevated_threshold=1, tiers__critical_threshold=100)
    path = tmp_path / "data.db"
    with pausemon.Monitor(Counting(), config) as monitor, pausemon.Storage(path) as storage:
        storage.attach(monitor)
        monitor.feed()
        monitor.feed()
        assert storage.flush() > 0
        with pausemon.History(path) as history:
            (event,) = history.events()
            assert event.open and len(history.samples(event.id)) == event.sample_count


def test_misuse_is_refused():
    source = Counting()
    monitor = pausemon.Monitor(source)
    with pytest.raises(pausemon.MisuseError):
        source.close()
    monitor.subscribe(lambda event: monitor.close(), pausemon.EventType.SAMPLE)
    with pytest.raises(pausemon.MisuseError):
        monitor.feed()
    monitor.close()
    with pytest.raises(pausemon.ClosedError):
        monitor.feed()


NAMES = {"State": "pausemon_state_name", "Cause": "pausemon_cause_name",
         "Tier": "pausemon_tier_name", "Review": "pausemon_review_name",
         "Category": "pausemon_category_name", "TierAction": "pausemon_tier_action_name",
         "Detector": "pausemon_detector_name", "Loss": "pausemon_loss_name",
         "CaptureReason": "pausemon_capture_reason_name"}


@pytest.mark.parametrize("enum", NAMES)
def test_enums_say_what_c_says(enum):
    for member in getattr(pausemon, enum):
        assert pausemon.errors.text_of(getattr(lib, NAMES[enum])(member)) == str(member)


@pytest.mark.parametrize("line", [
    "union pausemon_x { int a; };", "struct pausemon_x { int a : 3; };",
    "struct pausemon_x { struct { int a; } b; };", "static inline int pausemon_x(void);",
    "typedef int pausemon_x;", "enum pausemon_x { PAUSEMON_A, PAUSEMON_B };", "#pragma once",
    "#define PAUSEMON_X(a) (a)", "#define PAUSEMON_X \"text\"", "#if PAUSEMON_X", "int x",
    "#include <stdio.h>\n#include \"other.h\"",
])
def test_what_is_not_understood_names_its_line(tmp_path, line):
    (tmp_path / "pausemon.h").write_text(f"/* two\n lines */\n{line}\n")
    with pytest.raises(cdef.NotUnderstood, match=r"pausemon\.h:[34]: "):
        build_ffi.read_headers(str(tmp_path))


def test_every_function_of_the_headers_is_there():
    functions = build_ffi.read_headers(os.path.join(ROOT, "include", "pausemon")).functions
    assert len(functions) > 100 and all(hasattr(lib, name) for name in functions)
