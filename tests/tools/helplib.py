# SPDX-License-Identifier: MIT
"""What the programs say of themselves: their commands, options and operands, as --help has them."""
import os
import re
import subprocess

OPTION = re.compile(r"^  (?:    |-(\w), )--([\w-]+)(?: (\S+))?(?: |$)", re.M)
COMMAND = re.compile(r"^  ([\w-]+) {2,}\S", re.M)
USAGE = re.compile(r"^Usage: (?:pausemon )?([\w-]+)((?: .*)?)$", re.M)

# They are not in the list of `pausemon --help`.
HIDDEN = ("completion",)


class Help:
    """Of a command or a program."""

    def __init__(self, text):
        self.text = text
        listed = text.partition("\nOptions:\n")[2].split("\n\n")[0]
        # name: (letter or None, placeholder or None)
        self.options = {name: (letter or None, value or None)
                        for letter, name, value in OPTION.findall(listed)}
        usage = USAGE.search(text)
        self.name = usage.group(1)
        self.operands = usage.group(2).replace("[OPTION…]", "").strip()

    def verbs(self):
        """The words among the operands."""
        parts = [part.split() for part in re.sub(r"[\[\]]", "", self.operands).split("|")]
        return [part[0] for part in parts if part and part[0].islower()]


def ask(*words):
    ran = subprocess.run([*words, "--help"], capture_output=True, text=True, timeout=60,
                         stdin=subprocess.DEVNULL, check=False)
    assert ran.returncode == 0 and not ran.stderr, (words, ran.returncode, ran.stderr)
    return ran.stdout


def commands(pausemon):
    """All of pausemon's, hidden ones too, by name. One that runs a program has that one's help."""
    text = ask(pausemon).partition("\nCommands:\n")[2].split("\n\n")[0]
    names = COMMAND.findall(text)
    assert len(names) >= 10, names
    return {name: Help(ask(pausemon, name)) for name in [*names, *HIDDEN]}


def programs(pausemon):
    """Those of this build beside `pausemon`, by name: their files."""
    found = {}
    for name in ("pausemond", "pausemon-monitor"):
        path = os.path.join(os.path.dirname(pausemon), name)
        if os.access(path, os.X_OK):
            found[name] = path
    return found
