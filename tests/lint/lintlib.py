# SPDX-License-Identifier: MIT
"""What the checks share: which files there are, C without comments, and the report."""

import os
import re
import shutil
import subprocess
import sys

# What somebody else wrote, byte for byte: golden files, seeds for fuzzing.
FOREIGN = re.compile(r'tests/golden/|tests/fuzz/(seeds|corpus|regressions)/')

SKIP = 77  # what Meson takes for "could not be tried here"


def files(root, tracked=False):
    """Paths below root that git keeps, new ones that it would keep too unless `tracked`.

    Without git (a release, a copy) everything but build directories.
    """
    if os.path.exists(os.path.join(root, '.git')) and shutil.which('git'):
        command = ['git', '-C', root, 'ls-files', '-z', '-c']
        if not tracked:
            command += ['-o', '--exclude-standard']
        listed = subprocess.run(command, capture_output=True, check=False)
        if listed.returncode == 0:
            names = listed.stdout.decode().split('\0')[:-1]
            return sorted({n for n in names if os.path.lexists(os.path.join(root, n))})
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in ('.git', '__pycache__')
                      and not (folder == root and f.startswith('build'))]
        found += [os.path.relpath(os.path.join(folder, n), root) for n in names]
    return sorted(found)


def read(root, path):
    """The text of a file; bytes that are no UTF-8 become U+FFFD."""
    with open(os.path.join(root, path), encoding='utf-8', errors='replace', newline='') as opened:
        return opened.read()


def interpreter(root, path):
    """'sh' or 'python' for what is written in it, by its name or its first line; else None."""
    if path.endswith('.sh'):
        return 'sh'
    if path.endswith('.py'):
        return 'python'
    if '.' in os.path.basename(path) or os.path.islink(os.path.join(root, path)):
        return None
    first = read(root, path).split('\n', 1)[0]
    if re.match(r'#!.*\b(sh|dash|bash)\b', first):
        return 'sh'
    return 'python' if re.match(r'#!.*\bpython', first) else None


TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code(text, strings=False):
    """C with blanks for comments and for the insides of literals: lines and columns stay."""
    def blank(match):
        token = match.group(0)
        if token[0] == '/':
            return re.sub(r'[^\n]', ' ', token)
        return token if strings else token[0] + ' ' * (len(token) - 2) + token[-1]
    return TOKEN.sub(blank, text)


def line_of(text, offset):
    return text.count('\n', 0, offset) + 1


def without_directives(text):
    """C with blanks for preprocessor lines."""
    return re.sub(r'^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', lambda m: re.sub(r'[^\n]', ' ', m.group(0)),
                  text, flags=re.M)


def c_functions(text):
    """(name, first line, last line) of each. Lines from 1.

    A brace at column 0 that closes ends whatever is open: branches of #if may open one twice.
    """
    text = without_directives(code(text))
    depth, start, end = 0, None, 0
    for match in re.finditer(r'[{};]', text):
        at, mark = match.start(), match.group(0)
        if mark == '{':
            head = text[end:at]
            if depth == 0 and re.search(r'(?:extern\s*"\s*"|namespace(?:\s+\w+)?)\s*$', head):
                end = at + 1
                continue
            if depth == 0 and '(' in head and '=' not in re.sub(r'\([^()]*\)', '', head):
                start = end + len(head) - len(head.lstrip())
                # The second is a method of Objective-C without arguments: `- (void)name`.
                name = re.search(r'([\w:~]+)\s*\(|\)\s*(\w+)', head)
                name = name.group(1) or name.group(2)
            depth += 1
        elif mark == '}':
            at_margin = at == 0 or text[at - 1] == '\n'
            depth = 0 if at_margin else max(depth - 1, 0)
            if depth == 0 and start is not None:
                yield name, line_of(text, start), line_of(text, at)
                start = None
        if depth == 0:
            end = at + 1


class Report:
    """Collects violations; `done` prints them by file and line and gives the exit status."""

    def __init__(self, name):
        self.name = name
        self.looked_at = 0
        self.found = set()

    def looked(self, count=1):
        self.looked_at += count

    def add(self, path, line, text):
        self.found.add((path, line, text))

    def done(self):
        for path, line, text in sorted(self.found):
            print(f'{path}:{line}: {text}')
        if not self.looked_at:
            print(f'{self.name}: looked at nothing, which proves nothing')
            return 1
        print(f'{self.name}: looked at {self.looked_at}, found {len(self.found)}')
        return 1 if self.found else 0


def skip(name, reason):
    print(f'{name}: not checked: {reason}')
    sys.exit(SKIP)


def root_argument():
    """The tree to look at: the first argument, or the one this file is in."""
    here = os.path.dirname(os.path.abspath(__file__))
    return os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.path.dirname(
        os.path.dirname(here))
