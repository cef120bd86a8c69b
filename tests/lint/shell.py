#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""shell.py [ROOT]: shellcheck on every shell script, by its name (*.sh) or its first line."""

import re
import shutil
import subprocess
import sys

import lintlib

SAID = re.compile(r'([^:\n]+):(\d+):\d+: (.*)')


def main():
    root = lintlib.root_argument()
    if not shutil.which('shellcheck'):
        lintlib.skip('shell', 'shellcheck is not there')
    report = lintlib.Report('shell')
    scripts = [p for p in lintlib.files(root) if lintlib.interpreter(root, p) == 'sh']
    if not scripts:
        lintlib.skip('shell', 'there is no shell script')
    report.looked(len(scripts))
    ran = subprocess.run(['shellcheck', '-x', '-f', 'gcc', '--', *scripts], cwd=root,
                         capture_output=True, text=True, check=False)
    found = SAID.findall(ran.stdout)
    for path, line, text in found:
        report.add(path, int(line), text)
    if ran.returncode and not found:
        sys.exit(f'shell: shellcheck: {ran.stderr.strip() or ran.returncode}')
    return report.done()


if __name__ == '__main__':
    sys.exit(main())
