# SPDX-License-Identifier: MIT
"""The tier manager: up at once, down after tiers.hold_ms below the threshold."""

from typing import NamedTuple, Optional

from ._core import Handle, Owner, host, made
from ._pausemon import ffi, lib
from .config import Config, pointer_of
from .enums import Tier, TierAction

__all__ = ["TierChange", "TierManager"]


class TierChange(NamedTuple):
    """What an update did."""

    tier: Tier
    actions: TierAction


class TierManager(Owner):
    """Judges one stress after the other. Pure: time comes from you.

    >>> tiers = TierManager()
    >>> change = tiers.update(100, now_ns=0)
    >>> print(change.tier, change.actions)
    critical tier3_entry
    """

    def __init__(self, config: Optional[Config] = None) -> None:
        with pointer_of(config) as settings:
            pointer = made("tiers", lib.pausemon_tiers_new, settings, host)
        self._handle = Handle("tier manager", pointer, lib.pausemon_tiers_free)

    def update(self, stress: int, now_ns: int) -> TierChange:
        """One sample's stress (0 to 100; more counts as 100) at a monotonic time."""
        actions = ffi.new("uint64_t *")
        tier = self._handle.call(lib.pausemon_tiers_update, stress, now_ns, actions)
        return TierChange(Tier(tier), TierAction(actions[0]))

    def skip(self, gap_ns: int) -> None:
        """So much time before the next update passed without sampling: it does not count."""
        self._handle.call(lib.pausemon_tiers_skip, gap_ns)

    @property
    def tier(self) -> Tier:
        """The tier now."""
        return Tier(self._handle.call(lib.pausemon_tiers_get))

    @property
    def peak(self) -> int:
        """The highest stress since the entry; 0 before any."""
        return int(self._handle.call(lib.pausemon_tiers_get_peak))

    def set_config(self, config: Config) -> None:
        """New thresholds and hold time; tier, peak and timers stay."""
        with pointer_of(config) as settings:
            self._handle.call(lib.pausemon_tiers_set_config, settings)

    def _describe(self) -> str:
        return f"{self.tier}, peak {self.peak}"
