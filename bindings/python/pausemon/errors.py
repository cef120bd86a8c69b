# SPDX-License-Identifier: MIT
"""The exceptions: one for each status of the C library, and two for misuse.

Each is also the builtin exception that a Python programmer would expect:

>>> isinstance(FormatError("line 3: no number"), ValueError)
True
>>> str(BusyError())
'nothing yet'
"""

from typing import Any, Dict, Optional, Tuple, Type

from ._pausemon import ffi, lib
from .enums import Status

__all__ = ["PausemonError", "BusyError", "EndError", "OutOfMemoryError", "InvalidError",
           "FormatError", "LimitError", "IoError", "DeniedError", "NotFoundError",
           "UnsupportedError", "ClosedError", "MisuseError", "UnknownKeyError"]


def text_of(pointer: Any) -> str:
    """A C text; what is no UTF-8 in it stays visible."""
    raw: bytes = ffi.string(pointer)
    return raw.decode("utf-8", "backslashreplace")


class PausemonError(Exception):
    """Whatever this package raises of its own.

    `status` is the C library's number for it, `os_errno` the system's or 0, `line` the line of
    the text that was read or 0; str() is a sentence for people."""

    _status: int = Status.ERR_INVALID

    def __init__(self, text: Optional[str] = None, status: Optional[int] = None,
                 os_errno: int = 0, line: int = 0) -> None:
        self.status = int(self._status if status is None else status)
        if text is None:
            text = text_of(lib.pausemon_status_text(self.status))
        self.text = text
        self.os_errno = os_errno
        self.line = line
        if isinstance(self, OSError):
            super().__init__(os_errno, text)
        else:
            super().__init__(text)

    def __str__(self) -> str:
        return self.text

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self), (self.text, self.status, self.os_errno, self.line), self.__dict__


class BusyError(PausemonError):
    """Nothing yet: wait, and call again."""

    _status = Status.ERR_BUSY


class EndError(PausemonError):
    """The recording is over."""

    _status = Status.ERR_END


class OutOfMemoryError(PausemonError, MemoryError):
    """There is no memory for it."""

    _status = Status.ERR_NOMEM


class InvalidError(PausemonError, ValueError):
    """An argument is wrong; nothing was changed."""

    _status = Status.ERR_INVALID


class FormatError(PausemonError, ValueError):
    """Text or bytes from outside were not understood.

    `issues` holds all that was found where a configuration was read."""

    _status = Status.ERR_FORMAT
    issues: Tuple[Any, ...] = ()


class LimitError(PausemonError):
    """A bound of the library was reached."""

    _status = Status.ERR_LIMIT


class IoError(PausemonError, OSError):
    """The system refused; `os_errno` (and `errno`) says how."""

    _status = Status.ERR_IO


class DeniedError(PausemonError, PermissionError):
    """The rights are missing."""

    _status = Status.ERR_DENIED


class NotFoundError(PausemonError, LookupError):
    """The thing that was named does not exist."""

    _status = Status.ERR_NOT_FOUND


class UnknownKeyError(NotFoundError, KeyError):
    """There is no setting of that name."""


class UnsupportedError(PausemonError):
    """Not on this system, or not in this build."""

    _status = Status.ERR_UNSUPPORTED


class ClosedError(PausemonError):
    """The object was used after it was closed."""


class MisuseError(PausemonError, RuntimeError):
    """The object was used in a way that the C library forbids: by two threads at once, from
    inside its own callback, in a child after fork(), or closed while another object uses it."""


CLASSES: Dict[int, Type[PausemonError]] = {
    each._status: each for each in (
        BusyError, EndError, OutOfMemoryError, InvalidError, FormatError, LimitError, IoError,
        DeniedError, NotFoundError, UnsupportedError)}


def make(status: int, error: Any = None) -> PausemonError:
    """The exception for a status, with what a struct pausemon_error says of it."""
    kind = CLASSES.get(status, PausemonError)
    if not error or error.status != status:
        return kind(None, status)
    return kind(text_of(error.text), status, error.os_errno, error.line)


def new_error() -> Any:
    """A struct pausemon_error to be filled."""
    return ffi.new("struct pausemon_error *")


def check(status: int, error: Any = None) -> int:
    """The status, if it is none of failure; else it is raised."""
    if status < 0:
        raise make(status, error)
    return status
