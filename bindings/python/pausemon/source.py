# SPDX-License-Identifier: MIT
"""Where processes come from: the system, a recording, or a class of your own."""

import threading
import weakref
from typing import Any, Callable, Optional

from ._core import Handle, Owner, Target, Write, behind, host, made, run, text_bytes
from ._pausemon import ffi, lib
from .enums import Have, Look
from .errors import (CLASSES, BusyError, EndError, IoError, MisuseError, PausemonError, make,
                     new_error, text_of)
from .process import Row, row_into
from .sample import Instant

__all__ = ["PythonSource", "Sink", "Source"]


class Source(Owner):
    """Opens a source by its specification.

    "auto": the best for this system; "procfs[:ROOT]": Linux; "top": macOS, live; "top:FILE": a
    recorded text of `top -l`; "replay:FILE": what `record` wrote. Recordings end with EndError.
    """

    def __init__(self, spec: str = "auto") -> None:
        pointer = made("source", lib.pausemon_source_open, text_bytes(spec), host)
        self._handle = Handle("source", pointer, lib.pausemon_source_free)

    @classmethod
    def from_bytes(cls, format: str, data: bytes) -> "Source":
        """A recording in memory; `format` is "top" or "replay"."""
        kept = ffi.from_buffer("char[]", bytes(data))  # its length is the one that holds
        pointer = made("source", lib.pausemon_source_open_memory, text_bytes(format), kept,
                       len(kept), host)
        source = Source.__new__(Source)
        source._handle = Handle("source", pointer, lib.pausemon_source_free)
        source._handle.keep.append(kept)
        return source

    @property
    def name(self) -> str:
        """What was opened, for people: "procfs:/proc"."""
        return text_of(self._handle.call(lib.pausemon_source_get_name, nested=True))

    def fileno(self) -> int:
        """What can be waited on until a look may be ready; -1: one can be had at any time."""
        return int(self._handle.call(lib.pausemon_source_get_fd, nested=True))

    def record(self, write: Callable[[bytes], Any]) -> None:
        """Takes one look and hands it on as lines of JSON, in pieces. Raises BusyError or
        EndError as `Collector.collect` does."""
        if self._handle.users:
            raise MisuseError("a collector uses the source: each would miss the other's looks")
        error, target = new_error(), Write(write)
        status = self._handle.call(lib.pausemon_source_record, lib.python_write_fn, target.user,
                                   error)
        check_look(status, error, self)

    def _describe(self) -> str:
        return repr(self.name)


def check_look(status: int, error: Any, source: Source) -> None:
    """As check(); an exception in a source of Python becomes the cause of ours."""
    if status < 0:
        failure = make(status, error)
        failure.__cause__ = source._take_cause() if isinstance(source, PythonSource) else None
        raise failure


class Sink:
    """Where a source puts what it sees. It is valid while `read` runs, and on its thread."""

    def __init__(self, pointer: Any) -> None:
        self._pointer = pointer
        self._thread = threading.get_ident()

    def _valid(self) -> Any:
        if not self._pointer or self._thread != threading.get_ident():
            raise MisuseError("a sink is valid only inside read()")
        return self._pointer

    def put(self, row: Row) -> None:
        """One process. One row for a process in a look; a second one is ignored."""
        run(lib.pausemon_sink_put, self._valid(), row_into(row))

    def skipped(self, count: int) -> None:
        """Processes that are there and could not be read at all."""
        run(lib.pausemon_sink_skipped, self._valid(), count)

    def at(self, instant: Instant) -> None:
        """Only for recordings: the time of this look. Before the first row."""
        c = ffi.new("struct pausemon_instant *", tuple(instant))
        run(lib.pausemon_sink_at, self._valid(), c)

    @property
    def wants_full(self) -> bool:
        """Whoever reads knows nothing from before: every row must be FULL."""
        return bool(run(lib.pausemon_sink_wants_full, self._valid()))

    @property
    def wants(self) -> Have:
        """What the reader has a use for; the rest may be left out."""
        return Have(run(lib.pausemon_sink_wants, self._valid()))


class PythonSource(Source):
    """A source of your own: write `read`, and where looks come when they like also `fileno` or
    `deadline_ns`.

    >>> class Two(PythonSource):
    ...     def read(self, sink):
    ...         sink.put(Row(pid=1, command="init", cpu_ns=10))
    ...         sink.put(Row(pid=2, command="other"))
    >>> from pausemon import Collector
    >>> with Collector(Two()) as collector:
    ...     [process.cpu for process in collector.collect() and collector.processes()]
    [None, None]
    """

    def __init__(self, name: str = "python") -> None:
        self._open(name)

    def _open(self, name: str) -> None:
        target = _Reader(self)
        ops = ffi.new("struct pausemon_source_ops *")
        lib.python_init_source_ops(ops)
        ops.read = lib.python_source_ops_read
        if type(self).fileno is not PythonSource.fileno:
            ops.get_fd = lib.python_source_ops_get_fd
        if type(self).deadline_ns is not PythonSource.deadline_ns:
            ops.get_deadline = lib.python_source_ops_get_deadline
        pointer = made("source", lib.pausemon_source_new, text_bytes(name), ops, target.user, host)
        self.__handle = Handle("source", pointer, lib.pausemon_source_free)
        self.__handle.keep.append(target)
        self._cause: Optional[BaseException] = None

    @property
    def _handle(self) -> Handle:  # type: ignore[override]
        # A subclass may have an __init__ of its own that does not call ours.
        if "_PythonSource__handle" not in self.__dict__:
            self._open(type(self).__name__)
        return self.__handle

    def __del__(self) -> None:
        if "_PythonSource__handle" in self.__dict__:
            self.__handle.abandon()

    def _take_cause(self) -> Optional[BaseException]:
        cause, self._cause = self._cause, None
        return cause

    def read(self, sink: Sink) -> Optional[Look]:
        """Takes one look: puts rows. Returns Look.PARTIAL if not every process was looked at.
        Raises BusyError if no look is ready, EndError if there will be none; anything else that
        it raises is a look that failed. It must not block."""
        raise NotImplementedError("a PythonSource needs a read() of its own")

    def fileno(self) -> int:
        """A descriptor that stays the same and is readable when a look may be ready; -1: none."""
        return -1

    def deadline_ns(self) -> int:
        """When `read` should be called though the descriptor is silent: monotonic, or -1."""
        return -1


class _Reader(Target):
    """Its source is not held: whoever reads it holds it."""

    def __init__(self, source: PythonSource) -> None:
        super().__init__()
        self.source = weakref.ref(source)


def _fill(to: Any, failure: BaseException) -> int:
    """Tells C of an exception in read(); the status that it is."""
    status = int(lib.PAUSEMON_ERR_IO)
    text, os_errno = f"{type(failure).__name__}: {failure}", 0
    if isinstance(failure, PausemonError):
        status = failure.status if failure.status in CLASSES else status
        text, os_errno = str(failure), failure.os_errno
    elif isinstance(failure, OSError):
        os_errno = failure.errno or 0
    line = " ".join(text.replace("\0", "?").split())
    lib.pausemon_error_set(to, status, os_errno, line.encode("utf-8", "replace"))
    return status


@behind("python_source_ops_read", failed=lib.PAUSEMON_ERR_IO)
def _read(target: _Reader, pointer: Any, error: Any) -> int:
    source = target.source()
    if source is None:
        return int(lib.PAUSEMON_ERR_END)
    sink = Sink(pointer)
    source._cause = None
    try:
        look = source.read(sink)
        if look not in (None, Look.COMPLETE, Look.PARTIAL):
            raise TypeError(f"read() returns None or a Look, not {look!r}")
        return int(look or Look.COMPLETE)
    except Exception as failure:
        if not isinstance(failure, (BusyError, EndError)):
            source._cause = failure
        return _fill(error, failure)
    except BaseException as failure:  # Ctrl-C: it goes on to whoever asked for the look
        _fill(error, IoError(f"interrupted by {type(failure).__name__}"))
        raise
    finally:
        sink._pointer = ffi.NULL


@behind("python_source_ops_get_fd", failed=-1)
def _get_fd(target: _Reader) -> int:
    source = target.source()
    return -1 if source is None else int(source.fileno())


@behind("python_source_ops_get_deadline", failed=-1)
def _get_deadline(target: _Reader) -> int:
    source = target.source()
    return -1 if source is None else int(source.deadline_ns())
