# SPDX-License-Identifier: MIT
"""What holds for every test: nothing is said on stderr, no thread, descriptor or exception is left
behind."""
import gc
import os
import threading

import pytest
from hypothesis import HealthCheck, settings

FULL = os.environ.get("PAUSEMON_FULL", "") not in ("", "0")
# Without a database and without a deadline: the machine is shared, and runs are to be alike.
settings.register_profile("pausemon", database=None, deadline=None, derandomize=not FULL,
                          max_examples=5000 if FULL else 60,
                          suppress_health_check=list(HealthCheck))
settings.load_profile("pausemon")


def pytest_collection_finish():
    """What was imported is no garbage: each test collects its own, quickly."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def nothing_is_left(request, capfd):
    """The binding prints nothing, whatever happens in a callback; and ends what it began."""
    threads = threading.active_count()
    yield
    gc.collect()
    assert capfd.readouterr().err == "", "something was printed on stderr"
    assert threading.active_count() == threads, threading.enumerate()


@pytest.fixture
def nervous():
    """A configuration that takes little for stress, and no lateness for a pause."""
    import stage

    with stage.nervous_config() as config:
        yield config
