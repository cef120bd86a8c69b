#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""text.py [ROOT]: no tabs, no trailing blanks, a final newline, UTF-8, at most 100 columns.

Tabs may be in Makefiles. Golden files and fuzzing seeds are what somebody else wrote: exempt.
Columns count in code (C, C++, shell, Python); paragraphs and tables of Markdown are one line each.
The first line of C says the licence.
"""

import os
import re
import sys
import unicodedata

import lintlib

COLUMNS = 100
MAKEFILE = re.compile(r'(.*/)?(GNUm|M|m)akefile$|.*\.mk$')
C = ('.c', '.h', '.cpp', '.m')
LICENCE = re.compile(r'(/\*|//) SPDX-License-Identifier: MIT\b')


def columns(line):
    """As a terminal counts: wide characters are two, marks on another are none."""
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in line)


def look(report, path, text, is_code):
    for number, line in enumerate(text.split('\n'), 1):
        if '\t' in line and not MAKEFILE.match(path):
            report.add(path, number, 'a tab')
        if line != line.rstrip():
            report.add(path, number, 'blanks at the end')
        if '\ufffd' in line:
            report.add(path, number, 'not UTF-8')
        if is_code and columns(line) > COLUMNS:
            report.add(path, number, f'{columns(line)} columns, at most {COLUMNS}')
    last = text.count('\n') + 1
    if text and not text.endswith('\n'):
        report.add(path, last, 'no newline at the end')
    if text.endswith('\n\n'):
        report.add(path, last - 1, 'an empty line at the end')
    if path.endswith(C) and not LICENCE.match(text):
        report.add(path, 1, 'does not begin with /* SPDX-License-Identifier: MIT */')


def main():
    root = lintlib.root_argument()
    report = lintlib.Report('text')
    for path in lintlib.files(root):
        full = os.path.join(root, path)
        if lintlib.FOREIGN.match(path) or os.path.islink(full) or not os.path.isfile(full):
            continue
        text = lintlib.read(root, path)
        if '\0' in text:
            continue
        report.looked()
        look(report, path, text, path.endswith(C) or lintlib.interpreter(root, path) is not None)
    return report.done()


if __name__ == '__main__':
    sys.exit(main())
