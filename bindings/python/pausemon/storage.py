# SPDX-License-Identifier: MIT
"""The incident database: a Storage writes it, a History reads it."""

import datetime
import os
import weakref
from dataclasses import dataclass
from typing import Any, List, NamedTuple, Optional, Tuple, Union

from ._core import Each, Handle, Owner, behind, host, made, path_bytes, run, text_bytes
from ._pausemon import ffi, lib
from .config import Config, pointer_of
from .enums import Cause, Disk, RemovalWhy, Review, Tier
from .errors import check, new_error, text_of
from .monitor import Monitor
from .pause import (Capture, Escalation, Pause, capture_from, capture_into, escalation_from,
                    pause_from)
from .sample import Sample, sample_from

__all__ = ["HardEnd", "History", "Hour", "Removal", "Storage", "StorageInfo"]

Path = Union[str, "os.PathLike[str]"]
Time = Union[datetime.datetime, int, None]


@dataclass(frozen=True)
class StorageInfo:
    """How it goes."""

    #: Records that wait now.
    queued: int
    #: Lost since the open, because too many waited.
    dropped: int
    #: Committed since the open.
    written: int
    #: How the last flush ended.
    disk: Disk


@dataclass(frozen=True)
class Removal:
    """Something that goes, or would go: an escalation with its samples, a capture, or rows that
    are many and small."""

    why: RemovalWhy
    escalation: Optional[Escalation]
    #: The name of its directory.
    capture: Optional[str]
    #: Of the capture.
    bytes: int
    #: So many, where it is neither.
    pauses: int = 0
    #: So many of the scores, where it is neither.
    hours: int = 0


@dataclass(frozen=True)
class Hour:
    """The samples of one hour of UTC."""

    #: Realtime.
    start_ns: int
    #: Of all scores; at least 1.
    samples: int
    #: How many samples had each score, 0 to 100.
    counts: Tuple[int, ...]


class HardEnd(NamedTuple):
    """A boot that ended without shutdown."""

    last_alive_ns: int
    noted_ns: int


def attach_to(handle: Handle, monitor: Monitor, function: Any) -> None:
    """Subscribes a C object of ours to a monitor; either may then go first."""
    error = new_error()
    with handle.use() as pointer, monitor._handle.use(nested=True) as watched:
        check(run(function, pointer, watched, error), error)
        handle.peers.append(weakref.ref(monitor._handle))


def _removal(c: Any) -> Removal:
    return Removal(RemovalWhy(c.why), escalation_from(c.escalation) if c.escalation else None,
                   text_of(c.capture) if c.capture else None, c.bytes, c.pauses, c.hours)


@behind("python_removal_fn")
def _gone(target: Each, c: Any) -> None:
    target.add(c)


class Storage(Owner):
    """Opens or makes the database at `path`. `group`: files are 0660 and of this group id; else
    0600. `queue`: records that wait in memory; 0: 128. `keep`: what is corrupt is not moved aside,
    and raises.

    `attach` subscribes; what the monitor tells waits in memory until `flush` writes it, about once
    a second. `flush`, `add_capture`, `prune` and `finish` may be called on one other thread while
    the monitor dispatches; `info` on any. BusyError: another program holds the database.
    """

    def __init__(self, path: Path, group: Optional[int] = None, queue: int = 0,
                 keep: bool = False) -> None:
        options = ffi.new("struct pausemon_storage_options *")
        lib.python_init_storage_options(options)
        options.group, options.queue = -1 if group is None else group, queue
        options.keep = int(keep)
        pointer = made("storage", lib.pausemon_storage_open, path_bytes(path), options, host)
        self._handle = Handle("storage", pointer, lib.pausemon_storage_free)
        self._path = os.fspath(path)

    def attach(self, monitor: Monitor) -> None:
        """Subscribes, once, before the first flush. Ids go on above the highest ever given."""
        attach_to(self._handle, monitor, lib.pausemon_storage_attach)

    def flush(self) -> int:
        """Writes what waits, in one transaction; other threads of Python go on meanwhile. Returns
        the records written. When it raises, nothing is lost: they wait for the next call."""
        error = new_error()
        return check(self._handle.call(lib.pausemon_storage_flush, error), error)

    @property
    def info(self) -> StorageInfo:
        """How it goes. From any thread."""
        info = ffi.new("struct pausemon_storage_info *")
        lib.python_init_storage_info(info)
        with self._handle.pin() as pointer:
            run(lib.pausemon_storage_get_info, pointer, info)
        return StorageInfo(info.queued, info.dropped, info.written, Disk(info.disk))

    def add_capture(self, capture: Capture) -> None:
        """A capture was begun, or is complete."""
        error, c = new_error(), capture_into(capture)
        check(self._handle.call(lib.pausemon_storage_add_capture, c, error), error)

    def prune(self, config: Optional[Config] = None, evidence: Optional[Path] = None,
              dry_run: bool = False) -> List[Removal]:
        """Removes what [retention] no longer allows, and says what. `evidence` is the directory of
        captures; without it they are left alone. `dry_run`: nothing is changed."""
        how, each, error = ffi.new("struct pausemon_retention *"), Each(_removal), new_error()
        lib.python_init_retention(how)
        kept = None if evidence is None else ffi.new("char[]", path_bytes(evidence))
        how.evidence = ffi.NULL if kept is None else kept
        how.dry_run, how.user, how.gone = int(dry_run), each.user, lib.python_removal_fn
        with pointer_of(config) as settings:
            check(self._handle.call(lib.pausemon_storage_prune, settings, how, error), error)
        found: List[Removal] = each.found
        return found

    def finish(self) -> None:
        """The program ends in good order: said in the file, with a last flush."""
        error = new_error()
        check(self._handle.call(lib.pausemon_storage_finish, error), error)

    def _describe(self) -> str:
        return repr(self._path)


# ---- reading ----

@behind("python_escalation_fn", failed=lib.PAUSEMON_ERR_IO)
def _each_event(target: Each, c: Any) -> int:
    return target.add(c)


@behind("python_pause_fn", failed=lib.PAUSEMON_ERR_IO)
def _each_pause(target: Each, c: Any) -> int:
    return target.add(c)


@behind("python_sample_fn", failed=lib.PAUSEMON_ERR_IO)
def _each_sample(target: Each, c: Any, tier: int) -> int:
    return target.add(c, tier)


@behind("python_capture_fn", failed=lib.PAUSEMON_ERR_IO)
def _each_capture(target: Each, c: Any) -> int:
    return target.add(c)


@behind("python_hour_fn", failed=lib.PAUSEMON_ERR_IO)
def _each_hour(target: Each, c: Any) -> int:
    return target.add(c)


def sample_and_tier(c: Any, tier: int) -> Tuple[Sample, Tier]:
    """What rings and histories hold."""
    return sample_from(c), Tier(tier)


def _hour(c: Any) -> Hour:
    return Hour(c.start_ns, c.samples, tuple(c.counts))


def _ns(when: Time) -> int:
    """Realtime; a datetime without a zone is local time."""
    if when is None:
        return 0
    if isinstance(when, datetime.datetime):
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return (when.astimezone() - epoch) // datetime.timedelta(microseconds=1) * 1000
    return int(when)


class History(Owner):
    """Reads a database, also while it is written. NotFoundError: there is no such file;
    FormatError: it is no incident database. Times are datetimes or realtime ns; None: all."""

    def __init__(self, path: Path) -> None:
        pointer = made("history", lib.pausemon_history_open, path_bytes(path), host)
        self._handle = Handle("history", pointer, lib.pausemon_history_free)
        self._path = os.fspath(path)

    def _all(self, function: Any, before: Tuple[Any, ...], behind: Any, each: Each) -> Any:
        error = new_error()
        check(self._handle.call(function, *before, behind, each.user, error), error)
        return each.found

    def _filter(self, since: Time, until: Time, limit: int, id: Optional[int],
                review: Optional[int], cause: Optional[int]) -> Any:
        chosen = ffi.new("struct pausemon_history_filter *")
        lib.python_init_history_filter(chosen)
        chosen.since_ns, chosen.until_ns, chosen.limit = _ns(since), _ns(until), limit
        chosen.id = 0 if id is None else id
        chosen.review = -1 if review is None else int(review)
        chosen.cause = -1 if cause is None else int(cause)
        return chosen

    def events(self, since: Time = None, until: Time = None, limit: int = 0,
               id: Optional[int] = None, review: Optional[Review] = None) -> List[Escalation]:
        """Escalations, the newest first: those that ended, or go on, at or after `since` and began
        before `until`; the newest `limit` of them."""
        chosen = self._filter(since, until, limit, id, review, None)
        found: List[Escalation] = self._all(lib.pausemon_history_events, (chosen,),
                                            lib.python_escalation_fn, Each(escalation_from))
        return found

    def pauses(self, since: Time = None, until: Time = None, limit: int = 0,
               id: Optional[int] = None, cause: Optional[Cause] = None) -> List[Pause]:
        """Pauses, likewise."""
        chosen = self._filter(since, until, limit, id, None, cause)
        found: List[Pause] = self._all(lib.pausemon_history_pauses, (chosen,),
                                       lib.python_pause_fn, Each(pause_from))
        return found

    def samples(self, event_id: int) -> List[Tuple[Sample, Tier]]:
        """The samples of one escalation, the oldest first."""
        found: List[Tuple[Sample, Tier]] = self._all(
            lib.pausemon_history_samples, (event_id,), lib.python_sample_fn,
            Each(sample_and_tier))
        return found

    def captures(self, event_id: int = 0) -> List[Capture]:
        """The captures of one escalation (0: all), the newest first."""
        found: List[Capture] = self._all(lib.pausemon_history_captures, (event_id,),
                                         lib.python_capture_fn, Each(capture_from))
        return found

    def hours(self, since: Time = None, until: Time = None) -> List[Hour]:
        """How many samples had each score, hour by hour, the oldest first."""
        found: List[Hour] = self._all(lib.pausemon_history_hours, (_ns(since), _ns(until)),
                                      lib.python_hour_fn, Each(_hour))
        return found

    def histogram(self, since: Time = None, until: Time = None) -> List[int]:
        """The sum of the same: how many samples had each score, 0 to 100."""
        counts, error = ffi.new("uint64_t[101]"), new_error()
        check(self._handle.call(lib.pausemon_history_histogram, _ns(since), _ns(until), counts,
                                error), error)
        return list(counts)

    def hard_end(self) -> Optional[HardEnd]:
        """The newest boot that ended without shutdown."""
        alive, noted, error = ffi.new("int64_t *"), ffi.new("int64_t *"), new_error()
        call = self._handle.call
        is_there = check(call(lib.pausemon_history_hard_end, alive, noted, error), error)
        return HardEnd(alive[0], noted[0]) if is_there else None

    def mark(self, event_id: int, review: Review, notes: Optional[str] = None) -> None:
        """Changes what a person makes of an escalation; `notes` None leaves them."""
        error = new_error()
        said = ffi.NULL if notes is None else text_bytes(notes)
        check(self._handle.call(lib.pausemon_history_mark, event_id, int(review), said, error),
              error)

    def _describe(self) -> str:
        return repr(self._path)
