# SPDX-License-Identifier: MIT
"""What the suite of the full-screen monitor needs: a daemon that is played, a terminal in tmux, and
a bare one."""
import fcntl
import json
import os
import pty
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import termios
import threading
import time

from taplib import PAUSEMON, environment

MONITOR = os.path.join(os.path.dirname(PAUSEMON), "pausemon-monitor")
PAUSEMOND = os.path.join(os.path.dirname(PAUSEMON), "pausemond")
PATIENCE = 30  # seconds: far more than anything here takes


def wait_until(what, condition, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited in vain: {what() if callable(what) else what}"
        time.sleep(0.03)


# ---- what a daemon says ----

def rogue(pid, command, score, **more):
    return {"pid": pid, "command": command, "cpu": 12.5, "state": "running", "mem": 1048576,
            "cmprs": 0, "pageins": 0, "csw": 10, "sysbsd": 5, "threads": 2, "score": score,
            "categories": ["cpu"], "ppid": 0, "start_time": 1, **more}


def sample(stress, *rogues):
    return {"timestamp": "2026-01-23T12:00:00.123456+00:00", "elapsed_ms": 1000,
            "process_count": 412, "max_score": stress, "rogues": list(rogues), "stress": stress,
            "unreadable": 2, "rogues_omitted": 0, "cost_us": 900, "monotonic_ns": 1}


def state(tier, *samples):
    return {"type": "initial_state", "samples": [{"tier": tier, **s} for s in samples],
            "tier": tier, "max_score": 0, "sample_count": len(samples)}


STATUS = {"type": "status", "samples": 1200, "events": 2, "elevated_since": None,
          "critical_since": None, "dropped_records": 0, "disk": "ok", "budget": "ok",
          "rss_bytes": 5242880, "heartbeat": "on", "late_beats": 3, "worst_beat_ms": 214,
          "blackbox": "ok", "slower": 1, "pid": 4711}
PAUSE = {"type": "pause", "id": 7, "start": "2026-01-23T12:00:00.000000+00:00",
         "end": "2026-01-23T12:00:02.310000+00:00", "duration_ms": 2310, "lost_ms": 2290,
         "detectors": ["heartbeat"], "cause": "cpu", "confidence": 0.94, "verdict": "",
         "evidence": [{"name": "run_delay_ms", "value": 2290, "window_ms": 2400}],
         "culprits": [{"pid": 41, "command": "stress-ng", "resource": "cpu", "share": 0.96,
                       "count": 8, "suspect": False, "exe": None, "unit": None, "uid": 0}],
         "victims": [], "tier": 3, "event_id": None, "forensics": None}
CALM = (state(1, sample(3, rogue(9, "firefox", 3))), STATUS)
CRITICAL = (state(3, sample(88, rogue(4242, "stress-ng", 88, cpu=799.6, categories=["cpu", "csw"]),
                            rogue(3100, "rsync", 61, state="stuck", unknown=["cpu", "mem"]))),
            {**STATUS, "disk": "full", "dropped_records": 12}, PAUSE)


class Played:
    """A daemon's socket: who connects gets `hello`; say() tells all."""

    def __init__(self, data, hello=CALM):
        self.hello, self.clients, self.seen = hello, [], 0
        os.makedirs(data, mode=0o700, exist_ok=True)
        self.path = os.path.join(data, "daemon.sock")
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen(8)
        threading.Thread(target=self.loop, daemon=True).start()

    def loop(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            client.settimeout(PATIENCE)
            self.send(client, *self.hello)
            self.clients.append(client)
            self.seen += 1

    @staticmethod
    def send(client, *messages):
        try:
            client.sendall(b"".join((json.dumps(m) + "\n").encode() for m in messages))
        except BrokenPipeError:
            pass

    def say(self, *messages):
        for client in self.clients:
            self.send(client, *messages)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for client in self.clients:
            client.close()
        os.unlink(self.path)


# ---- terminals ----

def has_tmux():
    return shutil.which("tmux") is not None


class Tmux:
    """A shell in a terminal of this size."""

    def __init__(self, home, columns=80, rows=24, **more):
        # A directory of its own: the server takes its socket away when it has ended.
        self.place = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.env = environment(home, LC_ALL="C.UTF-8", TMUX_TMPDIR=self.place.name, **more)
        self.env.pop("TMUX", None)
        self.size = (columns, rows)

    def __enter__(self):
        columns, rows = self.size
        self.run("new-session", "-d", "-x", str(columns), "-y", str(rows),
                 "env PS1='shell> ' HISTFILE=/dev/null /bin/bash --norc -i")
        wait_until("a shell", lambda: "shell>" in self.screen())
        return self

    def __exit__(self, *_):
        self.run("kill-server", check=False)
        self.place.cleanup()

    def run(self, *args, check=True):
        return subprocess.run(["tmux", "-u", "-f", "/dev/null", *args], env=self.env, check=check,
                              capture_output=True, text=True, timeout=PATIENCE).stdout

    def screen(self):
        return self.run("capture-pane", "-p")

    def type(self, text):
        self.run("send-keys", "-l", text)

    def key(self, *names):
        self.run("send-keys", *names)

    def command(self, text):
        self.type(text)
        self.key("Enter")

    def wait(self, *texts, gone=()):
        return wait_until(lambda: f"{texts} without {gone} in\n{self.screen()}",
                          lambda: self.shows(texts, gone))

    def shows(self, texts, gone):
        screen = self.screen()
        return screen if all(t in screen for t in texts) and not any(g in screen for g in gone) \
            else None


class Bare:
    """A program on a terminal of its own, of which all bytes are kept."""

    def __init__(self, home, *argv, rows=24, columns=80, user=None, **more):
        env = environment(home, **{"LC_ALL": "C.UTF-8", "TERM": "xterm-256color", **more})
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.bytes = b""
        if user is not None:
            os.fchown(self.slave, user, -1)
        self.process = subprocess.Popen(argv, env=env, stdin=self.slave, stdout=self.slave,
                                        stderr=self.slave, start_new_session=True, user=user,
                                        group=user, extra_groups=None if user is None else [])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.slave)
        os.close(self.master)

    def read(self):
        """What has come until now."""
        while select.select([self.master], [], [], 0)[0]:
            got = os.read(self.master, 65536)
            if not got:
                break
            self.bytes += got
        return self.bytes

    def wait(self, text):
        wait_until(lambda: f"{text} in {self.bytes[-500:]}", lambda: text.encode() in self.read())

    def type(self, text):
        os.write(self.master, text.encode())

    def ended(self):
        """Its code, once it has ended; the terminal must be as it was."""
        def look():
            self.read()
            return self.process.poll() is not None
        wait_until("its end", look)
        assert termios.tcgetattr(self.slave) == self.before, "the terminal is not as it was"
        tail = self.read()
        for sequence in (b"\033[?1049l", b"\033[?25h", b"\033[0m"):
            assert sequence in tail[tail.rindex(b"\033[?1049h"):], sequence
        return self.process.returncode
