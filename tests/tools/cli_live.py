#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""status and watch against a daemon that is played here, kind and hostile. TAP on stdout.

    cli_live.py PAUSEMON
"""
import json
import os
import signal
import socket
import subprocess
import threading
import time

from taplib import PAUSEMON, environment, expect, harmless, main, run, test, user_place

INITIAL = {"type": "initial_state", "samples": [], "tier": 2, "max_score": 61, "sample_count": 0}
STATUS = {"type": "status", "samples": 1200, "events": 2, "elevated_since": None,
          "critical_since": None, "dropped_records": 0, "disk": "ok", "budget": "ok",
          "rss_bytes": 5242880, "heartbeat": "on", "pid": 4711}
SAMPLE = {"type": "sample", "tier": 1, "sample_count": 30,
          "timestamp": "2026-01-23T12:00:00.123456-08:00", "elapsed_ms": 1003, "process_count": 4,
          "max_score": 37, "rogues": []}
EVIL = "\x7f\x9b31m\u202eüevil😀"


def line(message):
    return (json.dumps(message, ensure_ascii=False) + "\n").encode()


HELLO = line(INITIAL) + line(STATUS)


class Daemon:
    """Serves each connection by `serve(connection)`, on threads that die with the test."""

    def __init__(self, path, serve):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen(8)
        self.serve = serve
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def loop(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                try:
                    self.serve(connection)
                except OSError:
                    pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(timeout=30)
        assert not self.thread.is_alive()


def daemon(home, *pieces, stay=False):
    """One that sends these pieces, and then closes, or waits until the other end does."""
    path = os.path.join(user_place(home), "daemon.sock")

    def serve(connection):
        for piece in pieces:
            connection.sendall(piece)
        if stay:
            while connection.recv(4096):
                pass

    if os.path.exists(path):
        os.unlink(path)
    return Daemon(path, serve)


@test
def without_a_daemon_both_say_how_to_start_one(home):
    for command in ("status", "watch"):
        expect(run(home, command), 3, None, r"no daemon runs.*`pausemon daemon` starts one")
    assert os.listdir(home) == []
    path = os.path.join(user_place(home), "daemon.sock")
    with daemon(home):
        pass
    assert os.path.exists(path)  # left behind
    expect(run(home, "status"), 3, r"^last 24 hours: 0 events, 0 pauses\n$", r"no daemon runs")
    answer = json.loads(expect(run(home, "status", "--json"), 3).stdout)
    assert answer["running"] is False and answer["daemon"] is None, answer
    os.unlink(path)
    with open(path, "w", encoding="ascii"):
        pass
    expect(run(home, "status"), 1, r"^$", r"cannot connect to .*socket")
    expect(run(home, "status", "--data-dir", home), 3, None, r"no daemon serves .*--data-dir")
    expect(run(home, "status", "--data-dir", home + "/" + "x" * 120), 1, r"^$", r"too long")
    expect(run(home, "status", "--data-dir", ""), 1, r"^$", r"empty or too long")
    expect(run(home, "status", "x"), 2)
    expect(run(home, "watch", "x"), 2)


@test
def status_is_one_line_of_health_and_what_matters(home):
    with daemon(home, HELLO, stay=True):
        text = expect(run(home, "status"), 0, None, r"^$").stdout
        answer = json.loads(expect(run(home, "status", "--json"), 0).stdout)
    assert text.splitlines() == [
        "healthy: tier elevated, highest score 61, 1200 samples, pid 4711",
        "last 24 hours: 0 events, 0 pauses",
        "disk ok, budget ok, 0 records dropped, 5.0 MiB of memory, heartbeat on"], text
    assert answer == {"running": True, "system": False, "tier": 2, "max_score": 61,
                      "daemon": STATUS, "last_day": {"events": 0, "pauses": 0}}, answer
    bad = dict(STATUS, disk="full", dropped_records=1,
               critical_since="2026-01-23T12:00:00-08:00")
    with daemon(home, line(INITIAL), line(SAMPLE), line(bad), stay=True):
        expect(run(home, "status"), 0, r"^in trouble: .*\ncritical since 2026.*\n.*\ndisk full, "
                                       r"budget ok, 1 record dropped")


@test
def status_does_not_wait_longer_than_three_seconds(home):
    drip = [bytes([byte]) for byte in HELLO]

    def slowly(connection):
        for byte in drip:
            connection.sendall(byte)
            time.sleep(0.1)

    def endlessly(connection):
        while True:
            connection.sendall(line(SAMPLE))

    path = os.path.join(user_place(home), "daemon.sock")
    for serve in (lambda connection: connection.recv(1), slowly, endlessly):
        with Daemon(path, serve):
            started = time.monotonic()
            expect(run(home, "status"), 1, r"^$", r"does not answer")
            assert 2.5 < time.monotonic() - started < 30
        os.unlink(path)


@test
def a_hostile_server_is_survived_and_named(home):
    for command in ("status", "watch"):
        for pieces, code, err in (
                ((b"garbage\n",), 1, r"no pausemond: a line that is no message"),
                ((b"\n",), 1, r"no message"),
                ((b"[]\n",), 1, r"no message"),
                ((b"{}\n",), 1, r"no message"),
                ((b'{"type":7}\n',), 1, r"no message"),
                ((b'{"type":"x"\0}\n',), 1, r"no message"),
                ((b'{"type":"x","y":"\xff"}\n',), 1, r"no message"),
                ((b'{"type":"\x1b[2J"}\n',), 1, r"no message"),
                ((b"[" * 60000 + b"\n",), 1, r"no message"),
                ((b"x" * 70000,), 1, r"a line beyond 65536 bytes"),
                ((b" " * 65536 + b"\n",), 1, r"a line beyond 65536 bytes"),
                ((line(INITIAL)[:-9],), 3, r"has ended the connection"),
                ((), 3, r"has ended the connection"),
                ((line({"type": "error", "text": "too many\x1b[2J clients"}),), 1,
                 r"the daemon refuses: too many\?\[2J clients")):
            with daemon(home, *pieces):
                result = expect(run(home, command), code, None, err)
            assert harmless(result.stderr), result.stderr
            assert len(result.stderr.splitlines()) == 1, result.stderr


@test
def nothing_that_comes_reaches_the_terminal_as_a_command(home):
    evil = dict(STATUS, disk=EVIL, budget=EVIL, heartbeat=EVIL, critical_since=EVIL, extra=EVIL)
    text = line(evil).replace(b'"extra":', b'"extra"\t:\r')
    with daemon(home, line(INITIAL), text, stay=True):
        for args in (["status"], ["status", "--json"]):
            result = expect(run(home, *args), 0, r"evil")
            assert harmless(result.stdout), result.stdout
        assert json.loads(result.stdout)["daemon"] == evil
    with daemon(home, line(INITIAL), text):
        result = expect(run(home, "watch"), 3, r"evil")
        assert harmless(result.stdout), result.stdout
        assert json.loads(result.stdout.splitlines()[1]) == evil


@test
def watch_passes_lines_on_until_the_daemon_is_gone(home):
    halves = line(SAMPLE) * 50
    with daemon(home, HELLO, halves[:777], halves[777:]):
        for more in ([], ["--json"]):
            result = expect(run(home, "watch", *more), 3, None, r"has ended the connection")
            lines = [json.loads(text) for text in result.stdout.splitlines()]
            assert lines == [INITIAL, STATUS] + [SAMPLE] * 50, lines
    long = line(dict(SAMPLE, note="x" * 65000))
    assert len(long) < 65536
    with daemon(home, HELLO, long):
        expect(run(home, "watch"), 3, r'x{65000}"\}\n$')


def watching(home):
    process = subprocess.Popen([PAUSEMON, "watch"], env=environment(home), text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert json.loads(process.stdout.readline()) == INITIAL
    assert json.loads(process.stdout.readline()) == STATUS
    return process


@test
def an_interrupt_ends_watching_well(home):
    with daemon(home, HELLO, stay=True):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = watching(home)
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
            assert (process.returncode, out, err) == (0, "", ""), (process.returncode, out, err)


@test
def a_reader_that_goes_away_ends_watching_quietly(home):
    def serve(connection):
        connection.sendall(HELLO)
        while True:
            connection.sendall(line(SAMPLE))
            time.sleep(0.01)

    with Daemon(os.path.join(user_place(home), "daemon.sock"), serve):
        process = watching(home)
        process.stdout.close()
        assert process.wait(timeout=30) == 1
        assert process.stderr.read() == ""
        process.stderr.close()


@test
def a_daemon_that_is_stopped_with_a_full_queue_is_told(home):
    path = os.path.join(user_place(home), "daemon.sock")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(0)
        with socket.socket(socket.AF_UNIX) as first, socket.socket(socket.AF_UNIX) as second:
            first.connect(path)
            second.setblocking(False)
            try:
                second.connect(path)
            except BlockingIOError:
                pass
            expect(run(home, "status"), 1, r"^$", r"takes no connections|does not answer")


@test
def a_socket_of_somebody_else_says_whose_it_is(home):
    if os.getuid() != 0:
        return "needs root"
    with daemon(home, HELLO, stay=True):
        os.chmod(home, 0o755)
        result = subprocess.run(
            ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", PAUSEMON,
             "status"], env=environment(home), capture_output=True, text=True, timeout=60,
            check=False)
    expect(result, 1, r"^$", r"sock may not be opened: it is for root alone: sudo")
    return None


@test
def a_symbolic_link_is_not_followed(home):
    other = os.path.join(home, "real.sock")
    with Daemon(other, lambda connection: connection.sendall(HELLO)):
        os.symlink(other, os.path.join(user_place(home), "daemon.sock"))
        expect(run(home, "status"), 1, r"^$", r"cannot connect")


main()
