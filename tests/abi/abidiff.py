#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""abidiff.py ROOT LIBRARY | ROOT --accept: the library has the ABI that was recorded of it.

The record is made by abidw of a library that has the public functions with empty bodies: so it
holds all that a program can see and nothing else, whatever the real one was built of. abidiff
compares the real one with it. --accept records anew what tests/abi/layout.py is content with.
"""

import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'lint'))

import apilib  # noqa: E402
import lintlib  # noqa: E402

RECORD = 'tests/abi/libpausemon-x86_64.abi'
MAP = 'libpausemon/libpausemon.map'
QUIET = ['--exported-interfaces-only', '--no-parameter-names', '--no-show-locs',
         '--no-comp-dir-path', '--no-corpus-path', '--no-elf-needed', '--no-write-default-sizes',
         '--type-id-style', 'hash']


def build_empty(root, to):
    """A library of the public functions without what they do."""
    lines = ['#include <pausemon/pausemon.h>']
    for item in apilib.read_api(root)[1].values():
        if item.kind == 'function':
            # A pointer for a status or the other way round matters to nobody here.
            nothing = '' if item.text.startswith(f'void {item.name}(') else 'return 0;'
            lines.append(f'{item.text} {{ {nothing} }}')
    subprocess.run(['gcc', '-std=c11', '-g', '-w', '-shared', '-fPIC', '-fvisibility=hidden', '-I',
                    os.path.join(root, 'include'), '-Wl,-soname,libpausemon.so.0',
                    f'-Wl,--version-script,{os.path.join(root, MAP)}', '-x', 'c', '-', '-o', to],
                   input='\n'.join(lines) + '\n', text=True, check=True)


def record(root):
    content = subprocess.run([os.path.join(HERE, 'layout.py'), root], check=False).returncode
    if content != 0:
        print('abidiff: not recorded: tests/abi/layout.py comes first')
        return 1
    with tempfile.TemporaryDirectory() as folder:
        library = os.path.join(folder, 'libpausemon.so')
        build_empty(root, library)
        subprocess.run(['abidw', *QUIET, '--out-file', os.path.join(root, RECORD), library],
                       check=True)
    return 0


def is_comparable(library):
    """Why it is not; None when it is."""
    with open(library, 'rb') as opened:
        head = opened.read(20)
    if head[:6] != b'\x7fELF\x02\x01' or head[18:20] != b'\x3e\x00':
        return 'the library is not of x86_64 Linux'
    sections = subprocess.run(['readelf', '-S', '-W', library], capture_output=True, text=True,
                              check=True).stdout
    return None if '.debug_info' in sections else 'the library has no debug information'


def main():
    if len(sys.argv) != 3:
        sys.exit('usage: abidiff.py ROOT LIBRARY|--accept')
    root, library = lintlib.root_argument(), sys.argv[2]
    for tool in 'abidw', 'abidiff', 'readelf', 'gcc':
        if not shutil.which(tool):
            lintlib.skip('abidiff', f'{tool} is not there (Debian: abigail-tools, binutils, gcc)')
    if library == '--accept':
        return record(root)
    why_not = is_comparable(library)
    if why_not:
        lintlib.skip('abidiff', why_not)
    ran = subprocess.run(['abidiff', os.path.join(root, RECORD), library], check=False)
    if ran.returncode:
        print('abidiff: not the recorded ABI: docs/decisions/0021-abi.md says what may change, '
              'tests/abi/abidiff.py . --accept records it')
    return 1 if ran.returncode else 0


if __name__ == '__main__':
    sys.exit(main())
