# SPDX-License-Identifier: MIT
"""The public API as its headers tell it: every name, with the release it came with.

`@since X.Y` in the heading comment of a header holds for all in it; what was added later has its
own, in the comment before it or behind it on its line. A member has that of its struct, a constant
that of its enum, an INIT macro that of its struct, unless they have their own.
"""

import re

import lintlib

SINCE = re.compile(r'@since\s+(\d+\.\d+)\b')
TOKEN = re.compile(r'(?P<comment>/\*.*?\*/)|(?P<directive>^[ \t]*#(?:/\*.*?\*/|[^\n\\]|\\.)*)'
                   r'|(?P<text>"(?:\\.|[^"\\\n])*")|(?P<word>\w+)|(?P<mark>[^\s\w])', re.S | re.M)
DEFINE = re.compile(r'\s*#\s*define\s+(\w+)(\([^)]*\))?[ \t]*(.*)', re.S)


class Item:
    """A name. `kind`: header, struct, opaque, enum, macro, function, typedef, member, constant."""

    def __init__(self, kind, name, path, line, text=''):
        self.kind, self.name, self.path, self.line = kind, name, path, line
        self.text = text  # a declaration; the value of a macro
        self.own = self.since = None
        self.parts = []


class Piece:
    """What lies between two separators, with the comments that belong to it."""

    def __init__(self):
        self.tokens = []  # without comments
        self.all = []     # with those between brackets
        self.before = self.behind = ''

    def since(self):
        found = SINCE.findall(self.before) + SINCE.findall(self.behind)
        return found[-1] if found else None

    def words(self):
        return [t.group(0) for t, _ in self.tokens]

    def line(self):
        return self.tokens[0][1]


def lex(text):
    return [(m, lintlib.line_of(text, m.start())) for m in TOKEN.finditer(text)]


def last_line(piece):
    match, line = piece.tokens[-1]
    return line + match.group(0).count('\n')


def add_comment(token, piece, found, depth):
    """To what it stands behind, on the same line; else to what comes."""
    match, line = token
    if piece.tokens:
        piece.all.append(token)
        piece.behind += '' if depth else match.group(0)
    elif found and line == last_line(found[-1]):
        found[-1].behind += match.group(0)
    else:
        piece.before = match.group(0)


def pieces(tokens, separator):
    """Cuts at the separator where no bracket is open. Directives are pieces of their own."""
    found, piece, depth = [], Piece(), 0
    for token in tokens:
        match, word = token[0], token[0].group(0)
        if match.lastgroup == 'comment':
            add_comment(token, piece, found, depth)
            continue
        if word in ('PAUSEMON_BEGIN_DECLS', 'PAUSEMON_END_DECLS'):
            piece = Piece()
            continue
        depth += (word in '({[') - (word in ')}]')
        piece.tokens.append(token)
        piece.all.append(token)
        if match.lastgroup == 'directive' or (word == separator and depth == 0):
            found.append(piece)
            piece = Piece()
    if piece.tokens:
        found.append(piece)
    return found


def joined(words):
    """A declaration, always written the same way."""
    text = re.sub(r'([(*\[]) ', r'\1', ' '.join(w for w in words if w != ';'))
    text = re.sub(r' ([)\],\[])', r'\1', text)
    return re.sub(r'([\w)]) \((?!\*)', r'\1(', text)


def declared_name(words):
    """Of a member or a typedef: what stands behind `(*`, else the last word before a bracket."""
    for i, word in enumerate(words[:-2]):
        if word == '(' and words[i + 1] == '*' and words[i + 2].isidentifier():
            return words[i + 2]
    names = []
    for word in words:
        if word == '[':
            break
        if word.isidentifier():
            names.append(word)
    return names[-1]


def parts_of(item, inner, separator, kind):
    for piece in pieces(inner, separator):
        words = [w for w in piece.words() if w != separator]
        if not words:
            continue
        name = words[0] if kind == 'constant' else declared_name(words)
        part = Item(kind, name, item.path, piece.line(), joined(words))
        part.own = piece.since()
        part.since = part.own or item.since
        item.parts.append(part)


def macro(piece, path):
    match = DEFINE.match(piece.tokens[0][0].group(0))
    if not match or match.group(1).endswith('_H'):
        return None
    value = match.group(3)
    item = Item('macro', match.group(1), path, piece.line())
    item.own = piece.since() or (SINCE.findall(value) or [None])[-1]
    value = re.sub(r'/\*.*?\*/', ' ', value, flags=re.S).strip()
    item.text = '' if match.group(2) else value
    return item


def statement(piece, path):
    """The item that one statement declares, without its parts."""
    words = piece.words()
    if piece.tokens[0][0].lastgroup == 'directive':
        return macro(piece, path)
    line = piece.line()
    if words[0] == 'PAUSEMON_API':
        name = words[words.index('(') - 1]
        return Item('function', name, path, line, joined(words[1:]))
    if words[0] == 'typedef':
        return Item('typedef', declared_name(words[1:]), path, line, joined(words))
    if words[0] in ('struct', 'enum') and words[2] == '{':
        return Item(words[0], words[1], path, line)
    if words[0] == 'struct' and words[2] == ';':
        return Item('opaque', words[1], path, line)
    raise ValueError(f'{path}:{line}: cannot be read: {joined(words)[:60]}')


def heading(text):
    """The comment that says what the header is: the first one behind the guard; and its line."""
    for match in re.finditer(r'/\*.*?\*/', text, re.S):
        if 'SPDX-License-Identifier' not in match.group(0):
            return match.group(0), lintlib.line_of(text, match.start())
    return '', 1


def read_header(root, path):
    """The header itself, and all items it has."""
    text = lintlib.read(root, path)
    comment, line = heading(text)
    header = Item('header', path.removeprefix('include/'), path, line, comment)
    header.own = header.since = (SINCE.findall(comment) or [None])[0]
    items = {}
    for piece in pieces(lex(text), ';'):
        item = statement(piece, path)
        if item is None or item.name in items:
            continue
        item.own = item.own or piece.since()
        item.since = item.own or header.since
        items[item.name] = item
        inner = piece.all[3:-2]
        if item.kind == 'struct':
            parts_of(item, inner, ';', 'member')
        elif item.kind == 'enum':
            parts_of(item, inner, ',', 'constant')
    return header, list(items.values())


def read_api(root):
    """All headers and all items, INIT macros with the release of their structs."""
    headers, items = [], {}
    for path in lintlib.files(root):
        if path.startswith('include/pausemon/') and path.endswith('.h'):
            header, found = read_header(root, path)
            headers.append(header)
            items.update((i.name, i) for i in found if not (
                i.kind == 'opaque' and i.name in items))
    for item in items.values():
        made = items.get(item.name.removesuffix('_INIT').lower())
        if item.kind == 'macro' and item.name.endswith('_INIT') and made and not item.own:
            item.since = made.since
    return headers, items


def version(items):
    """The release that the headers are of: (0, 1)."""
    return tuple(int(items[f'PAUSEMON_VERSION_{part}'].text) for part in ('MAJOR', 'MINOR'))


def as_tuple(release):
    return tuple(int(number) for number in release.split('.'))
