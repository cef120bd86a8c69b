# SPDX-License-Identifier: MIT
"""Processes: as a source sees them (`Row`) and as the library judges them (`Process`)."""

import sys
from dataclasses import dataclass, replace
from typing import Any, Dict, List, Mapping, Optional, Union

from ._core import Handle, run, text_bytes
from ._pausemon import ffi, lib
from .config import Config, default_config
from .enums import Category, Have, RowVerb, State
from .errors import check, text_of

__all__ = ["Process", "Row", "score"]

# Frozen objects are small where the language can make them so.
_SLOTS: Dict[str, bool] = {"slots": True} if sys.version_info >= (3, 10) else {}

# The field that each bit of `have` speaks of.
_METRICS = {"ppid": Have.PPID, "start_time": Have.START_TIME, "cpu": Have.CPU, "mem": Have.MEM,
            "cmprs": Have.CMPRS, "pageins": Have.PAGEINS, "csw": Have.CSW, "sysbsd": Have.SYSBSD,
            "threads": Have.THREADS, "run_delay_ns": Have.RUN_DELAY, "io_bytes": Have.IO_BYTES,
            "child_cpu_ns": Have.CHILD_CPU, "blocked_ns": Have.BLOCKED}
_PLAIN = ("pid", "score", "elapsed_ns", "stuck_ns")
_ROW = {"ppid": Have.PPID, "start_time": Have.START_TIME, "cpu_ns": Have.CPU,
        "cpu_rate": Have.CPU_RATE, "mem": Have.MEM, "cmprs": Have.CMPRS, "pageins": Have.PAGEINS,
        "csw": Have.CSW, "sysbsd": Have.SYSBSD, "threads": Have.THREADS,
        "run_delay_ns": Have.RUN_DELAY, "io_bytes": Have.IO_BYTES,
        "child_cpu_ns": Have.CHILD_CPU}


@dataclass(frozen=True, **_SLOTS)
class Process:
    """One process, judged. What is not known is None: unknown is not zero.

    >>> busy = Process(pid=7, command="hog", state=State.RUNNING, cpu=1500)
    >>> busy.cpu_percent, busy.mem
    (150.0, None)
    """

    pid: int = 0
    command: str = ""
    state: State = State.UNKNOWN
    #: Tenths of a percent of one core: 1000 is one core, and it may be more.
    cpu: Optional[int] = None
    #: Bytes resident.
    mem: Optional[int] = None
    #: Bytes compressed or swapped out.
    cmprs: Optional[int] = None
    #: Major faults per second.
    pageins: Optional[int] = None
    #: Context switches per second, all threads.
    csw: Optional[int] = None
    #: System calls per second.
    sysbsd: Optional[int] = None
    threads: Optional[int] = None
    ppid: Optional[int] = None
    #: With pid the identity; only equality counts.
    start_time: Optional[int] = None
    #: 0 to 100.
    score: int = 0
    #: Why it was selected as a rogue; empty: it was not.
    categories: Category = Category(0)
    #: Whether the name matches suspects.patterns.
    suspect: bool = False
    #: Between the two looks; 0 after the first. The totals below are over this time.
    elapsed_ns: int = 0
    run_delay_ns: Optional[int] = None
    io_bytes: Optional[int] = None
    child_cpu_ns: Optional[int] = None
    blocked_ns: Optional[int] = None
    #: How long before this look `mem` was read.
    mem_age_ns: Optional[int] = None
    #: In state STUCK: for how long.
    stuck_ns: int = 0

    @property
    def cpu_percent(self) -> Optional[float]:
        """Percent of one core."""
        return None if self.cpu is None else self.cpu / 10

    @property
    def is_rogue(self) -> bool:
        """Whether it was selected."""
        return bool(self.categories)

    def replace(self, **changes: Any) -> "Process":
        """A copy with other values: dataclasses.replace."""
        return replace(self, **changes)


@dataclass
class Row:
    """One process as a source sees it, for `Sink.put`. Counters are totals since it began; None is
    unknown (in a PARTIAL row: as before)."""

    pid: int
    command: str = ""
    state: Optional[State] = None
    cpu_ns: Optional[int] = None
    #: Where only a rate is to be had: tenths of a percent of one core.
    cpu_rate: Optional[int] = None
    mem: Optional[int] = None
    cmprs: Optional[int] = None
    pageins: Optional[int] = None
    csw: Optional[int] = None
    sysbsd: Optional[int] = None
    threads: Optional[int] = None
    ppid: Optional[int] = None
    start_time: Optional[int] = None
    run_delay_ns: Optional[int] = None
    io_bytes: Optional[int] = None
    child_cpu_ns: Optional[int] = None
    verb: RowVerb = RowVerb.FULL
    #: Fields that were refused: the process counts as unreadable.
    denied: Have = Have(0)
    #: Counters that began anew.
    restarted: Have = Have(0)
    #: When it was read, monotonic; 0: the time of the look.
    read_ns: int = 0


def process_from(pointer: Any) -> Process:
    """A copy of what C shows."""
    have = pointer.have
    values: Dict[str, Any] = {name: getattr(pointer, name) if have & bit else None
                              for name, bit in _METRICS.items()}
    for name in _PLAIN:
        values[name] = getattr(pointer, name)
    return Process(command=text_of(pointer.command), state=State(pointer.state),
                   categories=Category(pointer.categories), suspect=bool(pointer.suspect),
                   mem_age_ns=pointer.mem_age_ns if have & Have.MEM else None, **values)


def process_into(process: Process) -> Any:
    """A struct pausemon_process of its own."""
    to = ffi.new("struct pausemon_process *")
    lib.python_init_process(to)
    for name, bit in _METRICS.items():
        value = getattr(process, name)
        if value is not None:
            setattr(to, name, value)
            to.have |= int(bit)
    for name in _PLAIN:
        setattr(to, name, getattr(process, name))
    to.state, to.categories = int(process.state), int(process.categories)
    to.suspect, to.mem_age_ns = int(process.suspect), process.mem_age_ns or 0
    put_command(to, process.command)
    return to


def put_command(to: Any, command: str) -> None:
    """As much of the name as there is room for, cut on a character; the library cleans it."""
    name = command.encode("utf-8", "surrogateescape").split(b"\0")[0]
    end = lib.PAUSEMON_COMMAND_SIZE - 1
    if len(name) > end:
        while end > lib.PAUSEMON_COMMAND_SIZE - 4 and name[end] & 0xc0 == 0x80:
            end -= 1
    to.command = name[:end]


def row_into(row: Row) -> Any:
    """A struct pausemon_row of its own."""
    to = ffi.new("struct pausemon_row *")
    lib.python_init_row(to)
    for name, bit in _ROW.items():
        value = getattr(row, name)
        if value is not None:
            setattr(to, name, value)
            to.have |= int(bit)
    if row.state is not None:
        to.state = int(row.state)
        to.have |= int(Have.STATE)
    to.pid, to.read_ns, to.verb = row.pid, row.read_ns, int(row.verb)
    to.denied, to.restarted = int(row.denied), int(row.restarted)
    run(lib.pausemon_command_copy, to.command, text_bytes(row.command.split("\0")[0]))
    return to


def processes_of(handle: Handle, function: Any) -> List[Process]:
    """All that an indexed getter of `handle` gives. Allowed in its callbacks."""
    found: List[Process] = []
    with handle.use(nested=True) as pointer:
        while True:
            process = run(function, pointer, len(found))
            if not process:
                return found
            found.append(process_from(process))


def score(process: Union[Process, Mapping[str, Any], None] = None, config: Optional[Config] = None,
          **metrics: Any) -> int:
    """How much of the machine one process takes, 0 to 100, by its metrics and its state: those of
    a Process, or of a mapping, or of keyword arguments.

    >>> score(Process(cpu=1000, state=State.RUNNING)) == score(cpu=1000, state=State.RUNNING)
    True
    >>> score()
    0
    """
    if process is not None and not isinstance(process, (Process, Mapping)):
        raise TypeError(f"a Process or its metrics were expected, not {process!r}")
    if not isinstance(process, Process):
        process = Process(**(process or {}))
    judged = process_into(process.replace(**metrics))
    if config is None:
        return check(run(lib.pausemon_score_process, default_config(), judged))
    return check(config._handle.call(lib.pausemon_score_process, judged, nested=True))
