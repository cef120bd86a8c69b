#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""manuals.py [ROOT]: the manuals are good mdoc, complete, and know every public function.

Each page in docs/man/ is installed, begins with the licence, is named as its file is, and has the
sections a reader looks for. Pages of ours that it refers to are there. libpausemon.3 lists each
public function once, under its header, and no other. Each environment variable that is read is
told of. mandoc -Tlint has nothing to say, but of pages that only are not installed here.
"""

import os
import re
import shutil
import subprocess
import sys

import lintlib

PLACE = 'docs/man/'
LIBRARY = PLACE + 'libpausemon.3'
SECTIONS = ('NAME', 'DESCRIPTION', 'EXAMPLES', 'SEE ALSO', 'SECURITY')
LICENCE = '.\\" SPDX-License-Identifier: MIT'
OURS = re.compile(r'(lib)?pausemon')
DECLARED = re.compile(r'^PAUSEMON_API\b[^;{()]*?\b(\w+)\s*\(', re.M)
READ = re.compile(r'getenv\("(\w+)"\)')
SAID = re.compile(r'^mandoc: ([^:\n]+):(\d+):\d+: (\w+: .*)$', re.M)


def declared(root):
    """The public functions, by the name of their header as it is included."""
    functions = {}
    for path in lintlib.files(root):
        if path.startswith('include/pausemon/') and path.endswith('.h'):
            text = lintlib.code(lintlib.read(root, path))
            for match in DECLARED.finditer(text):
                functions[match.group(1)] = path.removeprefix('include/')
    return functions


def head(report, path, text):
    name, section = os.path.basename(path).rsplit('.', 1)
    if text.split('\n')[0] != LICENCE:
        report.add(path, 1, f'does not begin with {LICENCE}')
    if f'\n.Dt {name.upper()} {section}\n' not in text:
        report.add(path, 1, f'has no .Dt {name.upper()} {section}')
    if f'\n.Sh NAME\n.Nm {name}\n' not in text:
        report.add(path, 1, f'does not begin with the name {name}')
    for wanted in SECTIONS:
        if f'\n.Sh {wanted}\n' not in text:
            report.add(path, 1, f'has no section {wanted}')


def references(report, path, text, known):
    for number, line in enumerate(text.split('\n'), 1):
        match = re.match(r'\.Xr (\S+) (\d)', line)
        if match and OURS.match(match.group(1)) and f'{PLACE}{match[1]}.{match[2]}' not in known:
            report.add(path, number, f'{match[1]}({match[2]}): there is no such page')


def functions(report, text, known):
    """What libpausemon.3 says of functions."""
    header, listed = None, {}
    for number, line in enumerate(text.split('\n'), 1):
        if line.startswith(('.Ss ', '.Sh ')):
            header = line[4:] if line.startswith('.Ss pausemon/') else None
        for name in re.findall(r'\bFn (\S+)', line):
            if '*' in name:
                continue
            if name not in known:
                report.add(LIBRARY, number, f'{name} is no public function')
            elif line.startswith('.It Fn ') and header:
                if name in listed:
                    report.add(LIBRARY, number, f'{name} is listed twice')
                if known[name] != header:
                    report.add(LIBRARY, number, f'{name} is not in {header} but in {known[name]}')
                listed[name] = number
    for name in sorted(set(known) - set(listed)):
        report.add(LIBRARY, 1, f'{name} of {known[name]} is not listed')


def environment(report, root, pages):
    """Variables that are read by name stand in a page."""
    told = set()
    for path in pages:
        for line in re.findall(r'\.It Ev (.*)', lintlib.read(root, path)):
            told.update(line.split(' , '))
    for path in lintlib.files(root):
        if path.split('/')[0] in ('libpausemon', 'tools') and path.endswith('.c'):
            text = lintlib.code(lintlib.read(root, path), strings=True)
            for match in READ.finditer(text):
                if match.group(1) not in told:
                    report.add(path, lintlib.line_of(text, match.start()),
                               f'{match.group(1)} is in no manual')


def mandoc(report, root, paths):
    """False if it could not be asked."""
    if not shutil.which('mandoc'):
        return False
    ran = subprocess.run(['mandoc', '-Tlint', *paths], cwd=root, capture_output=True, text=True,
                         check=False)
    for path, line, message in SAID.findall(ran.stdout + ran.stderr):
        if 'referenced manual not found' not in message:
            report.add(path, int(line), message)
    return True


def main():
    root = lintlib.root_argument()
    report = lintlib.Report('manuals')
    pages = [p for p in lintlib.files(root) if re.fullmatch(PLACE + r'[\w.-]+\.[1-9]', p)]
    known = declared(root)
    installed = lintlib.read(root, PLACE + 'meson.build') if pages else ''
    for path in pages:
        report.looked()
        text = lintlib.read(root, path)
        head(report, path, text)
        references(report, path, text, pages)
        if f"'{os.path.basename(path)}'" not in installed:
            report.add(path, 1, f'is not installed by {PLACE}meson.build')
        if path == LIBRARY:
            functions(report, text, known)
    if pages:
        environment(report, root, pages)
    asked = not pages or mandoc(report, root, pages)
    status = report.done()
    if not asked and status == 0:
        lintlib.skip('manuals', 'mandoc is not there; what needs none was good')
    return status


if __name__ == '__main__':
    sys.exit(main())
