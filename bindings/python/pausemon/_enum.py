# SPDX-License-Identifier: MIT
"""What all enums share: the names that C gives them, and values that are newer than the headers."""

import enum
from typing import Any, Optional


class Named(enum.IntEnum):
    """A whole number with a name; str() gives the name as the C library says it ("cpu").

    A value that a newer library gives and these headers do not know stays a number with the name
    "unknown_<value>" instead of being an error."""

    @classmethod
    def _missing_(cls, value: object) -> Optional[Any]:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        return member

    def __str__(self) -> str:
        return self.name.lower()

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


class Flag(enum.IntFlag):
    """Bits with names; str() joins the names of those that are set with "|"."""

    def __str__(self) -> str:
        members = type(self).__members__.items()
        return "|".join(name.lower() for name, member in members
                        if _is_one_bit(member.value) and self.value & member.value)

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


def _is_one_bit(value: int) -> bool:
    return value > 0 and value & (value - 1) == 0
