#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""since.py ROOT: everything public says which release it came with, and no release changes.

One `@since X.Y` in the heading comment of each header; what was added later has its own. For a
function it is the version node that it has in libpausemon.map. For a name that is recorded in
tests/abi/layout.golden it is the release recorded there; for any other it is the one of today.
"""

import os
import re
import sys

import apilib
import lintlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'abi'))

import layout  # noqa: E402

MAP = 'libpausemon/libpausemon.map'
NODE = re.compile(r'(\w+(?:\.\d+)?)\s*\{(.*?)\}\s*([\w.]+)?\s*;', re.S)


def read_map(root, report):
    """{function: (release of its node, line)}; each node builds on the one before."""
    text = lintlib.code(lintlib.read(root, MAP))
    functions, before = {}, None
    for match in NODE.finditer(text):
        name, line = match.group(1), lintlib.line_of(text, match.start())
        release = name.removeprefix('PAUSEMON_')
        if not re.fullmatch(r'\d+\.\d+', release) or not name.startswith('PAUSEMON_'):
            report.add(MAP, line, f'the node {name} names no release')
            continue
        if match.group(3) != before:
            report.add(MAP, line, f'the node {name} does not build on {before}')
        before = name
        for word in re.finditer(r'\bpausemon_\w+(?=\s*;)', match.group(2)):
            functions[word.group(0)] = (release, lintlib.line_of(text,
                                                                 match.start(2) + word.start()))
    return functions


def heading(header, text, owned, report):
    """One at the head, and none that belongs to nothing."""
    found = apilib.SINCE.findall(header.text)
    if len(found) != 1:
        report.add(header.path, header.line, f'its heading comment has {len(found)} times '
                                             '@since X.Y, not once')
    belonging = len(found) + owned
    there = len(re.findall(r'@since\b(?!`)', text))
    if there != belonging:
        report.add(header.path, 1, f'{there} times @since, of which {belonging} belong to '
                                   'something')


def judge(item, outer, now, recorded, report):
    """One name: its release lies between that of what it is in and today's."""
    if not item.since:
        return
    say = f'{item.name}: @since {item.since}'
    if apilib.as_tuple(item.since) > now:
        report.add(item.path, item.line, f'{say} is later than today\'s {now[0]}.{now[1]}')
    if outer and outer.since and apilib.as_tuple(item.since) < apilib.as_tuple(outer.since):
        report.add(item.path, item.line, f'{say} is before that of {outer.name}, {outer.since}')
    if recorded is not None:
        if recorded.since != item.since:
            report.add(item.path, item.line, f'{say}, but {layout.GOLDEN} has {recorded.since}')
    elif apilib.as_tuple(item.since) != now:
        report.add(item.path, item.line, f'{item.name} is not in {layout.GOLDEN}: new names say '
                                         f'@since {now[0]}.{now[1]}')


def check_functions(items, functions, report):
    for item in items.values():
        node = functions.get(item.name)
        if item.kind == 'function' and node and node[0] != item.since:
            report.add(MAP, node[1], f'{item.name} is in PAUSEMON_{node[0]}, and says '
                                     f'@since {item.since}')


def main():
    root = lintlib.root_argument()
    report = lintlib.Report('since')
    try:
        headers, items = apilib.read_api(root)
    except (ValueError, IndexError) as error:
        sys.exit(f'since: {error}')
    if not headers:
        return report.done()
    now = apilib.version(items)
    golden = layout.parse(lintlib.read(root, layout.GOLDEN))
    by_path = {header.path: header for header in headers}
    owned = dict.fromkeys(by_path, 0)
    for header in headers:
        judge(header, None, now, golden.get(header.name), report)
    for item in items.values():
        header, record = by_path[item.path], golden.get(item.name)
        judge(item, header, now, record, report)
        for part in item.parts:
            judge(part, item, now, record and record.parts.get(part.name), report)
        owned[item.path] += sum(part.own is not None for part in [item, *item.parts])
        report.looked(1 + len(item.parts))
    for header in headers:
        heading(header, lintlib.read(root, header.path), owned[header.path], report)
    check_functions(items, read_map(root, report), report)
    return report.done()


if __name__ == '__main__':
    sys.exit(main())
