# SPDX-License-Identifier: MIT
"""Each was a defect once."""
import asyncio
import copy
import gc
import pickle

import pytest
import stage

import pausemon


def fast(source):
    return pausemon.Monitor(source, pausemon.Config(monitor__interval_ms=100))


def test_a_number_that_c_cannot_hold_is_raised():
    """It was printed, and C was told 0: the descriptor of stdin."""
    kind = type("Wrong", (stage.Script,), {"fileno": lambda self: 2**70})
    with pytest.raises(OverflowError), fast(kind("...")) as monitor:
        monitor.feed()


def test_a_handle_is_not_copied():
    """The copy, when it went, freed the C object of both."""
    with pausemon.Config() as config:
        for act in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="neither copied nor pickled"):
                act(config)
        gc.collect()
        assert not config.closed


def test_a_length_that_lies_is_not_believed():
    """C read as much as __len__ said."""
    class Lying:
        def __bytes__(self):
            return stage.top_text()

        def __len__(self):
            return 10

    with pausemon.Source.from_bytes("top", Lying()) as source, \
            pausemon.Collector(source) as collector:
        assert collector.collect().process_count == 2


def test_a_zone_that_is_none():
    class Far(pausemon.PythonSource):
        def read(self, sink):
            sink.at(pausemon.Instant(1, 1, 10**18, 10**9))

    with pausemon.Collector(Far()) as collector:
        assert "+23:59" in repr(collector.collect())


def test_a_stream_goes_on_in_the_next_loop():
    """It waited for ever."""
    async def one():
        return (await asyncio.wait_for(stream.__anext__(), stage.PATIENCE)).type

    with fast(stage.Script("." * 1000)) as monitor:
        stream = monitor.events()
        assert [asyncio.run(one()) for _ in range(3)] == [pausemon.EventType.SAMPLE] * 3
        stream.close()


def test_a_loop_that_was_closed_hears_no_more():
    """Whoever dispatched the monitor was told that the loop is closed."""
    async def read():
        async for _ in monitor:
            pass

    with fast(stage.Script("." * 1000)) as monitor:
        loop = asyncio.new_event_loop()
        task = loop.create_task(read())
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        assert monitor.feed() == 1
        task._log_destroy_pending = False


def test_an_exception_that_no_stream_is_left_for_is_told_by_the_loop():
    async def main():
        told = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: told.done() or told.set_result(context["exception"]))
        stream = monitor.events()

        def hear(event):
            stream.close()
            raise LookupError("heard")

        monitor.subscribe(hear, pausemon.EventType.SAMPLE)
        return await asyncio.wait_for(told, stage.PATIENCE)

    with fast(stage.Script("." * 1000)) as monitor:
        assert isinstance(asyncio.run(main()), LookupError)
