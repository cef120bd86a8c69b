# SPDX-License-Identifier: MIT
"""Plain models, written from the specification and not from the code: the score, the tiers."""
from fractions import Fraction
from math import floor

MILLION = 1_000_000
GIB = 1 << 30

# metric: (weight, full scale, units of the value in one of the scale)
METRICS = {
    "cpu": ("scoring.weights.cpu", "scoring.normalization.cpu", 10),
    "mem": ("scoring.weights.mem", "scoring.normalization.mem_gb", GIB),
    "cmprs": ("scoring.weights.cmprs", "scoring.normalization.cmprs_gb", GIB),
    "pageins": ("scoring.weights.pageins", "scoring.normalization.pageins", 1),
    "csw": ("scoring.weights.csw", "scoring.normalization.csw", 1),
    "sysbsd": ("scoring.weights.sysbsd", "scoring.normalization.sysbsd", 1),
    "threads": ("scoring.weights.threads", "scoring.normalization.threads", 1),
}
STATE_FACTORS = {"stuck": 1_000_000, "zombie": 800_000, "halted": 600_000, "stopped": 400_000}


def exact(number):
    """A number of the configuration as it is written: at most three decimals."""
    return Fraction(round(number * 1000), 1000)


def share(value, full):
    """min(1, value / full) in millionths, rounded half up."""
    return min(MILLION, floor(Fraction(value) / full * MILLION + Fraction(1, 2)))


def score(values, state, settings):
    """`values`: a number or None a metric; `settings`: key → value, all of scoring.*."""
    total = settings["scoring.weights.state"] * STATE_FACTORS.get(state, 0)
    for name, (weight, scale, units) in METRICS.items():
        if values.get(name) is not None:
            total += settings[weight] * share(values[name], exact(settings[scale]) * units)
    multiplier = exact(settings.get(f"scoring.state_multipliers.{state}", 1))
    return floor(min(total, 100 * MILLION) * multiplier / MILLION)


class Tiers:
    """Each threshold remembers the times at which stress was at or above it."""

    def __init__(self, elevated, critical, hold_ms):
        self.thresholds = {2: elevated, 3: critical}
        self.hold = hold_ms * MILLION
        self.tier, self.peak = 1, 0
        self.clock = self.gap = 0  # time that counts; what of it does not
        self.last = None
        self.below_since = {2: None, 3: None}

    def skip(self, ns):
        self.gap += max(0, ns)

    def pass_time(self, now):
        passed = 0 if self.last is None else max(0, now - self.last)
        self.clock += max(0, passed - self.gap)
        self.last, self.gap = now, 0

    def update(self, stress, now):
        """The tier after it, and the names of what it did in order."""
        stress = min(stress, 100)
        self.pass_time(now)
        for tier, threshold in self.thresholds.items():
            if stress >= threshold:
                self.below_since[tier] = None
            elif self.below_since[tier] is None:
                self.below_since[tier] = self.clock
        done = self.rise(stress)
        return self.fall(done)

    def rise(self, stress):
        done = []
        if self.tier == 1 and stress >= self.thresholds[2]:
            self.peak = 0
        if stress >= self.thresholds[3] and self.tier < 3:
            self.tier, done = 3, ["tier3_entry"]
        elif stress >= self.thresholds[2] and self.tier < 2:
            self.tier, done = 2, ["tier2_entry"]
        elif self.tier == 2 and stress > self.peak:
            done = ["tier2_peak"]
        if self.tier > 1:
            self.peak = max(self.peak, stress)
        return done

    def fall(self, done):
        for tier in (3, 2):
            since = self.below_since[tier]
            if self.tier == tier and since is not None and self.clock - since >= self.hold:
                self.tier = tier - 1
                done = done + [f"tier{tier}_exit"]
        return self.tier, done
