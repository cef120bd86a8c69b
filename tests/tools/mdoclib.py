# SPDX-License-Identifier: MIT
"""Manuals as their source has them: sections, options, examples."""
import os
import re

OPTION = re.compile(r"\bFl Fl ([\w-]+)(?: Ar (\S+))?")
LETTER = re.compile(r"\bFl (\w)(?= |$)")


def read(tests, name):
    with open(os.path.join(tests, "../docs/man", name), encoding="utf-8") as file:
        return file.read()


def parts(text, macro):
    """[(heading, text)] of what begins with a macro: "Sh", "Ss"."""
    found = re.split(rf"^\.{macro} (.*)\n", text, flags=re.M)
    return [(heading.replace("\\&", ""), found[2 * i + 2])
            for i, heading in enumerate(found[1::2])]


def section(text, heading):
    """The text of one .Sh."""
    return dict(parts(text, "Sh"))[heading]


def options(text):
    """name: the placeholders it stands with, ("" if it once stands alone)."""
    found = {}
    for name, value in OPTION.findall(text):
        found.setdefault(name, set()).add(value)
    return found


def letters(text):
    return set(LETTER.findall(text))


def literal(line):
    """What a reader sees of a literal line."""
    return line.replace("\\e", "\\").replace("\\&", "").replace("\\(dq", '"')


def displays(text):
    """The literal texts of a section: each .Dl, each .Bd -literal."""
    for line, block in re.findall(r"^\.Dl (.*)$|^\.Bd -literal.*\n((?:.*\n)*?)\.Ed$", text, re.M):
        yield literal(line or block)


def commands(text):
    """What stands behind "$ " in a section's displays."""
    for display in displays(text):
        for line in display.split("\n"):
            if line.startswith("$ "):
                yield line[2:]
