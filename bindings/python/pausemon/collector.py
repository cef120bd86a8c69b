# SPDX-License-Identifier: MIT
"""The collector: each call looks at all processes and gives a sample. You say how often."""

import select
from typing import Iterator, List, Optional, Union

from ._core import Handle, Owner, host, made, run
from ._pausemon import ffi, lib
from .config import Config, pointer_of
from .errors import BusyError, EndError, InvalidError, MisuseError, new_error
from .process import Process, processes_of
from .sample import Sample, sample_from
from .source import Source, check_look

__all__ = ["Collector", "watch"]

AnySource = Union[Source, str, None]


def take_source(source: AnySource) -> Source:
    """The source that is meant: one of one's own, or one that lives as long as its only user."""
    if not isinstance(source, Source):
        source = Source("auto" if source is None else source)
    source._handle.check()
    if source._handle.users:
        raise MisuseError("the source is in use already: one collector or monitor at a time")
    return source


def wait_for(fd: int, timeout: Optional[float]) -> None:
    """Until the descriptor is readable, or the time is over."""
    poll = select.poll()
    if fd >= 0:
        poll.register(fd, select.POLLIN)
    poll.poll(None if timeout is None else timeout * 1000)


def seconds(milliseconds: int) -> Optional[float]:
    """C's timeout for poll() as Python has them."""
    return None if milliseconds < 0 else milliseconds / 1000


class Collector(Owner):
    """Looks at a source: a Source, its specification, or None for this system.

    >>> with Collector() as collector:
    ...     sample = collector.collect()
    >>> sample.process_count > 0, sample.rated_count
    (True, 0)

    Iterating paces itself by monitor.interval_ms, and ends with a recording.
    """

    def __init__(self, source: AnySource = None, config: Optional[Config] = None) -> None:
        self._source = take_source(source)
        used = self._source._handle
        with pointer_of(config) as settings, used.use() as source_pointer:
            pointer = made("collector", lib.pausemon_collector_new, settings, source_pointer,
                           host)
            self._handle = Handle("collector", pointer, lib.pausemon_collector_free, uses=[used])
        self._handle.keep.append(self._source)
        if not isinstance(source, Source):
            used.is_doomed = True  # ours alone: it goes when the collector does

    def collect(self) -> Sample:
        """Looks now. BusyError: the source has nothing yet, wait; EndError: the recording is over;
        any other failure is of this look only."""
        error, out = new_error(), ffi.new("const struct pausemon_sample **")
        with self._handle.use() as pointer:
            status = self._look(out, pointer, error)
            check_look(status, error, self._source)
            return sample_from(out[0])

    def _look(self, out: object, pointer: object, error: object) -> int:
        with self._source._handle.use():
            return int(run(lib.pausemon_collector_collect, out, pointer, error))

    def processes(self) -> List[Process]:
        """All processes of the last look, judged, in no particular order."""
        return processes_of(self._handle, lib.pausemon_collector_get_process)

    def fileno(self) -> int:
        """What to wait for besides the timeout; -1: nothing."""
        return int(self._handle.call(lib.pausemon_collector_get_fd, nested=True))

    def timeout(self) -> Optional[float]:
        """Seconds until the next look is due; None when the recording is over."""
        return seconds(self._handle.call(lib.pausemon_collector_get_timeout))

    def set_config(self, config: Config) -> None:
        """Other settings: those that can be reloaded take effect at the next look."""
        with pointer_of(config) as settings:
            self._handle.call(lib.pausemon_collector_set_config, settings)

    def __iter__(self) -> Iterator[Sample]:
        while True:
            timeout = self.timeout()
            if timeout is None:
                return
            wait_for(self.fileno(), timeout)
            try:
                yield self.collect()
            except BusyError:
                continue
            except EndError:
                return

    def _describe(self) -> str:
        return f"of {self._source.name!r}"


def watch(interval: Optional[float] = 1, source: AnySource = None,
          config: Optional[Config] = None) -> Iterator[Sample]:
    """Samples, one each `interval` seconds (None: as the config says), for ever or until the
    recording is over. The first has no rates.

    >>> for sample in watch(interval=0.1):
    ...     if sample.rated_count:
    ...         break
    """
    settings = Config() if config is None else config.copy()
    with settings:
        if interval is not None:
            if interval <= 0:
                raise InvalidError(f"an interval of {interval} seconds")
            settings["monitor.interval_ms"] = round(interval * 1000)
        collector = Collector(source, settings)
    with collector:
        yield from collector
