#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""selftest.py CHECK ROOT [OBJECTS-DIR LIBRARY]: does the check see what it is for?

Plants violations in a temporary copy of the tree and runs the check there. What is planted is in
plants_*.py: texts in which the lines to be reported end with ⟦part of the message⟧; every other
planted line is innocent, and must not be reported.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

import lintlib
import plants_built
import plants_since
import plants_text

HERE = os.path.dirname(os.path.abspath(__file__))
MARK = re.compile(r'[ ]?⟦(.*?)⟧')
SAID = re.compile(r'^([^:\n]+):(\d+): (.*)$', re.M)


def copy_tree(root, to):
    for path in lintlib.files(root):
        target = os.path.join(to, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(os.path.join(root, path), target, follow_symlinks=False)


def run(check, arguments):
    """Exit status and what was said, as (path, line, message)."""
    ran = subprocess.run([sys.executable, '-B', os.path.join(HERE, check + '.py'), *arguments],
                         capture_output=True, text=True, check=False)
    if ran.returncode == lintlib.SKIP:
        print(ran.stdout, end='')
        sys.exit(lintlib.SKIP)
    if ran.stderr:
        print(ran.stderr, end='')
    return ran.returncode, {(p, int(n), m) for p, n, m in SAID.findall(ran.stdout)}


def plant(root, path, text):
    """Appends text without its marks. (path, line) → parts of messages; and the innocent lines."""
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    before = lintlib.read(root, path) if os.path.exists(full) else ''
    first = before.count('\n') + 1
    guilty, innocent = {}, set()
    for number, line in enumerate(text.split('\n'), first):
        parts = MARK.findall(line)
        if parts:
            guilty[path, number] = parts
        else:
            innocent.add((path, number))
    with open(full, 'a', encoding='utf-8', newline='') as opened:
        opened.write(MARK.sub('', text))
    return guilty, innocent


def judge(before, status, after, guilty, innocent):
    """The number of things that the check got wrong."""
    wrong = 0
    new = after - before
    for (path, line), parts in sorted(guilty.items()):
        for part in parts:
            if not any((p, n) == (path, line) and part in m for p, n, m in new):
                print(f'not seen: {path}:{line}: … {part} …')
                wrong += 1
    for path, line, message in sorted(new):
        if (path, line) in innocent:
            print(f'innocent: {path}:{line}: {message}')
            wrong += 1
    if status != 1:
        print(f'the exit status is {status}, not 1')
        wrong += 1
    return wrong


def text_check(check, root, more):
    """Everything is planted at once and has to be seen at once."""
    with tempfile.TemporaryDirectory() as folder:
        copy_tree(root, folder)
        before = run(check, [folder, *more])[1]
        guilty, innocent = {}, set()
        name = '_'.join([check, *more])
        for path, text in plants_text.PLANTS[name].items():
            bad, good = plant(folder, path, text)
            guilty.update(bad)
            innocent |= good
        for path, old, new, line, part in plants_text.EDITS.get(name, []):
            text = lintlib.read(folder, path)
            if old not in text:
                print(f'cannot be planted: "{old}" is not in {path}')
                return 1
            with open(os.path.join(folder, path), 'w', encoding='utf-8') as opened:
                opened.write(text.replace(old, new))
            guilty[line] = [part]
        status, after = run(check, [folder, *more])
    print(f'selftest {name}: {len(guilty)} planted, {len(innocent)} innocent lines')
    return judge(before, status, after, guilty, innocent)


def nothing_to_see(check, more):
    """A check that finds no files to look at must not be content."""
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, 'docs'))
        status = run(check, [folder, *more])[0]
    if status != 1:
        print(f'content with an empty tree: exit status {status}')
    return status != 1


def main():
    if len(sys.argv) < 3:
        sys.exit('usage: selftest.py CHECK ROOT [OBJECTS-DIR LIBRARY]')
    check, _, language = sys.argv[1].partition('_')
    root = os.path.abspath(sys.argv[2])
    more = [language] if language else []
    if check == 'globals':
        wrong = plants_built.globals_check(run, judge, sys.argv[3])
    elif check == 'exports':
        with tempfile.TemporaryDirectory() as folder:
            copy_tree(root, folder)
            wrong = plants_built.exports_check(run, judge, folder, sys.argv[4])
    elif check == 'since':
        with tempfile.TemporaryDirectory() as folder:
            copy_tree(root, folder)
            wrong = plants_since.since_check(run, judge, folder) + nothing_to_see(check, more)
    else:
        wrong = text_check(check, root, more)
        if check not in ('shell', 'headers'):
            wrong += nothing_to_see(check, more)
    print(f'selftest {sys.argv[1]}: {wrong} wrong')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
