#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""amalgamate.py: the core of the library as two files, pausemon.c and pausemon.h.

Meson passes the lists of files; `meson compile -C build amalgamation` runs it. What cannot be put
together is an error that says why: docs/decisions/0020-amalgamation.md.
"""

import argparse
import os
import re
import sys

import csource

ROOMS = ('base', 'core', 'sources', 'formats', 'engine')
PLATFORMS = {'linux': '__linux__', 'darwin': '__APPLE__'}
INCLUDE = re.compile(r'[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"][^\n]*\n')
SPDX = re.compile(r'/\* SPDX-License-Identifier: [^\n]*\*/\n')
GUARD = re.compile(r'#ifndef (\w+)\n#define \1\n(.*)\n#endif\n\Z', re.S)
LOCAL = 'PM_LOCAL'
UMBRELLA = 'pausemon/pausemon.h'

LEFT_OUT = """ *
 * Left out is what keeps things on a disk or tells them on a desktop. Neither declared nor there:
"""
UNSUPPORTED = """ *
 * As in a library built without json and config, these return PAUSEMON_ERR_UNSUPPORTED (as does the
 * source "replay:FILE"); settings are made with pausemon_config_set:
"""
FEATURES = """/* Before any header of the system: plain -std=c11 hides what is needed of it. */
#if !defined(__STDC_VERSION__) || __STDC_VERSION__ < 201112L
#error "pausemon.c is C11"
#endif
#if defined(__linux__)
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#elif defined(__APPLE__)
#ifndef _DARWIN_C_SOURCE
#define _DARWIN_C_SOURCE
#endif
#else
#error "pausemon knows Linux and macOS"
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif

#include "pausemon.h"

"""
TOO_LATE = """
#if defined(__GLIBC__) && !defined(__USE_GNU)
#error "include pausemon.c before any header of the system, or compile with -D_GNU_SOURCE"
#endif
#if defined(__linux__) && \\
    (!defined(__GLIBC__) || __GLIBC__ < 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ < 34))
#error "pausemon needs glibc 2.34 or newer: getdents64, closing what a child would inherit"
#endif

/* Nothing of this is seen outside of this file, and not every system uses all of it. */
#define PM_LOCAL static __attribute__((unused))
"""
STATIC = """
/* PAUSEMON_STATIC, with pausemon.c included in your one file: nothing is exported at all.
 * PAUSEMON_API is yours to define too, the same wherever this file is read. */
#if defined(PAUSEMON_STATIC) && !defined(PAUSEMON_API)
#define PAUSEMON_API static __attribute__((unused))
#endif
"""


def fail(text):
    sys.exit(f'amalgamate: {text}')


READ = [os.path.abspath(csource.__file__)]  # for Meson: what the two files depend on


def read(path):
    READ.append(path)
    with open(path, encoding='utf-8') as opened:
        return opened.read()


def wanted_by(header):
    """The public headers that a public header includes."""
    return [name for _, name in header.includes() if name.startswith('pausemon/')]


class Tree:
    """What goes in: the .c files that are needed, and the headers they include."""

    def __init__(self, include, lists):
        self.include = include
        self.library = os.path.join(os.path.dirname(include), 'libpausemon')
        self.units = {}
        for platform, paths in lists.items():
            for path in paths:
                name = os.path.relpath(path, self.library).replace(os.sep, '/')
                if name.split('/')[0] in ROOMS:
                    self.units[name] = csource.Source(name, read(path), platform)
        self.headers, self.public = {}, {}
        self.take_needed()
        for unit in list(self.units.values()):
            self.take_headers(unit, unit.platform)
        self.take_public()

    def take_needed(self):
        """Like a linker with an archive: a file comes in for what it defines that is used."""
        needed = {n for n, u in self.units.items()
                  if any(name.startswith('pausemon_') for name in u.outside)}
        owners = {}
        for unit in self.units.values():
            for name in unit.outside:
                owners.setdefault(name, set()).add(unit.name)
        todo = sorted(needed)
        while todo:
            for word in self.units[todo.pop()].words:
                new = owners.get(word, set()) - needed
                needed |= new
                todo += sorted(new)
        self.units = {n: u for n, u in self.units.items() if n in needed}

    def take_headers(self, source, platform):
        """A header comes after those it includes; it is common when two platforms want it."""
        for quote, name in source.includes():
            if quote != '"':
                continue
            known = self.headers.get(name)
            if known is None:
                known = csource.Source(name, read(os.path.join(self.library, name)), platform)
                self.take_headers(known, platform)
                self.headers[name] = known
            elif platform != known.platform != 'common':
                known.platform = 'common'
                self.take_headers(known, 'common')

    def take_public(self):
        """The public headers, in an order in which each finds what it needs; None: left out."""
        defined = {p: self.defined(p) for p in PLATFORMS}

        def take(name):
            if name in self.public:
                return
            header = csource.Source(name, read(os.path.join(self.include, name)), 'common')
            for wanted in wanted_by(header):
                take(wanted)
            names = set(header.public_names())
            missing = {n for known in defined.values() for n in names - known}
            if missing and missing != names:
                fail(f'{name} is only half there: {", ".join(sorted(missing))} is not defined')
            self.public[name] = None if missing else header
            if not missing and any(w in self.public and self.public[w] is None
                                   for w in wanted_by(header)) and name != UMBRELLA:
                fail(f'{name} includes a header that is left out')

        take(UMBRELLA)

    def defined(self, platform):
        return {name for u in self.units.values() if u.platform in ('common', platform)
                for name in u.outside}

    def ordered_units(self, platform):
        """In the order given, but for constants: those stand before who uses them."""
        units = [u for u in self.units.values() if u.platform == platform]
        owners = {name: u for u in units for name in u.objects if name in u.outside}
        done, order = set(), []

        def place(unit, waiting):
            if unit.name in waiting:
                fail(f'{unit.name} uses constants of a file that uses its own')
            if unit.name in done:
                return
            for word in sorted(unit.words & set(owners)):
                if owners[word] is not unit:
                    place(owners[word], waiting | {unit.name})
            done.add(unit.name)
            order.append(unit)

        for unit in units:
            place(unit, set())
        return order

    def system_includes(self):
        """{'common': …, 'linux': …, 'darwin': …}: sorted, each where it is needed at most."""
        found = {'common': set(), 'linux': set(), 'darwin': set()}
        sources = list(self.units.values()) + list(self.headers.values())
        for source in sources:
            for platform, name in source.system_includes():
                if platform != source.platform != 'common':
                    platform = source.platform if platform == 'common' else 'nowhere'
                found.setdefault(platform, set()).add(name)
        for platform in PLATFORMS:
            found[platform] -= found['common']
        return {p: sorted(found[p]) for p in ('common', *PLATFORMS)}


def check(tree):
    """What is declared for all is there on both platforms, and no name stands for two things."""
    for header in tree.headers.values():
        for platform in PLATFORMS:
            if header.platform in ('common', platform):
                for name in header.prototypes():
                    if name not in tree.defined(platform):
                        fail(f'{header.name} declares {name}, which no file defines on {platform}')
    for platform in PLATFORMS:
        owner = {}
        for unit in tree.units.values():
            for name in unit.outside if unit.platform in ('common', platform) else ():
                if owner.setdefault(name, unit.name) != unit.name:
                    fail(f'{name} is defined in {owner[name]} and in {unit.name}')
    for source in list(tree.units.values()) + list(tree.headers.values()):
        for name in source.macros:
            if name.startswith('_'):
                fail(f'{source.name} defines {name}: feature-test macros are for the whole file')


def make_unique(tree):
    """Names of one file that another has too get the file's name behind them."""
    owners, taken = {}, set()
    for source in list(tree.units.values()) + list(tree.headers.values()):
        taken |= source.words
        names = source.inside if source.name in tree.units else source.names
        for name in names:
            owners.setdefault(name, []).append(source)
    for name, sources in sorted(owners.items()):
        if len(sources) < 2:
            continue
        for source in sources:
            if source.name not in tree.units:
                fail(f'{name} is a name of {source.name}, and of '
                     + ', '.join(s.name for s in sources if s is not source))
            stem = source.name.rpartition('/')[2].removesuffix('.c')
            new = f'{name}_in_{stem}'
            if new in taken:
                fail(f'{name} of {source.name} cannot become {new}: there is one')
            taken.add(new)
            wrong = source.rename(name, new)
            if wrong:
                fail(f'{source.name}: {name} is also in '
                     f'{", ".join(s.name for s in sources if s is not source)}, and cannot be '
                     f'renamed: {wrong}')


def squeeze(text):
    return re.sub(r'\n{3,}', '\n\n', text).strip('\n') + '\n'


def without_includes(text, only_own=False):
    """Also without the conditions that held nothing else."""
    def drop(match):
        return match.group(0) if only_own and match.group(2).startswith('std') else ''
    text = INCLUDE.sub(drop, SPDX.sub('', text))
    return re.sub(r'#ifdef __\w+__\n\s*#endif\n', '', text)


def header_part(header):
    text = without_includes(header.as_local_header(LOCAL))
    guard = GUARD.search(text)
    if not guard:
        fail(f'{header.name} has no include guard')
    return f'\n/* ==== libpausemon/{header.name} ==== */\n\n{squeeze(guard.group(2))}'


def unit_part(unit):
    undo = ''.join(f'#undef {name}\n' for name in unit.own_macros())
    return (f'\n/* ==== libpausemon/{unit.name} ==== */\n\n'
            + squeeze(without_includes(unit.as_local_unit(LOCAL)) + '\n' + undo))


def of_platform(platform, text):
    condition = PLATFORMS.get(platform)
    return f'\n#if defined({condition})\n{text.rstrip()}\n#endif\n' if text and condition else text


def wrapped(names):
    """Lines of a comment, at most 100 columns."""
    lines = ['']
    for name in names:
        if len(lines[-1]) + len(name) > 92:
            lines.append('')
        lines[-1] += f' {name},'
    return ''.join(f' *    {line}\n' for line in lines).rstrip(',\n') + '.\n'


def heading(name, version, tree, text=''):
    years = read(os.path.join(os.path.dirname(tree.include), 'LICENSE')).strip()
    licence = ''.join(f' * {line}'.rstrip() + '\n' for line in years.split('\n'))
    return (f'/* SPDX-License-Identifier: MIT */\n/* {name}: pausemon {version}, the core of the '
            f'library in two files. Made by\n * `meson compile -C build amalgamation`: change the '
            f'library, not this.\n{text} *\n{licence} */\n')


def left_out(tree):
    """The families of functions whose headers are not there: pausemon_storage_*."""
    gone = [name for name, header in tree.public.items() if header is None]
    names = [n for path in gone for n in csource.Source(
        path, read(os.path.join(tree.include, path)), 'common').public_names()]
    return sorted({re.match(r'pausemon_[a-z]+', n).group(0) + '_*' for n in names})


def make_header(tree, version):
    """pausemon.h: the public headers that stay, each behind its own guard."""
    refused = sorted(n for u in tree.units.values() if u.name.endswith('_none.c')
                     and u.platform == 'common' for n in u.outside if n.startswith('pausemon_'))
    text = heading('pausemon.h', version, tree,
                   LEFT_OUT + wrapped(left_out(tree)) + UNSUPPORTED + wrapped(refused))
    text += '#ifndef PAUSEMON_AMALGAMATION_H\n#define PAUSEMON_AMALGAMATION_H\n' + STATIC
    for name, header in tree.public.items():
        if header and name != UMBRELLA:
            text += f'\n/* ==== {name} ==== */\n\n' + squeeze(without_includes(header.text, True))
    return text + '\n#endif\n'


def make_unit(tree, version):
    """pausemon.c: private headers, then files; those of one platform behind its condition."""
    text = heading('pausemon.c', version, tree) + '\n' + FEATURES
    for platform, names in tree.system_includes().items():
        lines = ''.join(f'#include <{name}>\n' for name in names)
        text += of_platform(platform, lines)
    text += TOO_LATE + f'\n#define PM_VERSION "{version}"\n'
    text += ''.join(f'#define PM_HAS_{part} 0\n' for part in ('JSON', 'CONFIG', 'STORAGE'))
    for platform in ('common', *PLATFORMS):
        parts = [header_part(h) for h in tree.headers.values() if h.platform == platform]
        text += of_platform(platform, ''.join(parts))
    for platform in ('common', *PLATFORMS):
        text += of_platform(platform, ''.join(map(unit_part, tree.ordered_units(platform))))
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--version', required=True)
    parser.add_argument('--include', required=True, help='the directory of the public headers')
    parser.add_argument('--output', required=True, help='the directory of the two files')
    parser.add_argument('--depfile', help='becomes what make wants to know of dependencies')
    for platform in ('common', *PLATFORMS):
        parser.add_argument(f'--{platform}', nargs='*', default=[], help='.c files')
    given = parser.parse_args()
    include = os.path.abspath(given.include)
    try:
        tree = Tree(include, {p: map(os.path.abspath, getattr(given, p))
                              for p in ('common', *PLATFORMS)})
        check(tree)
        make_unique(tree)
        made = {'pausemon.h': make_header(tree, given.version),
                'pausemon.c': make_unit(tree, given.version)}
    except csource.Unclear as error:
        fail(error)
    for name, text in made.items():
        with open(os.path.join(given.output, name), 'w', encoding='utf-8', newline='\n') as opened:
            opened.write(text)
    if given.depfile:
        with open(given.depfile, 'w', encoding='utf-8') as opened:
            opened.write('pausemon.c pausemon.h: ' + ' '.join(
                path.replace(' ', '\\ ') for path in sorted(set(READ))) + '\n')


if __name__ == '__main__':
    main()
