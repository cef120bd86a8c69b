# SPDX-License-Identifier: MIT
"""What froze this machine, for how long, why, and who did it.

    for sample in pausemon.watch(interval=1):
        for process in sample.rogues:
            print(process.command, process.score)

Everything is in this package; its modules are how it is laid out. Times are nanoseconds (`*_ns`),
rates are per second, and what is not known is None.
"""

from ._core import text_bytes as _text_bytes
from ._pausemon import lib as _lib
from .aio import EventStream as EventStream
from .client import *
from .collector import *
from .config import *
from .enums import *
from .errors import *
from .errors import text_of as _text_of
from .forensics import *
from .heartbeat import *
from .monitor import *
from .pause import *
from .place import *
from .process import *
from .ring import *
from .sample import *
from .source import *
from .storage import *
from .tiers import *


def version() -> str:
    """That of the C library: "0.1.0"."""
    return _text_of(_lib.pausemon_version())


def has(part: str) -> bool:
    """Whether the C library was built with the part: "json", "config", "storage"."""
    return bool(_lib.pausemon_has(_text_bytes(part)))
