# SPDX-License-Identifier: MIT
"""The monitor: its events in order, however it is driven, and callbacks that raise."""
import dataclasses
import select
import time

import pytest
import stage
from stage import play

import pausemon
from pausemon import EventType

SCRIPT = "..!!x.."
EXPECTED = ["S1", "S1", "S2", "tier2_entry", "event1", "S2", "error(OSError: told to fail)", "S1",
            "tier2_exit", "event1.", "S1", "end"]


def word(event):
    kind = event.type
    if kind == EventType.SAMPLE:
        return f"S{int(event.tier)}"
    if kind == EventType.TIER:
        return str(event.action)
    if kind == EventType.ESCALATION:
        return f"event{event.escalation.id}" + ("" if event.escalation.open else ".")
    if kind == EventType.ERROR:
        return f"error({event.error})"
    return str(kind)


def told(events):
    return [word(event) for event in events]


# ---- order ----

def test_fed(nervous):
    with stage.Script(SCRIPT) as source, pausemon.Monitor(source, nervous) as monitor:
        assert told(play(monitor)) == EXPECTED


def drive(monitor, wait):
    events = []
    monitor.subscribe(events.append)
    deadline = time.monotonic() + stage.PATIENCE
    while not events or events[-1].type != EventType.END:
        assert time.monotonic() < deadline
        wait(monitor)
        monitor.dispatch()
    assert monitor.timeout() is None
    return told(events)


@pytest.mark.parametrize("wait", [
    lambda monitor: time.sleep(monitor.timeout()),
    lambda monitor: select.select([monitor.fileno()], [], [], stage.PATIENCE)])
def test_dispatched(nervous, wait):
    """By the timeout alone, by the descriptor alone."""
    with stage.Script(SCRIPT) as source, pausemon.Monitor(source, nervous) as monitor:
        assert drive(monitor, wait) == EXPECTED


def test_run(nervous):
    with stage.Script(SCRIPT) as source, pausemon.Monitor(source, nervous) as monitor:
        events = []
        monitor.subscribe(events.append)
        monitor.run()
        assert told(events) == EXPECTED


def test_run_for_a_time(nervous):
    with stage.Script("." * 1000) as source, pausemon.Monitor(source, nervous) as monitor:
        begun = time.monotonic()
        monitor.run(0.25)
        assert 0.2 < time.monotonic() - begun < 10
        assert 2 <= source.looks <= 100


def test_dispatch_and_feed_say_how_many_looks(nervous):
    with stage.Script(".x.") as source, pausemon.Monitor(source, nervous) as monitor:
        assert [monitor.dispatch(), monitor.dispatch()] == [1, 0]  # not due
        assert [monitor.feed(), monitor.feed(), monitor.feed()] == [0, 1, 0]


def test_a_mask_chooses(nervous):
    with stage.Script(SCRIPT) as source, pausemon.Monitor(source, nervous) as monitor:
        assert told(play(monitor, EventType.TIER | EventType.ERROR)) == \
            ["tier2_entry", "error(OSError: told to fail)", "tier2_exit", "end"]


def test_close_ends_the_escalation_and_is_the_last_event(nervous):
    events = []
    with stage.Script("!!!") as source:
        monitor = pausemon.Monitor(source, nervous)
        monitor.subscribe(events.append)
        monitor.feed()
        monitor.close()
        assert told(events) == ["S2", "tier2_entry", "event1", "event1.", "close"]
        monitor.close()
        assert len(events) == 5


# ---- what an event holds ----

def test_everything_in_an_event_is_a_copy(nervous):
    with stage.Script(SCRIPT) as source, pausemon.Monitor(source, nervous) as monitor:
        events = play(monitor)
    sample = events[2]
    assert dataclasses.is_dataclass(sample) and sample.sample.rogues[0].command == "hog"
    assert sample.sample.rogues[0].mem == 8 * stage.GIB
    assert events[0].sample.rogues[0].mem == 1
    tier, begun, ended = events[3], events[4].escalation, events[9].escalation
    assert (tier.peak, tier.tier) == (22, pausemon.Tier.ELEVATED)
    assert tier.sample.time == sample.sample.time
    assert (begun.peak_stress, begun.open, begun.end, begun.notes) == (22, True, None, None)
    assert ended.end.realtime_ns >= ended.start.realtime_ns == begun.start.realtime_ns > 0
    assert (ended.peak_tier, ended.review) == (pausemon.Tier.ELEVATED,
                                               pausemon.Review.UNREVIEWED)


def test_what_does_not_belong_to_an_event_is_none(nervous):
    with stage.Script("..x") as source, pausemon.Monitor(source, nervous) as monitor:
        first, _, error, end = play(monitor)
    assert [first.error, first.pause, first.escalation, first.action] == [None] * 4
    assert isinstance(error.error, pausemon.PausemonError)
    assert [error.sample, error.tier, error.pause] == [None] * 3
    assert [end.sample, end.error, end.escalation, end.pause] == [None] * 4


def test_the_monitor_can_be_asked(nervous):
    with stage.Script("..!.") as source, pausemon.Monitor(source, nervous) as monitor:
        assert monitor.escalation is None and monitor.onset is None
        assert monitor.tier is pausemon.Tier.SENTINEL and len(monitor.ring) == 0
        for _ in range(3):
            monitor.feed()
        assert monitor.tier is pausemon.Tier.ELEVATED
        assert monitor.escalation.id == 1 and monitor.escalation.open
        (process,) = monitor.processes()
        assert (process.pid, process.mem) == (7, 8 * stage.GIB)
        ring = monitor.ring
        monitor.feed()
        assert monitor.escalation is None
        assert [int(tier) for _, tier in ring] == [1, 1, 2]  # a frozen copy
        assert len(monitor.ring) == 4
        ring.push(ring[0][0], pausemon.Tier.SENTINEL)
        assert len(monitor.ring) == 4


def test_other_settings_take_effect(nervous):
    with stage.Script("!!!") as source, pausemon.Monitor(source) as monitor:
        monitor.feed()
        assert monitor.tier is pausemon.Tier.SENTINEL
        monitor.set_config(nervous)
        monitor.feed()
        assert monitor.tier is pausemon.Tier.ELEVATED


def test_a_program_tells_its_own_lateness(nervous):
    nervous["pause.record_ms"] = 100
    with stage.Script("." * 999) as source, pausemon.Monitor(source, nervous) as monitor:
        pauses = []
        monitor.subscribe(lambda event: pauses.append(event.pause), EventType.PAUSE)
        monitor.feed()
        begun = time.monotonic_ns()
        while time.monotonic_ns() < begun + 300_000_000:
            pass
        now = time.monotonic_ns()
        monitor.report_late(begun, now)
        stage.wait_until("a pause", lambda: monitor.dispatch() < 0 or pauses)
        assert 0.2e9 < pauses[0].lost_ns < 10e9
        with pytest.raises(pausemon.InvalidError):
            monitor.report_late(now, now - 1)


# ---- subscriptions ----

def test_a_subscription_can_be_cancelled_anywhere(nervous):
    with stage.Script("....") as source, pausemon.Monitor(source, nervous) as monitor:
        calls = []

        def once(event):
            calls.append("once")
            first.cancel()
            second.cancel()

        first = monitor.subscribe(once)
        second = monitor.subscribe(lambda event: calls.append("second"))
        monitor.subscribe(lambda event: calls.append("third"), EventType.SAMPLE)
        monitor.feed()
        monitor.feed()
        assert calls == ["once", "third", "third"]
        for subscription in (first, second):
            subscription.cancel()
            assert subscription.closed and "closed" in repr(subscription)
            with subscription:
                pass


def test_who_subscribes_in_a_callback_hears_from_the_next_event_on(nervous):
    with stage.Script("!.") as source, pausemon.Monitor(source, nervous) as monitor:
        late = []

        def begin(event):
            if event.type == EventType.SAMPLE and not late:
                late.append("began")
                monitor.subscribe(lambda event: late.append(word(event)))

        monitor.subscribe(begin)
        monitor.feed()
        assert late == ["began", "tier2_entry", "event1"]


@pytest.mark.parametrize("wrong", [None, 7, "callback"])
def test_what_cannot_be_called_is_refused(nervous, wrong):
    with stage.Script(".") as source, pausemon.Monitor(source, nervous) as monitor:
        with pytest.raises((TypeError, pausemon.InvalidError)):
            monitor.subscribe(wrong)
        monitor.feed()


# ---- callbacks that raise ----

class Odd(Exception):
    """Raised by the callbacks here."""


@pytest.mark.parametrize("call", ["feed", "dispatch", "run"])
@pytest.mark.parametrize("kind", [Odd, KeyboardInterrupt])
def test_an_exception_is_raised_after_all_have_heard(nervous, call, kind):
    with stage.Script("!.") as source, pausemon.Monitor(source, nervous) as monitor:
        events = []

        def odd(event):
            raise kind(word(event))

        subscription = monitor.subscribe(odd, EventType.SAMPLE)
        monitor.subscribe(events.append)
        with pytest.raises(kind, match="S2"):
            getattr(monitor, call)()
        assert told(events) == ["S2", "tier2_entry", "event1"]
        subscription.cancel()
        monitor.feed()
        assert told(events)[3:] == ["S1", "tier2_exit", "event1."]


def test_of_several_exceptions_none_is_lost(nervous):
    def odd(text):
        def callback(event):
            raise Odd(text)
        return callback

    with stage.Script(".") as source, pausemon.Monitor(source, nervous) as monitor:
        monitor.subscribe(odd("one"), EventType.SAMPLE)
        monitor.subscribe(odd("two"), EventType.SAMPLE)
        with pytest.raises(Exception) as caught:
            monitor.feed()
        seen, left = [], [caught.value]
        while left:
            error = left.pop()
            seen.append(str(error))
            left += [e for e in (error.__cause__, error.__context__, *getattr(
                error, "exceptions", ())) if e is not None and str(e) not in seen]
        text = " ".join([*seen, *getattr(caught.value, "__notes__", [])])
        assert "one" in text and "two" in text


def test_an_exception_in_close_is_raised_and_it_is_closed(nervous):
    def odd(event):
        raise Odd("last")

    with stage.Script(".") as source:
        monitor = pausemon.Monitor(source, nervous)
        monitor.subscribe(odd, EventType.CLOSE)
        with pytest.raises(Odd):
            monitor.close()
        assert monitor.closed
        monitor.close()


def test_an_unexpected_exception_of_a_source_is_an_event_with_its_cause(nervous):
    with stage.Script("x.") as source, pausemon.Monitor(source, nervous) as monitor:
        events = []
        monitor.subscribe(events.append)
        monitor.feed()
        (event,) = events
        assert isinstance(event.error.__cause__, OSError)


def test_stopping_the_program_is_no_failed_look(nervous):
    def interrupt():
        raise KeyboardInterrupt

    with stage.Script("..", interrupt) as source, pausemon.Monitor(source, nervous) as monitor:
        with pytest.raises(KeyboardInterrupt):
            monitor.feed()
        source.hook = None
        assert monitor.feed() == 1
