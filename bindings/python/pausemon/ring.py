# SPDX-License-Identifier: MIT
"""The ring: the last samples, in memory that is taken once."""

from typing import Any, List, Sequence, Tuple, Union, overload

from ._core import Handle, Owner, host, made, run
from ._pausemon import ffi, lib
from .config import Config, pointer_of
from .enums import Tier
from .errors import check
from .sample import Sample, sample_from

__all__ = ["RingBuffer"]

Item = Tuple[Sample, Tier]


class RingBuffer(Owner, Sequence[Item]):
    """The last samples, each with its tier; the oldest is first, and goes when the ring is full.

    `capacity` is a number, or a Config that says how many seconds are kept, or None: the defaults.

    >>> ring = RingBuffer(2)
    >>> from pausemon import watch
    >>> for sample in watch(interval=0.1):
    ...     ring.push(sample, Tier.SENTINEL)
    ...     if len(ring) == ring.capacity:
    ...         break
    >>> ring[-1][0] == sample
    True
    """

    def __init__(self, capacity: Union[int, Config, None] = None) -> None:
        if capacity is None or isinstance(capacity, Config):
            with pointer_of(capacity) as settings:
                capacity = int(run(lib.pausemon_ring_capacity_for, settings))
        pointer = made("ring", lib.pausemon_ring_new, capacity, host)
        self._handle = Handle("ring", pointer, lib.pausemon_ring_free)

    def push(self, sample: Sample, tier: Tier = Tier.SENTINEL) -> None:
        """Copies the sample in."""
        self._handle.call(lib.pausemon_ring_push, sample._pointer, int(tier))

    def clear(self) -> None:
        """Forgets all of them."""
        self._handle.call(lib.pausemon_ring_clear)

    @property
    def capacity(self) -> int:
        """How many it holds at most."""
        return int(self._handle.call(lib.pausemon_ring_get_capacity))

    def freeze(self) -> "RingBuffer":
        """A copy that does not change with this one."""
        with self._handle.use() as pointer:
            return frozen(pointer)

    def __len__(self) -> int:
        return int(self._handle.call(lib.pausemon_ring_get_count))

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> List[Item]: ...

    def __getitem__(self, index: Union[int, slice]) -> Union[Item, List[Item]]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        tier = ffi.new("uint64_t *")
        with self._handle.use() as pointer:
            count = lib.pausemon_ring_get_count(pointer)
            at = index + count if index < 0 else index
            if not 0 <= at < count:
                raise IndexError(f"the ring holds {count} samples: there is no {index}")
            return sample_from(run(lib.pausemon_ring_get, pointer, at, tier)), Tier(tier[0])

    def _describe(self) -> str:
        return f"{len(self)} of {self.capacity}"


def frozen(pointer: Any) -> RingBuffer:
    """A ring of its own that holds what a C ring does."""
    ring = RingBuffer(int(lib.pausemon_ring_get_capacity(pointer)))
    check(ring._handle.call(lib.pausemon_ring_freeze, pointer))
    return ring
