# SPDX-License-Identifier: MIT
"""The tier manager against a plain model, and the ring as a sequence."""
from collections import deque

import model
import pytest
import stage
from hypothesis import given
from hypothesis import strategies as st

import pausemon

MS = 1_000_000
STEPS = st.lists(st.one_of(
    st.tuples(st.just("update"), st.integers(0, 130), st.integers(-50, 3000)),
    st.tuples(st.just("skip"), st.integers(-100, 5000), st.just(0))), max_size=60)


@st.composite
def limits(draw):
    elevated = draw(st.integers(1, 99))
    return elevated, draw(st.integers(elevated + 1, 100)), draw(st.sampled_from([0, 500, 2000]))


def manager(elevated, critical, hold_ms):
    with pausemon.Config() as config:
        config["tiers.critical_threshold"] = critical
        config["tiers.elevated_threshold"] = elevated
        config["tiers.hold_ms"] = hold_ms
        return pausemon.TierManager(config)


@given(limits(), STEPS)
def test_any_course_of_stress(chosen, steps):
    ours, plain, now = manager(*chosen), model.Tiers(*chosen), 0
    with ours:
        for kind, number, passed in steps:
            if kind == "skip":
                ours.skip(number * MS)
                plain.skip(number * MS)
                continue
            now += passed * MS
            change = ours.update(number, now)
            tier, actions = plain.update(number, now)
            assert (int(change.tier), [str(a) for a in change.actions]) == (tier, actions)
            assert (int(ours.tier), ours.peak) == (plain.tier, plain.peak)


def test_by_hand():
    with manager(50, 75, 1000) as tiers:
        def update(stress, ms):
            change = tiers.update(stress, ms * MS)
            return str(change.tier), [str(action) for action in change.actions]

        assert (tiers.tier, tiers.peak) == (pausemon.Tier.SENTINEL, 0)
        assert update(49, 0) == ("sentinel", [])
        assert update(50, 100) == ("elevated", ["tier2_entry"])
        assert update(60, 200) == ("elevated", ["tier2_peak"])
        assert update(80, 300) == ("critical", ["tier3_entry"])
        assert update(10, 400) == ("critical", [])
        tiers.skip(5000 * MS)
        assert update(10, 5500) == ("critical", [])  # the gap did not count
        assert update(10, 6500) == ("sentinel", ["tier3_exit", "tier2_exit"])
        assert tiers.peak == 80


def test_a_change_is_a_tuple_of_two():
    with pausemon.TierManager() as tiers:
        tier, actions = tiers.update(100, 0)
        assert tier is pausemon.Tier.CRITICAL
        assert list(actions) == [pausemon.TierAction.TIER3_ENTRY]


def test_other_thresholds_leave_tier_and_peak():
    with manager(50, 75, 0) as tiers, pausemon.Config() as config:
        tiers.update(60, 0)
        config["tiers.elevated_threshold"] = 10
        tiers.set_config(config)
        assert (tiers.tier, tiers.peak) == (pausemon.Tier.ELEVATED, 60)
        assert not list(tiers.update(20, MS).actions)


# ---- the ring ----

def samples(count):
    """Samples that can be told apart."""
    looks = [[pausemon.Row(pid=i + 1, command=f"p{i}", mem=i + 1)] for i in range(count)]
    return stage.look_at(*looks)[0]


SAMPLES = samples(8)
PUSHES = st.lists(st.tuples(st.integers(0, 7), st.sampled_from(list(pausemon.Tier)))
                  | st.just("clear") | st.just("freeze"), max_size=40)


def held(ring):
    return [(sample.rogues[0].pid, tier) for sample, tier in ring]


@given(st.integers(1, 6), PUSHES)
def test_any_pushes_leave_the_newest(capacity, steps):
    plain = deque(maxlen=capacity)
    frozen = []
    with pausemon.RingBuffer(capacity) as ring:
        for step in steps:
            if step == "clear":
                ring.clear()
                plain.clear()
            elif step == "freeze":
                frozen.append((ring.freeze(), list(plain)))
            else:
                ring.push(SAMPLES[step[0]], step[1])
                plain.append((step[0] + 1, step[1]))
            assert held(ring) == list(plain) and len(ring) == len(plain)
        assert ring.capacity == capacity
    for copy, expected in frozen:  # what was frozen outlives the ring
        assert held(copy) == expected
        copy.close()


@given(st.integers(0, 4), st.integers(-6, 6) | st.slices(5))
def test_it_is_a_sequence(count, index):
    with pausemon.RingBuffer(4) as ring:
        for sample in SAMPLES[:count]:
            ring.push(sample, pausemon.Tier.SENTINEL)
        plain = [(sample.rogues[0].pid, pausemon.Tier.SENTINEL) for sample in SAMPLES[:count]]
        if isinstance(index, slice):
            assert [(s.rogues[0].pid, t) for s, t in ring[index]] == plain[index]
        elif -count <= index < count:
            assert (ring[index][0].rogues[0].pid, ring[index][1]) == plain[index]
        else:
            with pytest.raises(IndexError):
                ring[index]
        assert [s.rogues[0].pid for s, _ in reversed(ring)] == [p for p, _ in plain[::-1]]


def test_the_capacity_can_come_from_a_configuration():
    with pausemon.Config() as config:
        config["sentinel.ring_buffer_seconds"] = 7
        config["monitor.interval_ms"] = 500
        with pausemon.RingBuffer(config) as ring:
            assert ring.capacity == 14


@pytest.mark.parametrize("capacity", [0, -1, 3601])
def test_a_capacity_that_is_none_is_refused(capacity):
    with pytest.raises((pausemon.InvalidError, OverflowError)):
        pausemon.RingBuffer(capacity)


@pytest.mark.parametrize("wrong", ["30", 1.5])
def test_what_is_no_capacity_is_refused(wrong):
    with pytest.raises((TypeError, pausemon.InvalidError)):
        pausemon.RingBuffer(wrong)


def test_a_sample_taken_out_stays():
    with pausemon.RingBuffer(1) as ring:
        ring.push(SAMPLES[0], pausemon.Tier.SENTINEL)
        sample, _ = ring[0]
        ring.push(SAMPLES[1], pausemon.Tier.SENTINEL)
        assert sample.rogues[0].pid == 1
    assert sample.rogues[0].command == "p0"
    assert sample == SAMPLES[0]
