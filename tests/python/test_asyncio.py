# SPDX-License-Identifier: MIT
"""async for: several at once, cancelled, left, closed; the client is in test_client.py."""
import asyncio

import pytest
import stage
from test_monitor import EXPECTED, SCRIPT, word

import pausemon
from pausemon import EventType


def run(coroutine):
    """With asyncio's own checks on: what is never awaited or retrieved is an error."""
    problems = []

    async def watched():
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: problems.append(context))
        return await asyncio.wait_for(coroutine, stage.PATIENCE)

    try:
        return asyncio.run(watched(), debug=False)
    finally:
        assert problems == []


async def hear(monitor):
    return [word(event) async for event in monitor]


def test_one_consumer(nervous):
    with stage.Script(SCRIPT) as source, pausemon.Monitor(source, nervous) as monitor:
        assert run(hear(monitor)) == EXPECTED


def test_several_consumers_hear_the_same(nervous):
    async def main():
        return await asyncio.gather(*[hear(monitor) for _ in range(3)])

    with stage.Script(SCRIPT) as source, pausemon.Monitor(source, nervous) as monitor:
        assert run(main()) == [EXPECTED] * 3
        assert source.looks == len(SCRIPT) - 1  # nothing was looked at twice


def test_a_slow_consumer_misses_nothing(nervous):
    async def slow(monitor):
        words = []
        async for event in monitor:
            await asyncio.sleep(0.05)
            words.append(word(event))
        return words

    with stage.Script(SCRIPT) as source, pausemon.Monitor(source, nervous) as monitor:
        assert run(slow(monitor)) == EXPECTED


def test_a_very_slow_consumer_loses_the_oldest_samples_first(nervous, monkeypatch):
    monkeypatch.setattr(pausemon.aio, "_WAITING", 8)

    async def late(monitor):
        async with monitor.events() as stream:
            await hear(monitor)
            return [word(event) async for event in stream], stream.lost

    with stage.Script(SCRIPT) as source, pausemon.Monitor(source, nervous) as monitor:
        samples = [i for i, name in enumerate(EXPECTED) if name[0] == "S"]
        kept = [name for i, name in enumerate(EXPECTED) if i not in samples[:-2]]
        assert run(late(monitor)) == (kept, len(EXPECTED) - 8)


def test_cancelled_in_the_middle(nervous):
    heard = []

    async def main():
        async def consume():
            async for event in monitor:
                heard.append(word(event))

        task = asyncio.create_task(consume())
        other = asyncio.create_task(hear(monitor))
        while len(heard) < 2:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await other

    with stage.Script(SCRIPT) as source, pausemon.Monitor(source, nervous) as monitor:
        assert run(main()) == EXPECTED  # the other goes on
        assert heard == EXPECTED[:len(heard)] and len(heard) < len(EXPECTED)


def test_an_exception_in_the_body_lets_go(nervous):
    async def main():
        with pytest.raises(ZeroDivisionError):
            async for _ in monitor:
                1 / 0
        async for event in monitor:
            if event.type == EventType.SAMPLE:
                break
        return await hear(monitor)

    with stage.Script(SCRIPT) as source, pausemon.Monitor(source, nervous) as monitor:
        assert run(main())[-1] == "end"


def test_broken_off_and_nothing_stays_in_the_loop(nervous):
    """Neither a reader nor a timer: the loop is as it was."""
    async def main():
        loop = asyncio.get_running_loop()
        async for _ in monitor:
            break
        for _ in range(3):
            await asyncio.sleep(0)
        return loop.remove_reader(monitor.fileno())

    with stage.Script("....") as source, pausemon.Monitor(source, nervous) as monitor:
        import gc
        assert not run(main()) or gc.collect() is None
        assert run(hear(monitor))[-1] == "end"  # in another loop of asyncio


def test_closed_while_it_is_waited_for(nervous):
    heard = []

    async def main():
        async def consume():
            async for event in monitor:
                heard.append(word(event))

        tasks = [asyncio.create_task(consume()) for _ in range(2)]
        while len(heard) < 2:
            await asyncio.sleep(0.01)
        monitor.close()
        await asyncio.gather(*tasks)

    nervous["monitor.interval_ms"] = 60000
    with stage.Script("...") as source, pausemon.Monitor(source, nervous) as monitor:
        run(main())
        assert sorted(heard) == ["S1", "S1", "close", "close"]


def test_an_ended_monitor_is_iterated_at_once(nervous):
    with stage.Script("") as source, pausemon.Monitor(source, nervous) as monitor:
        monitor.feed()
        assert run(hear(monitor)) in ([], ["end"])


def test_a_closed_monitor_is_refused(nervous):
    with stage.Script("") as source:
        monitor = pausemon.Monitor(source, nervous)
        monitor.close()
        with pytest.raises(pausemon.ClosedError):
            run(hear(monitor))


def test_an_exception_of_a_callback_reaches_who_waits(nervous):
    """The loop dispatches: what a callback raises there is told to the consumers."""
    def odd(event):
        raise LookupError("odd")

    with stage.Script("...") as source, pausemon.Monitor(source, nervous) as monitor:
        monitor.subscribe(odd, EventType.SAMPLE)
        with pytest.raises(LookupError, match="odd"):
            run(hear(monitor))


def test_timers_of_others_run_meanwhile(nervous):
    async def main():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        ticker = asyncio.create_task(tick())
        await hear(monitor)
        ticker.cancel()
        return ticks

    with stage.Script("....") as source, pausemon.Monitor(source, nervous) as monitor:
        assert run(main()) >= 5


def test_a_stream_of_some_types_can_be_closed(nervous):
    async def main():
        async with monitor.events(EventType.TIER) as tiers:
            words = [word(await tiers.__anext__()) for _ in range(2)]
        tiers.close()
        with pytest.raises(StopAsyncIteration):
            await tiers.__anext__()
        return words

    with stage.Script(SCRIPT) as source, pausemon.Monitor(source, nervous) as monitor:
        assert run(main()) == ["tier2_entry", "tier2_exit"]
