# SPDX-License-Identifier: MIT
"""Pauses, with what speaks for their cause; escalations; captures: copies that never change."""

from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

from ._core import made, run, written
from ._pausemon import ffi, lib
from .enums import CaptureReason, Cause, Detector, Loss, Review, Tier
from .errors import check, new_error, text_of
from .sample import Instant, instant_from

__all__ = ["Capture", "Culprit", "Escalation", "Evidence", "Pause", "Victim", "duration_text"]


@dataclass(frozen=True)
class Evidence:
    """One reading over a pause."""

    value: int
    #: It is a difference over this time, which holds the pause; 0: it is no difference.
    window_ns: int


@dataclass(frozen=True)
class Culprit:
    """Who took what was contended; processes of one command that acted together are one."""

    #: Of the one that took most.
    pid: int
    command: str
    #: CPU, MEMORY or IO.
    resource: Cause
    #: Thousandths of what was taken by all.
    share: int
    #: Processes.
    count: int
    suspect: bool
    start_time: Optional[int]
    uid: Optional[int]
    exe: Optional[str]
    #: The systemd unit or container.
    unit: Optional[str]


@dataclass(frozen=True)
class Victim:
    """Who suffered."""

    pid: int
    command: str
    #: Of all its threads: may exceed the pause.
    lost_ns: int
    how: Loss


class Pause:
    """A time in which the machine, or what ordinary programs get of it, stood still."""

    __slots__ = ("id", "start", "end", "duration_ns", "lost_ns", "detectors", "cause",
                 "confidence", "tier", "event_id", "forensics", "evidence", "culprits", "victims",
                 "verdict", "_pointer", "__weakref__")

    #: None: it has none.
    id: Optional[int]
    start: Instant
    end: Instant
    #: From the first onset to the last recovery.
    duration_ns: int
    #: Of it, what was lost.
    lost_ns: int
    detectors: Detector
    cause: Cause
    #: Thousandths, 0 to 990: the part of the lost time that the cause explains.
    confidence: int
    tier: Optional[Tier]
    #: The escalation it fell into or began.
    event_id: Optional[int]
    #: The name of the capture it led to.
    forensics: Optional[str]
    evidence: Dict[str, Evidence]
    culprits: Tuple[Culprit, ...]
    victims: Tuple[Victim, ...]
    #: The sentence for people.
    verdict: str
    _pointer: Any

    def __init__(self) -> None:
        raise TypeError("pauses are told by a Monitor, a History, or Pause.from_json")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a pause does not change")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a pause does not change")

    def to_json(self) -> str:
        """The one text form: pausemon-protocol(7) says its keys."""
        return written(lib.pausemon_json_encode_pause, self._pointer)

    @staticmethod
    def from_json(text: str) -> "Pause":
        """Reads what `to_json` wrote; FormatError if that is not what it is."""
        error, encoded = new_error(), text.encode("utf-8", "surrogateescape")
        pointer = _new()
        check(run(lib.pausemon_json_decode_pause, pointer, encoded, len(encoded), error), error)
        return _take(pointer)

    def enriched(self) -> "Pause":
        """A copy in which executable, user and unit of the culprits are looked up, of those that
        are still there. It reads files of /proc and may wait for them."""
        pointer = _new()
        lib.pausemon_pause_copy(pointer, self._pointer)
        run(lib.pausemon_pause_enrich, pointer)
        return _take(pointer)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pause):
            return NotImplemented
        names = Pause.__slots__[:-2]
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def __hash__(self) -> int:
        return hash((self.id, self.start))

    def __reduce__(self) -> Tuple[Any, ...]:
        raise TypeError("a pause cannot be pickled: keep its to_json()")

    def __copy__(self) -> "Pause":
        return self

    def __deepcopy__(self, memo: Dict[int, Any]) -> "Pause":
        return self

    def __repr__(self) -> str:
        return f"<pausemon.Pause {self.id} {self.verdict!r}>"


@dataclass(frozen=True)
class Escalation:
    """The time from tier 1 upward until it is tier 1 again; to people, an "event"."""

    id: int
    start: Instant
    #: None while it goes on.
    end: Optional[Instant]
    open: bool
    #: 0 to 100.
    peak_stress: int
    peak_tier: Tier
    review: Review
    #: Samples kept of it so far.
    sample_count: int
    notes: Optional[str]


@dataclass(frozen=True)
class Capture:
    """One directory of evidence."""

    #: Of its directory.
    name: str
    #: Realtime at which it was begun.
    start_ns: int
    reason: CaptureReason
    event_id: Optional[int] = None
    pause_id: Optional[int] = None
    #: Of its files.
    bytes: int = 0
    #: False: it goes on, or was interrupted.
    complete: bool = False


def duration_text(ns: int) -> str:
    """A length of time for people.

    >>> duration_text(2_310_000_000), duration_text(192_000_000_000)
    ('2.31 s', '3 min 12 s')
    """
    text = ffi.new("char[]", lib.PAUSEMON_DURATION_SIZE)
    lib.pausemon_duration_text(text, ns)
    return text_of(text)


# ---- copies of what C shows ----

def _new() -> Any:
    """An empty C pause that Python frees."""
    return ffi.gc(made("pause", lib.pausemon_pause_new, ffi.NULL), lib.pausemon_pause_free)


def _culprit(c: Any) -> Culprit:
    return Culprit(c.pid, text_of(c.command), Cause(c.resource), c.share, c.count,
                   bool(c.suspect), c.start_time or None, None if c.uid < 0 else c.uid,
                   text_of(c.exe) or None, text_of(c.unit) or None)


def _take(pointer: Any) -> Pause:
    """A Pause of a C pause that nobody else writes to any more."""
    info = lib.pausemon_pause_get_info(pointer)
    evidence = {}
    for index in range(info.evidence_count):
        c = lib.pausemon_pause_get_evidence(pointer, index)
        evidence[text_of(c.name)] = Evidence(c.value, c.window_ns)
    culprits = tuple(_culprit(lib.pausemon_pause_get_culprit(pointer, index))
                     for index in range(info.culprit_count))
    victims = []
    for index in range(info.victim_count):
        c = lib.pausemon_pause_get_victim(pointer, index)
        victims.append(Victim(c.pid, text_of(c.command), c.lost_ns, Loss(c.how)))
    values: Dict[str, Any] = {
        "id": info.id or None, "start": instant_from(info.start), "end": instant_from(info.end),
        "duration_ns": info.duration_ns, "lost_ns": info.lost_ns,
        "detectors": Detector(info.detectors), "cause": Cause(info.cause),
        "confidence": info.confidence, "tier": Tier(info.tier) if info.tier else None,
        "event_id": info.event_id or None, "forensics": text_of(info.forensics) or None,
        "evidence": evidence, "culprits": culprits, "victims": tuple(victims),
        "verdict": written(lib.pausemon_pause_write_verdict, pointer), "_pointer": pointer}
    pause = object.__new__(Pause)
    for name, value in values.items():
        object.__setattr__(pause, name, value)
    return pause


def pause_from(c: Any) -> Pause:
    """A copy of a C pause that somebody else owns."""
    pointer = _new()
    lib.pausemon_pause_copy(pointer, c)
    return _take(pointer)


def escalation_from(c: Any) -> Escalation:
    """A copy of a struct pausemon_escalation."""
    return Escalation(c.id, instant_from(c.start), None if c.open else instant_from(c.end),
                      bool(c.open), c.peak_stress, Tier(c.peak_tier), Review(c.review),
                      c.sample_count, text_of(c.notes) if c.notes else None)


def capture_from(c: Any) -> Capture:
    """A copy of a struct pausemon_capture."""
    return Capture(text_of(c.name), c.start_ns, CaptureReason(c.reason), c.event_id or None,
                   c.pause_id or None, c.bytes, bool(c.complete))


def capture_into(capture: Capture) -> Any:
    """A struct pausemon_capture of its own."""
    to = ffi.new("struct pausemon_capture *")
    lib.python_init_capture(to)
    name = capture.name.encode("utf-8", "surrogateescape")
    if len(name) >= lib.PAUSEMON_CAPTURE_NAME_SIZE:
        raise ValueError(f"a name of more than {lib.PAUSEMON_CAPTURE_NAME_SIZE - 1} bytes")
    to.name, to.start_ns, to.reason = name, capture.start_ns, int(capture.reason)
    to.event_id, to.pause_id = capture.event_id or 0, capture.pause_id or 0
    to.bytes, to.complete = capture.bytes, int(capture.complete)
    return to
