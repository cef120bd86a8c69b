#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""docs.py [ROOT]: what README.md and docs/ name is there, and the architecture names every room.

A path is a word in backticks or in a code block, or the target of a link, that begins with an
entry of the tree's top, or with a room of the library (`core/table.c`). `*`, `{a,b}`, NAME, X and
`<name>` stand for anything. Links are relative to the file they are in.
"""

import fnmatch
import posixpath
import re
import sys

import lintlib

ARCHITECTURE = 'docs/ARCHITECTURE.md'
LINK = re.compile(r'\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)|^\[[^\]]+\]:\s*<?([^\s>]+)', re.M)
SPAN = re.compile(r'(`+)(.+?)\1', re.S)
FENCE = re.compile(r'^ {0,3}(```+|~~~+)[^\n]*\n(.*?)(?:^ {0,3}\1|\Z)', re.M | re.S)
INDENTED = re.compile(r'^( {4}|\t)(.*)$', re.M)
WORD = re.compile(r'[\w.{}*<>/,+\-…]+')


def expand(word):
    """Every word that {a,b} makes."""
    match = re.search(r'\{([^{}]*)\}', word)
    if not match:
        return [word]
    return [w for part in match.group(1).split(',')
            for w in expand(word[:match.start()] + part.strip() + word[match.end():])]


class Tree:
    """All files and directories, and how a word can name one."""

    def __init__(self, root):
        self.files = lintlib.files(root)
        self.known = set(self.files)
        for path in self.files:
            while '/' in path:
                path = path.rpartition('/')[0]
                self.known.add(path)
        self.top = {p for p in self.known if '/' not in p}
        self.folders = self.top - set(self.files)
        self.rooms = {p.split('/')[1] for p in self.files
                      if p.startswith('libpausemon/') and p.count('/') > 1}

    def has(self, path):
        path = posixpath.normpath(path)
        if path in self.known or path == '.':
            return True
        pattern = re.sub(r'<[^>]*>|…|(?<![A-Za-z])(NAME|X+|N)(?![A-Za-z])', '*', path)
        return '*' in pattern and any(p.count('/') == pattern.count('/')
                                      and fnmatch.fnmatchcase(p, pattern) for p in self.known)

    def place(self, word):
        """The path in the tree that a word means; None if it means none."""
        first = word.split('/')[0]
        if '/' not in word:
            return None
        if first in self.folders:
            return word
        if first in self.rooms:
            return 'libpausemon/' + word
        return 'include/' + word if first == 'pausemon' and word.endswith('.h') else None


def words(text, start):
    for match in WORD.finditer(text):
        before = text[match.start() - 1:match.start()]
        word = match.group(0).rstrip('.,')
        if before not in ('~', '$', '=', '@') and not word.startswith(('/', '-')):
            yield start + match.start(), word.removeprefix('./')


def named(text):
    """(offset, word) of all in code blocks and backticks."""
    for match in FENCE.finditer(text):
        yield from words(match.group(2), match.start(2))
    text = FENCE.sub(lambda m: re.sub(r'[^\n]', ' ', m.group(0)), text)
    for match in list(INDENTED.finditer(text)) + list(SPAN.finditer(text)):
        yield from words(match.group(2), match.start(2))


def look(report, tree, path, text):
    for at, word in named(text):
        for part in expand(word):
            place = tree.place(part)
            if place and not tree.has(place):
                report.add(path, lintlib.line_of(text, at), f'{part} is not there')
    prose = FENCE.sub(lambda m: re.sub(r'[^\n]', ' ', m.group(0)), text)
    for match in LINK.finditer(prose):
        target = (match.group(1) or match.group(2)).partition('#')[0]
        if target and not re.match(r'[a-z][a-z+.-]*:|//', target):
            where = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
            if where not in tree.known and where != '.':
                report.add(path, lintlib.line_of(text, match.start()),
                           f'a link to {target}, which is not there')


def main():
    root = lintlib.root_argument()
    report = lintlib.Report('docs')
    tree = Tree(root)
    for path in tree.files:
        if path == 'README.md' or path.startswith('docs/') and path.endswith('.md'):
            report.looked()
            look(report, tree, path, lintlib.read(root, path))
    if ARCHITECTURE not in tree.known:
        report.add(ARCHITECTURE, 1, 'is not there')
        return report.done()
    text = lintlib.read(root, ARCHITECTURE)
    for room in sorted(tree.rooms):
        if not re.search(rf'(?<![\w/])(libpausemon/)?{room}/', text):
            report.add(ARCHITECTURE, 1, f'does not name the room {room}/')
    return report.done()


if __name__ == '__main__':
    sys.exit(main())
