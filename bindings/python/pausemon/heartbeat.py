# SPDX-License-Identifier: MIT
"""The heartbeat: threads of the C library that feel what ordinary programs feel."""

import weakref
from dataclasses import dataclass
from typing import Optional

from ._core import Handle, Owner, made
from ._pausemon import ffi, lib
from .config import Config, pointer_of
from .monitor import Monitor

__all__ = ["Heartbeat", "HeartbeatInfo"]


@dataclass(frozen=True)
class HeartbeatInfo:
    """How it goes."""

    #: Since the start.
    beats: int
    #: By an interval or more.
    late_beats: int
    #: The latest beat's lateness.
    worst_ns: int
    #: That found the queue to the monitor full.
    lost_reports: int
    #: In force; 0: none was asked for, or it was refused.
    guard_priority: int
    #: Why it was refused; 0.
    priority_errno: int
    #: CPU time its threads have used.
    cpu_ns: int
    #: Why `guard_cpu` was refused (EINVAL: no such CPU); 0.
    cpu_errno: int


class Heartbeat(Owner):
    """Starts the threads that notice a standstill of less than a sampling interval, and report it
    to the monitor. They run C only, without Python's lock: they beat also while Python computes.

    `guard_priority` is SCHED_FIFO 1 to 99, where that is allowed; `guard_cpu` a CPU to stay on;
    `lend_priority` gives the dispatching thread that priority while a beat is late; `witness` lists
    who waits in the kernel at the onset. One heartbeat a monitor.
    """

    def __init__(self, monitor: Monitor, config: Optional[Config] = None, guard_priority: int = 0,
                 guard_cpu: int = -1, lend_priority: bool = False, witness: bool = False) -> None:
        options = ffi.new("struct pausemon_heartbeat_options *")
        lib.python_init_heartbeat_options(options)
        options.guard_priority, options.guard_cpu = guard_priority, guard_cpu
        options.lend_priority, options.witness = int(lend_priority), int(witness)
        with pointer_of(config) as settings, monitor._handle.use() as watched:
            pointer = made("heartbeat", lib.pausemon_heartbeat_start, watched, settings, options)
            self._handle = Handle("heartbeat", pointer, lib.pausemon_heartbeat_stop)
            self._handle.peers.append(weakref.ref(monitor._handle))
        self._monitor = monitor  # who holds the heartbeat wants it to be heard

    @property
    def info(self) -> HeartbeatInfo:
        """How it goes."""
        info = ffi.new("struct pausemon_heartbeat_info *")
        lib.python_init_heartbeat_info(info)
        self._handle.call(lib.pausemon_heartbeat_get_info, info)
        return HeartbeatInfo(info.beats, info.late_beats, info.worst_ns, info.lost_reports,
                             info.guard_priority, info.priority_errno, info.cpu_ns, info.cpu_errno)

    def stop(self) -> None:
        """Ends and joins the threads: the same as close()."""
        self.close()

    def _describe(self) -> str:
        info = self.info
        return f"{info.beats} beats, {info.late_beats} late"
