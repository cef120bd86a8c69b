# SPDX-License-Identifier: MIT
"""What the suites with real faults share: a pausemond in a temporary directory, what it tells over
its socket, what `pausemon` says of it, and the helpers that do harm. Arguments of each suite:

    PAUSEMON PAUSEMOND HELPERS_DIR

Everything is bounded by time; only what was started here is ended, by its pid.
"""
import datetime
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tools"))
from taplib import PAUSEMON, beside, environment, main, test  # noqa: E402,F401

PAUSEMOND, HELPERS = (os.path.abspath(path) for path in sys.argv[2:4])
FULL = os.environ.get("PAUSEMON_FULL", "") not in ("", "0")
PATIENCE = 30  # seconds: far more than anything that is waited for takes
# An ordinary busy process is enough for tier 3, and every sample of it is kept.
NERVOUS = "[tiers]\nelevated_threshold = 1\ncritical_threshold = 2\n"
QUICK = "[monitor]\ninterval_ms = 100\nbudget_permille = 1000\n"
INTERVAL = 0.1  # of QUICK, seconds
NOBODY = 65534
ATTEMPTS = 3  # on a virtual machine whose neighbours take their share


def wait_until(what, condition, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what}"
        time.sleep(0.02)


def seconds_of(timestamp):
    """Unix seconds of a timestamp in JSON."""
    return datetime.datetime.fromisoformat(timestamp.replace("Z", "+00:00")).timestamp()


class Stream(threading.Thread):
    """Reads the socket from when it is made; `messages` are (monotonic seconds, message)."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.messages = []
        self.socket = socket.socket(socket.AF_UNIX)
        try:
            self.socket.connect(path)
        except OSError:
            self.socket.close()
            raise
        self.start()

    def run(self):
        with self.socket.makefile("rb") as file:
            try:
                for line in file:
                    if line.endswith(b"\n"):  # the last one of a killed daemon may be cut
                        self.messages.append((time.monotonic(), json.loads(line)))
            except OSError:
                pass  # closed

    def of(self, kind, since=0, **fields):
        """What came of that type since then, in order."""
        return [m for at, m in list(self.messages) if m["type"] == kind and at >= since
                and all(m[key] == value for key, value in fields.items())]

    def wait(self, kind, seconds=PATIENCE, since=0, where=lambda message: True, **fields):
        return wait_until(f"{kind} {fields}", lambda: next(
            (m for m in self.of(kind, since, **fields) if where(m)), None), seconds)

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the other end was first
        self.join()
        self.socket.close()


class Daemon:
    """A pausemond; killed when the `with` ends, unless it was ended before."""

    def __init__(self, home, config="", data="data", wait=True, user=None, umask=-1):
        self.home, self.data, self.user = home, os.path.join(home, data), user
        self.path = os.path.join(self.data, "daemon.sock")
        self.config = os.path.join(home, "config.toml")
        self.base = os.path.join(self.data, "data.db")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(config)
        self.err = os.path.join(home, f"log-{time.monotonic_ns()}")
        env = environment(home)
        for name in ("NOTIFY_SOCKET", "JOURNAL_STREAM"):
            env.pop(name, None)
        with open(self.err, "w", encoding="utf-8") as err:
            self.process = subprocess.Popen(
                [PAUSEMOND, "--config", self.config, "--data-dir", self.data], env=env,
                stdin=subprocess.DEVNULL, stderr=err, user=user, umask=umask)
        self.pid = self.process.pid
        self.streams = []
        if wait:
            self.stream = wait_until("the daemon to listen", self.try_to_connect)
            self.stream.wait("sample")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        for stream in self.streams:
            stream.close()

    def log(self):
        with open(self.err, encoding="utf-8", errors="replace") as file:
            return file.read()

    def try_to_connect(self):
        try:
            return self.connect()
        except (FileNotFoundError, ConnectionRefusedError):
            return None  # not yet; or what the last one left

    def connect(self):
        assert self.process.poll() is None, f"it ended: {self.log()}"
        stream = Stream(self.path)
        self.streams.append(stream)
        return stream

    def status(self):
        """As of now: a client is told it when it comes. Empty where no more are let in."""
        stream = self.connect()
        try:
            wait_until("the status", lambda: stream.of("status") or not stream.is_alive())
            return (stream.of("status") or [{}])[0]
        finally:
            stream.close()
            self.streams.remove(stream)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=PATIENCE) == 0, self.log()
        assert not os.path.lexists(self.path), "the socket is still there"

    def ask(self, command, *args):
        """`pausemon COMMAND --json`: exit code and document."""
        result = subprocess.run(
            [PAUSEMON, *command.split(), *args, "--json", "--data-dir", self.data],
            env=environment(self.home), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60, user=self.user, check=False)
        try:
            return result.returncode, json.loads(result.stdout)
        except ValueError as error:
            raise AssertionError(f"{result}: no JSON") from error

    def rows(self, query, *values):
        return rows(self.base, query, *values)


def rows(path, query, *values):
    base = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    try:
        return base.execute(query, values).fetchall()
    finally:
        base.close()


def sound(path):
    """What SQLite itself says of the file."""
    assert rows(path, "PRAGMA integrity_check") == [("ok",)], rows(path, "PRAGMA integrity_check")
    assert rows(path, "PRAGMA foreign_key_check") == []


class Helper:
    """A helper at work: it has said that it is ready. `None` instead where it cannot be."""

    def __init__(self, name, *args):
        self.process = subprocess.Popen([os.path.join(HELPERS, name), *map(str, args)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.can = self.process.stdout.readline() == "ready\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            pipe.close()

    def finish(self):
        """Its own time is up, or its leash is let go; what it printed."""
        self.process.stdin.close()
        out = self.process.stdout.read()
        self.process.wait()
        assert self.process.returncode == 0, f"{self.process.args}: {self.process.returncode}"
        return out


class Canary(Helper):
    """The independent witness; `late()` ends it and gives its late beats: (due, came), Unix s."""

    def __init__(self, seconds, late_ms=100):
        super().__init__("canary", seconds, late_ms)
        assert self.can

    def late(self):
        return [tuple(int(word) / 1e9 for word in line.split())
                for line in self.finish().splitlines()]


def no_nobody(home):
    """Makes the directory one that nobody in particular may use; or says why that cannot be."""
    if os.geteuid() != 0:
        return "only root becomes somebody else"
    os.chmod(home, 0o755)
    try:
        subprocess.run([PAUSEMOND, "--version"], user=NOBODY, check=True, capture_output=True)
    except PermissionError:
        return "this build lies where nobody else may run it"
    return None


def undisturbed(home, body):
    """body(directory); once more, twice at most, where it failed while the machine itself stood
    still for somebody else's reason, as the canary beside says."""
    for number in range(ATTEMPTS):
        place = os.path.join(home, f"attempt{number}")
        os.mkdir(place)
        with Canary(120, 200) as canary:
            try:
                return body(place)
            except AssertionError as error:
                beats = canary.late()
                if not beats or number + 1 == ATTEMPTS:
                    raise
                print(f"# disturbed by {len(beats)} late beats of the whole machine: {error}")
    return None


def busy(seconds, priority=0):
    """Without a priority: busy enough to be seen, and for NERVOUS; with one, a standstill."""
    return Helper("hog", int(seconds * 1000), priority)


def felt_by(pause, beats, slack=0.1):
    """Does the pause overlap one of these late beats?"""
    start, end = seconds_of(pause["start"]), seconds_of(pause["end"])
    return any(due - slack <= end and start <= came + slack for due, came in beats)
