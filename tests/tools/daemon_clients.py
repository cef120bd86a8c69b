#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""The daemon's socket as its clients meet it. TAP on stdout.

    daemon_clients.py PAUSEMOND TESTS_DIR
"""
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time

from daemonlib import CALM, PATIENCE, QUICK, Daemon, main, mode_of, test, wait_until


@test
def who_connects_gets_the_state_then_the_status_then_samples(home):
    with Daemon(home, config=QUICK + CALM + "[sentinel]\nring_buffer_seconds = 60\n") as daemon:
        with daemon.connect() as first:
            first.next_of("sample")
            first.next_of("sample", sample_count=35)
        with daemon.connect() as client:
            state, status = client.next(), client.next()
            samples = [client.next_of("sample") for _ in range(3)]
        assert list(state) == ["type", "samples", "tier", "max_score", "sample_count"]
        assert state["type"] == "initial_state" and state["sample_count"] >= 35
        assert 0 < len(state["samples"]) <= 30
        times = [sample["monotonic_ns"] for sample in state["samples"] + samples]
        assert times == sorted(times) and len(set(times)) == len(times)
        assert list(state["samples"][0])[:2] == ["tier", "timestamp"]
        assert list(samples[0])[:4] == ["type", "tier", "sample_count", "timestamp"]
        assert samples[0]["sample_count"] == state["sample_count"] + 1
        assert list(status)[:9] == ["type", "samples", "events", "elevated_since",
                                    "critical_since", "dropped_records", "disk", "budget",
                                    "rss_bytes"]
        assert status["type"] == "status" and status["samples"] == state["sample_count"]
        assert status["rss_bytes"] > 100000 and status["pid"] == daemon.process.pid
        assert status["clients"] >= 1 and status["elevated_since"] is None
        daemon.end()


@test
def directories_socket_and_lock_are_their_owners_only(home):
    with Daemon(home, data="a/b/data") as daemon:
        for path, mode in [("a", 0o700), ("a/b", 0o700), ("a/b/data", 0o700),
                           ("a/b/data/daemon.sock", 0o600), ("a/b/data/daemon.pid", 0o600)]:
            assert mode_of(os.path.join(home, path)) == mode, path
        with open(os.path.join(daemon.data, "daemon.pid"), encoding="ascii") as file:
            assert file.read() == f"{daemon.process.pid}\n"
        daemon.end()
        assert os.path.getsize(os.path.join(daemon.data, "daemon.pid")) == 0


@test
def an_escalation_is_told_from_its_entry_to_its_end(home):
    spinner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        with Daemon(home) as daemon, daemon.connect() as client:
            daemon.configure(QUICK + "[tiers]\nelevated_threshold = 1\ncritical_threshold = 2\n")
            daemon.signal(signal.SIGHUP)
            tier = client.next_of("tier", action="tier3_entry")
            assert list(tier) == ["type", "action", "tier", "stress"] and tier["stress"] >= 2
            event = client.next_of("event")
            assert event["end"] is None and event["peak_tier"] == 3
            with daemon.connect() as other:
                status = other.next_of("status")
                assert status["events"] == 1 and status["critical_since"] == event["start"]
                assert status["elevated_since"] == event["start"]
            daemon.end()
            ended = client.next_of("event")
            while ended["end"] is None:
                ended = client.next_of("event")
            assert ended["id"] == event["id"] and ended["duration_ms"] > 0
            assert client.next() is None
            assert re.search(r"tier 3, critical: stress \d+", daemon.log()), daemon.log()
    finally:
        spinner.kill()
        spinner.wait()


@test
def a_client_that_never_reads_loses_samples_and_another_gets_every_one(home):
    sleepers = [subprocess.Popen(["/bin/sleep", "600"]) for _ in range(40)]
    everybody = "".join(f"[rogue_selection.{name}]\ncount = 64\n"
                        for name in ("mem", "threads", "csw"))
    try:
        config = QUICK + CALM + everybody + "[sentinel]\nring_buffer_seconds = 300\n"
        with Daemon(home, config=config) as daemon:
            with daemon.connect(), daemon.connect() as reader:
                last = reader.next_of("sample")["sample_count"]
                lost, rounds = 0, 0
                while lost == 0:
                    for _ in range(10):
                        count = reader.next_of("sample")["sample_count"]
                        assert count == last + 1, (last, count)
                        last = count
                    with daemon.connect() as other:
                        lost = other.next_of("status")["client_lines_lost"]
                    rounds += 1
                    assert rounds < 60, "nothing was ever lost"
            daemon.end()
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()


@test
def sixty_four_may_connect_and_one_more_is_told_why_not(home):
    with Daemon(home) as daemon:
        clients = [daemon.connect() for _ in range(64)]
        for client in clients:
            assert client.next()["type"] == "initial_state"
        with daemon.connect() as late:
            message = late.next()
            assert message["type"] == "error" and "64" in message["text"], message
            assert late.next() is None
        for client in clients:
            client.next_of("sample")
        clients.pop().close()
        with daemon.connect() as client:
            first = client.next()
            while first["type"] == "error":  # the one that left is still counted
                client.close()
                client = daemon.connect()
                first = client.next()
            assert first["type"] == "initial_state"
            client.close()
        for client in clients:
            client.close()
        daemon.end()


@test
def what_clients_send_is_forgotten_and_an_end_of_input_is_no_end(home):
    with Daemon(home) as daemon, daemon.connect() as talker, daemon.connect() as listener:
        last = listener.next_of("sample")["sample_count"]
        talker.socket.settimeout(0.05)
        try:
            for _ in range(200):
                talker.socket.sendall(os.urandom(8192))
        except TimeoutError:
            pass
        talker.socket.settimeout(PATIENCE)
        talker.socket.shutdown(socket.SHUT_WR)
        for _ in range(5):
            count = listener.next_of("sample")["sample_count"]
            assert count == last + 1
            last = count
        talker.next_of("sample", sample_count=last + 3)
        daemon.end()


@test
def clients_that_vanish_leave_nothing_behind(home):
    with Daemon(home) as daemon, daemon.connect() as listener:
        fds = f"/proc/{daemon.process.pid}/fd"
        last = listener.next_of("sample")["sample_count"]
        before = len(os.listdir(fds))
        for number in range(200):
            client = daemon.connect()
            if number % 3 == 0:
                client.next()
            if number % 3 == 1:
                client.socket.sendall(b"half a line")
            client.close()
        for _ in range(3):
            count = listener.next_of("sample")["sample_count"]
            assert count == last + 1
            last = count
        wait_until("descriptors to be closed", lambda: len(os.listdir(fds)) == before)
        daemon.end()


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def connect_and_wait(path):
    """Waits for its turn; with a timeout, a full queue is an error at once."""
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    return client


@test
def a_flood_of_connections_is_slowed_down_and_a_client_is_served_in_time(home):
    with Daemon(home) as daemon:
        over = threading.Event()
        counts = []

        def flood():
            count = 0
            while not over.is_set():
                connect_and_wait(daemon.path).close()
                count += 1
            counts.append(count)

        thread = threading.Thread(target=flood)
        began = time.monotonic()
        thread.start()
        try:
            for _ in range(3):
                time.sleep(0.5)  # of flood
                started = time.monotonic()
                with connect_and_wait(daemon.path) as client:
                    assert client.recv(1)
                assert time.monotonic() - started < 3
        finally:
            over.set()
            thread.join()
        # 80 a second, and those that still wait at the socket.
        assert counts[0] < 150 + 90 * (time.monotonic() - began), counts
        daemon.end()


@test
def without_descriptors_nobody_is_accepted_and_nothing_spins(home):
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))

    with Daemon(home, limits=few) as daemon, daemon.connect() as listener:
        others = [daemon.connect() for _ in range(45)]
        daemon.wait_log("no client can be accepted for now: Too many open files")
        before = cpu_ticks(daemon.process.pid)
        for _ in range(10):
            listener.next_of("sample")
        assert cpu_ticks(daemon.process.pid) - before < 60, "it spins"
        for other in others:
            other.close()
        daemon.wait_log("clients are accepted again")
        with daemon.connect() as client:
            client.next_of("sample")
        assert len(re.findall("can be accepted for now", daemon.log())) < 4, daemon.log()
        daemon.end()


main()
