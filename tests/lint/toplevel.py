#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""toplevel.py [ROOT]: nothing lies at the top but what has its place there."""

import sys

import lintlib

ALLOWED = {'meson.build', 'meson_options.txt', 'README.md', 'NEWS.md', 'LICENSE', 'libpausemon',
           'include', 'tools', 'bindings', 'tests', 'docs'}


def main():
    root = lintlib.root_argument()
    report = lintlib.Report('toplevel')
    for path in lintlib.files(root, tracked=True):
        report.looked()
        top = path.split('/')[0]
        if top not in ALLOWED and not top.startswith('.'):
            report.add(path, 1, f'{top} has no place at the top')
    return report.done()


if __name__ == '__main__':
    sys.exit(main())
