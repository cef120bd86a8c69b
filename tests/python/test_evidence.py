# SPDX-License-Identifier: MIT
"""Captures, the black box, notifications (none is ever shown here)."""
import json
import os
import stat

import pytest
import stage

import pausemon


# Nothing here waits for the tools of a machine any longer than it must.
QUICK = {"forensics.logs_timeout": 1, "forensics.steps_timeout": 1,
         "forensics.spindump_timeout": 1, "forensics.tailspin_timeout": 1}


def test_what_can_be_expected():
    artifacts = pausemon.Forensics.probe()
    names = [artifact.name for artifact in artifacts]
    assert len(names) > 5 and len(set(names)) == len(names)
    for artifact in artifacts:
        assert str(artifact.state) in ("ok", "limited", "missing")
        assert bool(artifact.text) == (str(artifact.state) != "ok"), artifact
    with pausemon.Config() as config:
        assert [a.name for a in pausemon.Forensics.probe(config)] == names


def test_a_capture_that_was_asked_for(tmp_path):
    changed, idle = [], []
    directory = tmp_path / "events"
    with stage.nervous_config(**QUICK) as config, stage.Script("!!!") as source, \
            pausemon.Monitor(source, config) as monitor, \
            pausemon.Forensics(directory, config, idle=lambda: idle.append(1),
                               changed=changed.append) as forensics:
        forensics.attach(monitor)
        monitor.feed()
        assert forensics.run() == 0  # nothing is due
        forensics.request()
        monitor.feed()
        assert forensics.run() == 1
        assert forensics.run() == 0
    begun, complete = changed
    assert (begun.complete, complete.complete) == (False, True)
    assert complete.reason is pausemon.CaptureReason.ASKED
    assert (complete.event_id, complete.pause_id) == (1, None)
    (name,) = os.listdir(directory)
    assert name == begun.name == complete.name
    assert stat.S_IMODE(os.stat(directory / name).st_mode) == 0o700
    metadata = json.loads((directory / name / "metadata.json").read_text(encoding="utf-8"))
    assert metadata
    files = list((directory / name).iterdir())
    assert complete.bytes == sum(f.stat().st_size for f in files) and len(files) > 2
    assert complete.bytes > 0 and complete.start_ns > stage.START


def test_exceptions_of_changed_and_idle_arrive(tmp_path):
    def odd(capture):
        raise LookupError("odd")

    with stage.nervous_config(**QUICK) as config, \
            pausemon.Forensics(tmp_path / "events", config, changed=odd) as forensics:
        forensics.request()
        forensics.cancel()  # it completes what it has
        try:
            forensics.run()
        except LookupError as error:
            assert str(error) == "odd"
        else:
            assert os.listdir(tmp_path / "events") == []


def test_forensics_need_a_parent_directory(tmp_path):
    with pytest.raises(pausemon.NotFoundError):
        pausemon.Forensics(tmp_path / "none" / "events")
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(pausemon.PausemonError):
        pausemon.Forensics(tmp_path / "link")


# ---- the black box ----

def test_a_black_box_there_and_back(tmp_path, nervous):
    path = tmp_path / "blackbox"
    with stage.Script("..!") as source, pausemon.Monitor(source, nervous) as monitor, \
            pausemon.Blackbox(path) as box:
        assert box.before is None  # there was nothing
        box.attach(monitor)
        told = [e.sample for e in stage.play(monitor) if e.type == pausemon.EventType.SAMPLE]
        assert box.flush() == 3
        runs = pausemon.Blackbox.read(path)
        assert str(runs.info.end) == "runs"
        box.finish()
    read = pausemon.Blackbox.read(path)
    assert [int(tier) for _, tier in read.samples] == [1, 1, 2]
    assert [s.max_score for s, _ in read.samples] == [s.max_score for s in told]
    assert read.info.samples == 3 and str(read.info.end) == "clean"
    assert (read.info.torn, read.info.stale, read.info.lost) == (0, 0, 0)
    assert read.info.last_ns // 1000 == told[-1].time.realtime_ns // 1000
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with pausemon.Blackbox(path) as again:
        assert again.before.samples == 3 and str(again.before.end) == "clean"


def test_what_is_no_black_box(tmp_path):
    (tmp_path / "junk").write_bytes(b"junk" * 100)
    with pytest.raises(pausemon.FormatError):
        pausemon.Blackbox.read(tmp_path / "junk")
    with pytest.raises(pausemon.NotFoundError):
        pausemon.Blackbox.read(tmp_path / "none")


# ---- notifications ----

def test_alerts_that_are_off_begin_nothing(tmp_path, nervous):
    nervous["alerts.enabled"] = False
    capture = pausemon.Capture(start_ns=stage.START, reason=pausemon.CaptureReason.ASKED,
                               event_id=None, pause_id=None, bytes=7, complete=True,
                               name="2026-01-23_12-00-00")
    with stage.Script("!!.") as source, pausemon.Monitor(source, nervous) as monitor, \
            pausemon.Alerts(nervous) as alerts:
        alerts.attach(monitor)
        stage.play(monitor)
        alerts.note_capture(capture)
        assert alerts.run() == 0
        alerts.set_config(nervous)
        assert alerts.run() == 0


def test_whether_a_notification_can_be_had(monkeypatch):
    """Nowhere without a session bus: it says why."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    try:
        pausemon.Alerts.probe()
    except pausemon.PausemonError as error:
        assert str(error)
    else:
        pytest.skip("notifications are there on this machine")
