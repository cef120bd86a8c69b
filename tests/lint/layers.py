#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""layers.py [ROOT]: an #include only goes down.

base < core < sources, formats < engine < storage, forensics; rooms of one height do not include
each other. tools/ and bindings/ are outside: public headers, their own files, the system's.
"""

import os
import posixpath
import re
import sys

import lintlib

HEIGHT = {'base': 0, 'core': 1, 'sources': 2, 'formats': 2, 'engine': 3, 'storage': 4,
          'forensics': 4}

# A public header belongs to the room that implements it.
PUBLIC = {'common': 'base', 'place': 'base', 'config': 'core', 'process': 'core', 'sample': 'core',
          'scorer': 'core', 'tiers': 'core', 'ring': 'core', 'pause': 'core', 'escalation': 'core',
          'source': 'sources', 'json': 'formats', 'collector': 'engine', 'heartbeat': 'engine',
          'monitor': 'engine', 'storage': 'storage', 'capture': 'core', 'forensics': 'forensics',
          'alerts': 'forensics', 'blackbox': 'forensics'}

# The text form of recordings is JSON: these two files, and only these headers.
SIDEWAYS = {'libpausemon/sources/record.c', 'libpausemon/sources/replay.c'}
SIDEWAYS_TO = 'formats/json_'

# core is pure: no I/O, no clock, no malloc. stdio.h is there for snprintf.
CORE_SYSTEM = {'ctype.h', 'inttypes.h', 'limits.h', 'stdalign.h', 'stdarg.h', 'stdbool.h',
               'stddef.h', 'stdint.h', 'stdio.h', 'string.h'}

PUBLIC_SYSTEM = {'stddef.h', 'stdint.h'}
FOREIGN = {'jansson.h', 'ini.h', 'sqlite3.h'}
FOREIGN_FILES = 2

INCLUDE = re.compile(r'^[ \t]*#[ \t]*(?:include|import)[ \t]*(?:([<"])([^>"\n]+)[>"]|(\S.*))',
                     re.M)


def room_of(name):
    """The room a header belongs to, by the name it is included by; None: not the library's."""
    parts = posixpath.normpath(name).split('/')
    if parts[0] == 'pausemon':
        return PUBLIC.get(parts[-1].removesuffix('.h'))
    parts = [p for p in parts if p not in ('..', 'libpausemon')]
    return parts[0] if len(parts) > 1 and parts[0] in HEIGHT else None


def library(path, name, quoted):
    """What is wrong with an include in libpausemon/, or None."""
    room = path.split('/')[1]
    if room not in HEIGHT:
        return f'{room} is no known room: give it a height in tests/lint/layers.py'
    if '..' in name.split('/'):
        return f'"{name}": name it from libpausemon/, as "room/header.h"'
    if name == 'pausemon/pausemon.h':
        return 'the umbrella header is for programs; include the header that is needed'
    target = room_of(name)
    if target is None:
        if name.startswith('pausemon/'):
            return f'{name} belongs to no room: give it one in tests/lint/layers.py'
        if quoted:
            return f'"{name}" is in no room: name it from libpausemon/, as "room/header.h"'
        if room == 'core' and name not in CORE_SYSTEM:
            return f'core is pure and does without <{name}>'
        return None
    if target == room or HEIGHT[target] < HEIGHT[room]:
        return None
    if path in SIDEWAYS and name.startswith(SIDEWAYS_TO):
        return None
    way = 'sideways' if HEIGHT[target] == HEIGHT[room] else 'upward'
    return f'{way}: {room} includes {name}, which is of {target}'


def outside(path, name, quoted, known):
    """What is wrong with an include in tools/ or bindings/, or None."""
    top = path.split('/')[0]
    places = [posixpath.dirname(path), top, '/'.join(path.split('/')[:2])]
    resolved = [posixpath.normpath(posixpath.join(place, name)) for place in places]
    if quoted and any(r in known and r.startswith(top + '/') for r in resolved):
        return None
    if 'libpausemon/' + name in known or any(r.startswith('libpausemon/') for r in resolved):
        return f'{name} is a private header of the library'
    if name.startswith('pausemon/'):
        return None if 'include/' + name in known else f'{name} is no public header'
    return f'"{name}" is not in {top}/' if quoted or '..' in name.split('/') else None


def public(name, known):
    if name.startswith('pausemon/'):
        return None if 'include/' + name in known else f'{name} is no public header'
    return None if name in PUBLIC_SYSTEM else f'a public header does without {name}'


def look(report, root, path, known, foreign):
    text = lintlib.code(lintlib.read(root, path), strings=True)
    for match in INCLUDE.finditer(text):
        line = lintlib.line_of(text, match.start(0))
        quote, name, other = match.groups()
        if other:
            report.add(path, line, f'an include that cannot be read: {other}')
            continue
        if name in FOREIGN:
            foreign.setdefault(name, []).append((path, line))
        top = path.split('/')[0]
        wrong = None
        if top == 'libpausemon':
            wrong = library(path, name, quote == '"')
        elif top == 'include':
            wrong = public(name, known)
        else:
            wrong = outside(path, name, quote == '"', known)
        if wrong:
            report.add(path, line, wrong)


def main():
    root = lintlib.root_argument()
    report = lintlib.Report('layers')
    known = set(lintlib.files(root))
    foreign = {}
    for path in sorted(known):
        if path.split('/')[0] in ('libpausemon', 'include', 'tools', 'bindings') \
                and os.path.splitext(path)[1] in ('.c', '.h', '.cpp', '.m'):
            report.looked()
            look(report, root, path, known, foreign)
    for name, places in foreign.items():
        if len({path for path, _ in places}) > FOREIGN_FILES:
            for path, line in places:
                report.add(path, line, f'{name} is included by {len(places)} files, '
                                       f'at most {FOREIGN_FILES}')
    return report.done()


if __name__ == '__main__':
    sys.exit(main())
