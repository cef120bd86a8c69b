#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""headers.py ROOT LANGUAGE: each public header compiles alone, and twice included.

LANGUAGE: c11, cxx11, cxx20, objc; every compiler that is there and speaks it is asked, warnings
are errors, and every INIT macro fills one struct. Or `structs`: the layout rules of structs with
a `size`, and the umbrella header includes all the others.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

import lintlib

FLAGS = ['-fsyntax-only', '-pedantic', '-Wall', '-Wextra', '-Werror']
LANGUAGES = {
    'c11': (['gcc', 'clang'], ['-x', 'c', '-std=c11']),
    'cxx11': (['g++', 'clang++'], ['-x', 'c++', '-std=c++11']),
    'cxx20': (['g++', 'clang++'], ['-x', 'c++', '-std=c++20']),
    'objc': (['gcc', 'clang'], ['-x', 'objective-c', '-std=c11']),
    'structs': (['gcc', 'clang'], ['-x', 'c', '-std=c11']),
}
INIT = re.compile(r'^#define PAUSEMON_(\w+)_INIT\b', re.M)
STRUCT = re.compile(r'\bstruct\s+(pausemon_\w+)\s*\{(.*?)\n\}', re.S)
DIAGNOSIS = re.compile(r'([^:\n]+):(\d+):(?:\d+:)? (?:fatal )?error: (.*)')


def compile_text(compiler, flags, root, text):
    """None if it compiles, else what the compiler says."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'alone')
        with open(path, 'w', encoding='utf-8') as opened:
            opened.write(text)
        ran = subprocess.run([compiler, *flags, *FLAGS, '-I', os.path.join(root, 'include'), path],
                             capture_output=True, text=True, check=False,
                             env={**os.environ, 'LC_ALL': 'C'})
    return None if ran.returncode == 0 else ran.stderr


def report_errors(report, root, path, who, said):
    """Each error with its own place; one that is in no file of the tree counts for `path`."""
    found = DIAGNOSIS.findall(said)
    for place, line, text in found:
        inside = os.path.relpath(place, root) if os.path.isabs(place) else place
        mine = inside.startswith('include/')
        report.add(inside if mine else path, int(line) if mine else 1, f'{who}: {text}')
    if not found:
        report.add(path, 1, f'{who}: {said.strip()}')


def members(body):
    """(offset in body, name or None where it cannot be read, is a bit-field)."""
    for match in re.finditer(r'[^;{}]+|[{}]', body):
        text = match.group(0)
        at = match.start() + len(text) - len(text.lstrip())
        if text in '{}':
            yield at, None, False
        elif text.strip():
            function = re.search(r'\(\s*\*\s*(\w+)', text)
            if function:
                yield at, function.group(1), False
                continue
            for declarator in text.split(','):
                name = re.search(r'(\w+)\s*(?:\[[^\]]*\]\s*)*(:[^:]*)?$', declarator.strip())
                yield at, name and name.group(1), bool(name and name.group(2))


def struct_rules(path, text, report):
    """A C program of static assertions about the structs of one header."""
    text = lintlib.code(text)
    inits = {'pausemon_' + m.group(1).lower(): lintlib.line_of(text, m.start())
             for m in INIT.finditer(text)}
    lines = [f'#include <{path.removeprefix("include/")}>']
    for match in STRUCT.finditer(text):
        name, body = match.groups()
        has_init = inits.pop(name, None) is not None
        sized = re.match(r'\s*uint64_t\s+size\s*;', body)
        if not has_init and not sized:
            continue
        if not sized:
            report.add(path, lintlib.line_of(text, match.start()),
                       f'struct {name} has an INIT macro and does not begin with uint64_t size')
        names, measured = [], True
        for at, member, bits in members(body):
            line = lintlib.line_of(text, match.start(2) + at)
            if member is None or bits:
                report.add(path, line, f'struct {name}: a member that this check cannot measure'
                                       ' (a bit-field, or a struct in it)')
                measured = False
                continue
            size = f'sizeof(((struct {name} *)0)->{member})'
            names.append(size)
            lines += [f'#line {line} "{path}"',
                      f'_Static_assert({size} % 8 == 0, "struct {name}: {member} is no multiple'
                      ' of 8 bytes");']
        report.looked()
        if not measured:
            continue
        lines += [f'#line {lintlib.line_of(text, match.start())} "{path}"',
                  f'_Static_assert(sizeof(struct {name}) == {" + ".join(names) or 0}, '
                  f'"struct {name} has padding");']
    for name, line in inits.items():
        report.add(path, line, f'an INIT macro, but no struct {name} in this header')
    return '\n'.join(lines) + '\n'


def alone(path, text):
    """A program of this header, twice, and one object for each INIT macro."""
    include = f'#include <{path.removeprefix("include/")}>\n'
    objects = [f'#line {lintlib.line_of(text, m.start())} "{path}"\n'
               f'struct pausemon_{m.group(1).lower()} lint_{m.group(1).lower()} = '
               f'PAUSEMON_{m.group(1)}_INIT;\n' for m in INIT.finditer(text)]
    return include * 2 + 'extern int lint_not_empty;\n' + ''.join(objects)


def umbrella(root, headers, report):
    path = 'include/pausemon/pausemon.h'
    text = lintlib.code(lintlib.read(root, path), strings=True)
    for header in headers:
        if header != path and f'#include <{header.removeprefix("include/")}>' not in text:
            report.add(path, 1, f'does not include {header.removeprefix("include/")}')


def usable(language):
    """The compilers that are there and speak it; exits where there is none."""
    names, flags = LANGUAGES[language]
    there = [n for n in names if shutil.which(n)]
    speaking = [n for n in there if not compile_text(n, flags, '/', 'extern int lint;\n')]
    for name in names:
        if name not in speaking:
            why = 'does not speak it' if name in there else 'is not there'
            print(f'headers: {language}: not asked: {name} {why}')
    if not speaking:
        lintlib.skip('headers', f'{language}: no compiler of {", ".join(names)}')
    if language == 'structs' and compile_text(speaking[0], flags, '/', (
            '_Static_assert(sizeof(void *) == 8, "");\n')):
        lintlib.skip('headers', 'structs: pointers are not of 8 bytes on this machine')
    return speaking, flags


def main():
    if len(sys.argv) != 3 or sys.argv[2] not in LANGUAGES:
        sys.exit(f'headers: usage: headers.py ROOT {"|".join(LANGUAGES)}')
    root, language = lintlib.root_argument(), sys.argv[2]
    compilers, flags = usable(language)
    report = lintlib.Report(f'headers {language}')
    headers = [p for p in lintlib.files(root) if p.startswith('include/') and p.endswith('.h')]
    for path in headers:
        text = lintlib.read(root, path)
        if language == 'structs':
            program = struct_rules(path, text, report)
        else:
            program = alone(path, text)
            report.looked()
        for compiler in compilers:
            said = compile_text(compiler, flags, root, program)
            if said:
                report_errors(report, root, path, compiler, said)
    if language == 'structs':
        umbrella(root, headers, report)
    print(f'headers {language}: asked {", ".join(compilers)}')
    return report.done()


if __name__ == '__main__':
    sys.exit(main())
