#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""build_ffi.py HEADERS C_FILE ENUMS_FILE DEPFILE: the C of pausemon._pausemon, and its enums.py.

Both are made of the headers in the directory HEADERS (…/include/pausemon). Nothing is copied by
hand: a function that is new in a header is there in `lib` after the next build.
"""

import os
import re
import sys
from typing import Any, List

from cdef import Callback, Enum, Headers, read_headers
from cdef import __file__ as cdef_file

MODULE = "pausemon._pausemon"

ENUMS_HEAD = '''# SPDX-License-Identifier: MIT
"""The enums of the C headers. Made by build_ffi.py of include/pausemon: do not edit.

>>> print(State.RUNNING, Cause.CPU, Category.CPU | Category.MEM)
running cpu cpu|mem
>>> Tier(3) is Tier.CRITICAL
True
"""

from ._enum import Flag, Named
'''


def initialiser(struct: str) -> str:
    return f"python_init_{struct[len('pausemon_'):]}"


def cdef(headers: Headers) -> str:
    """What cffi is told: the headers' declarations, and the functions of Python behind them."""
    lines = [f"#define {name} ..." for name in headers.constants] + headers.declarations
    lines += [f"void {initialiser(struct)}(struct {struct} *to);"
              for _, struct in headers.initialisers]
    lines.append('extern "Python" {')
    for each in unique(headers.callbacks):
        star = "" if each.result.endswith("*") else " "
        lines.append(f"{each.result}{star}{each.name}({each.arguments});")
    return "\n".join(lines + ["}"])


def unique(callbacks: List[Callback]) -> List[Callback]:
    names = [each.name for each in callbacks]
    for name in names:
        if names.count(name) > 1:
            raise SystemExit(f"two callbacks would be called {name}")
    return callbacks


def source(headers: Headers) -> str:
    """The C before what cffi writes: the INIT macros as functions."""
    lines = ["#include <pausemon/pausemon.h>"]
    for macro, struct in headers.initialisers:
        lines.append(f"static void {initialiser(struct)}(struct {struct} *to)\n{{\n"
                     f"    const struct {struct} fresh = {macro};\n    *to = fresh;\n}}")
    return "\n".join(lines) + "\n"


def make_ffi(headers_directory: str, **build: Any) -> Any:
    """A cffi.FFI that is ready to be compiled."""
    import cffi

    headers = read_headers(headers_directory)
    ffi = cffi.FFI()
    ffi.cdef(cdef(headers))
    ffi.set_source(MODULE, source(headers), **build)
    return ffi


def class_name(enum: Enum) -> str:
    return "".join(word.capitalize() for word in enum.name.split("_")[1:])


def common_prefix(names: List[str]) -> str:
    """Up to the last underscore that all have."""
    return os.path.commonprefix(names).rpartition("_")[0] + "_"


def enum_class(enum: Enum) -> str:
    names = [name for name, _, _ in enum.members]
    prefix = common_prefix(names)
    lines = ["", "", f"class {class_name(enum)}({'Flag' if enum.is_flag else 'Named'}):",
             f'    """enum {enum.name}."""', ""]
    for name, value, comment in enum.members:
        if comment:
            text = re.sub(r"\bPAUSEMON_", "", comment)
            lines += [f"    # {line}" for line in wrap(text)]
        lines.append(f"    {name[len(prefix):]} = {value}")
    if enum.name == "pausemon_event_type":
        lines.append(f"    ALL = {(1 << 64) - 1}")
    return "\n".join(lines)


def wrap(text: str, width: int = 92) -> List[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = (lines[-1] + " " + word).strip()
    return lines


def enums(headers: Headers) -> str:
    names = ",\n".join(f'    "{class_name(enum)}"' for enum in headers.enums)
    classes = "\n".join(enum_class(enum) for enum in headers.enums)
    return f"{ENUMS_HEAD}\n__all__ = [\n{names},\n]\n{classes}\n"


def write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as opened:
        opened.write(text)


def main() -> int:
    if len(sys.argv) != 5:
        print(__doc__, file=sys.stderr)
        return 2
    directory, c_file, enums_file, depfile = sys.argv[1:]
    make_ffi(directory).emit_c_code(c_file)
    write(enums_file, enums(read_headers(directory)))
    headers = [os.path.join(directory, name) for name in sorted(os.listdir(directory))]
    write(depfile, f"{c_file}: {' '.join([os.path.abspath(cdef_file), *headers])}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
