# SPDX-License-Identifier: MIT
"""Samples: one look at all processes, judged."""

import datetime
from typing import Any, Dict, NamedTuple, Optional, Tuple

from ._core import made, run, written
from ._pausemon import ffi, lib
from .errors import check, new_error
from .process import Process, process_from

__all__ = ["Instant", "Sample", "now"]

_BOOLS = ("complete",)
_NUMBERS = ("elapsed_ns", "process_count", "rated_count", "rogue_count", "rogues_omitted",
            "max_score", "stress", "unreadable", "cost_us", "births", "deaths")


class Instant(NamedTuple):
    """One reading of all clocks.

    >>> Instant(0, 0, 1_500_000_000, 3600).datetime.isoformat()
    '1970-01-01T01:00:01.500000+01:00'
    """

    #: Stands still while the machine sleeps.
    monotonic_ns: int = 0
    #: Goes on while it sleeps.
    boottime_ns: int = 0
    #: Since 1970, UTC.
    realtime_ns: int = 0
    #: Local time minus UTC, in seconds.
    utc_offset_s: int = 0

    @property
    def datetime(self) -> datetime.datetime:
        """In the zone that was the local one then."""
        return datetime_of(self.realtime_ns, self.utc_offset_s)


def datetime_of(realtime_ns: int, utc_offset_s: int = 0) -> datetime.datetime:
    """An aware datetime; what is below a microsecond is cut off."""
    offset_s = max(-86399, min(utc_offset_s, 86399))  # a source may say anything
    zone = datetime.timezone(datetime.timedelta(seconds=offset_s))
    since = datetime.timedelta(microseconds=realtime_ns // 1000)
    return (datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + since).astimezone(zone)


def instant_from(c: Any) -> Instant:
    """A copy of a struct pausemon_instant."""
    return Instant(c.monotonic_ns, c.boottime_ns, c.realtime_ns, c.utc_offset_s)


def now() -> Instant:
    """All clocks of the system, read at once."""
    c = ffi.new("struct pausemon_instant *")
    lib.pausemon_now(ffi.NULL, c)
    return instant_from(c)


class Sample:
    """A copy of its own of one look. It never changes, and may be kept and passed on as you like.

    `rogues` are the processes that were selected, the highest score first. After a first look
    `rated_count` is 0: rates need two.
    """

    __slots__ = ("time", "elapsed_ns", "process_count", "rated_count", "rogue_count",
                 "rogues_omitted", "max_score", "stress", "unreadable", "complete", "cost_us",
                 "births", "deaths", "rogues", "_pointer", "__weakref__")

    #: When the look began.
    time: Instant
    #: Since the look before; 0 in the first.
    elapsed_ns: int
    #: All processes known after it.
    process_count: int
    #: Those with at least one rate.
    rated_count: int
    rogue_count: int
    #: Selected, but more than a sample holds.
    rogues_omitted: int
    #: The highest score of a rogue.
    max_score: int
    #: What tiers are judged by: max_score, or more.
    stress: int
    #: Processes that could not be read fully.
    unreadable: int
    #: Whether the source looked at every process.
    complete: bool
    #: CPU time that the look and its judging took.
    cost_us: int
    births: int
    deaths: int
    rogues: Tuple[Process, ...]
    _pointer: Any

    def __init__(self) -> None:
        raise TypeError("samples are made by a Collector, a Monitor, or Sample.from_json")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a sample does not change")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a sample does not change")

    def to_json(self) -> str:
        """The one text form: pausemon-protocol(7) says its keys."""
        return written(lib.pausemon_json_encode_sample, self._pointer)

    @staticmethod
    def from_json(text: str) -> "Sample":
        """Reads what `to_json` wrote; FormatError if that is not what it is."""
        error, encoded = new_error(), text.encode("utf-8", "surrogateescape")
        pointer = new_sample()
        check(run(lib.pausemon_json_decode_sample, pointer, encoded, len(encoded), error), error)
        return _take(pointer)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sample):
            return NotImplemented
        return _values(self) == _values(other)

    def __hash__(self) -> int:
        return hash(self.time)

    def __reduce__(self) -> Tuple[Any, ...]:
        raise TypeError("a sample cannot be pickled: keep its to_json()")

    def __copy__(self) -> "Sample":
        return self

    def __deepcopy__(self, memo: Dict[int, Any]) -> "Sample":
        return self

    def __repr__(self) -> str:
        when = self.time.datetime.isoformat(" ", "milliseconds")
        return (f"<pausemon.Sample {when} stress={self.stress} processes={self.process_count} "
                f"rogues={self.rogue_count}>")


def _values(sample: Sample) -> Tuple[Any, ...]:
    return tuple(getattr(sample, name) for name in Sample.__slots__[:-2])


def new_sample() -> Any:
    """An empty C sample that Python frees."""
    return ffi.gc(made("sample", lib.pausemon_sample_new, ffi.NULL), lib.pausemon_sample_free)


def _take(pointer: Any) -> Sample:
    """A Sample of a C sample that nobody else writes to any more."""
    sample = object.__new__(Sample)
    info = lib.pausemon_sample_get_info(pointer)
    rogues = tuple(process_from(lib.pausemon_sample_get_rogue(pointer, index))
                   for index in range(info.rogue_count))
    values: Dict[str, Any] = {name: getattr(info, name) for name in _NUMBERS}
    values.update({name: bool(getattr(info, name)) for name in _BOOLS})
    values.update(time=instant_from(info.time), rogues=rogues, _pointer=pointer)
    for name, value in values.items():
        object.__setattr__(sample, name, value)
    return sample


def sample_from(c: Any) -> Sample:
    """A copy of a C sample that somebody else owns."""
    pointer = new_sample()
    lib.pausemon_sample_copy(pointer, c)
    return _take(pointer)


def sample_or_none(c: Any) -> Optional[Sample]:
    """The same where C may have NULL."""
    return sample_from(c) if c else None
