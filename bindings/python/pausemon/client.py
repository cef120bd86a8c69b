# SPDX-License-Identifier: MIT
"""The daemon's socket: lines of JSON, bounded; whoever serves them is not trusted.

pausemon-protocol(7) says what the messages are. Each is a dict with a "type"; a sample or a pause
becomes an object with `Sample.from_json(json.dumps(message))`.
"""

import asyncio
import collections
import errno
import json
import os
import socket
import threading
from contextlib import contextmanager
from typing import Any, Deque, Dict, Iterator, List, Optional, Union

from ._core import generation
from .enums import Owner, Place
from .errors import (BusyError, ClosedError, DeniedError, EndError, FormatError, InvalidError,
                     IoError, MisuseError, NotFoundError, PausemonError)
from .place import find_place

__all__ = ["AsyncClient", "Client", "Message", "socket_paths"]

Message = Dict[str, Any]
Path = Union[str, "os.PathLike[str]"]

# A line of a daemon is under 60 KiB.
_LINE = 64 << 10
# Messages that were read while status() was looked for, and wait to be iterated over.
_WAITING = 1000


def socket_paths() -> List[str]:
    """Where a daemon's socket may be: the user's, then the system's."""
    found = []
    for owner in (Owner.USER, Owner.SYSTEM):
        try:
            found.append(find_place(Place.SOCKET, owner))
        except NotFoundError:
            pass  # there is no home
    return found


def _refused(path: str, error: OSError) -> PausemonError:
    """Why there is no connection, and what to do."""
    if error.errno in (errno.ENOENT, errno.ECONNREFUSED, errno.ENOTDIR):
        return NotFoundError(f"no daemon listens at {path}: start one with `pausemond`, or "
                             "have it always with `pausemon install`", os_errno=error.errno)
    if error.errno in (errno.EACCES, errno.EPERM):
        return DeniedError(f"{path}: its daemon lets in its owner, or the group pausemon: "
                           "`sudo usermod -aG pausemon $USER`, and log in again",
                           os_errno=error.errno)
    if error.errno is None:
        return InvalidError(f"{path}: {error}")
    return IoError(f"{path}: {os.strerror(error.errno)}", os_errno=error.errno)


def _candidates(path: Optional[Path]) -> List[str]:
    return socket_paths() if path is None else [os.fspath(path)]


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _decode(line: bytes, number: int) -> Message:
    """The message in a line."""
    try:
        message = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"line {number} of the socket is no JSON: {error}",
                          line=number) from error
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise FormatError(f"line {number} of the socket is no message: it has no type",
                          line=number)
    return message


def _encode(message: Message) -> bytes:
    try:
        line = json.dumps(message, allow_nan=False).encode() + b"\n"
    except (TypeError, ValueError) as error:
        raise InvalidError(f"no JSON can be made of it: {error}") from error
    if len(line) > _LINE:
        raise InvalidError(f"a message of {len(line)} bytes, at most {_LINE}")
    return line


def _too_long(number: int) -> FormatError:
    return FormatError(f"line {number} of the socket is longer than {_LINE} bytes: this is no "
                       "daemon of ours", line=number)


class _Lines:
    """Cuts what comes into lines."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self.searched = 0
        self.number = 0

    def add(self, piece: bytes) -> None:
        self.bytes += piece

    def next(self) -> Optional[Message]:
        """The next whole line; None: more must be read first."""
        end = self.bytes.find(b"\n", self.searched)
        if end < 0:
            self.searched = len(self.bytes)
            if len(self.bytes) >= _LINE:
                raise _too_long(self.number + 1)
            return None
        self.number += 1
        if end >= _LINE:
            raise _too_long(self.number)
        line = bytes(self.bytes[:end])
        del self.bytes[:end + 1]
        self.searched = 0
        return _decode(line, self.number)

    def end(self) -> None:
        if self.bytes:
            raise FormatError(f"line {self.number + 1} of the socket was cut off",
                              line=self.number + 1)


class _Known:
    """What was read: the newest status, and what waits to be iterated over."""

    def __init__(self) -> None:
        self.status: Optional[Message] = None
        self.waiting: Deque[Message] = collections.deque(maxlen=_WAITING)

    def note(self, message: Message) -> Message:
        if message["type"] == "status":
            self.status = message
        return message

    def keep(self, message: Message) -> None:
        self.waiting.append(self.note(message))
        if message["type"] == "error":
            raise BusyError(str(message.get("text")))


class Client:
    """Connects to a daemon: at `path`, or the user's, or the system's. Iterate over it for all
    that it tells, until it ends.

    `timeout`: seconds of silence after which reading raises BusyError; None: it waits. Another
    thread may close it: then reading ends.
    """

    def __init__(self, path: Optional[Path] = None, timeout: Optional[float] = None) -> None:
        self._lock = threading.Lock()
        self._lines, self._known = _Lines(), _Known()
        self._socket: Optional[socket.socket] = None
        self._is_over = False
        self._generation = generation()
        self.timeout = timeout
        self.path = ""
        failure: Optional[PausemonError] = None
        for self.path in _candidates(path):
            try:
                self._socket = self._connect(self.path)
                return
            except OSError as error:
                failure = _refused(self.path, error)
                if not isinstance(failure, NotFoundError):
                    break
        if failure is not None:
            raise failure

    def _connect(self, path: str) -> socket.socket:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            made.settimeout(self.timeout)
            made.connect(path)
        except BaseException:
            made.close()
            raise
        return made

    @contextmanager
    def _use(self) -> Iterator[socket.socket]:
        if self.closed or self._socket is None:
            raise ClosedError("the client is closed")
        if self._generation != generation():
            raise MisuseError("the client was made before fork(): a child may only close it")
        if not self._lock.acquire(False):
            raise MisuseError("another thread is using the client")
        try:
            yield self._socket
        finally:
            self._lock.release()
            if self._is_over:
                self._drop()

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _read(self, connected: socket.socket, timeout: Optional[float]) -> Message:
        """The next message; EndError: the daemon has closed, or we have."""
        while True:
            message = self._lines.next()
            if message is not None:
                return message
            try:
                connected.settimeout(timeout)
                piece = connected.recv(_LINE)
            except (socket.timeout, BlockingIOError) as error:
                raise BusyError("the daemon says nothing") from error
            except OSError as error:
                raise _refused(self.path, error) from error
            if not piece:
                if not self._is_over:
                    self._lines.end()
                raise EndError("the daemon has closed the connection")
            self._lines.add(piece)

    def read(self) -> Message:
        """The next message. EndError: the daemon has closed the connection; BusyError: it was
        silent for `timeout` seconds."""
        with self._use() as connected:
            if self._known.waiting:
                return self._known.waiting.popleft()
            return self._known.note(self._read(connected, self.timeout))

    def status(self) -> Message:
        """The newest status of the daemon, which tells it at once and then every 10 s. What is read
        on the way to it is kept for iterating."""
        with self._use() as connected:
            try:
                for _ in range(_WAITING):
                    self._known.keep(self._read(connected, 0))
            except (BusyError, EndError):
                pass  # all that has come is read
            while self._known.status is None:
                if len(self._known.waiting) == _WAITING:
                    raise FormatError("the daemon tells no status")
                self._known.keep(self._read(connected, self.timeout))
            return self._known.status

    def request(self, message: Message) -> None:
        """Sends a message as one line. The daemons of today read it and forget it: they answer
        nothing."""
        line = _encode(message)
        with self._use() as connected:
            try:
                connected.settimeout(self.timeout)
                connected.sendall(line)
            except socket.timeout as error:
                raise BusyError("the daemon takes nothing") from error
            except OSError as error:
                raise _refused(self.path, error) from error

    def __iter__(self) -> Iterator[Message]:
        while True:
            try:
                yield self.read()
            except EndError:
                return

    def fileno(self) -> int:
        """Readable when there is more to read."""
        if self.closed or self._socket is None:
            raise ClosedError("the client is closed")
        return self._socket.fileno()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._is_over or self._socket is None

    def close(self) -> None:
        """Ends the connection. Twice does nothing."""
        connected = self._socket
        self._is_over = True
        if connected is None:
            return
        if self._generation != generation():  # the connection is the parent's
            self._drop()
            return
        try:
            connected.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the daemon was faster
        if self._lock.acquire(False):
            self._lock.release()
            self._drop()

    def __enter__(self) -> "Client":
        if self.closed:
            raise ClosedError("the client is closed")
        return self

    def __exit__(self, *what: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_socket", None) is not None:
            self.close()

    def __repr__(self) -> str:
        return f"<pausemon.Client {'(closed)' if self.closed else repr(self.path)}>"


class AsyncClient:
    """The same in asyncio: `async with AsyncClient() as client`, then `async for`."""

    def __init__(self, path: Optional[Path] = None) -> None:
        self._path = path
        self._known, self._number = _Known(), 0
        self._reader: Optional[asyncio.StreamReader] = None
        self._writer: Optional[asyncio.StreamWriter] = None
        self._is_over = False
        self.path = ""

    async def connect(self) -> None:
        """Connects; `async with` does it."""
        if self._is_over:
            raise ClosedError("the client is closed")
        failure: Optional[PausemonError] = None
        for self.path in _candidates(self._path):
            try:
                self._reader, self._writer = await asyncio.open_unix_connection(
                    self.path, limit=_LINE)
                return
            except OSError as error:
                failure = _refused(self.path, error)
                if not isinstance(failure, NotFoundError):
                    break
        if failure is not None:
            raise failure

    async def _read(self) -> Message:
        if self._is_over:
            raise ClosedError("the client is closed")
        if self._reader is None:
            await self.connect()
        assert self._reader is not None
        try:
            line = await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            raise _too_long(self._number + 1) from error
        except asyncio.IncompleteReadError as error:
            if error.partial and not self._is_over:
                raise FormatError(f"line {self._number + 1} of the socket was cut off",
                                  line=self._number + 1) from error
            raise EndError("the daemon has closed the connection") from error
        except RuntimeError as error:
            raise MisuseError("another task is reading from the client") from error
        except OSError as error:
            raise _refused(self.path, error) from error
        self._number += 1
        return _decode(line, self._number)

    async def read(self) -> Message:
        """The next message; EndError: the daemon has closed the connection."""
        if self._known.waiting and not self._is_over:
            return self._known.waiting.popleft()
        return self._known.note(await self._read())

    async def status(self) -> Message:
        """The newest status that was read; waits for the first. What is read on the way to it is
        kept for iterating."""
        while self._known.status is None:
            if len(self._known.waiting) == _WAITING:
                raise FormatError("the daemon tells no status")
            self._known.keep(await self._read())
        return self._known.status

    async def request(self, message: Message) -> None:
        """Sends a message as one line, which the daemons of today read and forget."""
        line = _encode(message)
        if self._is_over:
            raise ClosedError("the client is closed")
        if self._writer is None:
            await self.connect()
        assert self._writer is not None
        try:
            self._writer.write(line)
            await self._writer.drain()
        except OSError as error:
            raise _refused(self.path, error) from error

    def __aiter__(self) -> "AsyncClient":
        return self

    async def __anext__(self) -> Message:
        try:
            return await self.read()
        except EndError:
            raise StopAsyncIteration from None

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._is_over

    def close(self) -> None:
        """Ends the connection. Twice does nothing."""
        self._is_over = True
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    async def aclose(self) -> None:
        """The same, and waits until it is done."""
        writer = self._writer
        self.close()
        if writer is not None:
            try:
                await writer.wait_closed()
            except OSError:
                pass  # the daemon was faster

    async def __aenter__(self) -> "AsyncClient":
        if self._reader is None:
            await self.connect()
        return self

    async def __aexit__(self, *what: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<pausemon.AsyncClient {'(closed)' if self.closed else repr(self.path)}>"
