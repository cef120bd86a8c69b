#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""tomorrow.py ROOT WORK: today's programs with a library of tomorrow.

In a copy of the library every public struct with a size has grown. test_callers, compiled with the
headers of today, runs with it: what it hands in is older than the library, and is taken. abidiff
must see that it is another library.
"""

import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'lint'))

import lintlib  # noqa: E402

STRUCT = re.compile(r'^(struct pausemon_\w+ \{\n    uint64_t size;.*?)^\};', re.S | re.M)
ENVIRONMENT = {'CK_TAP_LOG_FILE_NAME': '-', 'CK_VERBOSITY': 'silent', 'CK_TIMEOUT_MULTIPLIER': '20',
               'PAUSEMON_GROWN': '16'}


def call(*command, **more):
    print('+', *command, flush=True)
    return subprocess.run(command, check=True, **more)


def grow(folder):
    """Sixteen bytes more at the end of each; returns how many structs there were."""
    count = 0
    directory = os.path.join(folder, 'include/pausemon')
    for name in sorted(os.listdir(directory)):
        path = os.path.join(directory, name)
        with open(path, encoding='utf-8') as opened:
            text = opened.read()
        text, found = STRUCT.subn(r'\1    uint64_t tomorrow[2];\n};', text)
        count += found
        with open(path, 'w', encoding='utf-8') as opened:
            opened.write(text)
    return count


def build_library(root, work):
    tree = os.path.join(work, 'tree')
    shutil.rmtree(work, ignore_errors=True)
    for path in lintlib.files(root):
        target = os.path.join(tree, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(os.path.join(root, path), target, follow_symlinks=False)
    count = grow(tree)
    print(f'tomorrow: {count} structs have grown')
    if count < 20:
        sys.exit('tomorrow: too few structs were found')
    built = os.path.join(work, 'build')
    call('meson', 'setup', built, tree, '-Dtests=false', '-Ddocs=disabled', '-Dbuildtype=debug',
         stdout=subprocess.DEVNULL)
    call('ninja', '-C', built, 'libpausemon/libpausemon.so.0.1.0', stdout=subprocess.DEVNULL)
    return os.path.join(built, 'libpausemon')


def build_callers(root, work, library):
    tests = os.path.join(root, 'tests')
    program = os.path.join(work, 'callers')
    flags = subprocess.run(['pkg-config', '--cflags', '--libs', 'check'], capture_output=True,
                           text=True, check=True).stdout.split()
    sources = ['abi/test_callers.c', 'abi/callers.c', 'lib/harness.c']
    call('cc', '-std=c11', '-D_GNU_SOURCE', '-g', f'-DTESTS_DIR="{tests}"',
         '-I' + os.path.join(root, 'include'), '-I' + os.path.join(tests, 'lib'),
         *[os.path.join(tests, source) for source in sources], '-o', program, '-L' + library,
         '-lpausemon', f'-Wl,-rpath,{library}', *flags)
    return program


def main():
    if len(sys.argv) != 3:
        sys.exit('usage: tomorrow.py ROOT WORK')
    root, work = lintlib.root_argument(), os.path.abspath(sys.argv[2])
    for tool in 'meson', 'ninja', 'pkg-config', 'cc':
        if not shutil.which(tool):
            lintlib.skip('tomorrow', f'{tool} is not there')
    library = build_library(root, work)
    program = build_callers(root, work, library)
    ran = subprocess.run([program], env={**os.environ, **ENVIRONMENT}, capture_output=True,
                         text=True, check=False)
    print('\n'.join(line for line in ran.stdout.splitlines() if not line.startswith('ok ')))
    print(f'tomorrow: {len(re.findall("^ok ", ran.stdout, re.M))} tests of today pass')
    if ran.returncode:
        return 1
    seen = subprocess.run([os.path.join(HERE, 'abidiff.py'), root,
                           os.path.join(library, 'libpausemon.so.0.1.0')], capture_output=True,
                          text=True, check=False)
    if seen.returncode != lintlib.SKIP and (seen.returncode != 1 or 'tomorrow' not in seen.stdout):
        print(f'tomorrow: abidiff sees nothing: {seen.stdout}')
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
