#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""embedding.py [ROOT]: what docs/EMBEDDING.md shows as code is code that is tested.

Every block with a language (```c, ```objc, ```meson; not ```sh) stands in one program of
tests/embed, word by word but for its indentation; `…` alone in a line leaves lines out. And each
program of tests/embed is named in it.
"""

import re
import sys

import lintlib

DOCUMENT = 'docs/EMBEDDING.md'
BLOCK = re.compile(r'^```(\w+)\n(.*?)^```$', re.M | re.S)
SHELL = {'sh'}
PROGRAM = re.compile(r'tests/embed/[^/]+\.(c|cpp|m)$')
TESTED = re.compile(r'tests/embed/([^/]+\.(c|cpp|m|h)|host/meson\.build)$')


def bare(lines):
    """One text that begins and ends with a newline, so that only whole lines are found in it."""
    return '\n' + '\n'.join(line.strip() for line in lines) + '\n'


def pieces(block):
    """Runs of lines that stand together."""
    piece = []
    for line in block.splitlines() + ['…']:
        if line.strip() != '…':
            piece.append(line)
        elif piece:
            yield bare(piece)
            piece = []


def main():
    root = lintlib.root_argument()
    report = lintlib.Report('embedding')
    paths = lintlib.files(root)
    if DOCUMENT not in paths:
        report.add(DOCUMENT, 1, 'is not there')
        return report.done()
    text = lintlib.read(root, DOCUMENT)
    tested = [bare(lintlib.read(root, path).splitlines()) for path in paths if TESTED.match(path)]
    for match in BLOCK.finditer(text):
        if match.group(1) in SHELL:
            continue
        report.looked()
        line = lintlib.line_of(text, match.start(2))
        parts = list(pieces(match.group(2)))
        if not any(all(part in program for part in parts) for program in tested):
            report.add(DOCUMENT, line, f'this {match.group(1)} is in no program of tests/embed')
    for path in paths:
        if PROGRAM.match(path) and path.rpartition('/')[2] not in text:
            report.add(DOCUMENT, 1, f'does not name {path}')
    return report.done()


if __name__ == '__main__':
    sys.exit(main())
