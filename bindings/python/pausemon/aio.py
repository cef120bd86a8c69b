# SPDX-License-Identifier: MIT
"""A monitor in asyncio: one driver for a monitor and a loop, any number of streams on it."""

import asyncio
import collections
import threading
import weakref
from typing import TYPE_CHECKING, Any, Deque, List, Optional, Union

from ._core import generation
from .enums import EventType
from .errors import MisuseError

if TYPE_CHECKING:
    from .monitor import Event, Monitor

__all__ = ["EventStream"]

# Events that wait for a slow reader: about ten minutes of samples and pauses, at most 16 MiB.
_WAITING = 1000


class Driver:
    """Dispatches a monitor in one loop as long as there are streams. It holds neither."""

    def __init__(self, monitor: "Monitor", loop: asyncio.AbstractEventLoop) -> None:
        self.monitor = weakref.ref(monitor)
        self.loop = loop
        self.thread = threading.get_ident()
        self.generation = generation()
        self.streams: "weakref.WeakSet[EventStream]" = weakref.WeakSet()
        self.timer: Optional[asyncio.TimerHandle] = None
        self.is_over = False
        self.fd = monitor.fileno()
        self.subscription = monitor.subscribe(self.tell)
        loop.add_reader(self.fd, self.tick)
        self.schedule()

    def schedule(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        monitor = self.monitor()
        if self.is_over or monitor is None or monitor.closed:
            return
        try:
            timeout = monitor.timeout()
        except MisuseError:  # another thread is in it: told by dispatch, and tried again
            timeout = 0.05
        if timeout is not None:
            self.timer = self.loop.call_later(timeout, self.tick)

    def tick(self) -> None:
        monitor = self.monitor()
        if monitor is None or monitor.closed or self.is_over:
            self.stop()
            return
        try:
            monitor.dispatch()
        except Exception as error:
            if not self.streams:
                raise  # nobody reads any more: the loop tells of it
            for stream in list(self.streams):
                stream._push(error)
        finally:
            self.schedule()

    def tell(self, event: "Event") -> None:
        if self.loop.is_closed():
            self.stop()
            return
        for stream in list(self.streams):
            if event.type & (stream._mask | EventType.END | EventType.CLOSE):
                self.hand(stream, event)
        if event.type is EventType.CLOSE:
            self.stop()

    def hand(self, stream: "EventStream", event: "Event") -> None:
        """To its reader, who may be in another thread than the one that closes."""
        if threading.get_ident() == self.thread:
            stream._push(event)
        elif not self.loop.is_closed():
            self.loop.call_soon_threadsafe(stream._push, event)

    def leave(self, stream: "EventStream") -> None:
        self.streams.discard(stream)
        if not self.streams:
            self.stop()

    def stop(self) -> None:
        if self.is_over:
            return
        self.is_over = True
        monitor = self.monitor()
        if monitor is not None:
            monitor._drivers.pop(self.loop, None)
        try:
            self.subscription.cancel()
        except MisuseError:
            pass  # a dispatch goes on elsewhere: it tells us, and nobody hears
        # A child shares the parent's epoll: it must not take anything out of it.
        if self.generation != generation() or self.loop.is_closed():
            return
        if threading.get_ident() == self.thread:
            self.unhook()
        else:
            self.loop.call_soon_threadsafe(self.unhook)

    def unhook(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.loop.remove_reader(self.fd)


class EventStream:
    """The events of a monitor, for `async for`; each stream has its own queue. It ends after END
    or CLOSE, which are told in any case. A reader that is very slow loses the oldest samples,
    and other events where no sample waits: `lost` counts them.

    An exception of a callback that the dispatch ran is raised by every stream, once."""

    def __init__(self, monitor: "Monitor", mask: EventType) -> None:
        self._monitor = monitor
        self._mask = mask
        self._items: "Deque[Union[Event, Exception]]" = collections.deque()
        self._waiting: "List[asyncio.Future[None]]" = []
        self._driver: Optional[Driver] = None
        self._ended = False
        self.lost = 0
        try:
            self._start()
        except RuntimeError as error:
            if isinstance(error, MisuseError):
                raise
            # There is no running loop yet: it starts with the first __anext__.

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        if self._monitor.timeout() is None:
            self._ended = True
            return
        driver = self._monitor._drivers.get(loop)
        if driver is None:
            driver = self._monitor._drivers[loop] = Driver(self._monitor, loop)
        driver.streams.add(self)
        self._driver = driver

    def _push(self, item: "Union[Event, Exception]") -> None:
        self._items.append(item)
        if not isinstance(item, Exception) and item.type & (EventType.END | EventType.CLOSE):
            self._finish()
        if len(self._items) > _WAITING:
            self._drop()
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def _drop(self) -> None:
        """The oldest sample; where none waits, the oldest event."""
        samples = (i for i, item in enumerate(self._items)
                   if not isinstance(item, Exception) and item.type == EventType.SAMPLE)
        del self._items[next(samples, 0)]
        self.lost += 1

    def _finish(self) -> None:
        self._ended = True
        driver, self._driver = self._driver, None
        if driver is not None:
            driver.leave(self)

    async def aclose(self) -> None:
        """Ends it; who waits for it gets no more."""
        self.close()

    def close(self) -> None:
        """Ends it."""
        self._finish()
        self._items.clear()
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def __aenter__(self) -> "EventStream":
        return self

    async def __aexit__(self, *what: object) -> None:
        self.close()

    def __aiter__(self) -> "EventStream":
        return self

    async def __anext__(self) -> "Event":
        while not self._items:
            if self._ended:
                raise StopAsyncIteration
            if self._driver is None or self._driver.is_over or self._driver.loop.is_closed():
                if self._driver is not None:
                    self._driver.leave(self)
                self._start()
                continue
            future: "asyncio.Future[None]" = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            try:
                await future
            finally:
                if future in self._waiting:
                    self._waiting.remove(future)
        item: Any = self._items.popleft()
        if isinstance(item, Exception):
            raise item
        return item  # type: ignore[no-any-return]

    def __del__(self) -> None:
        driver = getattr(self, "_driver", None)
        if driver is not None:
            driver.leave(self)
