# SPDX-License-Identifier: MIT
"""The one room that knows how C objects live: handles, threads, fork, callbacks, the log.

A `Handle` owns one C object. It is freed once, after all that use it, on whichever thread is the
last to hold it, and never while a call is in it. What Python calls an object (`Owner`) holds a
handle; handles hold each other, so garbage may go in any order.
"""

import atexit
import itertools
import logging
import os
import sys
import threading
import weakref
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, TypeVar
from contextlib import contextmanager

from ._pausemon import ffi, lib
from .errors import ClosedError, MisuseError, check, new_error, text_of

_logger = logging.getLogger("pausemon")
# Silent unless the program asks for it, as the C library is.
_logger.addHandler(logging.NullHandler())

_LEVELS = {1: logging.ERROR, 2: logging.WARNING, 3: logging.INFO, 4: logging.DEBUG}


# ---- fork and exit ----

class _Process:
    """Which process this is: counted up in each child after fork()."""

    generation = 0
    is_over = False


def _in_child() -> None:
    _Process.generation += 1


def generation() -> int:
    """0 in the process that imported this, 1 in its children, and so on."""
    return _Process.generation


os.register_at_fork(after_in_child=_in_child)


# ---- what C calls ----

class _Stack(threading.local):
    """For each C call that this thread is in: the exceptions of the callbacks it ran."""

    def __init__(self) -> None:
        self.calls: List[List[BaseException]] = []


_stack = _Stack()


def _chain(errors: List[BaseException]) -> BaseException:
    """The first, with those after it in its context: none is lost."""
    last = first = errors[0]
    known = {id(first)}
    for error in errors[1:]:
        while last.__context__ is not None and id(last.__context__) not in known:
            last = last.__context__
            known.add(id(last))
        if id(error) not in known:
            known.add(id(error))
            last.__context__ = error
    return first


def run(function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls C; an exception of a callback that it ran is raised after it has returned."""
    errors: List[BaseException] = []
    _stack.calls.append(errors)
    try:
        result = function(*arguments)
    finally:
        _stack.calls.pop()
    if errors:
        raise _chain(errors)
    return result


class Target:
    """What a callback is told to: C keeps its number, which outlives it without harm."""

    numbers = itertools.count(1)
    known: "weakref.WeakValueDictionary[int, Target]" = weakref.WeakValueDictionary()
    # Those of an object that is just being freed, when weak references may be gone already.
    last_words: Dict[int, "Target"] = {}

    def __init__(self) -> None:
        self.number = next(Target.numbers)
        Target.known[self.number] = self

    @property
    def user(self) -> Any:
        """The `void *user` to hand to C."""
        return ffi.cast("void *", self.number)


def behind(name: str, failed: Any = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes a function what C calls as extern "Python" `name`: it gets the target and the other
    arguments. What it raises waits for `run`, and C gets `failed`."""
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        def called(user: Any, *arguments: Any) -> Any:
            number = int(ffi.cast("uintptr_t", user))
            target = Target.last_words.get(number) or Target.known.get(number)
            return failed if target is None else function(target, *arguments)

        # cffi's own way, because a result may also be none that C can hold.
        def note(kind: Any, error: BaseException, traceback: Any) -> None:
            _stack.calls[-1].append(error.with_traceback(traceback))

        ffi.def_extern(name=name, error=failed, onerror=note)(called)
        return function
    return decorate


class Each(Target):
    """Gathers what a C function calls back with, as `make` copies it."""

    def __init__(self, make: Callable[..., Any]) -> None:
        super().__init__()
        self.make = make
        self.found: List[Any] = []

    def add(self, *arguments: Any) -> int:
        self.found.append(self.make(*arguments))
        return 0


class Write(Target):
    """Hands the bytes of an encoder on."""

    def __init__(self, write: Callable[[bytes], Any]) -> None:
        super().__init__()
        self.write = write


@behind("python_write_fn", failed=lib.PAUSEMON_ERR_IO)
def _write(target: Write, pointer: Any, length: int) -> int:
    target.write(ffi.buffer(pointer, length)[:])
    return 0


def written(function: Callable[..., Any], *arguments: Any) -> str:
    """The text that an encoder writes."""
    pieces: List[bytes] = []
    write = Write(pieces.append)
    check(run(function, *arguments, lib.python_write_fn, write.user))
    return b"".join(pieces).decode("utf-8", "backslashreplace")


# The log is where a program wants it: logging.getLogger("pausemon").
@ffi.def_extern(name="python_host_log")  # type: ignore[misc]
def _log(user: Any, level: int, text: Any) -> None:
    try:
        _logger.log(_LEVELS.get(level, logging.DEBUG), "%s", text_of(text))
    except BaseException as error:  # a handler that raises, or Ctrl-C in it
        _stack.calls[-1].append(error)


host = ffi.new("struct pausemon_host *")
lib.python_init_host(host)
host.log = lib.python_host_log


# ---- handles ----

class Handle:
    """One C object: who uses it, which thread is in it, and how it ends."""

    live: "weakref.WeakSet[Handle]" = weakref.WeakSet()

    def __init__(self, what: str, pointer: Any, free: Callable[[Any], None],
                 uses: Iterable["Handle"] = ()) -> None:
        self.what = what
        self.pointer = pointer
        self.free = free
        self.lock = threading.Lock()
        self.owner = 0
        self.last_owner = 0
        self.generation = _Process.generation
        # How many use it: a list, because it is appended to and popped from in one step.
        self.users: List[None] = []
        self.uses = list(uses)
        # Those whose lists of subscribers change when this one is freed.
        self.peers: List["weakref.ref[Handle]"] = []
        self.keep: List[Any] = []
        self.is_doomed = False
        self.is_ending = False
        self.waiting: List["Handle"] = []
        self.taken: List["Handle"] = []
        for used in self.uses:
            used.users.append(None)
        Handle.live.add(self)

    # ---- use ----

    def check(self) -> None:
        if not self.pointer:
            raise ClosedError(f"the {self.what} is closed")
        if self.generation != _Process.generation:
            raise MisuseError(f"the {self.what} was made before fork(): a child may only close it")

    def enter(self, nested: bool = False) -> bool:
        """Takes it for this thread; False: this thread has it already (a callback that may)."""
        self.check()
        if self.lock.acquire(False):
            self.owner = self.last_owner = threading.get_ident()
            if self.pointer:
                return True
            self.leave()
            raise ClosedError(f"the {self.what} is closed")
        if self.owner != threading.get_ident():
            raise MisuseError(f"another thread is using the {self.what}")
        if not nested:
            raise MisuseError(f"the {self.what} may not be used so from inside its own callback")
        return False

    def leave(self) -> None:
        self.owner = 0
        self.lock.release()
        self.drain()

    @contextmanager
    def use(self, nested: bool = False) -> Iterator[Any]:
        taken = self.enter(nested)
        try:
            yield self.pointer
        finally:
            if taken:
                self.leave()

    def call(self, function: Callable[..., Any], *arguments: Any, nested: bool = False) -> Any:
        """Calls C with the object first. `nested`: also allowed in a callback of its own."""
        with self.use(nested) as pointer:
            return run(function, pointer, *arguments)

    @contextmanager
    def pin(self) -> Iterator[Any]:
        """For what C allows from any thread: it may be in use, but not be freed meanwhile."""
        self.check()
        self.users.append(None)
        try:
            if self.is_ending or not self.pointer:
                raise ClosedError(f"the {self.what} is closed")
            yield self.pointer
        finally:
            self.users.pop()
            self.reap()

    # ---- the end ----

    def close(self) -> None:
        """What a program asks for: it happens now, or is refused."""
        if not self.pointer:
            return
        if self.users:
            raise MisuseError(f"the {self.what} is still in use: close what uses it first")
        busy = self.take()
        if busy is None:
            self.destroy()
        elif self.generation != _Process.generation:
            self.forget()  # the thread that was in it is not in this process
        elif busy.owner == threading.get_ident():
            raise MisuseError(f"the {self.what} may not be closed from inside its own callback")
        else:
            raise MisuseError(f"another thread is using the {busy.what}: the {self.what} cannot "
                              "be closed now")

    def abandon(self) -> None:
        """What garbage collection asks for: it happens as soon as it may."""
        self.is_doomed = True
        self.reap()

    def living_peers(self) -> List["Handle"]:
        peers = [peer() for peer in self.peers]
        return [peer for peer in peers if peer is not None and peer.pointer]

    def reap(self) -> None:
        if not self.pointer or not self.is_doomed or self.users:
            return
        if _Process.is_over or self.generation != _Process.generation:
            self.forget()
            return
        # Not from under a thread that works with a peer and is between two calls just now: it would
        # be refused its next one. It frees this when it leaves that.
        busy = elsewhere(self.living_peers()) or self.take()
        if busy is None:
            self.destroy()
            return
        busy.waiting.append(self)
        if not busy.pointer or (not busy.lock.locked() and elsewhere([busy]) is None):
            busy.drain()  # it was left between the two lines before

    def drain(self) -> None:
        for _ in range(len(self.waiting)):  # once each: it may have to wait again
            try:
                other = self.waiting.pop(0)
            except IndexError:
                return
            other.reap()

    def take(self) -> Optional["Handle"]:
        """Takes it and its peers for the end; or says which of them is busy, and takes none."""
        taken: List[Handle] = []
        for each in [self, *self.living_peers()]:
            if each is not self and each.owner == threading.get_ident():
                continue
            if not each.lock.acquire(False):
                for other in taken:
                    other.leave()
                return each
            each.owner = threading.get_ident()
            taken.append(each)
        self.is_ending = True  # from here on it cannot be pinned
        if self.users:
            self.is_ending = False
            for other in taken:
                other.leave()
            return self
        self.taken = taken
        return None

    def destroy(self) -> None:
        """After take()."""
        taken, self.taken = self.taken, []
        targets = [each for each in self.keep if isinstance(each, Target)]
        Target.last_words.update((each.number, each) for each in targets)
        try:
            if self.pointer:  # it stays until then: its last callbacks may still read it
                run(self.free, self.pointer)
        finally:
            self.pointer = ffi.NULL
            for each in targets:
                Target.last_words.pop(each.number, None)
            for held in taken:
                held.leave()
            self.forget()

    def forget(self) -> None:
        """It is gone, or not ours to free: lets go of what it used."""
        self.pointer = ffi.NULL
        self.keep.clear()
        uses, self.uses = self.uses, []
        for used in uses:
            used.users.pop()
            used.reap()


def elsewhere(handles: List[Handle]) -> Optional[Handle]:
    """The first of them that another living thread was the last to use."""
    others = [each for each in handles if each.last_owner not in (0, threading.get_ident())]
    # Not threading.enumerate(): it takes a lock, and garbage is collected at any moment.
    threads = sys._current_frames() if others else {}
    return next((each for each in others if each.last_owner in threads), None)


def _at_exit() -> None:
    """Frees what is alive, users first, while callbacks can still be told of it. What a daemon
    thread works with stays: that thread goes on to the very end."""
    handles = [each for each in Handle.live
               if elsewhere([each, *each.living_peers(), *each.uses]) is None]
    while True:
        free = [each for each in handles if each.pointer and not each.users and
                each.generation == _Process.generation and not each.lock.locked()]
        if not free:
            break
        for each in free:
            each.is_doomed = True
            each.reap()
        handles = [each for each in handles if each not in free]
    _Process.is_over = True


atexit.register(_at_exit)

Self = TypeVar("Self", bound="Owner")


class Owner:
    """What all objects share: they are context managers, and close once."""

    _handle: Handle

    def close(self) -> None:
        """Frees the C object. Closing twice does nothing; anything else then raises
        ClosedError."""
        self._handle.close()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return not self._handle.pointer

    def __enter__(self: Self) -> Self:
        self._handle.check()
        return self

    def __exit__(self, *what: object) -> None:
        self.close()

    def __setattr__(self, name: str, value: Any) -> None:
        old = self.__dict__.get(name)
        super().__setattr__(name, value)
        if isinstance(old, Handle):
            old.abandon()  # __init__ was called again

    def __del__(self) -> None:
        handle = getattr(self, "_handle", None)
        if handle is not None:
            handle.abandon()

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(f"a {type(self).__name__} owns a C object: it is neither copied nor "
                        "pickled")

    def _describe(self) -> str:
        return ""

    def __repr__(self) -> str:
        name = type(self).__name__
        handle = self.__dict__.get("_handle")
        if handle is None or not handle.pointer:
            return f"<pausemon.{name} (closed)>"
        try:
            words = self._describe()
        except (ClosedError, MisuseError):
            words = "in use"
        return f"<pausemon.{name}{' ' if words else ''}{words}>"


def made(kind: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """What a C constructor puts into its first parameter; the last one is its error."""
    out, error = ffi.new(f"struct pausemon_{kind} **"), new_error()
    check(run(function, out, *arguments, error), error)
    return out[0]


def path_bytes(path: "str | os.PathLike[str]") -> bytes:
    """A path as C takes it."""
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise ValueError("a path with a NUL in it")
    return encoded


def text_bytes(text: str) -> bytes:
    """A text as C takes it."""
    if not isinstance(text, str):
        raise TypeError(f"a text was expected, not {text!r}")
    encoded = text.encode("utf-8", "surrogateescape")
    if b"\0" in encoded:
        raise ValueError("a text with a NUL in it")
    return encoded
