# SPDX-License-Identifier: MIT
"""Misuse raises and never crashes: after close, in callbacks, on two threads, in a child."""
import inspect
import os
import threading
import time
from collections.abc import Iterator, MappingView

import kinds
import pytest
import stage

import pausemon
from pausemon import ClosedError, EventType, MisuseError

# What may be asked of a closed object; `stop` is what the heartbeat calls close.
ALWAYS = {"close", "closed", "stop"}
DUNDERS = ["__len__", "__iter__", "__enter__", "__getitem__", "__setitem__"]
# Values for arguments, by name; the object is closed, so any that could be right will do.
ARGUMENTS = {
    "key": "tiers.hold_ms", "name": "tiers.hold_ms", "text": "", "path": "x", "write": print,
    "callback": print, "stress": 1, "now_ns": 1, "ns": 1, "gap_ns": 1, "sample": kinds.SAMPLE,
    "tier": pausemon.Tier.SENTINEL, "index": 0, "event_id": 1, "pause_id": 1,
    "review": pausemon.Review.PINNED, "value": 1, "default": None, "item": "x", "message": {},
    "other": {"tiers.hold_ms": 1},
    "sink": None, "onset_ns": 1, "end_ns": 2,
}


def argument(name, stand):
    if name in ("config", "settings"):
        return stand.make("Config")
    if name == "monitor":
        return stand.make("Monitor")
    if name == "capture":
        return pausemon.Capture(start_ns=1, reason=pausemon.CaptureReason.ASKED, event_id=None,
                                pause_id=None, bytes=0, complete=True, name="2026-01-23_12-00-00")
    return ARGUMENTS[name]


def members(cls):
    """Public methods and properties of an object; none of the class alone."""
    for name in dir(cls):
        raw = inspect.getattr_static(cls, name)
        if name in ALWAYS or isinstance(raw, (classmethod, staticmethod)):
            continue
        if name in DUNDERS and callable(raw) or not name.startswith("_"):
            yield name, raw


def touch(thing, name, raw, stand):
    """Uses the member as a program would."""
    if not callable(raw):
        return getattr(thing, name)
    parameters = list(inspect.signature(raw).parameters.values())[1:]
    given = [argument(p.name, stand) for p in parameters
             if (p.default is p.empty or p.name == "other")
             and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    result = getattr(thing, name)(*given)
    return list(result) if isinstance(result, (Iterator, MappingView)) else result


def test_every_kind_has_its_maker():
    assert set(kinds.closable()) == set(kinds.KINDS) | kinds.OTHERS


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_after_close_every_member_raises(kind, tmp_path):
    wrong, looked = [], 0
    with kinds.Stand(tmp_path) as stand:
        thing = stand.make(kind)
        thing.close()
        for name, raw in members(type(thing)):
            # What a source of one's own says of itself is no use of the object.
            if isinstance(thing, pausemon.PythonSource) and any(
                    name in vars(cls) for cls in (type(thing), pausemon.PythonSource)):
                continue
            if not callable(raw) and not isinstance(raw, property):
                continue
            looked += 1
            try:
                touch(thing, name, raw, stand)
            except ClosedError as error:
                assert kind.lower() in str(error).lower() or str(error)
            except Exception as error:
                wrong.append(f"{name}: {error!r}")
            else:
                wrong.append(f"{name}: nothing")
    assert wrong == [] and looked > 0


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_close_twice_and_with(kind, tmp_path):
    with kinds.Stand(tmp_path) as stand:
        thing = kinds.KINDS[kind](stand)
        assert not thing.closed and kind in repr(thing) or type(thing).__name__ in repr(thing)
        with thing as same:
            assert same is thing
            kinds.use(kind, thing, stand)
        assert thing.closed and "closed" in repr(thing)
        thing.close()
        with pytest.raises(ClosedError), thing:
            pass


@pytest.mark.parametrize("kind", sorted(set(kinds.KINDS) - {"Client"}))
def test_a_constructor_that_fails_leaves_nothing_to_trip_over(kind, nervous):
    """Neither then nor when what is half made is collected (conftest looks at stderr)."""
    cls = getattr(pausemon, kind)
    with pytest.raises((TypeError, ValueError, LookupError, pausemon.PausemonError)):
        cls(object(), object(), object())
    half = cls.__new__(cls)
    repr(half)
    del half


def test_a_subclass_that_forgets_its_base():
    """`super().__init__()` was not called: an error, no crash."""
    class Forgetful(pausemon.PythonSource):
        def __init__(self):
            pass

        def read(self, sink):
            return None

    with pytest.raises((pausemon.PausemonError, AttributeError, TypeError)):
        with Forgetful() as source, pausemon.Collector(source) as collector:
            collector.collect()
            raise pausemon.MisuseError("it works: as good")


# ---- used by others ----

@pytest.mark.parametrize("user", ["Collector", "Monitor"])
def test_a_source_in_use_is_not_closed(user):
    source = stage.Script("...")
    thing = getattr(pausemon, user)(source)
    with pytest.raises(MisuseError, match="in use"):
        source.close()
    assert not source.closed
    thing.close()
    source.close()
    assert source.closed


def test_a_monitor_may_be_closed_before_who_hears_it(tmp_path):
    with kinds.Stand(tmp_path) as stand:
        monitor = stand.make("Monitor")
        hearers = [stand.make(kind) for kind in ("Storage", "Forensics", "Blackbox", "Alerts")]
        for hearer in hearers:
            hearer.attach(monitor)
        monitor.close()
        for hearer in hearers:
            hearer.close()


# ---- in callbacks ----

def caught_inside(monitor, act):
    """What `act` raised when a callback did it."""
    seen = []

    def callback(event):
        try:
            act()
        except Exception as error:
            seen.append(error)
        else:
            seen.append(None)

    monitor.subscribe(callback, EventType.SAMPLE)
    monitor.feed()
    monitor.feed()
    assert len(seen) == 2
    return seen[0]


@pytest.mark.parametrize("name", ["close", "dispatch", "feed", "run"])
def test_what_a_callback_must_not_do(name, nervous):
    with stage.Script("...") as source, pausemon.Monitor(source, nervous) as monitor:
        assert isinstance(caught_inside(monitor, getattr(monitor, name)), MisuseError)
        assert not monitor.closed


def test_what_a_callback_may_do(nervous):
    with stage.Script("...") as source, pausemon.Monitor(source, nervous) as monitor:
        assert caught_inside(monitor, lambda: (monitor.tier, monitor.processes(), monitor.ring,
                                               monitor.escalation, monitor.onset)) is None


@pytest.mark.parametrize("act", [lambda source, user: user.close(),
                                 lambda source, user: source.close()])
@pytest.mark.parametrize("user", ["Collector", "Monitor"])
def test_a_source_must_not_close_itself_in_a_look(user, act):
    seen = []

    def hook():
        with pytest.raises(MisuseError) as caught:
            act(source, thing)
        seen.append(caught.value)

    with stage.Script("..", hook) as source, getattr(pausemon, user)(source) as thing:
        thing.collect() if user == "Collector" else thing.feed()
        assert len(seen) == 1 and not thing.closed and not source.closed


def test_a_look_within_a_look():
    def hook():
        with pytest.raises(MisuseError):
            collector.collect()

    with stage.Script("..", hook) as source, pausemon.Collector(source) as collector:
        assert collector.collect().process_count == 1


def test_misuse_that_is_not_caught_fails_the_look():
    with stage.Script("..", lambda: collector.close()) as source, \
            pausemon.Collector(source) as collector:
        with pytest.raises(pausemon.PausemonError) as caught:
            collector.collect()
        assert MisuseError in (type(caught.value), type(caught.value.__cause__))


def test_a_config_must_not_change_under_its_own_writing():
    """Its methods call back into nothing of ours: but an iterator may be broken off."""
    with pausemon.Config() as config:
        keys = iter(config)
        next(keys)
        config.close()
        with pytest.raises((ClosedError, StopIteration)):
            while True:
                next(keys)


# ---- threads ----

@pytest.mark.parametrize("user", ["Collector", "Monitor"])
def test_two_threads_at_once(user):
    """One is in the middle of a look: whatever the other does with it is refused."""
    inside, go_on = threading.Event(), threading.Event()

    def hook():
        inside.set()
        assert go_on.wait(stage.PATIENCE)

    with stage.Script("..", hook) as source, getattr(pausemon, user)(source) as thing:
        look = thing.collect if user == "Collector" else thing.feed
        thread = threading.Thread(target=look)
        thread.start()
        assert inside.wait(stage.PATIENCE)
        try:
            for act in (look, thing.close, thing.processes, thing.timeout, source.close):
                with pytest.raises(MisuseError):
                    act()
        finally:
            go_on.set()
            thread.join()
        source.hook = None
        look()  # another thread may use it later


@pytest.mark.parametrize("kind", ["Config", "TierManager", "RingBuffer", "Storage", "History"])
def test_many_threads_at_once_never_crash(kind, tmp_path):
    """Each call works or raises MisuseError."""
    wrong, stop = [], threading.Event()

    def work():
        try:
            while not stop.is_set():
                try:
                    {"Config": lambda: (thing.__setitem__("tiers.hold_ms", 5), thing.write()),
                     "TierManager": lambda: thing.update(60, 5),
                     "RingBuffer": lambda: (thing.push(kinds.SAMPLE, pausemon.Tier.SENTINEL),
                                            list(thing)),
                     "Storage": lambda: (thing.flush(), thing.info),
                     "History": lambda: (thing.events(), thing.hours())}[kind]()
                except (MisuseError, IndexError):
                    pass
        except Exception as error:
            wrong.append(error)

    with kinds.Stand(tmp_path) as stand:
        thing = stand.make(kind)
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.2)
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == []


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_another_thread_may_use_it_later(kind, tmp_path):
    wrong = []

    def work():
        try:
            kinds.use(kind, thing, stand)
            thing.close()
        except Exception as error:
            wrong.append(error)

    with kinds.Stand(tmp_path) as stand:
        thing = stand.make(kind)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert wrong == [] and thing.closed


def test_the_lock_of_python_is_let_go(tmp_path):
    """A loop that waits, and a flush, let other threads run."""
    ticks = []
    with stage.Script("." * 100) as source, pausemon.Monitor(source) as monitor:
        stop = threading.Event()

        def tick():
            while not stop.wait(0.01):
                ticks.append(1)

        thread = threading.Thread(target=tick)
        thread.start()
        monitor.run(0.3)
        stop.set()
        thread.join()
    assert len(ticks) >= 5


# ---- a child ----

def in_child(act):
    """Runs it after fork, in the child; its exit code."""
    pid = os.fork()
    if pid == 0:
        try:
            act()
            os._exit(0)
        except MisuseError:
            os._exit(3)
        except BaseException:
            os._exit(4)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # newer Pythons warn of threads
@pytest.mark.parametrize("kind", sorted(set(kinds.KINDS) - {"Client"}))
def test_a_child_may_only_close(kind, tmp_path):
    with kinds.Stand(tmp_path) as stand:
        thing = stand.make(kind)
        # 3: it is refused as misuse. The parent's object is as it was.
        assert in_child(lambda: kinds.use(kind, thing, stand)) == 3
        assert in_child(thing.close) == 0
        kinds.use(kind, thing, stand)
