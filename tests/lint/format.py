#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""format.py [ROOT]: clang-format 14 would change nothing in any C or C++ file.

Only 14, the one the tree is written with: each version formats a little differently.
"""

import re
import shutil
import subprocess
import sys

import lintlib

VERSION = 14
SAID = re.compile(r'([^:\n]+):(\d+):\d+: error: (.*)')


def formatter():
    for name in (f'clang-format-{VERSION}', 'clang-format'):
        if shutil.which(name):
            said = subprocess.run([name, '--version'], capture_output=True, text=True,
                                  check=False).stdout
            if re.search(rf'version {VERSION}\.', said):
                return name
    return lintlib.skip('format', f'clang-format {VERSION} is not there')


def main():
    root = lintlib.root_argument()
    name = formatter()
    report = lintlib.Report('format')
    paths = [p for p in lintlib.files(root) if p.endswith(('.c', '.h', '.cpp'))]
    if not paths:
        return report.done()
    report.looked(len(paths))
    ran = subprocess.run([name, '--dry-run', '-Werror', *paths], cwd=root, capture_output=True,
                         text=True, check=False)
    found = SAID.findall(ran.stderr)
    for path, line, text in found:
        report.add(path, int(line), text)
    if ran.returncode and not found:
        sys.exit(f'format: {name}: {ran.stderr.strip() or ran.returncode}')
    return report.done()


if __name__ == '__main__':
    sys.exit(main())
