#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""exports.py ROOT LIBRARY: three lists of names are one list.

What the shared LIBRARY exports, what libpausemon/libpausemon.map names, and what the public
headers declare with PAUSEMON_API.
"""

import os
import re
import shutil
import subprocess
import sys

import lintlib

MAP = 'libpausemon/libpausemon.map'
DECLARED = re.compile(r'^PAUSEMON_API\b[^;{()]*?\b(\w+)\s*\(', re.M)


def exported(library):
    listed = subprocess.run(['nm', '-D', '--defined-only', library], capture_output=True,
                            text=True, check=False)
    if listed.returncode:
        sys.exit(f'exports: nm -D {library}: {listed.stderr.strip()}')
    names = {}
    for row in listed.stdout.splitlines():
        kind, name = row.split()[-2:]
        if kind != 'A':  # the version nodes themselves
            names[name.split('@')[0]] = 0
    return names


def mapped(root, report):
    """The global names of all nodes, each with its line."""
    text = lintlib.code(lintlib.read(root, MAP))
    names, is_global, ends = {}, False, False
    for number, line in enumerate(text.split('\n'), 1):
        for word in re.findall(r'global:|local:|[\w*?\[\].]+(?=\s*;)', line):
            if word.endswith(':'):
                is_global = word == 'global:'
            elif not is_global:
                ends = ends or word == '*'
            elif word in names:
                report.add(MAP, number, f'{word} is named twice')
            else:
                names[word] = number
    if not ends:
        report.add(MAP, 1, 'nothing hides the rest: local: *; is missing')
    return names


def declared(root, report):
    names = {}
    for path in lintlib.files(root):
        if not path.startswith('include/pausemon/') or not path.endswith('.h'):
            continue
        report.looked()
        text = re.sub(r'^#.*$', '', lintlib.code(lintlib.read(root, path)), flags=re.M)
        count = len(re.findall(r'\bPAUSEMON_API\b', text))
        found = list(DECLARED.finditer(text))
        if len(found) != count:
            report.add(path, 1, f'{count} times PAUSEMON_API, but only {len(found)} declarations '
                                'that begin a line with it')
        for match in found:
            line = lintlib.line_of(text, match.start(1))
            if match.group(1) in names:
                report.add(path, line, f'{match.group(1)} is declared twice')
            names[match.group(1)] = (path, line)
    return names


def main():
    if len(sys.argv) != 3:
        sys.exit('exports: usage: exports.py ROOT LIBRARY')
    root, library = lintlib.root_argument(), sys.argv[2]
    if not shutil.which('nm'):
        lintlib.skip('exports', 'nm is not there')
    with open(library, 'rb') as opened:
        if opened.read(4) != b'\x7fELF':
            lintlib.skip('exports', f'{os.path.basename(library)} is no ELF library')
    report = lintlib.Report('exports')
    in_library = exported(library)
    in_map = mapped(root, report)
    in_headers = declared(root, report)
    report.looked(len(in_library))
    where = os.path.basename(library)
    for name in sorted({*in_library, *in_map, *in_headers}):
        missing = [text for text, there in ((where, in_library), (MAP, in_map),
                                            ('include/pausemon', in_headers)) if name not in there]
        if not missing:
            continue
        path, line = in_headers.get(name) or ((MAP, in_map[name]) if name in in_map else (where, 0))
        report.add(path, line, f'{name} is not in {" nor in ".join(missing)}')
    for name in in_library:
        if not name.startswith('pausemon_'):
            report.add(where, 0, f'{name} is exported without the prefix pausemon_')
    print(f'exports: library {len(in_library)}, map {len(in_map)}, headers {len(in_headers)}')
    return report.done()


if __name__ == '__main__':
    sys.exit(main())
