# SPDX-License-Identifier: MIT
"""The settings: one table of keys with a default for each."""

import os
from dataclasses import dataclass
from typing import Any, Iterator, List, MutableMapping, Optional, Tuple, Union

from ._core import (Handle, Owner, Target, behind, generation, host, made, path_bytes, text_bytes,
                    written)
from ._pausemon import ffi, lib
from .enums import ConfigOrigin, ConfigType, LogLevel
from .errors import FormatError, PausemonError, UnknownKeyError, check, make, new_error, text_of

__all__ = ["Config", "ConfigKey", "Issue", "Value"]

Value = Union[bool, int, float, str, List[str]]


@dataclass(frozen=True)
class Issue:
    """Something in a text: an ERROR was refused, a WARNING was accepted and has no effect."""

    level: LogLevel
    #: 0: the text as a whole.
    line: int
    text: str


@dataclass(frozen=True)
class ConfigKey:
    """One row of the table of settings."""

    name: str
    #: "bool", "int", "num", "text", "list".
    type: str
    #: "1..100", or "" where there is none.
    range: str
    help: str
    #: Whether it takes effect on reload.
    reload: bool


class _Issues(Target):
    def __init__(self) -> None:
        super().__init__()
        self.found: List[Issue] = []


@behind("python_config_issue_fn")
def _issue(target: _Issues, level: int, error: Any) -> None:
    target.found.append(Issue(LogLevel(level), error.line, text_of(error.text)))


def _rows() -> Iterator[Any]:
    index = 0
    while True:
        row = lib.pausemon_config_get_key(index)
        if not row:
            return
        yield row
        index += 1


def _row(name: str) -> Any:
    """The row of a key, or the exception that tells which one was probably meant."""
    if not isinstance(name, str):
        raise UnknownKeyError(f"a setting is named by a text, not by {name!r}")
    rows = {text_of(row.name): row for row in _rows()}
    if name in rows:
        return rows[name]
    texts = [ffi.new("char[]", each.encode()) for each in rows] + [ffi.NULL]
    names = ffi.new("const char *[]", texts)
    near = lib.pausemon_nearest_name(text_bytes(name.replace("\0", "?")), names)
    hint = f": did you mean {text_of(near)!r}?" if near else ""
    raise UnknownKeyError(f"there is no setting {name!r}{hint}")


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f",
            "\r": "\\r"}


def _quoted(text: str) -> str:
    """A text as it stands in a TOML file."""
    letters = [_ESCAPES.get(c) or (f"\\u{ord(c):04x}" if c < " " or c == "\x7f" else c)
               for c in text]
    return f'"{"".join(letters)}"'


def _is_list(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value)


def _words(value: Value) -> str:
    """A value as it stands in the file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_quoted(str(each)) for each in value) + "]"
    if not isinstance(value, (int, float)):
        raise TypeError(f"a setting is a bool, int, float, str or list of str, not {value!r}")
    return repr(value) if isinstance(value, float) else str(int(value))


def _unquoted_list(text: str) -> List[str]:
    """The items of a list as the library writes it."""
    found, at = [], 1
    while text[at] != "]":
        if text[at] != '"':
            at += 1
            continue
        item, at = _unquoted(text, at + 1)
        found.append(item)
    return found


def _unquoted(text: str, at: int) -> Tuple[str, int]:
    names = {escape[1]: letter for letter, escape in _ESCAPES.items()}
    item = ""
    while text[at] != '"':
        if text[at] != "\\":
            item += text[at]
            at += 1
        elif text[at + 1] in "uU":
            digits = 4 if text[at + 1] == "u" else 8
            item += chr(int(text[at + 2:at + 2 + digits], 16))
            at += 2 + digits
        else:
            item += names[text[at + 1]]
            at += 2
    return item, at + 1


class Config(Owner, MutableMapping[str, Value]):
    """The settings, as a mapping of key to value: bool, int, float, str or list of str.

    Made of the defaults; then of a TOML `text` or the file at `path`; then of keyword arguments,
    whose two underscores stand for the dot.

    >>> config = Config("[tiers]\\nhold_ms = 3000", monitor__interval_ms=500)
    >>> config["tiers.hold_ms"], config["monitor.interval_ms"]
    (3000, 500)
    >>> config["tiers.hold_ns"]
    Traceback (most recent call last):
    pausemon.errors.UnknownKeyError: there is no setting 'tiers.hold_ns': did you mean \
'tiers.hold_ms'?
    """

    def __init__(self, text: Optional[str] = None,
                 path: "Optional[str | os.PathLike[str]]" = None, **settings: Value) -> None:
        if text is not None and path is not None:
            raise ValueError("a text or a path, not both")
        pointer = made("config", lib.pausemon_config_new, host)
        self._handle = Handle("config", pointer, lib.pausemon_config_free)
        if text is not None:
            self.parse(text)
        if path is not None:
            self.load(path)
        for name, value in settings.items():
            self[name.replace("__", ".")] = value

    # ---- the mapping ----

    def __getitem__(self, name: str) -> Value:
        row = _row(name)
        kind, key = row.type_id, name.encode()
        with self._handle.use(nested=True) as pointer:
            if kind == ConfigType.TEXT:
                return text_of(lib.pausemon_config_get_text(pointer, key))
            if kind == ConfigType.LIST:
                return _unquoted_list(written(lib.pausemon_config_get, pointer, key))
            number = ffi.new("int64_t *")
            check(lib.pausemon_config_get_number(pointer, key, number))
        if kind == ConfigType.BOOL:
            return bool(number[0])
        return number[0] / 1000 if kind == ConfigType.NUM else int(number[0])

    def __setitem__(self, name: str, value: Value) -> None:
        kind = _row(name).type_id
        # C takes texts and lists without quotes too: it could not tell 7 from "7".
        if kind == ConfigType.TEXT and not isinstance(value, str) or \
                kind == ConfigType.LIST and not _is_list(value):
            expected = "text" if kind == ConfigType.TEXT else "list of texts"
            raise TypeError(f"{name}: expected a {expected}, not {value!r}")
        error = new_error()
        words = text_bytes(_words(value))
        check(self._handle.call(lib.pausemon_config_set, name.encode(), words, error), error)

    def __delitem__(self, name: str) -> None:
        raise TypeError("a setting cannot be deleted, only set")

    def __iter__(self) -> Iterator[str]:
        self._handle.check()
        return iter([text_of(row.name) for row in _rows()])

    def __len__(self) -> int:
        self._handle.check()
        return sum(1 for _ in _rows())

    @staticmethod
    def keys_table() -> List[ConfigKey]:
        """All settings there are, in order."""
        return [ConfigKey(text_of(row.name), text_of(row.type), text_of(row.range),
                          text_of(row.help), bool(row.reload)) for row in _rows()]

    def origin(self, name: str) -> ConfigOrigin:
        """Where a value came from: DEFAULT, FILE (a text) or SET."""
        _row(name)
        call = self._handle.call
        return ConfigOrigin(check(call(lib.pausemon_config_get_origin, name.encode(),
                                       nested=True)))

    # ---- text ----

    def _read(self, function: Any, *arguments: Any) -> List[Issue]:
        error, issues = new_error(), _Issues()
        status = self._handle.call(function, *arguments, lib.python_config_issue_fn, issues.user,
                                   error)
        if status < 0:
            failure = make(status, error)
            if isinstance(failure, FormatError):
                failure.issues = tuple(issues.found)
            raise failure
        return issues.found

    def parse(self, text: str) -> List[Issue]:
        """Reads a TOML text over the values that are there. Returns the warnings; with an error it
        changes nothing and raises FormatError, whose `issues` are all that was found."""
        if not isinstance(text, str):
            raise TypeError(f"a text was expected, not {text!r}")
        encoded = text.encode("utf-8", "surrogateescape")
        return self._read(lib.pausemon_config_parse, encoded, len(encoded))

    def load(self, path: "str | os.PathLike[str]") -> List[Issue]:
        """The same of a file."""
        return self._read(lib.pausemon_config_load, path_bytes(path))

    def reset(self) -> None:
        """All defaults again: a reload begins with it."""
        self._handle.call(lib.pausemon_config_reset)

    def check(self) -> None:
        """Raises InvalidError and says why, if the values do not fit each other. Parsing includes
        it; setting single values does not."""
        error = new_error()
        check(self._handle.call(lib.pausemon_config_check, error, nested=True), error)

    def write(self) -> str:
        """All keys as a file that `parse` reads back to the same; defaults are comments."""
        with self._handle.use(nested=True) as pointer:
            return written(lib.pausemon_config_write, pointer)

    def copy(self) -> "Config":
        """Another one that is equal, origins too."""
        other = Config()
        with self._handle.use(nested=True) as pointer:
            other._handle.call(lib.pausemon_config_copy, pointer)
        return other

    def _describe(self) -> str:
        changed = [f"{name}={self[name]!r}" for name in self
                   if self.origin(name) != ConfigOrigin.DEFAULT]
        return ", ".join(changed) or "defaults"


class _Defaults:
    """The defaults, made when they are first asked for; never changed."""

    config: Optional[Config] = None


def default_config() -> Any:
    """The C defaults, for reading only: any number of threads may do that at once."""
    config = _Defaults.config
    if config is None or config.closed or config._handle.generation != generation():
        config = _Defaults.config = Config()
    return config._handle.pointer


def pointer_of(config: Optional[Config]) -> Any:
    """A context that holds a config still while C reads it; None: the defaults."""
    if config is None:
        return _Defaulted()
    if not isinstance(config, Config):
        raise TypeError(f"a Config was expected, not {config!r}")
    return config._handle.use(nested=True)


class _Defaulted:
    def __enter__(self) -> Any:
        return default_config()

    def __exit__(self, *what: object) -> None:
        pass
