# SPDX-License-Identifier: MIT
"""What the suites of the daemon share: a daemon, a client, the TAP runner.

    SUITE.py PAUSEMOND TESTS_DIR
"""
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time

PAUSEMOND, TESTS = sys.argv[1:3]
LINE_LIMIT = 60 * 1024
PATIENCE = 60  # seconds: far more than anything here takes
QUICK = "[monitor]\ninterval_ms = 100\n[heartbeat]\nenabled = false\n"
CALM = "[tiers]\nelevated_threshold = 99\ncritical_threshold = 100\n"
tests = []


def test(function):
    tests.append(function)
    return function


def wait_until(what, condition):
    deadline = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.01)


class Daemon:
    """One daemon with a NOTIFY_SOCKET of its own; ended when the `with` is."""

    def __init__(self, home, *args, config=QUICK + CALM, data="data", abstract=False, stderr=None,
                 wait=True, limits=None, **environment):
        self.data = os.path.join(home, data)
        self.path = os.path.join(self.data, "daemon.sock")
        self.config = os.path.join(home, "config.toml")
        self.configure(config)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = os.path.join(home, f"notify-{time.monotonic_ns()}")
        name = "@" + name if abstract else name
        self.notify.bind(name.replace("@", "\0"))
        self.notify.settimeout(PATIENCE)
        self.seen = []
        self.err = tempfile.TemporaryFile("w+")
        env = dict(os.environ, HOME=home, NOTIFY_SOCKET=name, **environment)
        for key in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "JOURNAL_STREAM"):
            env.pop(key, None)
        self.process = subprocess.Popen(
            [PAUSEMOND, "--config", self.config, "--data-dir", self.data, *args], env=env,
            stdin=subprocess.DEVNULL, stderr=stderr or self.err, preexec_fn=limits)
        if wait:
            self.wait_for("READY=1")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.notify.close()
        self.err.close()

    def configure(self, text):
        """All at once: a reload that still waits reads the old text or the new one."""
        with open(f"{self.config}.new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(file.name, self.config)

    def wait_for(self, state):
        """Reads notifications up to this one, and returns it."""
        while True:
            got = self.notify.recv(4096).decode()
            self.seen.append(got)
            if got.startswith(state):
                return got

    def log(self):
        self.err.flush()
        at = os.lseek(self.err.fileno(), 0, os.SEEK_CUR)
        return os.pread(self.err.fileno(), at + 1000000, 0).decode()

    def wait_log(self, pattern):
        return wait_until(f"{pattern} in the log", lambda: re.search(pattern, self.log()))

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        """SIGTERM: what it leaves behind must be right."""
        self.signal(signal.SIGTERM)
        assert self.process.wait(timeout=PATIENCE) == 0, self.log()
        assert not os.path.lexists(self.path), "the socket is still there"

    def connect(self):
        return Client(self.path)


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def next(self):
        """The next message; None at the end."""
        line = self.file.readline()
        if not line:
            return None
        assert line.endswith(b"\n") and len(line) < LINE_LIMIT, (len(line), line[-80:])
        return json.loads(line.decode("utf-8"))

    def next_of(self, kind, **fields):
        while True:
            message = self.next()
            assert message is not None, f"the connection ended before {kind} {fields}"
            if message["type"] == kind and all(message[k] == v for k, v in fields.items()):
                return message


def refused(home, pattern, *args, **more):
    """It does not start, exits 1, and says why in one line that matches."""
    with Daemon(home, *args, wait=False, **more) as daemon:
        assert daemon.process.wait(timeout=PATIENCE) == 1, daemon.log()
        assert re.search(pattern, daemon.log()), f"no {pattern!r} in {daemon.log()!r}"
        return daemon.log()


def mode_of(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def main():
    """Runs all tests that were declared."""
    print(f"1..{len(tests)}")
    failed = 0
    for number, function in enumerate(tests, 1):
        name = function.__name__
        with tempfile.TemporaryDirectory() as home:
            started = time.monotonic()
            try:
                skip = function(home)
                print(f"ok {number} - {name}" + (f" # SKIP {skip}" if skip else ""), flush=True)
            except Exception as error:  # a test that cannot run has failed
                failed += 1
                print(f"not ok {number} - {name}: {type(error).__name__} "
                      + str(error).replace("\n", " | "), flush=True)
            print(f"# {time.monotonic() - started:.1f} s", flush=True)
    sys.exit(1 if failed else 0)
