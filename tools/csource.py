# SPDX-License-Identifier: MIT
"""What amalgamate.py must know of one C file: its items at file scope, and the names they make.

No C parser: it relies on how this library is written (clang-format, one thing an item), and raises
Unclear where that does not hold.
"""

import re

TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
DIRECTIVE = re.compile(r'^[ \t]*#(?:[^\\\n]|\\.)*', re.M | re.S)
WORD = re.compile(r'[A-Za-z_]\w*')
DEFINE = re.compile(r'^[ \t]*#[ \t]*define[ \t]+(\w+)(\([^)]*\))?((?:[^\\\n]|\\.)*)', re.M | re.S)
CONDITION = re.compile(r'^[ \t]*#[ \t]*(if\w*|el\w+|endif|include)\b[ \t]*([^\n]*)', re.M)
MARK = re.compile(r'[A-Z_]+\([^()]*\)\s*(?=\w)')  # PM_PRINTF(3, 0) before a function
PREFIXES = ('pm_', 'PM_', 'pausemon_', 'PAUSEMON_')
SYSTEMS = {'ifdef __linux__': ('linux', 'common'), 'ifdef __APPLE__': ('darwin', 'common')}


class Unclear(Exception):
    """Something that this cannot read."""


def blanked(text, pattern=TOKEN):
    """Blanks for comments and literals (or another pattern): lines and columns stay."""
    return pattern.sub(lambda m: re.sub(r'[^\n]', ' ', m.group(0)), text)


def flat(text, pair='{}'):
    """Without what stands in braces (or another pair)."""
    inner = re.compile(re.escape(pair[0]) + r'[^' + re.escape(pair) + r']*' + re.escape(pair[1]))
    while True:
        text, count = inner.subn(' ', text)
        if count == 0:
            return text


class Item:
    """One declaration or definition at file scope."""

    def __init__(self, start, text):
        self.start, self.text = start, text
        mark = MARK.match(text)
        self.bare = text[mark.end():] if mark else text
        self.is_function = text.endswith('}')
        head = self.bare.partition('{')[0] if self.is_function else flat(self.bare)
        self.is_typedef = head.startswith('typedef')
        self.is_static = bool(re.search(r'\bstatic\b', head))
        self.is_extern = head.startswith('extern')
        called = None if re.search(r'[=\[]', head.partition('(')[0]) else \
            re.search(r'(\w+)\s*\(', head)
        is_pointer = re.match(r'[^(]*\(\s*\*', head)
        self.is_prototype = bool(called and not self.is_function and not is_pointer
                                 and not self.is_typedef and called.group(1) != '_Static_assert')
        self.called = called.group(1) if self.is_function or self.is_prototype else None
        self.names = [self.called] if self.called else self.declared(head)
        self.inner = [] if self.is_function else self.tags()

    def declared(self, head):
        """Objects and typedefs; none of `struct x;` and of `struct x { … };`."""
        pointer = re.match(r'[^(]*\(\s*\*\s*(\w+)', head)
        if pointer:
            return [pointer.group(1)]
        head = flat(flat(head, '()'), '[]').rstrip('; \n')
        if head.startswith('_Static_assert') or \
                re.fullmatch(r'(struct|union|enum)\s*\w*\s*', head):
            return []
        words = [WORD.findall(part.partition('=')[0]) for part in head.split(',')]
        if not all(words):
            raise Unclear(f'what is declared by: {" ".join(self.text.split())[:80]}')
        return [w[-1] for w in words]

    def tags(self):
        found = re.findall(r'\b(?:struct|union|enum)\s+(\w+)\s*\{', self.text)
        for body in re.findall(r'\benum\b[^{};()]*\{([^{}]*)\}', self.text):
            found += re.findall(r'(?:^|,)\s*([A-Za-z_]\w*)', flat(body, '()'))
        return found


def items_of(name, text):
    """Every item of a text without comments, literals and directives."""
    depth, start = 0, None
    for match in re.finditer(r'[{}()]|;|\S', text):
        at, sign = match.start(), match.group(0)
        start = at if start is None else start
        depth += (sign in '{(') - (sign in '})')
        if depth < 0:
            raise Unclear(f'{name}: braces do not match')
        if depth == 0 and (sign == ';' or sign == '}' and is_body(text[start:at + 1])):
            yield Item(start, text[start:at + 1])
            start = None
    if depth or start is not None:
        raise Unclear(f'{name}: it ends within something')


def is_body(text):
    """Whether braces that end here were a function's: `)` stands before them."""
    return bool(re.search(r'\)\s*$', text.partition('{')[0]))


class Source:
    """A .c file or a header."""

    def __init__(self, name, text, platform):
        self.name, self.platform = name, platform
        self.load(text)

    def load(self, text):
        self.text = text
        self.code = blanked(text)
        self.words = set(WORD.findall(self.code))
        self.macros = [m.group(1) for m in DEFINE.finditer(self.code)]
        plain = blanked(self.code, DIRECTIVE)
        self.items = list(items_of(self.name, re.sub(r'extern "C" \{', ' ' * 12, plain)
                                   .replace('PAUSEMON_BEGIN_DECLS', ' ' * 20)
                                   .replace('PAUSEMON_END_DECLS', ' ' * 18)))
        self.outside, self.inside, self.names, self.objects = set(), set(), set(), set()
        for item in self.items:
            self.sort(item)
        wrong = [n for n in self.outside if not n.startswith(PREFIXES)]
        if wrong:
            raise Unclear(f'{self.name}: {wrong[0]} is neither static nor has a prefix')

    def sort(self, item):
        local = item.is_static or item.is_typedef
        self.names |= set(item.names) | set(item.inner)
        self.inside |= set(item.inner)
        if local:
            self.inside |= set(item.names)
        elif not item.is_prototype and not item.is_extern:
            self.outside |= set(item.names)
        if not item.called and not item.is_typedef:
            self.objects |= set(item.names)

    def includes(self):
        return re.findall(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)', self.text, re.M)

    def system_includes(self):
        """(platform, name): where the conditions around it hold."""
        stack = []
        for match in CONDITION.finditer(self.text):
            word, rest = match.group(1), match.group(2).strip()
            if word.startswith('if'):
                stack.append((f'{word} {rest}', False))
            elif word.startswith('el'):
                stack[-1] = (stack[-1][0] if word == 'else' else 'elif', True)
            elif word == 'endif':
                stack.pop()
            elif rest.startswith('<') and not rest.startswith('<pausemon/'):
                yield self.condition(stack), rest[1:rest.index('>')]

    def condition(self, stack):
        platform = 'common'
        for number, (condition, otherwise) in enumerate(stack):
            if number == 0 and condition.startswith('ifndef PM_'):
                continue
            if condition not in SYSTEMS or otherwise or platform != 'common':
                raise Unclear(f'{self.name}: an include under #{condition}: only under #ifdef '
                              '__linux__ or __APPLE__')
            platform = SYSTEMS[condition][0]
        return platform

    def prototypes(self):
        return [i.called for i in self.items if i.is_prototype and not i.is_static]

    def public_names(self):
        return [i.called for i in self.items if i.called and 'PAUSEMON_API' in i.text]

    def own_macros(self):
        """What is undefined behind the file: not what the system may have defined before."""
        guarded = set(re.findall(r'#[ \t]*ifndef[ \t]+(\w+)', self.code))
        return sorted(set(self.macros) - guarded)

    # ---- changing ----

    def rename(self, old, new):
        """Everywhere but after . and ->; or why that cannot be done."""
        wrong = self.is_member(old) or self.is_made_text(old)
        if wrong:
            return wrong
        pattern = re.compile(TOKEN.pattern + r'|(?:(?:\.|->)\s*)?\b' + old + r'\b', re.S)
        self.load(pattern.sub(lambda m: new if m.group(0) == old else m.group(0), self.text))
        return None

    def is_member(self, name):
        member = re.compile(rf'\b{name}\s*(?:[;,:\[]|\)\s*\()')
        for match in re.finditer(r'\b(?:struct|union)\b[^;{}()=]*\{', self.code):
            depth, end = 1, match.end()
            while depth and end < len(self.code):
                depth += {'{': 1, '}': -1}.get(self.code[end], 0)
                end += 1
            if member.search(self.code[match.end():end]):
                return 'a member of a struct of this file has that name'
        return None

    def is_made_text(self, name):
        for macro in DEFINE.finditer(self.code):
            if not macro.group(2) or '#' not in macro.group(3):
                continue
            for use in re.finditer(rf'\b{macro.group(1)}\(([^;]*?)\)', self.code):
                if re.search(rf'\b{name}\b', use.group(1)):
                    return f'{macro.group(1)} makes text of it'
        return None

    def edited(self, edits):
        """The text with (start, length, instead) put in."""
        text = self.text
        for start, length, instead in sorted(edits, reverse=True):
            text = text[:start] + instead + text[start + length:]
        return text

    def as_local_header(self, local):
        """Functions are the file's own; constants are where their file is."""
        edits = []
        for item in self.items:
            if item.is_prototype and not item.is_static:
                edits.append((item.start, 0, local + ' '))
            elif item.is_extern:
                edits.append((item.start, len(item.text), f'/* {", ".join(item.names)} */'))
        return self.edited(edits)

    def as_local_unit(self, local):
        """What is not public is static."""
        edits = []
        for item in self.items:
            if item.is_static or item.is_typedef or item.is_extern or item.is_prototype:
                continue
            if item.is_function and item.called.startswith('pm_'):
                edits.append((item.start, 0, 'static '))
            elif not item.is_function and item.names:
                edits.append((item.start, 0, local + ' '))
        return self.edited(edits)
