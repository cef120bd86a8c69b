# SPDX-License-Identifier: MIT
"""What a freeze left behind: captures, the black box, notifications. Subscribers of a monitor that
remember in memory, and write or tell on whichever one thread you like."""

import os
from dataclasses import dataclass
from typing import Any, Callable, List, NamedTuple, Optional, Tuple

from ._core import Each, Handle, Owner, Target, behind, host, made, path_bytes, run
from ._pausemon import ffi, lib
from .config import Config, pointer_of
from .enums import ArtifactState, BlackboxEnd, Tier
from .errors import check, new_error, text_of
from .monitor import Monitor
from .pause import Capture, capture_from, capture_into
from .sample import Sample
from .storage import Path, attach_to, sample_and_tier

__all__ = ["Alerts", "Artifact", "Blackbox", "BlackboxInfo", "Forensics", "Recording"]


# ---- captures ----

@dataclass(frozen=True)
class Artifact:
    """What can be expected of one artifact on this machine, with these rights."""

    name: str
    state: ArtifactState
    #: What is lost, and how to get it; "" when OK.
    text: str


class _Options(Target):
    def __init__(self, idle: Optional[Callable[[], Any]],
                 changed: Optional[Callable[[Capture], Any]]) -> None:
        super().__init__()
        self.idle = idle
        self.changed = changed


@behind("python_forensics_options_idle")
def _idle(target: _Options) -> None:
    if target.idle:
        target.idle()


@behind("python_forensics_options_changed")
def _changed(target: _Options, capture: Any) -> None:
    if target.changed:
        target.changed(capture_from(capture))


@behind("python_artifact_fn")
def _each_artifact(target: Each, c: Any) -> None:
    target.add(c)


def _artifact(c: Any) -> Artifact:
    return Artifact(text_of(c.name), ArtifactState(c.state), text_of(c.text))


class Forensics(Owner):
    """Captures evidence into `directory` ("…/events", which is made; its parent must be there).

    `group`: directories are 0750 and files 0640 of this group id. `only_root`: forensics.hook must
    be root's. `idle()` is called about once a second while `run` waits for tools;
    `changed(capture)` when a directory was made, when it is complete, and when a pause was merged
    into it. What they raise is raised by `run`, when it has done its work.
    """

    def __init__(self, directory: Path, config: Optional[Config] = None,
                 group: Optional[int] = None, only_root: bool = False,
                 idle: Optional[Callable[[], Any]] = None,
                 changed: Optional[Callable[[Capture], Any]] = None) -> None:
        options = ffi.new("struct pausemon_forensics_options *")
        target = _Options(idle, changed)
        lib.python_init_forensics_options(options)
        options.group = -1 if group is None else group
        options.only_root, options.user = int(only_root), target.user
        options.idle = lib.python_forensics_options_idle
        options.changed = lib.python_forensics_options_changed
        with pointer_of(config) as settings:
            pointer = made("forensics", lib.pausemon_forensics_new, path_bytes(directory),
                           settings, options, host)
        self._handle = Handle("forensics", pointer, lib.pausemon_forensics_free)
        self._handle.keep.append(target)
        self._directory = os.fspath(directory)

    def attach(self, monitor: Monitor) -> None:
        """Subscribes, once."""
        attach_to(self._handle, monitor, lib.pausemon_forensics_attach)

    def request(self) -> None:
        """Asks for a capture by the next run, whatever happens. From any thread."""
        with self._handle.pin() as pointer:
            run(lib.pausemon_forensics_request, pointer)

    def cancel(self) -> None:
        """From any thread: a run that goes on completes what it has at once, and no further one
        captures."""
        with self._handle.pin() as pointer:
            run(lib.pausemon_forensics_cancel, pointer)

    def run(self) -> int:
        """Does what is due: about once a second, on one thread. It may take as long as the longest
        limit of a tool. Returns the captures that were completed, 0 or 1."""
        error = new_error()
        return check(self._handle.call(lib.pausemon_forensics_run, error), error)

    def set_config(self, config: Config) -> None:
        """Reload; on run's thread."""
        with pointer_of(config) as settings:
            self._handle.call(lib.pausemon_forensics_set_config, settings)

    @staticmethod
    def probe(config: Optional[Config] = None) -> List[Artifact]:
        """What can be expected of every artifact of this system. Makes none, runs nothing."""
        each = Each(_artifact)
        with pointer_of(config) as settings:
            check(run(lib.pausemon_forensics_probe, settings, lib.python_artifact_fn,
                      each.user))
        found: List[Artifact] = each.found
        return found

    def _describe(self) -> str:
        return repr(self._directory)


# ---- the black box ----

@dataclass(frozen=True)
class BlackboxInfo:
    """How the run that wrote a black box went."""

    end: BlackboxEnd
    #: Realtime.
    begin_ns: int
    #: Realtime of the last sample; None: there is none.
    last_ns: Optional[int]
    #: That can be trusted.
    samples: int
    torn: int
    stale: int
    lost: int
    beats: int
    late_beats: int
    worst_beat_ns: int
    boot_id: Optional[str]


class Recording(NamedTuple):
    """What a black box holds."""

    info: BlackboxInfo
    #: The oldest first.
    samples: List[Tuple[Sample, Tier]]


def _new_info() -> Any:
    info = ffi.new("struct pausemon_blackbox_info *")
    lib.python_init_blackbox_info(info)
    return info


def _info(c: Any) -> BlackboxInfo:
    return BlackboxInfo(BlackboxEnd(c.end), c.begin_ns, c.last_ns or None, c.samples, c.torn,
                        c.stale, c.lost, c.beats, c.late_beats, c.worst_beat_ns,
                        text_of(c.boot_id) or None)


class Blackbox(Owner):
    """The last samples in one small file that is synced: makes `path` anew. What was there before
    is said in `before`, and kept as PATH.last if its boot ended without shutdown."""

    def __init__(self, path: Path, group: Optional[int] = None) -> None:
        options, before = ffi.new("struct pausemon_blackbox_options *"), _new_info()
        lib.python_init_blackbox_options(options)
        options.group = -1 if group is None else group
        pointer = made("blackbox", lib.pausemon_blackbox_open, path_bytes(path), options, before,
                       host)
        self._handle = Handle("black box", pointer, lib.pausemon_blackbox_free)
        self._path = os.fspath(path)
        #: What was there; None: nothing, or no black box.
        self.before: Optional[BlackboxInfo] = _info(before) if before.begin_ns else None

    def attach(self, monitor: Monitor) -> None:
        """Subscribes, once: every sample is copied into memory."""
        attach_to(self._handle, monitor, lib.pausemon_blackbox_attach)

    def flush(self) -> int:
        """Writes what waits and syncs: about once a second, on one thread. Returns the records."""
        error = new_error()
        return check(self._handle.call(lib.pausemon_blackbox_flush, error), error)

    def finish(self) -> None:
        """The run ends in good order: said in the file, with a last flush."""
        error = new_error()
        check(self._handle.call(lib.pausemon_blackbox_finish, error), error)

    @staticmethod
    def read(path: Path) -> Recording:
        """Reads one, also while it is written."""
        info, each, error = _new_info(), Each(sample_and_tier), new_error()
        check(run(lib.pausemon_blackbox_read, path_bytes(path), info,
                  lib.python_sample_fn, each.user, host, error), error)
        return Recording(_info(info), each.found)

    def _describe(self) -> str:
        return repr(self._path)


# ---- notifications ----

def _alert_options(everybody: bool) -> Any:
    options = ffi.new("struct pausemon_alerts_options *")
    lib.python_init_alerts_options(options)
    options.everybody = int(everybody)
    return options


class Alerts(Owner):
    """Notifications on the desktop, by the settings [alerts]. `everybody`: runs as root, and tells
    each user who has a session."""

    def __init__(self, config: Optional[Config] = None, everybody: bool = False) -> None:
        with pointer_of(config) as settings:
            pointer = made("alerts", lib.pausemon_alerts_new, settings, _alert_options(everybody),
                           host)
        self._handle = Handle("alerts", pointer, lib.pausemon_alerts_free)

    def attach(self, monitor: Monitor) -> None:
        """Subscribes, once."""
        attach_to(self._handle, monitor, lib.pausemon_alerts_attach)

    def note_capture(self, capture: Capture) -> None:
        """A capture is complete. On run's thread."""
        self._handle.call(lib.pausemon_alerts_note_capture, capture_into(capture))

    def run(self) -> int:
        """Starts what is due and looks after what runs, without waiting: about once a second, on
        one thread. Returns the notifications that were begun."""
        error = new_error()
        return check(self._handle.call(lib.pausemon_alerts_run, error), error)

    def set_config(self, config: Config) -> None:
        """Reload; on run's thread."""
        with pointer_of(config) as settings:
            self._handle.call(lib.pausemon_alerts_set_config, settings)

    @staticmethod
    def probe(everybody: bool = False) -> None:
        """Raises, and says why, if no notification can be had here. Runs nothing."""
        error = new_error()
        check(run(lib.pausemon_alerts_probe, _alert_options(everybody), error), error)
