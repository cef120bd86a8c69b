# SPDX-License-Identifier: MIT
"""The client of the daemon's socket, against a server of ours, friendly and hostile, and a real
daemon."""
import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import threading

import pytest
import stage

import pausemon

LIMIT = 60 * 1024  # of a line, by the protocol
HELLO = {"type": "initial_state", "samples": [], "tier": 1, "max_score": 0, "sample_count": 0}
STATUS = {"type": "status", "samples": 7, "disk": "ok", "pid": 1}
NEWS = [HELLO, STATUS, {"type": "sample", "command": "日本語"}, {"type": "of later", "x": None}]


def lines(*messages):
    return b"".join(json.dumps(m, ensure_ascii=False).encode() + b"\n" for m in messages)


class Server:
    """Says `data` to each client, in the pieces that it is, and closes (or waits for the end)."""

    def __init__(self, folder, *pieces, wait=False):
        self.path = os.path.join(folder, "daemon.sock")
        self.pieces, self.wait = pieces, wait
        self.over = threading.Event()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen(4)
        self.thread = threading.Thread(target=self.serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        with contextlib.suppress(OSError):  # it may be over already
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()

    def serve(self):
        while not self.over.is_set():
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            with client, contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for piece in self.pieces:
                    client.sendall(piece)
                if self.wait:
                    self.over.wait(stage.PATIENCE)


def sync_messages(path):
    with pausemon.Client(path) as client:
        return list(client)


def async_messages(path):
    async def main():
        async with pausemon.AsyncClient(path) as client:
            return [message async for message in client]

    return asyncio.run(asyncio.wait_for(main(), stage.PATIENCE))


both = pytest.mark.parametrize("read", [sync_messages, async_messages])


@both
@pytest.mark.parametrize("cut", [None, 1, 7])
def test_messages_in_order(tmp_path, read, cut):
    data = lines(*NEWS)
    pieces = [data[i:i + cut] for i in range(0, len(data), cut)] if cut else [data]
    with Server(tmp_path, *pieces) as server:
        assert read(server.path) == NEWS


@both
def test_the_longest_line_is_taken(tmp_path, read):
    message = {"type": "x", "pad": ""}
    message["pad"] = "x" * (LIMIT - 1 - len(lines(message)))
    assert len(lines(message)) == LIMIT - 1
    with Server(tmp_path, lines(message)) as server:
        assert read(server.path) == [message]


@both
@pytest.mark.parametrize("junk", [
    b"{\n", b"\n", b"[1]\n", b"7\n", b"null\n", b'"text"\n', b"\xff\xfe\n", b"{} {}\n",
    b'{"type": "sample"\0}\n', b"[" * 30000 + b"\n", b'{"type": NaN}x\n', b'{"no": "type"}\n',
    b"x" * (4 * LIMIT), b"x" * (4 * LIMIT) + b"\n", b'{"type": "sample", "cut'])
def test_hostile_lines_are_a_format_error(tmp_path, read, junk):
    """After what is right before them; a line that is cut by the end is no line."""
    with Server(tmp_path, lines(HELLO) + junk) as server:
        with pytest.raises(pausemon.FormatError) as caught:
            assert read(server.path) == "never"
        assert str(caught.value) and len(str(caught.value)) < 300


def test_memory_is_bounded(tmp_path):
    """A line without end is refused long before it has filled the memory."""
    sent = []

    class Endless(Server):
        def serve(self):
            client, _ = self.socket.accept()
            with client, contextlib.suppress(OSError):
                for _ in range(1000):
                    client.sendall(b"x" * 65536)
                    sent.append(1)

    with Endless(tmp_path) as server, pytest.raises(pausemon.FormatError):
        sync_messages(server.path)
    assert len(sent) < 100


@both
def test_a_connection_that_ends_ends_the_messages(tmp_path, read):
    with Server(tmp_path) as server:
        assert read(server.path) == []


def test_status(tmp_path):
    with Server(tmp_path, lines(*NEWS), wait=True) as server, \
            pausemon.Client(server.path) as client:
        assert client.status() == STATUS
        assert client.status() == STATUS  # the newest, without waiting


def test_status_loses_no_message(tmp_path):
    with Server(tmp_path, lines(*NEWS)) as server, pausemon.Client(server.path) as client:
        client.status()
        assert [m["type"] for m in client] == [m["type"] for m in NEWS]


def test_status_of_a_daemon_that_ends(tmp_path):
    with Server(tmp_path, lines(HELLO)) as server, pausemon.Client(server.path) as client:
        with pytest.raises(pausemon.PausemonError):
            client.status()


def test_async_status(tmp_path):
    async def main():
        async with pausemon.AsyncClient(server.path) as client:
            return await client.status()

    with Server(tmp_path, lines(*NEWS), wait=True) as server:
        assert asyncio.run(main()) == STATUS


def test_a_client_that_is_full(tmp_path):
    """64 are connected: it says so and closes."""
    with Server(tmp_path, lines({"type": "error", "text": "64 clients"})) as server:
        with pausemon.Client(server.path) as client, contextlib.suppress(pausemon.PausemonError):
            (message,) = client
            assert message["text"] == "64 clients"


@pytest.mark.parametrize("kind", ["none", "stale", "folder"])
def test_no_daemon_says_what_to_do(tmp_path, kind):
    path = tmp_path / "daemon.sock"
    if kind == "stale":
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(path))
    for read in (sync_messages, async_messages):
        with pytest.raises(pausemon.NotFoundError, match="pausemon") as caught:
            read(path if kind != "folder" else tmp_path / "none" / "daemon.sock")
        assert str(path) in str(caught.value) or kind == "folder"


def test_a_path_that_is_too_long(tmp_path):
    with pytest.raises(pausemon.PausemonError):
        sync_messages("/" + "x" * 300)


def test_where_it_looks(tmp_path, monkeypatch):
    """Where the daemon's own places are: XDG_DATA_HOME, else the home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    for folder, variable in ((".local/share/pause-monitor", None), ("xdg/pause-monitor", "xdg")):
        if variable:
            monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / variable))
        os.makedirs(tmp_path / folder)
        with Server(tmp_path / folder, lines(HELLO)):
            assert sync_messages(None) == [HELLO]
            with pausemon.Client() as client:
                assert next(iter(client)) == HELLO
            found = pausemon.find_place(pausemon.Place.SOCKET, pausemon.Owner.USER)
            assert found == str(tmp_path / folder / "daemon.sock")


def test_a_silent_daemon_is_not_waited_for_for_ever(tmp_path):
    with Server(tmp_path, lines(HELLO), wait=True) as server:
        with pausemon.Client(server.path, timeout=0.05) as client:
            assert next(iter(client)) == HELLO
            for ask in (lambda: next(iter(client)), client.status):
                with pytest.raises(pausemon.BusyError):
                    ask()


def test_a_closed_client(tmp_path):
    with Server(tmp_path, lines(*NEWS), wait=True) as server:
        client = pausemon.Client(server.path)
        assert next(iter(client)) == HELLO
        client.close()
        client.close()
        assert client.closed
        with pytest.raises(pausemon.ClosedError):
            next(iter(client))


def test_cancelled_while_it_waits(tmp_path):
    async def main(path):
        async with pausemon.AsyncClient(path) as client:
            heard = []

            async def consume():
                async for message in client:
                    heard.append(message)

            task = asyncio.create_task(consume())
            while len(heard) < len(NEWS):
                await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return heard

    with Server(tmp_path, lines(*NEWS), wait=True) as server:
        assert asyncio.run(asyncio.wait_for(main(server.path), stage.PATIENCE)) == NEWS


# ---- the real one ----

@contextlib.contextmanager
def daemon(home):
    """A pausemond in a directory of its own; told to end, it must."""
    program = os.path.join(stage.BUILD, "tools/pausemond")
    if not os.path.exists(program):
        pytest.skip("pausemond was not built")
    config = home / "config.toml"
    config.write_text("[monitor]\ninterval_ms = 100\n[heartbeat]\nenabled = false\n[tiers]\n"
                      "elevated_threshold = 99\ncritical_threshold = 100\n", encoding="utf-8")
    data = home / "data"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "JOURNAL"))}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(home / "notify"))
        notify.settimeout(stage.PATIENCE)
        environment.update(HOME=str(home), NOTIFY_SOCKET=str(home / "notify"))
        process = subprocess.Popen([program, "--config", config, "--data-dir", data],
                                   env=environment, stdin=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        try:
            while not notify.recv(4096).startswith(b"READY=1"):
                pass
            yield data, process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=stage.PATIENCE)[1]
            assert process.returncode == 0, said


def test_a_real_daemon(tmp_path):
    with daemon(tmp_path) as (data, process):
        with pausemon.Client(data / "daemon.sock") as client:
            assert client.status()["pid"] == process.pid
            messages = iter(client)
            assert next(messages)["type"] == "initial_state"
            kinds = {next(messages)["type"] for _ in range(4)}
            assert {"status", "sample"} <= kinds

        async def main():
            async with pausemon.AsyncClient(data / "daemon.sock") as client:
                async for message in client:
                    if message["type"] == "sample":
                        return pausemon.Sample.from_json(json.dumps(message))

        sample = asyncio.run(asyncio.wait_for(main(), stage.PATIENCE))
        assert sample.process_count > 0 and sample.time.realtime_ns > stage.START
        with pausemon.History(data / "data.db") as history:
            assert history.hard_end() is None


def test_an_async_client_that_is_closed(tmp_path):
    async def main(path):
        client = pausemon.AsyncClient(path)
        async with client:
            assert (await client.__anext__()) == HELLO
        assert client.closed
        with pytest.raises(pausemon.ClosedError):
            await client.__anext__()
        with pytest.raises(pausemon.ClosedError):
            await client.status()

    with Server(tmp_path, lines(*NEWS), wait=True) as server:
        asyncio.run(asyncio.wait_for(main(server.path), stage.PATIENCE))
