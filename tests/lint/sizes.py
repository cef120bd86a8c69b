#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""sizes.py [ROOT]: no file over 500 lines, no function over 60, in C, C++, shell and Python.

A function is counted from the first line of its head to its closing brace.
"""

import ast
import os
import re
import sys

import lintlib

FILE_LINES = 500
FUNCTION_LINES = 60


def sh_functions(text):
    """Functions that begin and end at column 0."""
    name = first = None
    for number, line in enumerate(text.split('\n'), 1):
        match = re.match(r'(?:function\s+)?([\w.-]+)\s*\(\)', line)
        if match and name is None:
            name, first = match.group(1), number
        if name and re.match(r'[})]', line) or match and re.search(r'[})]\s*$', line[match.end():]):
            yield name, first, number
            name = None


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno] + [d.lineno for d in node.decorator_list])
            yield node.name, first, node.end_lineno


def functions_of(root, path):
    """The finder of functions for this file, or None: not looked at."""
    if os.path.splitext(path)[1] in ('.c', '.h', '.cpp', '.m'):
        return lintlib.c_functions
    return {'sh': sh_functions, 'python': python_functions}.get(lintlib.interpreter(root, path))


def main():
    root = lintlib.root_argument()
    report = lintlib.Report('sizes')
    count = 0
    for path in lintlib.files(root):
        finder = functions_of(root, path)
        if finder is None:
            continue
        report.looked()
        text = lintlib.read(root, path)
        lines = len(text.splitlines())
        if lines > FILE_LINES:
            report.add(path, FILE_LINES + 1, f'a file of {lines} lines, at most {FILE_LINES}')
        try:
            found = list(finder(text))
        except SyntaxError as error:
            report.add(path, error.lineno or 1, f'cannot be read: {error.msg}')
            continue
        count += len(found)
        for name, first, last in found:
            if last - first + 1 > FUNCTION_LINES:
                report.add(path, first, f'{name} has {last - first + 1} lines, '
                                        f'at most {FUNCTION_LINES}')
    print(f'sizes: {count} functions')
    return report.done()


if __name__ == '__main__':
    sys.exit(main())
