# SPDX-License-Identifier: MIT
"""What is kept: pauses, the heartbeat, the database and its histories."""
import datetime
import errno
import json
import os
import stat
import threading
import time

import pytest
import stage

import pausemon
from pausemon import Cause, Detector, Review

SCRIPT = "..!!..!!!..."

PAUSE = {
    "id": 3, "start": "2026-01-23T12:00:00.250000-08:00", "end": "2026-01-23T12:00:02.560000-08:00",
    "duration_ms": 2310, "lost_ms": 2000, "detectors": ["heartbeat", "sample"], "cause": "cpu",
    "confidence": 0.94, "tier": 3, "event_id": None, "forensics": None,
    "evidence": [{"name": "run_delay_ms", "value": 2200, "window_ms": 2500},
                 {"name": "stuck_tasks", "value": 0, "window_ms": 0}],
    "culprits": [{"pid": 9, "command": "stress-ng", "resource": "cpu", "share": 0.96, "count": 8,
                  "suspect": True, "exe": "/usr/bin/stress-ng", "unit": None, "uid": 1000},
                 {"pid": 10, "command": "cc", "resource": "cpu", "share": 0.02, "count": 1,
                  "suspect": False, "exe": None, "unit": None, "uid": None}],
    "victims": [{"pid": 2, "command": "Xorg", "lost_ms": 1900, "how": "run_delay"}],
}


def a_pause(**changes):
    return pausemon.Pause.from_json(json.dumps(dict(PAUSE, **changes)))


# ---- pauses ----

def test_a_pause_and_all_in_it():
    pause = a_pause()
    assert (pause.id, pause.duration_ns, pause.lost_ns) == (3, 2_310_000_000, 2_000_000_000)
    assert pause.detectors == Detector.HEARTBEAT | Detector.SAMPLE
    assert pause.cause is Cause.CPU and str(pause.cause) == "cpu"
    assert pause.confidence in (0.94, 940) and pause.tier is pausemon.Tier.CRITICAL
    assert pause.start.datetime.isoformat() == PAUSE["start"]
    assert pause.end.realtime_ns - pause.start.realtime_ns == 2_310_000_000
    assert list(pause.evidence) == ["run_delay_ms", "stuck_tasks"]
    evidence = pause.evidence["run_delay_ms"]
    assert (evidence.value, evidence.window_ns) == (2200, 2_500_000_000)
    assert pause.evidence["stuck_tasks"].window_ns == 0  # it is no difference
    first, second = pause.culprits
    assert (first.pid, first.command, first.count, first.suspect) == (9, "stress-ng", 8, True)
    assert (first.exe, first.uid, first.resource) == ("/usr/bin/stress-ng", 1000, Cause.CPU)
    (victim,) = pause.victims
    assert (victim.pid, victim.command, victim.lost_ns) == (2, "Xorg", 1_900_000_000)
    assert str(victim.how) == "run_delay"
    assert pause.verdict == ("froze 2.31 s: cpu starvation (confidence 0.94). Culprits: "
                             "stress-ng ×8 (suspect), 96 % of CPU; cc, 2 % of CPU. Victim: Xorg.")


def test_unknown_in_a_pause_is_none():
    pause = a_pause()
    second = pause.culprits[1]
    assert (second.exe, second.unit, second.uid, second.start_time) == (None, None, None, None)
    assert (pause.event_id, pause.forensics) == (None, None)
    assert a_pause(tier=0).tier is None
    assert a_pause(event_id=4, forensics="2026-01-23_12-00-02").event_id == 4
    assert a_pause(forensics="2026-01-23_12-00-02").forensics == "2026-01-23_12-00-02"


def test_a_pause_through_json():
    pause = a_pause()
    again = pausemon.Pause.from_json(pause.to_json())
    assert again.to_json() == pause.to_json() and again == pause
    assert json.loads(pause.to_json())["verdict"] == pause.verdict
    for text in ("", "[]", "{}", pause.to_json()[1:]):
        with pytest.raises(pausemon.FormatError):
            pausemon.Pause.from_json(text)


# ---- a real one, with everything attached ----

class Hitch:
    """A monitor of this machine, whose loop was busy for a second and a half."""

    def __init__(self, path):
        self.events, self.path = [], path
        with stage.nervous_config(**{"sentinel.pause_threshold_ratio": 2.0}) as config, \
                pausemon.Source() as source, pausemon.Monitor(source, config) as monitor, \
                pausemon.Storage(path) as storage:
            monitor.subscribe(self.events.append)
            storage.attach(monitor)
            with pausemon.Heartbeat(monitor, config) as heartbeat:
                monitor.run(0.5)
                self.busy(1.5)
                stage.wait_until("a pause", lambda: monitor.run(0.1) or self.pauses())
                self.beats = heartbeat.info
            storage.flush()
            self.stored = storage.info
            storage.finish()

    def busy(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            pass

    def pauses(self):
        return [event.pause for event in self.events
                if event.type == pausemon.EventType.PAUSE and event.pause.lost_ns > 10 ** 9]


@pytest.fixture(scope="module")
def hitch(tmp_path_factory):
    """Another program may take the processor just then, and be to blame: tried three times."""
    for _ in range(3):
        hitch = Hitch(tmp_path_factory.mktemp("hitch") / "data.db")
        if hitch.pauses()[0].cause is Cause.HOST:
            break
    return hitch


def test_a_busy_loop_is_its_hosts_doing(hitch):
    pause = hitch.pauses()[0]
    assert pause.cause is Cause.HOST, pause.to_json()
    assert 1.0e9 < pause.lost_ns < 10e9 and pause.detectors & Detector.SAMPLE
    assert pause.evidence["own_cpu_ms"].value > 100
    assert pause.verdict.startswith("saw nothing for ")


def test_the_heartbeat_beat(hitch):
    assert hitch.beats.beats > 10
    assert hitch.beats.guard_priority == 0 and hitch.beats.lost_reports == 0
    assert hitch.beats.cpu_ns > 0


def test_the_pause_is_in_the_database(hitch):
    pause = hitch.pauses()[-1]
    with pausemon.History(hitch.path) as history:
        (found,) = history.pauses(id=pause.id)
        assert found.cause is Cause.HOST
        assert abs(found.duration_ns - pause.duration_ns) < 10 ** 6  # a database has milliseconds
        assert history.pauses(cause=Cause.MEMORY) == []
        assert found.id in [p.id for p in history.pauses(cause=Cause.HOST)]


# ---- the heartbeat ----

def test_one_heartbeat_a_monitor(nervous):
    with stage.Script(".") as source, pausemon.Monitor(source, nervous) as monitor:
        heartbeat = pausemon.Heartbeat(monitor)
        with pytest.raises((pausemon.InvalidError, pausemon.MisuseError)):
            pausemon.Heartbeat(monitor)
        heartbeat.stop()
        heartbeat.stop()
        assert heartbeat.closed
        pausemon.Heartbeat(monitor, guard_cpu=0, witness=True).close()
        with pausemon.Heartbeat(monitor, guard_cpu=10**6) as heartbeat:
            assert heartbeat.info.cpu_errno == errno.EINVAL


def test_a_heartbeat_may_outlive_its_monitor(nervous):
    with stage.Script(".") as source:
        monitor = pausemon.Monitor(source, nervous)
        heartbeat = pausemon.Heartbeat(monitor)
        monitor.close()
        heartbeat.stop()


# ---- the database ----

@pytest.fixture
def database(tmp_path, nervous):
    """Two escalations, of two and of three samples: in tier 3 all of them are kept."""
    path = tmp_path / "data.db"
    nervous["tiers.critical_threshold"] = 22
    with pausemon.Storage(path) as storage:
        with stage.Script(SCRIPT) as source, pausemon.Monitor(source, nervous) as monitor:
            storage.attach(monitor)
            told = stage.play(monitor)
        assert storage.info.queued > 0
        written = storage.flush()
        assert written > 0 and storage.info.written == written and storage.info.queued == 0
        storage.finish()
    return path, told


def test_events_and_their_samples(database):
    path, told = database
    ended = [e.escalation for e in told
             if e.type == pausemon.EventType.ESCALATION and not e.escalation.open]
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with pausemon.History(path) as history:
        newest, oldest = history.events()
        assert (newest.id, oldest.id) == (2, 1)
        # A database has microseconds.
        assert abs(oldest.start.realtime_ns - ended[0].start.realtime_ns) < 1000
        assert (oldest.peak_stress, oldest.open, oldest.review) == (22, False, Review.UNREVIEWED)
        stored = history.samples(2)
        live = [e.sample.time.realtime_ns for e in told
                if e.type == pausemon.EventType.SAMPLE and e.tier is pausemon.Tier.CRITICAL]
        for (sample, tier), at in zip(stored, live[2:]):
            assert abs(sample.time.realtime_ns - at) < 1000 and int(tier) == 3
            assert [r.mem for r in sample.rogues] == [8 * stage.GIB]
        assert len(stored) == len(live[2:]) == 3
        assert newest.sample_count == 3 and oldest.sample_count == 2
        assert history.samples(99) == [] and history.captures() == []


def test_filters(database):
    path, told = database
    with pausemon.History(path) as history:
        newest, oldest = history.events()
        assert [e.id for e in history.events(limit=1)] == [2]
        assert [e.id for e in history.events(id=1)] == [1]
        assert history.events(review=Review.PINNED) == []
        for since in (newest.start.realtime_ns, newest.start.datetime):
            assert 2 in [e.id for e in history.events(since=since)]
        tomorrow = datetime.datetime.now().astimezone() + datetime.timedelta(days=1)
        assert history.events(since=tomorrow) == []
        assert len(history.events(until=tomorrow)) == 2
        assert history.events(until=oldest.start.realtime_ns - 10 ** 9) == []
        assert history.pauses() == []


def test_a_time_without_zone_is_local(database):
    path, _ = database
    with pausemon.History(path) as history:
        try:
            found = history.events(until=datetime.datetime.now() + datetime.timedelta(hours=1))
        except (ValueError, TypeError) as error:  # refusing it is as good
            assert str(error)
        else:
            assert len(found) == 2


@pytest.mark.parametrize("wrong", [dict(since="yesterday"), dict(limit=-1), dict(id="x"),
                                   dict(since=2 ** 70), dict(review=7.5)])
def test_filters_that_are_none_are_refused(database, wrong):
    with pausemon.History(database[0]) as history:
        with pytest.raises((TypeError, ValueError, OverflowError)):
            history.events(**wrong)


def test_mark(database):
    path, _ = database
    with pausemon.History(path) as history:
        history.mark(1, Review.PINNED, "wie schön")
        history.mark(2, Review.DISMISSED)
        two, one = history.events()
        assert (one.review, one.notes) == (Review.PINNED, "wie schön")
        assert (two.review, two.notes) == (Review.DISMISSED, None)
        history.mark(1, Review.REVIEWED)
        assert history.events(id=1)[0].notes == "wie schön"  # None leaves them
        with pytest.raises(pausemon.NotFoundError):
            history.mark(99, Review.PINNED)
        with pytest.raises((pausemon.InvalidError, ValueError)):
            history.mark(1, 17)


def test_scores_by_count_and_by_hour(database):
    path, told = database
    looks = sum(event.type == pausemon.EventType.SAMPLE for event in told)
    with pausemon.History(path) as history:
        counts = history.histogram()
        assert len(counts) == 101 and sum(counts) == looks and counts[22] == 5
        hours = history.hours()
        assert sum(hour.samples for hour in hours) == looks
        assert [sum(column) for column in zip(*(h.counts for h in hours))] == counts
        assert all(hour.start_ns % (3600 * stage.SECOND) == 0 for hour in hours)
        tomorrow = datetime.datetime.now().astimezone() + datetime.timedelta(days=1)
        assert sum(history.histogram(since=tomorrow)) == 0 and not history.hours(since=tomorrow)
        assert history.hard_end() is None


def test_a_capture_is_kept(database):
    path, _ = database
    capture = pausemon.Capture(start_ns=stage.START, reason=pausemon.CaptureReason.ASKED,
                               event_id=1, pause_id=None, bytes=7, complete=True,
                               name="2026-01-23_12-00-00")
    with pausemon.Storage(path) as storage:
        storage.add_capture(capture)
        storage.finish()
    with pausemon.History(path) as history:
        (found,) = history.captures(1)
        assert (found.name, found.bytes, found.event_id, found.pause_id) == \
            (capture.name, 7, 1, None)
        assert found.reason is pausemon.CaptureReason.ASKED and found.complete
        assert history.captures(2) == []


def test_prune(database, tmp_path):
    path, _ = database
    evidence = tmp_path / "events"
    stray = evidence / "2020-01-01_00-00-00"
    stray.mkdir(parents=True)
    (stray / "metadata.json").write_text("{}", encoding="utf-8")
    os.utime(stray, (0, 0))
    with pausemon.Config() as config, pausemon.Storage(path) as storage:
        planned = storage.prune(config, evidence=evidence, dry_run=True)
        assert [(r.capture, str(r.why), r.escalation) for r in planned] == \
            [(stray.name, "stray" if str(planned[0].why) == "stray" else "age", None)]
        assert stray.exists()
        done = storage.prune(config, evidence=str(evidence))
        assert done == planned and not stray.exists()
        assert storage.prune(config, evidence=evidence) == []
        storage.finish()


def test_flush_on_another_thread(tmp_path, nervous):
    """As a program does that must not wait for a disk."""
    stop = threading.Event()
    problems = []
    with stage.Script(SCRIPT * 40) as source, pausemon.Monitor(source, nervous) as monitor, \
            pausemon.Storage(tmp_path / "data.db", queue=4096) as storage:
        storage.attach(monitor)

        def flush():
            try:
                while not stop.is_set():
                    storage.flush()
            except Exception as error:  # told by the assertion below
                problems.append(error)

        thread = threading.Thread(target=flush)
        thread.start()
        try:
            stage.play(monitor)
        finally:
            stop.set()
            thread.join()
        assert problems == []
        storage.flush()
        assert storage.info.dropped == 0
        with pausemon.History(tmp_path / "data.db") as history:
            assert len(history.events()) == 80


def test_a_storage_attaches_once(tmp_path, nervous):
    with stage.Script("..") as source, pausemon.Monitor(source, nervous) as monitor, \
            pausemon.Storage(tmp_path / "data.db") as storage:
        storage.attach(monitor)
        with pytest.raises((pausemon.InvalidError, pausemon.MisuseError)):
            storage.attach(monitor)


@pytest.mark.parametrize("name, kind", [
    ("none/data.db", pausemon.NotFoundError), ("link.db", pausemon.PausemonError),
    ("junk.db", pausemon.FormatError)])
def test_files_that_are_no_database(tmp_path, name, kind):
    (tmp_path / "junk.db").write_bytes(b"junk" * 2000)
    (tmp_path / "link.db").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(kind) as caught:
        pausemon.History(tmp_path / name) if "junk" in name else pausemon.Storage(tmp_path / name)
    assert str(caught.value)


def test_a_path_may_be_text_bytes_or_a_path(tmp_path):
    for path in (str(tmp_path / "a.db"), os.fsencode(tmp_path / "b.db"), tmp_path / "c.db"):
        with pausemon.Storage(path, queue=8) as storage:
            storage.finish()
        assert os.path.exists(path)
    for wrong in (None, 7, "a\0b", ""):
        with pytest.raises((TypeError, ValueError, pausemon.PausemonError)):
            pausemon.Storage(wrong)
    with pytest.raises((pausemon.InvalidError, OverflowError)):
        pausemon.Storage(tmp_path / "d.db", queue=5)
