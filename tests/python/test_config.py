# SPDX-License-Identifier: MIT
"""Settings: typed values, texts there and back, everything wrong at once."""
import os

import pytest
import stage
from hypothesis import given
from hypothesis import strategies as st

import pausemon

with pausemon.Config() as defaults:
    TABLE = {row.name: row for row in defaults.keys_table()}
    DEFAULTS = {key: defaults[key] for key in defaults}
TYPES = {"bool": bool, "int": int, "num": float, "text": str, "list": list}
# What a line of TOML can hold in our reader: one line, no control characters.
TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=15)
# Keys whose texts have meaning: any text will not do.
CLOSED = {"rogue_selection.state.states", "monitor.source", "monitor.socket_group",
          "forensics.hook", "alerts.sound", "metrics.textfile_dir"}


def values_of(row):
    if row.type == "bool":
        return st.booleans()
    if row.type in ("int", "num"):
        low, high = (float(end) for end in row.range.split(".."))
        if row.type == "int":
            return st.integers(int(low), int(high))
        return st.integers(round(low * 1000), round(high * 1000)).map(lambda n: n / 1000)
    return TEXTS if row.type == "text" else st.lists(TEXTS, max_size=4)


SETTABLE = sorted(key for key in TABLE if key not in CLOSED)


@st.composite
def chosen(draw):
    keys = draw(st.lists(st.sampled_from(SETTABLE), max_size=12, unique=True))
    return {key: draw(values_of(TABLE[key]), key) for key in keys}


def is_consistent(config):
    try:
        config.check()
    except pausemon.InvalidError:
        return False
    return True


@given(chosen())
def test_any_values_come_back_and_through_a_text(values):
    with pausemon.Config() as config, pausemon.Config() as other:
        for key, value in values.items():
            try:
                config[key] = value
            except ValueError:  # an item of a list may be too long in bytes
                assert TABLE[key].type in ("list", "text")
                continue
            assert config[key] == value and type(config[key]) is type(value), key
        if not is_consistent(config):
            with pytest.raises(pausemon.FormatError):
                other.parse(config.write())
            return
        assert all(str(issue.level) == "warning" for issue in other.parse(config.write()))
        assert {key: other[key] for key in other} == {key: config[key] for key in config}


def test_every_default_has_the_type_of_its_row():
    assert list(TABLE) == list(DEFAULTS) and len(TABLE) > 60
    for key, row in TABLE.items():
        assert type(DEFAULTS[key]) is TYPES[row.type], key
        assert row.help and isinstance(row.range, str) and isinstance(row.reload, bool), key
    assert DEFAULTS["tiers.hold_ms"] == 5000
    assert DEFAULTS["learning_mode"] is False
    assert DEFAULTS["sentinel.pause_threshold_ratio"] == 2.0
    assert DEFAULTS["monitor.source"] == "auto"
    assert DEFAULTS["rogue_selection.state.states"] == ["zombie"]


def test_it_is_like_a_mapping():
    with pausemon.Config() as config:
        assert len(config) == len(TABLE)
        assert "tiers.hold_ms" in config
        assert "tiers.hold" not in config and 7 not in config
        assert dict(config) == DEFAULTS
        assert dict(config.items())["tiers.hold_ms"] == 5000
        assert config.get("tiers.hold_ms") == 5000 and config.get("nothing", 3) == 3


def test_a_setting_knows_where_it_came_from():
    with pausemon.Config("[tiers]\nhold_ms = 1\n") as config:
        config["pause.record_ms"] = 300
        assert str(config.origin("tiers.hold_ms")) == "file"
        assert str(config.origin("pause.record_ms")) == "set"
        assert str(config.origin("learning_mode")) == "default"
        with pytest.raises(pausemon.NotFoundError):
            config.origin("nothing")


@pytest.mark.parametrize("key", ["tiers.hold", "", "learning_mode.x", "\0"])
def test_an_unknown_key_is_not_found(key):
    with pausemon.Config() as config:
        for use in (lambda: config[key], lambda: config.__setitem__(key, 1)):
            with pytest.raises((pausemon.NotFoundError, pausemon.InvalidError)) as caught:
                use()
            assert str(caught.value)


@pytest.mark.parametrize("key, value", [
    ("tiers.hold_ms", -1), ("tiers.hold_ms", 1.5), ("tiers.hold_ms", "much"),
    ("tiers.hold_ms", None), ("tiers.hold_ms", True), ("tiers.hold_ms", 2 ** 70),
    ("learning_mode", 1), ("learning_mode", "yes"),
    ("pause.pressure_share", float("nan")), ("pause.pressure_share", float("inf")),
    ("pause.pressure_share", 0.01), ("monitor.source", 7), ("monitor.source", ["auto"]),
    ("monitor.source", "a\0b"), ("monitor.source", "x" * 1024), ("suspects.patterns", "one"),
    ("suspects.patterns", [1]), ("suspects.patterns", ["x"] * 65),
    ("suspects.patterns", ["y" * 64])])
def test_a_wrong_value_is_refused_and_nothing_changed(key, value):
    with pausemon.Config() as config:
        with pytest.raises((ValueError, TypeError)) as caught:
            config[key] = value
        assert str(caught.value)
        assert dict(config) == DEFAULTS


def test_a_whole_number_is_a_number():
    with pausemon.Config() as config:
        config["sentinel.pause_threshold_ratio"] = 3
        assert config["sentinel.pause_threshold_ratio"] == 3.0


def test_all_that_is_wrong_is_told():
    text = "[tiers]\nhold_ms = 1\nholt_ms = 2\nelevated_threshold = 101\n[pause]\nrecord_ms = x\n"
    with pausemon.Config() as config:
        with pytest.raises(pausemon.FormatError) as caught:
            config.parse(text)
        error = caught.value
        assert isinstance(error, ValueError)
        assert error.status == -5 and error.line in (3, 4)
        errors = [issue for issue in error.issues if str(issue.level) == "error"]
        assert {issue.line for issue in error.issues} == {3, 4, 6}
        assert error.line == errors[0].line and str(error) == errors[0].text
        assert any("hold_ms" in issue.text for issue in error.issues)
        assert dict(config) == DEFAULTS


def test_what_has_no_effect_is_a_warning():
    with pausemon.Config() as config:
        (issue,) = config.parse("[sentinel]\nsample_interval_ms = 2\n[pause]\nrecord_ms = 300\n")
        assert (issue.line, str(issue.level)) == (2, "warning")
        assert "sample_interval_ms" in issue.text
        assert config["pause.record_ms"] == 300


def test_values_must_fit_each_other():
    with pausemon.Config() as config:
        config["scoring.weights.cpu"] = 26
        with pytest.raises(pausemon.InvalidError, match="100|101"):
            config.check()


def test_files(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("[tiers]\nhold_ms = 7\n", encoding="utf-8")
    with pausemon.Config(path=path) as config, pausemon.Config(path=str(path)) as other:
        assert config["tiers.hold_ms"] == other["tiers.hold_ms"] == 7
        with pytest.raises(pausemon.NotFoundError) as caught:
            config.load(tmp_path / "none.toml")
        assert "none.toml" in str(caught.value)
        path.write_text("junk\n", encoding="utf-8")
        with pytest.raises(pausemon.FormatError) as caught:
            config.load(path)
        assert caught.value.issues[0].line == 1
        path.write_bytes(b"#" * (1 << 20) + b"##")
        with pytest.raises(pausemon.LimitError):
            config.load(path)
        with pytest.raises(pausemon.IoError) as caught:
            config.load(tmp_path)
        assert isinstance(caught.value, OSError) and caught.value.os_errno
        assert config["tiers.hold_ms"] == 7




def test_settings_can_be_named_at_once():
    """A dot cannot stand in the name of an argument: two underscores stand for it."""
    with pausemon.Config(learning_mode=True, tiers__hold_ms=4) as config:
        assert config["learning_mode"] is True and config["tiers.hold_ms"] == 4
    with pausemon.Config(**{"tiers.hold_ms": 3}) as config:
        assert config["tiers.hold_ms"] == 3
    with pytest.raises((pausemon.NotFoundError, TypeError)):
        pausemon.Config(**{"tiers.holt_ms": 3})


def test_a_copy_is_of_its_own():
    with pausemon.Config("[tiers]\nhold_ms = 9\n") as config, config.copy() as copy:
        config["tiers.hold_ms"] = 10
        assert copy["tiers.hold_ms"] == 9
        assert str(copy.origin("tiers.hold_ms")) == "file"


@pytest.mark.parametrize("text", [b"[tiers]", None, 7])
def test_parse_takes_text_only(text):
    with pausemon.Config() as config, pytest.raises(TypeError):
        config.parse(text)


@given(st.binary(max_size=40) | st.sampled_from([b"\0", b"[tiers]\nhold_ms = 1\0\n"]))
def test_any_text_is_survived(data):
    text = data.decode("utf-8", "surrogateescape")
    with pausemon.Config() as config:
        try:
            config.parse(text)
        except (pausemon.FormatError, UnicodeEncodeError):
            assert dict(config) == DEFAULTS


def test_every_golden_text_gets_the_verdict_that_is_recorded():
    """The same goldens as of the C library: which texts are right is no business of a binding."""
    folder = os.path.join(stage.TOP, "tests/golden/config")
    for verdict in ("valid", "invalid"):
        names = [n for n in os.listdir(os.path.join(folder, verdict)) if n.endswith(".toml")]
        assert len(names) > 10
        for name in names:
            with pausemon.Config() as config:
                try:
                    config.load(os.path.join(folder, verdict, name))
                    assert verdict == "valid", name
                except pausemon.FormatError as error:
                    assert verdict == "invalid" and error.issues, name
