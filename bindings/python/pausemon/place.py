# SPDX-License-Identifier: MIT
"""Where the daemon keeps what it knows."""

import os

from ._pausemon import ffi, lib
from .enums import Owner, Place
from .errors import check, new_error

__all__ = ["find_place"]

_SIZE = 4096


def find_place(place: Place, owner: Owner = Owner.ANY) -> str:
    """The path of something of the daemon's: the user's if it is there, else the system's if that
    is, else the user's; or that of the one owner that is asked for. Makes nothing.

    >>> find_place(Place.DATABASE, Owner.SYSTEM)
    '/var/lib/pause-monitor/data.db'
    """
    path, error = ffi.new("char[]", _SIZE), new_error()
    check(lib.pausemon_place_find(path, _SIZE, int(place), int(owner), error), error)
    return os.fsdecode(ffi.string(path))
