#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""calls.py [ROOT]: calls and things that the code does without.

In libpausemon/ and tools/: calls that cannot be bounded, that end the program or that share
hidden state. In libpausemon/ also all that is the program's own affair. Static variables that can
change, and notes for later, anywhere.
"""

import os
import re
import sys

import lintlib

EVERYWHERE = {
    'has no bound': 'sprintf vsprintf strcpy stpcpy strcat gets alloca',
    'does not tell bad numbers': 'atoi atol atoll atof sscanf vsscanf fscanf scanf',
    'ends the program': 'exit quick_exit abort assert',
    'runs a shell': 'system popen',
    'shares hidden state': 'strtok localtime gmtime asctime ctime strerror rand srand readdir_r',
}
LIBRARY = {
    'reads or writes with stdio: the library does without': 'fopen freopen fdopen tmpfile',
    'ends the process': '_exit _Exit',
    'prints': 'printf vprintf puts putchar putc fputc fputs fprintf vfprintf fwrite perror',
    'reads the environment': 'getenv secure_getenv setenv putenv unsetenv',
    'changes the process it lives in': 'setlocale signal sigaction umask chdir fchdir raise atexit',
}

# (file, name): (how often, why). One that is not needed any more is a violation too.
ALLOWED = {
    ('libpausemon/sources/top_live.c', 'secure_getenv'):
        (1, 'PAUSEMON_TOP, which the public header documents'),
    ('libpausemon/base/place.c', 'secure_getenv'):
        (1, 'the home and the XDG directories, which the public header documents'),
    ('libpausemon/base/place.c', 'getenv'):
        (1, 'the same on macOS, if the program is not setuid'),
    ('libpausemon/base/write.c', 'fwrite'):
        (1, 'into a file that the caller has named'),
    ('libpausemon/forensics/alerts.c', 'getenv'):
        (1, 'whether there is a session bus, which the public header documents'),
}

# In two pieces, or this file would find itself.
LATER = re.compile(r'\b(' + 'TO' + 'DO|FIX' + 'ME|XX' + r'X)\b')


def reasons(groups):
    return {name: why for why, names in groups.items() for name in names.split()}


def calls(report, path, text, banned, used):
    pattern = re.compile(r'(?<![\w.>])(' + '|'.join(banned) + r')\s*\(')
    for match in pattern.finditer(text):
        name = match.group(1)
        used[path, name] = used.get((path, name), 0) + 1
        if used[path, name] > ALLOWED.get((path, name), (0,))[0]:
            report.add(path, lintlib.line_of(text, match.start()), f'{name}: {banned[name]}')


def statics(report, path, text, locals_only):
    """Variables that are `static` and can be written to."""
    functions = [range(first, last + 1) for _, first, last in lintlib.c_functions(text)]
    text = lintlib.without_directives(text)
    for match in re.finditer(r'(?<!\[)\bstatic\b([^;={]*)', text):
        line = lintlib.line_of(text, match.start())
        inside = any(line in lines and line > lines.start for lines in functions)
        declaration = re.sub(r'\[[^\]]*\]', '', match.group(1))
        if '(' in declaration and not re.search(r'\(\s*\*', declaration.split(')')[0]):
            continue  # a function
        if locals_only and not inside:
            continue
        if 'const' not in re.findall(r'\w+', declaration.rsplit('*', 1)[-1]):
            report.add(path, line, 'a static variable that can change:'
                                   f' {" ".join(match.group(0).split())}')


def main():
    root = lintlib.root_argument()
    report = lintlib.Report('calls')
    everywhere = reasons(EVERYWHERE)
    used = {}
    for path in lintlib.files(root):
        if lintlib.FOREIGN.match(path) or not os.path.isfile(os.path.join(root, path)):
            continue
        raw = lintlib.read(root, path)
        if '\0' in raw:
            continue
        report.looked()
        for match in LATER.finditer(raw):
            report.add(path, lintlib.line_of(raw, match.start()),
                       f'{match.group(0)}: a note for later; do it, or open an issue')
        top = path.split('/')[0]
        if top not in ('libpausemon', 'tools') or not path.endswith(('.c', '.h')):
            continue
        text = lintlib.code(raw)
        library = top == 'libpausemon'
        calls(report, path, text, {**everywhere, **reasons(LIBRARY)} if library else everywhere,
              used)
        statics(report, path, text, locals_only=not library)
    for (path, name), (count, _) in ALLOWED.items():
        if used.get((path, name), 0) < count:
            report.add('tests/lint/calls.py', 1, f'{name} in {path} is allowed and not there any'
                                                 ' more: take the permission away')
    return report.done()


if __name__ == '__main__':
    sys.exit(main())
