# SPDX-License-Identifier: MIT
"""The score against a plain model, number for number."""
import model
import pytest
import stage
from hypothesis import assume, example, given
from hypothesis import strategies as st

import pausemon

LARGEST = 2 ** 64 - 1
STATES = list(pausemon.State)
WEIGHTED = ["cpu", "state", "pageins", "mem", "cmprs", "csw", "sysbsd"]
BASE = stage.process()


def thousandths(low, high):
    return st.integers(low, high).map(lambda number: number / 1000)


@st.composite
def settings(draw):
    """Settings of scoring.*: the weights but for threads have the sum 100."""
    marks = sorted(draw(st.lists(st.integers(0, 100), min_size=6, max_size=6)))
    weights = [high - low for low, high in zip([0, *marks], [*marks, 100])]
    chosen = {f"scoring.weights.{n}": w for n, w in zip(WEIGHTED, weights)}
    chosen["scoring.weights.threads"] = draw(st.integers(0, 100))
    chosen["scoring.normalization.cpu"] = draw(thousandths(1000, 1_600_000))
    for name in ("mem_gb", "cmprs_gb"):
        chosen[f"scoring.normalization.{name}"] = draw(thousandths(1, 100_000_000))
    for name in ("pageins", "csw", "sysbsd", "threads"):
        chosen[f"scoring.normalization.{name}"] = draw(st.integers(1, 10 ** 9))
    for state in STATES[1:]:
        chosen[f"scoring.state_multipliers.{state}"] = draw(thousandths(0, 1000))
    return chosen


def near(full):
    """Values about the full scale, where rounding matters, and any other."""
    close = st.integers(0, int(full) + 2)
    return st.none() | close | st.integers(0, LARGEST)


def fulls(chosen):
    return {name: model.exact(chosen[scale]) * units
            for name, (_, scale, units) in model.METRICS.items()}


def scored(values, state, chosen, config):
    for key, value in chosen.items():
        config[key] = value
    return pausemon.score(BASE.replace(state=state, **values), config)


CONFIG = pausemon.Config()
DEFAULTS = {key: CONFIG[key] for key in CONFIG if key.startswith("scoring.")}


@given(st.data(), settings(), st.sampled_from(STATES))
def test_any_process_under_any_configuration(data, chosen, state):
    values = {name: data.draw(near(full), name) for name, full in fulls(chosen).items()}
    assert scored(values, state, chosen, CONFIG) == model.score(values, str(state), chosen)


@given(st.data(), st.sampled_from(STATES))
def test_any_process_under_the_defaults(data, state):
    values = {name: data.draw(near(full), name) for name, full in fulls(DEFAULTS).items()}
    with pausemon.Config() as config:
        ours = pausemon.score(BASE.replace(state=state, **values), config)
    assert ours == pausemon.score(BASE.replace(state=state, **values))
    assert ours == model.score(values, str(state), DEFAULTS)


@given(st.integers(1, 10 ** 9), st.integers(0, 10 ** 9), st.integers(0, 1000))
@example(2_000_000, 1, 1000)  # half a millionth is rounded up
@example(2_000_001, 1, 1000)  # and a little less is rounded down
@example(3, 1, 999)
def test_one_metric_alone_is_rounded_as_it_is_written(full, value, multiplier):
    """With all weight on one metric the millionths and the floor are all that there is."""
    chosen = dict(DEFAULTS, **{f"scoring.weights.{name}": 0 for name in WEIGHTED})
    chosen.update({"scoring.weights.csw": 100, "scoring.normalization.csw": full,
                   "scoring.state_multipliers.idle": multiplier / 1000})
    values = {"csw": value}
    ours = scored(values, pausemon.State.IDLE, chosen, CONFIG)
    assert ours == model.score(values, "idle", chosen)
    assert ours == (100 * min(1000000, (2 * value * 1000000 + full) // (2 * full)) * multiplier
                    // 1000000000)


@pytest.mark.parametrize("values, state, expected", [
    ({}, "unknown", 0),
    ({}, "stuck", 20),
    ({}, "zombie", 14),  # 20 × 0.8 × 0.9 = 14.4
    ({"cpu": 1000}, "running", 22),  # a pure CPU burner
    ({"cpu": 1000, "mem": 8 * stage.GIB}, "running", 36),
    ({"cpu": 100000, "mem": LARGEST, "cmprs": LARGEST, "pageins": LARGEST, "csw": LARGEST,
      "sysbsd": LARGEST}, "stuck", 100),
    ({"threads": LARGEST}, "running", 0),
])
def test_by_hand(values, state, expected):
    by_name = {str(member): member for member in STATES}
    assert pausemon.score(BASE.replace(state=by_name[state], **values)) == expected


@given(st.data(), st.sampled_from(STATES), st.sampled_from(list(model.METRICS)))
def test_unknown_adds_as_little_as_zero(data, state, name):
    values = {n: data.draw(near(full), n) for n, full in fulls(DEFAULTS).items()}
    unknown = BASE.replace(state=state, **dict(values, **{name: None}))
    zero = BASE.replace(state=state, **dict(values, **{name: 0}))
    assert pausemon.score(unknown) == pausemon.score(zero)


@given(st.data(), st.sampled_from(STATES), st.sampled_from(list(model.METRICS)))
def test_more_never_scores_less(data, state, name):
    values = {n: data.draw(near(full), n) for n, full in fulls(DEFAULTS).items()}
    assume(values[name] is not None and values[name] < LARGEST)
    more = data.draw(st.integers(values[name] + 1, LARGEST))
    process = BASE.replace(state=state, **values)
    assert pausemon.score(process) <= pausemon.score(process.replace(**{name: more}))


def test_it_is_the_score_of_a_look():
    """What the collector says of a process is what score says of it."""
    row = {"command": "busy", "state": pausemon.State.RUNNING}
    (_, sample), _ = stage.look_at(
        [pausemon.Row(pid=3, cpu_ns=0, mem=4 * stage.GIB, **row)],
        [pausemon.Row(pid=3, cpu_ns=stage.SECOND // 2, mem=4 * stage.GIB, **row)])
    (rogue,) = sample.rogues
    assert rogue.cpu == 500
    assert rogue.score == sample.max_score == pausemon.score(rogue) == 18  # 20 × 0.9


def test_metrics_alone_are_enough():
    assert pausemon.score(cpu=1000, state=pausemon.State.RUNNING) == 22
    assert pausemon.score({"cpu": 1000, "state": pausemon.State.RUNNING}) == 22
    assert pausemon.score(BASE.replace(cpu=1000), state=pausemon.State.STUCK) == 45
    assert pausemon.score() == 0


@pytest.mark.parametrize("wrong", [7, "running", object()])
def test_what_is_no_process_is_refused(wrong):
    with pytest.raises((TypeError, pausemon.InvalidError)):
        pausemon.score(wrong)


@pytest.mark.parametrize("value", [-1, 2 ** 64])
def test_a_number_that_does_not_fit_is_refused(value):
    with pytest.raises((OverflowError, ValueError)):
        pausemon.score(BASE.replace(mem=value))
