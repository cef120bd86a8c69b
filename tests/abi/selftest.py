#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""selftest.py ROOT layout|abidiff: layout.py, or abidiff.py, sees what it is for.

Each change is planted in a copy of the headers. abidiff compares an empty library of theirs.
"""

import os
import shutil
import subprocess
import sys
import tempfile

import abidiff
import lintlib

HERE = os.path.dirname(os.path.abspath(__file__))
COMMON = 'include/pausemon/common.h'
HOST = '    void *user; /* handed to each function */\n'
BEAT = 'include/pausemon/heartbeat.h'
LAST = '    int64_t cpu_errno;      /* why guard_cpu was refused (EINVAL: no such CPU); 0 */\n'
BREAKS, ADDS = 'programs would break', '--accept records it'

# (what, file, old, new, of the layout's messages, part of what abidiff says; None: it is silent)
CHANGES = [
    ('a function is gone', COMMON, 'PAUSEMON_API int pausemon_has(const char *part);\n', '',
     'function pausemon_has is gone', '[D] \'function int pausemon_has'),
    ('a parameter changes', COMMON, 'pausemon_has(const char *part)', 'pausemon_has(long part)',
     'function pausemon_has was', 'entity changed'),
    ('a parameter more', COMMON, 'pausemon_status_text(int status)',
     'pausemon_status_text(int status, int how)', 'function pausemon_status_text was',
     'parameter 2'),
    ('a result changes', COMMON, 'PAUSEMON_API int pausemon_has', 'PAUSEMON_API long pausemon_has',
     'function pausemon_has was', 'return type changed'),
    ('a member in the middle', COMMON, HOST, HOST + '    uint64_t planted;\n',
     'planted is new at offset 16, before the end', 'data member insertion'),
    ('a member of another type', BEAT, '    int64_t guard_priority; /* in', '    double '
     'guard_priority; /* in', 'the type of guard_priority was', 'type of'),
    ('a member is gone', BEAT, LAST, '', 'cpu_errno is gone', 'data member deletion'),
    ('a fixed layout grows', COMMON, '    int64_t utc_offset_s; /*', '    int64_t planted;\n'
     '    int64_t utc_offset_s; /*', 'this layout is fixed for ever', 'data member insertion'),
    ('constants change places', COMMON, '    PAUSEMON_LOG_WARNING = 2,\n    PAUSEMON_LOG_INFO = 3,',
     '    PAUSEMON_LOG_WARNING = 3,\n    PAUSEMON_LOG_INFO = 2,',
     'PAUSEMON_LOG_WARNING was 2, and is 3', None),
    ('a bound changes', COMMON, '#define PAUSEMON_MAX_ROGUES 64', '#define PAUSEMON_MAX_ROGUES 65',
     'macro PAUSEMON_MAX_ROGUES was "64", and is "65"', None),
    ('another @since', COMMON, ' * @since 0.1 */', ' * @since 0.2 */',
     'pausemon_has is of 0.1, and says @since 0.2', None),
    ('another callback', COMMON, 'typedef int (*pausemon_write_fn)(void *user,',
     'typedef int (*pausemon_write_fn)(long user,', 'typedef pausemon_write_fn was',
     'pausemon_write_fn'),
]
ADDITIONS = [
    ('a member at the end', BEAT, LAST, LAST + '    uint64_t planted;\n',
     'planted is new at its end'),
    ('a function more', COMMON, 'PAUSEMON_API int pausemon_has(',
     'PAUSEMON_API int pausemon_planted(void);\nPAUSEMON_API int pausemon_has(',
     'function pausemon_planted is new'),
    ('a constant more', COMMON, '    PAUSEMON_LOG_DEBUG = 4\n',
     '    PAUSEMON_LOG_DEBUG = 4,\n    PAUSEMON_LOG_PLANTED = 5\n', 'PAUSEMON_LOG_PLANTED is new'),
    ('another name for a parameter', COMMON, 'pausemon_has(const char *part)',
     'pausemon_has(const char *room)', 'pausemon_has: other names in the same declaration'),
]


def copy(root, to, path, old, new):
    """The headers, the map and the records, with one change."""
    shutil.copytree(os.path.join(root, 'include'), os.path.join(to, 'include'))
    for name in abidiff.MAP, abidiff.RECORD, 'tests/abi/layout.golden':
        os.makedirs(os.path.dirname(os.path.join(to, name)), exist_ok=True)
        shutil.copy(os.path.join(root, name), os.path.join(to, name))
    text = lintlib.read(to, path)
    if text.count(old) != 1:
        sys.exit(f'selftest: cannot plant: "{old}" is not once in {path}')
    with open(os.path.join(to, path), 'w', encoding='utf-8') as opened:
        opened.write(text.replace(old, new))


def layout(folder, *options):
    ran = subprocess.run([os.path.join(HERE, 'layout.py'), folder, '--native', *options],
                         capture_output=True, text=True, check=False)
    if ran.returncode == lintlib.SKIP:
        lintlib.skip('selftest', ran.stdout.strip())
    return ran.returncode, ran.stdout + ran.stderr


def try_layout(folder, what, said, adds):
    """The check sees it; --accept takes what was added, and what breaks only with --break."""
    wrong = []
    golden = os.path.join(folder, 'tests/abi/layout.golden')
    with open(golden, encoding='utf-8') as opened:
        before = opened.read()
    status, text = layout(folder)
    lines = [line for line in text.splitlines() if said in line]
    if status != 1 or not any((ADDS if adds else BREAKS) in line for line in lines):
        wrong.append(f'the check says, with {status}:\n{text}')
    status, text = layout(folder, '--accept')
    with open(golden, encoding='utf-8') as opened:
        changed = opened.read() != before
    if (status, changed) != ((0, True) if adds else (1, False)):
        wrong.append(f'--accept says, with {status}:\n{text}')
    if not adds and layout(folder, '--accept', '--break')[0] != 0:
        wrong.append('--break does not record it')
    if layout(folder)[0] != 0:
        wrong.append('what was recorded is not what is there')
    for text in wrong:
        print(f'layout: {what}: {text}')
    return len(wrong)


def try_abidiff(folder, what, said):
    library = os.path.join(folder, 'libpausemon.so')
    abidiff.build_empty(folder, library)
    ran = subprocess.run([os.path.join(HERE, 'abidiff.py'), folder, library], capture_output=True,
                         text=True, check=False)
    if ran.returncode == lintlib.SKIP:
        lintlib.skip('selftest', ran.stdout.strip())
    if (ran.returncode != 1 or said not in ran.stdout) if said else ran.returncode != 0:
        print(f'abidiff: {what}: {ran.returncode}, without "{said}":\n{ran.stdout}{ran.stderr}')
        return 1
    return 0


def main():
    if len(sys.argv) != 3 or sys.argv[2] not in ('layout', 'abidiff'):
        sys.exit('usage: selftest.py ROOT layout|abidiff')
    root, wrong = lintlib.root_argument(), 0
    rows = [(*row, False) for row in CHANGES] + [(*row, None, True) for row in ADDITIONS]
    if sys.argv[2] == 'abidiff':
        rows = rows[:len(CHANGES)]
        if not shutil.which('gcc'):
            lintlib.skip('selftest', 'gcc is not there')
    for what, path, old, new, said, also, adds in rows:
        with tempfile.TemporaryDirectory() as folder:
            copy(root, folder, path, old, new)
            if sys.argv[2] == 'abidiff':
                wrong += try_abidiff(folder, what, also)
            else:
                wrong += try_layout(folder, what, said, adds)
    print(f'selftest: {len(rows)} changes planted, {wrong} wrong')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
