# SPDX-License-Identifier: MIT
"""The monitor: a collector with a pace, a ring and tiers, that tells what happens."""

import asyncio
import time
import weakref
from dataclasses import dataclass
from typing import Any, Callable, List, NamedTuple, Optional

from ._core import Handle, Owner, Target, behind, host, made, run
from ._pausemon import ffi, lib
from .aio import Driver, EventStream
from .collector import AnySource, seconds, take_source, wait_for
from .config import Config, pointer_of
from .enums import EventType, Tier, TierAction
from .errors import PausemonError, check, make, new_error, text_of
from .pause import Escalation, Pause, escalation_from, pause_from
from .process import Process, processes_of
from .ring import RingBuffer, frozen
from .sample import Sample, sample_from
from .source import PythonSource, Source

__all__ = ["Event", "Monitor", "Onset", "Subscription"]


@dataclass(frozen=True)
class Event:
    """What a monitor tells. Everything in it is a copy; what does not belong to a type is None."""

    type: EventType
    #: SAMPLE; TIER: the sample that did it.
    sample: Optional[Sample] = None
    #: SAMPLE, TIER: after it.
    tier: Optional[Tier] = None
    #: TIER: what happened.
    action: Optional[TierAction] = None
    #: TIER: the highest stress since the entry.
    peak: Optional[int] = None
    #: The escalation that is open, or was in what its last sample tells.
    escalation: Optional[Escalation] = None
    #: PAUSE. Told again with the same id when more of the same comes: see `again`.
    pause: Optional[Pause] = None
    #: PAUSE: it was told before, shorter.
    again: bool = False
    #: ERROR: why a look failed.
    error: Optional[PausemonError] = None


class Onset(NamedTuple):
    """Who waited in the kernel when the newest standstill began."""

    text: str
    #: On the monotonic clock.
    taken_ns: int


class _Subscriber(Target):
    def __init__(self, callback: Callable[[Event], Any], source: Source) -> None:
        super().__init__()
        self.callback = callback
        self.source = source


def _event(c: Any, source: Source) -> Event:
    kind = EventType(c.type)
    is_tier = kind is EventType.TIER
    error = None
    if c.error:
        error = make(c.error.status, c.error)
        error.__cause__ = source._cause if isinstance(source, PythonSource) else None
    return Event(kind, sample_from(c.sample) if c.sample else None,
                 Tier(c.tier) if c.tier else None, TierAction(c.action) if is_tier else None,
                 c.peak if is_tier else None,
                 escalation_from(c.escalation) if c.escalation else None,
                 pause_from(c.pause) if c.pause else None, bool(c.again), error)


@behind("python_event_fn")
def _tell(target: _Subscriber, c: Any) -> None:
    target.callback(_event(c, target.source))


class Subscription:
    """One subscriber: it hears until it is cancelled or the monitor is closed."""

    def __init__(self, handle: Handle, number: int, target: Target) -> None:
        self._handle, self._number = handle, number
        self._target: Optional[Target] = target

    def cancel(self) -> None:
        """Not called again, not even for the event that is being told. Twice does nothing."""
        if self._target is None or self.closed:
            return
        self._handle.call(lib.pausemon_monitor_unsubscribe, self._number, nested=True)
        target, self._target = self._target, None
        self._handle.keep.remove(target)

    close = cancel

    @property
    def closed(self) -> bool:
        """Whether it hears no more."""
        return self._target is None or not self._handle.pointer

    def __enter__(self) -> "Subscription":
        return self

    def __exit__(self, *what: object) -> None:
        self.cancel()

    def __repr__(self) -> str:
        return f"<pausemon.Subscription {self._number}{' (closed)' if self.closed else ''}>"


class Monitor(Owner):
    """Looks at a source on a grid of monitor.interval_ms, and tells subscribers what it sees.

    Drive it with `run`, with `async for event in monitor`, or in any loop of yours: wait for
    `fileno` or `timeout` or both, then `dispatch`. Each way gives the same events.

    >>> seen = []
    >>> with Monitor(config=Config(monitor__interval_ms=100)) as monitor:
    ...     subscription = monitor.subscribe(lambda event: seen.append(event.type))
    ...     monitor.run(until=0.15)
    >>> seen[0], seen[-1]
    (<EventType.SAMPLE: 1>, <EventType.CLOSE: 64>)
    """

    def __init__(self, source: AnySource = None, config: Optional[Config] = None) -> None:
        self._source = take_source(source)
        self._drivers: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Driver]" = (
            weakref.WeakKeyDictionary())
        used = self._source._handle
        with pointer_of(config) as settings, used.use() as source_pointer:
            pointer = made("monitor", lib.pausemon_monitor_new, settings, source_pointer, host)
            self._handle = Handle("monitor", pointer, lib.pausemon_monitor_free, uses=[used])
        self._handle.keep.append(self._source)
        if not isinstance(source, Source):
            used.is_doomed = True  # ours alone: it goes when the monitor does

    def subscribe(self, callback: Callable[[Event], Any],
                  mask: EventType = EventType.ALL) -> Subscription:
        """Calls back with each Event of the types in `mask`, from the next one on, inside
        `dispatch` and on its thread. What it raises is raised by `dispatch`, after all others have
        been told. It may read the monitor, subscribe and cancel; not dispatch, feed or close."""
        if not callable(callback):
            raise TypeError(f"a function was expected, not {callback!r}")
        target = _Subscriber(callback, self._source)
        error, bits = new_error(), int(mask) & (1 << 64) - 1
        number = check(self._handle.call(lib.pausemon_monitor_subscribe, bits, lib.python_event_fn,
                                         target.user, error, nested=True), error)
        self._handle.keep.append(target)
        return Subscription(self._handle, number, target)

    def _drive(self, function: Any) -> int:
        with self._handle.use() as pointer, self._source._handle.use():
            status = run(function, pointer)
        # The end is an event, and a timeout of None: no exception among callbacks besides.
        return 0 if status == lib.PAUSEMON_ERR_END else check(status)

    def dispatch(self) -> int:
        """Takes a look if one is due, and tells. Never waits. Returns the number of samples: 1,
        or 0, also when the recording is over (`timeout` is None then)."""
        return self._drive(lib.pausemon_monitor_dispatch)

    def feed(self) -> int:
        """The same at once, due or not."""
        return self._drive(lib.pausemon_monitor_feed)

    def run(self, until: Optional[float] = None) -> None:
        """Waits and dispatches: for so many seconds (None: without end), until the recording is
        over, or until a callback raises."""
        end = None if until is None else time.monotonic() + until
        while True:
            timeout = self.timeout()
            left = None if end is None else end - time.monotonic()
            if timeout is None or (left is not None and left <= 0):
                return
            wait_for(self.fileno(), timeout if left is None else min(timeout, left))
            self.dispatch()

    def fileno(self) -> int:
        """One descriptor for life, readable when `dispatch` has something to do."""
        return int(self._handle.call(lib.pausemon_monitor_get_fd, nested=True))

    def timeout(self) -> Optional[float]:
        """Seconds until `dispatch` has something to do; None when the recording is over."""
        return seconds(self._handle.call(lib.pausemon_monitor_get_timeout, nested=True))

    # ---- asyncio ----

    def events(self, mask: EventType = EventType.ALL) -> EventStream:
        """The events of some types, for `async for`. The stream dispatches the monitor in the
        running loop as long as somebody holds it; it ends with END or CLOSE."""
        self._handle.check()
        return EventStream(self, mask)

    def __aiter__(self) -> EventStream:
        return self.events()

    # ---- what it knows ----

    @property
    def tier(self) -> Tier:
        """The tier now."""
        return Tier(self._handle.call(lib.pausemon_monitor_get_tier, nested=True))

    @property
    def ring(self) -> RingBuffer:
        """A copy of the last samples."""
        with self._handle.use(nested=True) as pointer:
            return frozen(run(lib.pausemon_monitor_get_ring, pointer))

    @property
    def escalation(self) -> Optional[Escalation]:
        """The escalation that is open; None in tier 1."""
        with self._handle.use(nested=True) as pointer:
            c = run(lib.pausemon_monitor_get_escalation, pointer)
            return escalation_from(c) if c else None

    @property
    def onset(self) -> Optional[Onset]:
        """What the heartbeat's witness saw; None: nothing yet, or there is none."""
        taken = ffi.new("int64_t *")
        with self._handle.use(nested=True) as pointer:
            text = run(lib.pausemon_monitor_get_onset, pointer, taken)
            return Onset(text_of(text), taken[0]) if text else None

    def processes(self) -> List[Process]:
        """All processes of the last look, judged."""
        return processes_of(self._handle, lib.pausemon_monitor_get_process)

    def set_config(self, config: Config) -> None:
        """Reload: settings that can be reloaded take effect at once; what is known stays."""
        with pointer_of(config) as settings:
            self._handle.call(lib.pausemon_monitor_set_config, settings)

    def report_late(self, onset_ns: int, end_ns: int) -> None:
        """For a program with deadlines of its own: it was late between these, on the monotonic
        clock (`time.monotonic_ns()`). The next dispatch looks at once, and judges it."""
        check(self._handle.call(lib.pausemon_monitor_report_late, onset_ns, end_ns))

    def set_next_ids(self, event_id: int, pause_id: int) -> None:
        """The ids of the next escalation and the next pause; 1 at first."""
        self._handle.call(lib.pausemon_monitor_set_next_ids, event_id, pause_id)

    def _describe(self) -> str:
        return f"of {self._source.name!r}, {self.tier}"
