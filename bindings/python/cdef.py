# SPDX-License-Identifier: MIT
"""Reads include/pausemon/*.h into declarations. What it does not understand is an error that
names the line: nothing is dropped in silence."""

import os
import re
from dataclasses import dataclass, field
from typing import Dict, Iterator, List, Optional, Tuple

# Macros that mean nothing to cffi: they are taken out where they stand.
DECORATIONS = ("PAUSEMON_API", "PAUSEMON_BEGIN_DECLS", "PAUSEMON_END_DECLS")
# What the conditions in the headers are for a C compiler that is gcc or clang.
CONDITIONS = {"ifdef __cplusplus": False, "if defined(__GNUC__)": True,
              "ifndef PAUSEMON_API": True}

_CONSTANT = re.compile(r"[\s\d()<|*+\-]*(?:0x[0-9a-fA-F]+|\d|U?INT64_(?:MAX|C\(\d+\))|<<)+"
                       r"[\s\d()<|*+\-]*")
_TOKEN = re.compile(r"/\*.*?\*/|//[^\n]*|\\\n", re.S)
_POINTER = re.compile(r"(.*?)\(\s*\*\s*(\w+)\s*\)\s*\((.*)\)$", re.S)
_FUNCTION = re.compile(r"(.*?[\s*])(\w+)\s*\((.*)\)$", re.S)
_RESULT = re.compile(r"(?:const )?(?:void|int|char|u?int64_t|size_t|struct \w+)(?: \*)?")
_MEMBER = re.compile(r"[\w\s*]*?[\s*](\w+)\s*((?:\[\w+\])?)$")


class NotUnderstood(Exception):
    """A construct in a header that is in none of the forms below."""


@dataclass
class Piece:
    """One declaration, up to its semicolon."""

    file: str
    line: int
    text: str

    def fail(self, why: str) -> NotUnderstood:
        first = " ".join(self.text.split())[:70]
        return NotUnderstood(f"{self.file}:{self.line}: {why}: {first}")


@dataclass
class Callback:
    """A type of function that C calls: `name` is that of the Python function behind it."""

    name: str
    result: str
    arguments: str


@dataclass
class Enum:
    name: str
    members: List[Tuple[str, int, str]] = field(default_factory=list)  # name, value, comment
    is_flag: bool = False  # its members are written as bits


@dataclass
class Headers:
    """All that was read, in an order in which C can be declared."""

    declarations: List[str] = field(default_factory=list)
    constants: List[str] = field(default_factory=list)
    initialisers: List[Tuple[str, str]] = field(default_factory=list)  # macro, struct
    callbacks: List[Callback] = field(default_factory=list)
    enums: List[Enum] = field(default_factory=list)
    structs: List[str] = field(default_factory=list)
    functions: List[str] = field(default_factory=list)


def one_line(text: str) -> str:
    return " ".join(text.split())


def short(name: str) -> str:
    return name[len("pausemon_"):] if name.startswith("pausemon_") else name


def without_comments(text: str) -> str:
    """Comments and joined lines become blanks: lines keep their numbers."""
    def blank(match: "re.Match[str]") -> str:
        return "\n" * match.group().count("\n") if match.group()[0] == "/" else "\0"

    text = _TOKEN.sub(blank, text)
    lines = []
    for line in text.split("\n"):
        lines += [line.replace("\0", " ")] + [""] * line.count("\0")
    return "\n".join(lines)


class Reader:
    """Reads headers, each after those that it includes."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.out = Headers()
        self.seen: List[str] = []
        self.comments: Dict[Tuple[str, str], str] = {}

    def read(self, name: str = "pausemon.h") -> Headers:
        if name in self.seen:
            return self.out
        self.seen.append(name)
        path = os.path.join(self.directory, name)
        with open(path, encoding="utf-8") as opened:
            text = opened.read()
        for match in re.finditer(r"^ *(\w+)(?: = [^/\n]*)?,? +/\* (.*?)\*/", text, re.M | re.S):
            self.comments[(path, match.group(1))] = one_line(match.group(2))
        plain = self.directives(path, without_comments(text))
        for piece in self.pieces(path, plain):
            self.declaration(piece)
        return self.out

    # ---- the preprocessor's lines ----

    def directives(self, path: str, text: str) -> str:
        """Takes them in, and gives the text with blanks for them and for what is left out."""
        kept: List[str] = []
        state: List[bool] = []
        for number, line in enumerate(text.split("\n"), 1):
            piece = Piece(path, number, line)
            if not line.lstrip().startswith("#"):
                kept.append(line if all(state) else "")
                continue
            kept.append("")
            words = one_line(line.replace("#", " ", 1))
            self.directive(piece, words, state)
        if state:
            raise NotUnderstood(f"{path}: a condition that does not end")
        return "\n".join(kept)

    def directive(self, piece: Piece, words: str, state: List[bool]) -> None:
        if words.startswith("if"):
            is_guard = re.fullmatch(r"ifndef PAUSEMON_\w+_H", words) is not None
            if not is_guard and words not in CONDITIONS:
                raise piece.fail("a condition that is not known")
            state.append(is_guard or CONDITIONS[words])
        elif words == "else" and state:
            state[-1] = not state[-1]
        elif words == "endif" and state:
            state.pop()
        elif not all(state):
            return
        elif words.startswith("include "):
            included = re.fullmatch(r"include <(pausemon/)?(\w+\.h)>", words)
            if not included:
                raise piece.fail("an include that is not known")
            if included.group(1):
                self.read(included.group(2))
        elif words.startswith("define "):
            self.define(piece, words[len("define "):])
        else:
            raise piece.fail("a directive that is not known")

    def define(self, piece: Piece, words: str) -> None:
        name, _, value = words.partition(" ")
        if name in DECORATIONS or (not value and name.endswith("_H")):
            return
        if name.endswith("_INIT") and value.startswith("{"):
            struct = "pausemon_" + name[len("PAUSEMON_"):-len("_INIT")].lower()
            if struct not in self.out.structs and f"sizeof(struct {struct})" not in value:
                raise piece.fail("an initialiser of a struct that is not known")
            self.out.initialisers.append((name, struct))
        elif re.fullmatch(r"PAUSEMON_\w+", name) and _CONSTANT.fullmatch(value):
            self.out.constants.append(name)
        else:
            raise piece.fail("a macro that is neither a number nor an initialiser")

    # ---- declarations ----

    def pieces(self, path: str, text: str) -> Iterator[Piece]:
        for word in DECORATIONS:
            text = re.sub(rf"\b{word}\b", " " * len(word), text)
        depth = start = 0
        for offset, letter in enumerate(text):
            depth += {"{": 1, "}": -1}.get(letter, 0)
            if letter == ";" and depth == 0:
                body = text[start:offset]
                before = text[:offset - len(body.lstrip())]
                yield Piece(path, before.count("\n") + 1, body.strip())
                start = offset + 1
        rest = text[start:]
        if rest.strip():
            line = text[:start + len(rest) - len(rest.lstrip())].count("\n") + 1
            raise Piece(path, line, rest).fail("a declaration without its semicolon")

    def declaration(self, piece: Piece) -> None:
        text = one_line(piece.text)
        if re.fullmatch(r"struct \w+", text):
            self.out.declarations.append(text + ";")
        elif re.match(r"struct \w+ \{", text):
            self.struct(piece, text)
        elif re.match(r"enum \w+ \{", text):
            self.enum(piece, text)
        elif text.startswith("typedef "):
            self.typedef(piece, text)
        else:
            self.function(piece, text)

    def callback(self, piece: Piece, text: str, owner: Optional[str]) -> str:
        match = _POINTER.fullmatch(text)
        if not match or "(" in match.group(3):
            raise piece.fail("not a pointer to a function")
        result, name, arguments = (one_line(part) for part in match.groups())
        if not _RESULT.fullmatch(result):
            raise piece.fail("a result of a type that is not known")
        parts = [short(owner), name] if owner else [short(name)]
        self.out.callbacks.append(Callback("python_" + "_".join(parts), result, arguments))
        return name

    def typedef(self, piece: Piece, text: str) -> None:
        self.callback(piece, text[len("typedef "):], None)
        self.out.declarations.append(text + ";")

    def struct(self, piece: Piece, text: str) -> None:
        match = re.fullmatch(r"struct (\w+) \{(.*)\}", text)
        if not match or "{" in match.group(2):
            raise piece.fail("a struct in a form that is not known")
        name, members = match.group(1), []
        for member in match.group(2).split(";")[:-1]:
            member = member.strip()
            if "(" in member:
                self.callback(piece, member, name)
            elif not _MEMBER.fullmatch(member) or ":" in member:
                raise piece.fail(f"a member in a form that is not known: {member}")
            members.append(re.sub(r"\[[A-Z]\w*\]", "[...]", member) + ";")
        self.out.structs.append(name)
        self.out.declarations.append(f"struct {name} {{ {' '.join(members)} }};")

    def enum(self, piece: Piece, text: str) -> None:
        match = re.fullmatch(r"enum (\w+) \{(.*)\}", text)
        if not match:
            raise piece.fail("an enum in a form that is not known")
        enum, names = Enum(match.group(1)), []
        for member in match.group(2).strip().rstrip(",").split(","):
            said = re.fullmatch(r"(PAUSEMON_\w+) = (-?\d+)(?: << (\d+))?", member.strip())
            if not said:
                raise piece.fail(f"a member without a plain number: {member.strip()}")
            enum.is_flag = enum.is_flag or said.group(3) is not None
            name, value = said.group(1), int(said.group(2)) << int(said.group(3) or 0)
            enum.members.append((name, value, self.comments.get((piece.file, name), "")))
            names.append(f"{name} = ...")
        self.out.enums.append(enum)
        self.out.declarations.append(f"enum {enum.name} {{ {', '.join(names)} }};")

    def function(self, piece: Piece, text: str) -> None:
        match = _FUNCTION.fullmatch(text)
        if (not match or not match.group(2).startswith("pausemon_")
                or not _RESULT.fullmatch(match.group(1).strip())):
            raise piece.fail("no declaration of a known form")
        name, arguments = match.group(2), match.group(3)
        for argument in split_arguments(arguments):
            if "(" in argument:
                self.callback(piece, argument, name)
        self.out.functions.append(name)
        self.out.declarations.append(text + ";")


def split_arguments(text: str) -> List[str]:
    """At the commas that are in no bracket."""
    found, depth, start = [], 0, 0
    for offset, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            found.append(text[start:offset].strip())
            start = offset + 1
    return found + [text[start:].strip()]


def read_headers(directory: str) -> Headers:
    """All of the headers in DIRECTORY, which holds pausemon.h."""
    return Reader(directory).read()
