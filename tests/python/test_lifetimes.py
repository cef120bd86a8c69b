# SPDX-License-Identifier: MIT
"""Collected in any order, in cycles, at the end of the interpreter; nothing crashes or is kept."""
import gc
import itertools
import os
import subprocess
import sys
import weakref

import kinds
import pytest
import stage

import pausemon

HERE = os.path.dirname(os.path.abspath(__file__))


def run(code, *arguments):
    """Runs a program; it must end well and say nothing on stderr."""
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([os.environ["PYTHONPATH"], HERE]))
    # A child frees nothing that its parent made, nobody what a thread is in at the end: no leaks.
    if "fork()" in code or "daemon=True" in code:
        environment["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
    ran = subprocess.run([sys.executable, "-B", "-X", "dev", "-c", code, *map(str, arguments)],
                         env=environment, capture_output=True, text=True,
                         timeout=stage.PATIENCE, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


# ---- any order ----

def web(folder):
    """Objects that use each other, by name."""
    config = stage.nervous_config(**{"heartbeat.interval_ms": 5})
    source = stage.Script("!" * 1000)
    monitor = pausemon.Monitor(source, config)
    events = []
    subscription = monitor.subscribe(events.append)
    storage = pausemon.Storage(folder / "data.db")
    storage.attach(monitor)
    monitor.feed()
    return {"source": source, "monitor": monitor, "subscription": subscription,
            "storage": storage, "heartbeat": pausemon.Heartbeat(monitor, config)}


# All of them take a while: each stops threads and syncs a file.
ORDERS = list(itertools.permutations(range(5)))[::1 if stage.FULL else 7]


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_deleted_in_any_order(order, tmp_path):
    things = web(tmp_path)
    names = list(things)
    gone = weakref.ref(things["source"])
    for index in order:
        del things[names[index]]
        if index % 2:
            gc.collect()
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("order", list(itertools.permutations(
    ["source", "monitor", "storage", "heartbeat"])), ids="-".join)
def test_closed_in_any_order(order, tmp_path):
    """Only the source in use must not: then it is closed again after the monitor."""
    things = web(tmp_path)
    refused = False
    for name in order:
        try:
            things[name].close()
        except pausemon.MisuseError:
            assert name == "source" and not things["monitor"].closed
            refused = True
    things["source"].close()
    assert refused == (order.index("source") < order.index("monitor"))
    things["subscription"].cancel()


def test_what_is_used_lives_as_long_as_its_user(nervous):
    monitor = pausemon.Monitor(stage.Script("..!"), nervous)
    collector = pausemon.Collector(stage.Script(".."))
    del nervous
    gc.collect()
    assert [monitor.feed(), monitor.feed()] == [1, 1]
    assert collector.collect().process_count == 1
    monitor.close()
    collector.close()


def test_what_is_made_twice_is_freed_twice():
    for made, again in (pausemon.RingBuffer(3), (3,)), (stage.Script("."), (".",)):
        first = made._handle
        made.__init__(*again)
        assert not first.pointer and made._handle.pointer
        made.close()
        assert not made._handle.pointer


def test_a_callback_is_kept_and_let_go(nervous):
    class Hearer:
        def hear(self, event):
            heard.append(event)

    heard = []
    hearer = Hearer()
    gone = weakref.ref(hearer)
    with stage.Script("...") as source, pausemon.Monitor(source, nervous) as monitor:
        subscription = monitor.subscribe(hearer.hear, pausemon.EventType.SAMPLE)
        del hearer
        gc.collect()
        monitor.feed()
        assert len(heard) == 1 and gone() is not None
        subscription.cancel()
        gc.collect()
        assert gone() is None
        monitor.feed()
        assert len(heard) == 1


# ---- cycles ----

def test_a_monitor_that_its_callback_knows(nervous):
    class Service:
        def __init__(self):
            self.source = Knowing(self)
            self.monitor = pausemon.Monitor(self.source, nervous)
            self.subscription = self.monitor.subscribe(self.hear)
            self.heartbeat = pausemon.Heartbeat(self.monitor)
            self.monitor.feed()

        def hear(self, event):
            assert self.monitor.tier

    class Knowing(stage.Script):
        def __init__(self, service):
            super().__init__("....")
            self.service = service

    before = stage.descriptors()
    services = [Service() for _ in range(5)]
    gone = [weakref.ref(part) for s in services for part in (s, s.source, s.monitor, s.heartbeat)]
    del services
    gc.collect()
    gc.collect()
    assert [ref() for ref in gone] == [None] * 20
    assert stage.descriptors() == before


def test_an_exception_while_garbage_is_collected_is_told(nervous, monkeypatch):
    """Nobody called: what a callback raises is told as Python tells it of destructors."""
    class Cycle:
        def __init__(self):
            self.monitor = pausemon.Monitor(stage.Script("!!"), nervous)
            self.monitor.subscribe(self.hear)
            self.monitor.feed()

        def hear(self, event):
            if event.type == pausemon.EventType.CLOSE:
                raise LookupError("nobody is there to hear it")

    said = []
    monkeypatch.setattr(sys, "unraisablehook", lambda told: said.append(type(told.exc_value)))
    gone = weakref.ref(Cycle())
    gc.collect()
    assert gone() is None and said == [LookupError]


def test_errors_keep_no_object_alive():
    source = stage.Script("x.")
    with pausemon.Collector(source) as collector:
        with pytest.raises(pausemon.PausemonError) as caught:
            collector.collect()
    kept = caught.value
    kept.__cause__ = kept.__context__ = kept.__traceback__ = None
    gone = weakref.ref(source)
    source.close()
    del source, collector, caught
    gc.collect()
    assert gone() is None and str(kept)


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_garbage_is_given_back(kind, tmp_path):
    """Not closed at all: descriptors and memory go with the object."""
    before = stage.descriptors()
    stand = kinds.Stand(tmp_path)
    with stand:
        thing = kinds.KINDS[kind](stand)
        kinds.use(kind, thing, stand)
        gone = weakref.ref(thing)
        del thing
        stand.pop_all().close()
    gc.collect()
    assert gone() is None
    assert stage.descriptors() == before


# ---- the end of the interpreter ----

EXIT = """
import sys, atexit, threading
import kinds, pausemon, stage
stand = kinds.Stand(sys.argv[1])
names = sys.argv[2].split(",")
things = {name: kinds.KINDS[name](stand) for name in names}
for name, thing in things.items():
    kinds.use(name, thing, stand)
globals().update(things)
cycle = [things]
cycle.append(cycle)
stand.pop_all()
{more}
print("end")
"""


ENDS = {
    "by itself": "",
    "by sys.exit": "sys.exit(0)",
    "cleared": "things.clear(); cycle.clear()",
    "used at exit": "atexit.register(lambda: things['Monitor'].feed())",
    "callback that raises": "things['Monitor'].subscribe(lambda event: 1 / 0, "
                            "pausemon.EventType.SAMPLE)",
    "modules gone": "del pausemon, stage, kinds",
    "daemon thread in it": "threading.Thread(target=lambda: things['Monitor'].run(60), "
                           "daemon=True).start()",
}


# Python itself tells of a socket that nobody closed.
SILENT = sorted(set(kinds.KINDS) - {"Client"})


@pytest.mark.parametrize("end", ENDS)
def test_with_live_objects(end, tmp_path):
    names = ",".join(SILENT)
    said = run(EXIT.replace("{more}", ENDS[end]), tmp_path, names)
    assert said == ("" if end == "by sys.exit" else "end\n")


@pytest.mark.parametrize("kind", SILENT if stage.FULL else ["Heartbeat", "PythonSource"])
def test_with_one_live_object(kind, tmp_path):
    assert run(EXIT.replace("{more}", ""), tmp_path, kind) == "end\n"


FORK = """
import os, sys
import kinds, stage
stand = kinds.Stand(sys.argv[1])
things = [kinds.KINDS[name](stand) for name in sys.argv[2].split(",")]
stand.pop_all()
pid = os.fork()
if pid == 0:
    sys.exit(0)  # with all of them alive
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
assert code == 0, code
for thing in reversed(things):
    thing.close()
print("parent")
"""


def test_a_child_that_exits_with_live_objects(tmp_path):
    names = ",".join(sorted(set(kinds.KINDS) - {"Client"}))
    assert run(FORK, tmp_path, names) == "parent\n"


def test_a_child_that_forks_under_a_heartbeat_can_work_on_its_own(tmp_path):
    code = FORK.replace("sys.exit(0)", "[t.close() for t in reversed(things)];"
                        " kinds.use('Collector', kinds.KINDS['Collector'](stand), stand);"
                        " sys.exit(0)")
    assert run(code, tmp_path, "Heartbeat,Storage") == "parent\n"
