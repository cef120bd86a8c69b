#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""layout.py [ROOT] [--native] [--accept [--break]]: the public API is what was recorded of it.

Offset, size and type of every public member, the size of each struct, the value of each constant
and integer macro, the declaration of each function: with the release each came with. What programs
were compiled with stays; more may follow, at the end. --accept records what was added, and refuses
anything else unless --break is given, for which docs/decisions/0021-abi.md names the price.

Nothing is run: the values are in what the compiler writes, so that other machines are asked too,
where a compiler for them is there; not with --native.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'lint'))

import apilib  # noqa: E402
import lintlib  # noqa: E402

GOLDEN = 'tests/abi/layout.golden'
RULES = 'docs/decisions/0021-abi.md'
# These differ in every release.
CHANGING = {f'PAUSEMON_VERSION_{part}' for part in ('MAJOR', 'MINOR', 'PATCH')}
INTEGER = re.compile(r'[\w\s()+\-*<>|]+')
# Machines whose pointers have 64 bits must give what is recorded; the others all but pointers.
OTHERS = [
    ['clang', '--target=aarch64-linux-gnu'], ['clang', '--target=arm64-apple-macos11'],
    ['clang', '--target=riscv64-linux-gnu'], ['clang', '--target=s390x-linux-gnu'],
    ['aarch64-linux-gnu-gcc'], ['gcc', '-m32'], ['clang', '--target=armv7-linux-gnueabihf'],
]
HEAD = f'''\
# What programs were compiled with, as of x86_64 Linux: never edited by hand, written by
# tests/abi/layout.py --accept. Each line has the release it came with; a member its offset and
# its size.
# The rules: {RULES}
'''


class Record:
    """What is recorded of a name: of a struct its size, of others their text or value."""

    def __init__(self, kind, since, name, what):
        self.kind, self.since, self.name, self.what = kind, since, name, what
        self.parts = {}  # name → Record; `what` of a member: (offset, size, declaration)

    def lines(self):
        yield f'{self.kind} {self.since} {self.name} {self.what}'.rstrip()
        for part in self.parts.values():
            if part.kind == 'member':
                offset, size, text = part.what
                yield f'    member {part.since} {part.name} {offset} {size} {text}'
            else:
                yield f'    constant {part.since} {part.name} {part.what}'


def parse(text):
    records, last = {}, None
    for line in text.splitlines():
        if line.startswith('#') or not line.strip():
            continue
        kind, since, name, *rest = line.split(None, 3)
        what = rest[0] if rest else ''
        if kind == 'member':
            offset, size, text = what.split(None, 2)
            what = (int(offset), int(size), text)
        record = Record(kind, since, name, what)
        if line.startswith(' '):
            last.parts[name] = record
        else:
            records[name] = last = record
    return records


# ---- asking a compiler ----

def is_integer(item):
    return item.kind == 'macro' and INTEGER.fullmatch(item.text) is not None


def questions(items):
    """(name, member or None, C expression) for each number that is to be known."""
    asked = [('', 'pointer', 'sizeof(void *)')]
    for item in items.values():
        if item.kind == 'struct':
            asked.append((item.name, None, f'sizeof(struct {item.name})'))
            asked.append((item.name, 'align', f'_Alignof(struct {item.name})'))
            for part in item.parts:
                member = f'((struct {item.name} *)0)->{part.name}'
                asked.append((item.name, part.name + ' at',
                              f'offsetof(struct {item.name}, {part.name})'))
                asked.append((item.name, part.name + ' size', f'sizeof({member})'))
        elif item.kind == 'enum':
            asked += [(item.name, part.name, part.name) for part in item.parts]
        elif is_integer(item):
            asked.append((item.name, None, item.name))
    return asked


def compile_text(compiler, root, text, to):
    command = [*compiler, '-std=c11', '-ffreestanding', '-O1', '-w', '-I',
               os.path.join(root, 'include'), '-x', 'c', '-', *to]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False,
                          env={**os.environ, 'LC_ALL': 'C'})


def answers(compiler, root, items):
    """{(name, part): number}; or what the compiler says when it cannot."""
    asked = questions(items)
    lines = ['#include <pausemon/pausemon.h>', 'void facts(void);', 'void facts(void) {']
    for number, (_, _, expression) in enumerate(asked):
        whole = f'(unsigned long long)({expression})'
        lines.append(f'__asm__ volatile(".ascii \\"fact {number} %c0 %c1 %c2;\\"" : : '
                     f'"i"((unsigned)({whole} >> 32)), "i"((unsigned){whole}), '
                     f'"i"(({expression}) < 0));')
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, 'facts.s')
        ran = compile_text(compiler, root, '\n'.join(lines) + '\n}\n', ['-S', '-o', target])
        if ran.returncode:
            return ran.stderr
        with open(target, encoding='utf-8') as opened:
            found = re.findall(r'fact (\d+) (-?\d+) (-?\d+) (\d);', opened.read())
    numbers = {}
    for number, high, low, negative in found:
        value = (int(high) % 2 ** 32 << 32) + int(low) % 2 ** 32
        numbers[asked[int(number)][:2]] = value - (2 ** 64 if int(negative) else 0)
    return numbers if len(numbers) == len(asked) else 'not every question was answered'


def records_of(headers, items, numbers):
    records = {h.name: Record('header', h.since, h.name, '') for h in headers}
    for name in sorted(items, key=lambda n: (items[n].kind, n)):
        item = items[name]
        what = {'struct': numbers.get((name, None)), 'function': item.text,
                'typedef': item.text, 'macro': numbers.get((name, None), '')}.get(item.kind, '')
        record = records[name] = Record(item.kind, item.since, name,
                                        '' if name in CHANGING else what)
        for part in item.parts:
            found = (numbers[name, part.name + ' at'], numbers[name, part.name + ' size'],
                     part.text) if part.kind == 'member' else numbers[name, part.name]
            record.parts[part.name] = Record(part.kind, part.since, part.name, found)
    return records


# ---- comparing ----

class Differences:
    def __init__(self):
        self.broken, self.added = [], []

    def breaks(self, text):
        self.broken.append(text)

    def adds(self, text):
        self.added.append(text)


def compare_struct(old, new, found):
    where = f'struct {old.name}'
    for name, part in old.parts.items():
        now = new.parts.get(name)
        if not now:
            found.breaks(f'{where}: {name} is gone or has another name')
            continue
        for index, what in (0, 'offset'), (1, 'size'), (2, 'type'):
            if part.what[index] != now.what[index]:
                found.breaks(f'{where}: the {what} of {name} was {part.what[index]}, and is '
                             f'{now.what[index]}')
    more = [part for name, part in new.parts.items() if name not in old.parts]
    grows = 'size' in old.parts
    for part in more:
        if not grows:
            found.breaks(f'{where}: {part.name} is new, and this layout is fixed for ever')
        elif part.what[0] < int(old.what):
            found.breaks(f'{where}: {part.name} is new at offset {part.what[0]}, before the end at '
                         f'{old.what}: append only')
        else:
            found.adds(f'{where}: {part.name} is new at its end')
    if not more and int(old.what) != new.what:
        found.breaks(f'{where}: its size was {old.what}, and is {new.what}')


def compare_enum(old, new, found):
    for name, part in old.parts.items():
        now = new.parts.get(name)
        if not now:
            found.breaks(f'enum {old.name}: {name} is gone')
        elif int(part.what) != now.what:
            found.breaks(f'enum {old.name}: {name} was {part.what}, and is {now.what}')
    for name in new.parts:
        if name not in old.parts:
            found.adds(f'enum {old.name}: {name} is new')


def compatible(compiler, root, old):
    """Whether a compiler takes the recorded declaration beside the one of today."""
    text = f'#include <pausemon/pausemon.h>\n{old.what};\n'
    return compile_text(compiler, root, text, ['-fsyntax-only']).returncode == 0


def compare_name(old, new, found, same_type):
    name = old.name
    if old.kind != new.kind:
        found.breaks(f'{name} was a {old.kind}, and is a {new.kind}')
    elif old.kind == 'struct':
        compare_struct(old, new, found)
    elif old.kind == 'enum':
        compare_enum(old, new, found)
    elif str(old.what) != str(new.what):
        if old.kind in ('function', 'typedef') and same_type(old):
            found.adds(f'{name}: other names in the same declaration')
        else:
            found.breaks(f'{old.kind} {name} was "{old.what}", and is "{new.what}"')


def compare(old, new, same_type):
    found = Differences()
    for name, record in old.items():
        if name not in new:
            found.breaks(f'{record.kind} {name} is gone')
            continue
        compare_name(record, new[name], found, same_type)
        for part in [record, *record.parts.values()]:
            now = new[name] if part is record else new[name].parts.get(part.name)
            if now and now.since != part.since:
                found.breaks(f'{part.name} is of {part.since}, and says @since {now.since}')
    for name, record in new.items():
        if name not in old:
            found.adds(f'{record.kind} {name} is new')
    return found


# ---- other machines ----

def compare_wide(native, other, who, report):
    for key, value in native.items():
        if other[key] != value:
            report.add(GOLDEN, 1, f'{who}: {" ".join(filter(None, key))} is {other[key]}, and not '
                                  f'{value}')


def compare_narrow(native, other, records, who, report):
    """Pointers of 32 bits: structs without one are the same."""
    for (name, part), value in native.items():
        record = records.get(name)
        of_struct = record is not None and record.kind == 'struct'
        if part in ('pointer', 'align') or other[name, part] == value:
            continue
        if not (of_struct and has_pointer(record)):
            report.add(GOLDEN, 1, f'{who}: {name} {part or ""} is {other[name, part]}, and not '
                                  f'{value}')
    sized = [r for r in records.values() if r.kind == 'struct' and 'size' in r.parts]
    padded = [r.name for r in sized if hidden_members(r, other, who, report)]
    print(f'layout: {who}: the next member must be of 8 bytes in {", ".join(padded) or "none"}')


def hidden_members(record, other, who, report):
    """A member that was added later may not begin in what was padding at the end: by its size an
    older caller's struct would seem to have it. Returns how much of it there is today."""
    end, since, align = 0, None, other[record.name, 'align']
    for part in record.parts.values():
        at = other[record.name, part.name + ' at']
        if since and part.since != since and at < -(-end // align) * align:
            report.add(GOLDEN, 1, f'{who}: struct {record.name}: {part.name} of {part.since} '
                                  f'begins in the padding behind what {since} had')
        end, since = at + other[record.name, part.name + ' size'], part.since
    return other[record.name, None] - end


def has_pointer(record):
    return any('*' in part.what[2] for part in record.parts.values())


def ask_others(root, items, native, records, report):
    for compiler in OTHERS:
        who = ' '.join(compiler)
        other = answers(compiler, root, items) if shutil.which(compiler[0]) else 'it is not there'
        if isinstance(other, str):
            print(f'layout: not asked: {who}: {other.strip().splitlines()[0]}')
        elif other['', 'pointer'] == 8:
            report.looked()
            compare_wide(native, other, who, report)
        else:
            report.looked()
            compare_narrow(native, other, records, who, report)


# ---- main ----

def accept(path, records, found, may_break):
    for text in found.broken:
        print(f'{GOLDEN}:1: {text}')
    if found.broken and not may_break:
        print(f'layout: not recorded: programs would break ({RULES}); --break if that is meant')
        return 1
    with open(path, 'w', encoding='utf-8') as opened:
        opened.write(HEAD)
        for record in records.values():
            opened.write('\n'.join(record.lines()) + '\n')
    print(f'layout: recorded {len(records)} names, {len(found.added)} differences')
    return 0


def main():
    options = [a for a in sys.argv[1:] if a.startswith('-')]
    sys.argv = [a for a in sys.argv if a not in options]
    if set(options) - {'--accept', '--break', '--native'} or len(sys.argv) > 2:
        sys.exit('usage: layout.py [ROOT] [--native] [--accept [--break]]')
    root = lintlib.root_argument()
    compiler = [os.environ.get('CC') or 'cc']
    if not shutil.which(compiler[0]):
        lintlib.skip('layout', f'{compiler[0]} is not there')
    headers, items = apilib.read_api(root)
    native = answers(compiler, root, items)
    if isinstance(native, str):
        sys.exit(f'layout: {" ".join(compiler)}: {native}')
    if native['', 'pointer'] != 8:
        lintlib.skip('layout', 'what is recorded is of machines with pointers of 64 bits')
    records = records_of(headers, items, native)
    path = os.path.join(root, GOLDEN)
    old = parse(lintlib.read(root, GOLDEN)) if os.path.exists(path) else {}
    found = compare(old, records, lambda record: compatible(compiler, root, record))
    if '--accept' in options:
        return accept(path, records, found, '--break' in options)
    report = lintlib.Report('layout')
    report.looked(len(records))
    for text in found.broken:
        report.add(GOLDEN, 1, f'{text}: programs would break ({RULES})')
    for text in found.added:
        report.add(GOLDEN, 1, f'{text}: tests/abi/layout.py --accept records it')
    if '--native' not in options:
        ask_others(root, items, native, records, report)
    return report.done()


if __name__ == '__main__':
    sys.exit(main())
