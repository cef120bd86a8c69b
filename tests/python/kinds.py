# SPDX-License-Identifier: MIT
"""One of each kind of object that can be closed, for what must hold for all of them."""
import contextlib
import inspect
import os
import socket
import threading

import stage

import pausemon

LINE = b'{"type": "status", "pid": 1}\n'


class Stand(contextlib.ExitStack):
    """Makes one of each kind, with all that it needs; what it made is closed at its end."""

    def __init__(self, folder=None):
        super().__init__()
        self.folder = str(folder)
        self.count = 0

    def make(self, kind):
        return self.enter_context(KINDS[kind](self))

    def path(self, name):
        self.count += 1
        return os.path.join(self.folder, f"{name}{self.count}")

    def socket(self):
        """A socket that says one line to one client."""
        server = self.enter_context(socket.socket(socket.AF_UNIX))
        path = self.path("s")
        server.bind(path)
        server.listen(1)

        def serve():
            with contextlib.suppress(OSError), server.accept()[0] as client:
                client.sendall(LINE)

        thread = threading.Thread(target=serve)
        thread.start()
        self.callback(thread.join)
        self.callback(lambda: server.shutdown(socket.SHUT_RDWR))
        return path

    def monitor(self):
        return pausemon.Monitor(self.enter_context(stage.Script("." * 10000)))

    def history(self):
        path = self.path("data")
        with pausemon.Storage(path) as storage:
            storage.finish()
        return pausemon.History(path)


def quiet():
    config = pausemon.Config()
    config["alerts.enabled"] = False
    return config


KINDS = {
    "Config": lambda stand: pausemon.Config(),
    "Source": lambda stand: pausemon.Source.from_bytes("top", stage.top_text()),
    "PythonSource": lambda stand: stage.Script("." * 10000),
    "Collector": lambda stand: pausemon.Collector(stand.make("PythonSource")),
    "TierManager": lambda stand: pausemon.TierManager(),
    "RingBuffer": lambda stand: pausemon.RingBuffer(3),
    "Monitor": lambda stand: stand.monitor(),
    "Heartbeat": lambda stand: pausemon.Heartbeat(stand.make("Monitor")),
    "Storage": lambda stand: pausemon.Storage(stand.path("data")),
    "History": lambda stand: stand.history(),
    "Forensics": lambda stand: pausemon.Forensics(stand.path("events")),
    "Blackbox": lambda stand: pausemon.Blackbox(stand.path("box")),
    "Alerts": lambda stand: pausemon.Alerts(stand.enter_context(quiet())),
    "Client": lambda stand: pausemon.Client(stand.socket()),
}

# They are closed without harm at any time: test_monitor.py, test_asyncio.py, test_client.py.
OTHERS = {"Subscription", "EventStream", "AsyncClient"}


def closable():
    """Every public class with `close`."""
    found = {}
    for name in stage.PUBLIC:
        cls = getattr(pausemon, name)
        if inspect.isclass(cls) and callable(getattr(cls, "close", None)):
            found[name] = cls
    return found


def use(kind, thing, stand):
    """What it is made for, once."""
    if kind == "Config":
        thing["tiers.hold_ms"] = 7
        thing.write()
    elif kind in ("Source", "PythonSource"):
        thing.record(lambda data: None)
    elif kind == "Collector":
        thing.collect().to_json()
        thing.processes()
    elif kind == "TierManager":
        thing.update(60, 0)
    elif kind == "RingBuffer":
        thing.push(SAMPLE, pausemon.Tier.SENTINEL)
        with thing.freeze() as copy:
            len(list(copy))
    elif kind == "Monitor":
        thing.subscribe(lambda event: None)
        thing.feed()
        with thing.ring as ring:
            len(ring)
    elif kind == "Heartbeat":
        thing.info
    elif kind in ("Storage", "Blackbox", "Alerts", "Forensics"):
        thing.attach(stand.make("Monitor"))
        (thing.run if hasattr(thing, "run") else thing.flush)()
    elif kind == "History":
        thing.events()
        thing.histogram()
    elif kind == "Client":
        thing.status()


SAMPLE = stage.look_at([pausemon.Row(pid=1, command="p", mem=5)])[0][0]
