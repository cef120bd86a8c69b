#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""globals.py OBJECTS-DIR: nothing in the library's objects can be written to.

OBJECTS-DIR is where the build keeps them (libpausemon.so.X.p), or the variable LINT_OBJECTS.
No symbol may lie in .data, .bss, thread-local or common storage. What only the loader writes
(.data.rel.ro: constant tables of pointers) is fine. Every constant needs `const` on the pointer
too: `static const char *const names[]`.
"""

import glob
import os
import re
import shutil
import subprocess
import sys

import lintlib

WRITABLE = re.compile(r'\.(data|bss|tdata|tbss|ldata|lbss|sdata|sbss)(\..*)?$|\*COM\*$')
# What sanitizers, coverage and profiling put into objects: variables of their own.
INSTRUMENTED = re.compile(r'_*(asan|lsan|msan|tsan|ubsan|gcov|llvm_gcov|llvm_gcda|llvm_profile|'
                          r'profc)_')
LOADER_ONLY = re.compile(r'\.data\.rel\.ro(\..*)?$')


def symbols(path):
    """(name, section, where) of all that is defined in one object.

    sysv: `name |value|class|type|size|line|section`, and -l adds file:line after a tab.
    """
    listed = subprocess.run(['nm', '-l', '--format=sysv', path], capture_output=True, text=True,
                            check=False)
    if listed.returncode:
        sys.exit(f'globals: nm {path}: {listed.stderr.strip()}')
    for row in listed.stdout.splitlines():
        cells = row.split('|')
        if len(cells) == 7:
            section, _, where = cells[6].partition('\t')
            yield cells[0].strip(), section.strip(), where.strip()


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.environ.get('LINT_OBJECTS')
    if not folder:
        sys.exit('globals: usage: globals.py OBJECTS-DIR')
    if not shutil.which('nm'):
        lintlib.skip('globals', 'nm is not there')
    help_text = subprocess.run(['nm', '--help'], capture_output=True, text=True, check=False).stdout
    if 'sysv' not in help_text:
        lintlib.skip('globals', 'this nm does not name sections (--format=sysv)')
    report = lintlib.Report('globals')
    for path in sorted(glob.glob(os.path.join(folder, '*.o'))):
        report.looked()
        seen = False
        for name, section, where in symbols(path):
            seen = True
            if INSTRUMENTED.match(name):
                lintlib.skip('globals', f'the objects are instrumented ({name} in '
                                        f'{os.path.basename(path)})')
            if not section:
                lintlib.skip('globals', f'{os.path.basename(path)} has no sections yet (-flto)')
            if name.startswith('$') or not WRITABLE.match(section) or LOADER_ONLY.match(section):
                continue
            file, _, line = where.rpartition(':')
            report.add(os.path.relpath(file) if file else path, int(line or 0),
                       f'{name} can be written to: it is in {section}')
        if not seen:
            report.add(path, 0, 'nm sees no symbols')
    return report.done()


if __name__ == '__main__':
    sys.exit(main())
