#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""What amalgamate.py makes unique, and what it refuses and how it says so. TAP on stdout.

    amalgamate.py SOURCE COMPILER
"""
import os
import subprocess
import sys
import tempfile

SOURCE, COMPILER = sys.argv[1:3]
TOOL = os.path.join(SOURCE, 'tools', 'amalgamate.py')

# Two files that have everything of each other's names; every name must stay its file's own.
GOOD = {
    'LICENSE': 'A licence.\n',
    'include/pausemon/pausemon.h': '#include <pausemon/sum.h>\n#include <pausemon/gone.h>\n',
    'include/pausemon/gone.h': 'PAUSEMON_API int pausemon_gone(void);\n',
    'include/pausemon/sum.h': '#ifndef PAUSEMON_API\n#define PAUSEMON_API\n#endif\n'
                              'PAUSEMON_API int pausemon_sum(void);\n',
    'libpausemon/base/both.h':
        '#ifndef PM_BOTH_H\n#define PM_BOTH_H\n\nstruct pm_both {\n    int help, (*word)(void);\n'
        '};\n\nint pm_other(const struct pm_both *both, int word(void));\n'
        'extern const int pm_numbers[];\n\n#endif\n',
    'libpausemon/base/first.c':
        '#include <pausemon/sum.h>\n#include <stdio.h>\n\n#include "base/both.h"\n\n'
        '#define SIZE 1\nenum { WORD = 2 };\nstruct part {\n    int a;\n};\n'
        'typedef int number;\nstatic const number table[SIZE] = {3};\n\n'
        'static int help(void)\n{\n    return 4; /* help */\n}\n\n'
        'int pausemon_sum(void)\n{\n    struct part part = {WORD};\n'
        '    struct pm_both both = {.help = help(), .word = help};\n'
        '    const char *text = "help";\n\n'
        '    return pm_other(&both, help) + part.a + table[0] + pm_numbers[1] +\n'
        '           (text[0] == \'h\');\n'
        '}\n',
    'libpausemon/base/second.c':
        '#include "base/both.h"\n\n#define SIZE 2\nenum { WORD = 20 };\nstruct part {\n'
        '    long b;\n};\ntypedef long number;\nstatic const number table[SIZE] = {30, 300};\n'
        'const int pm_numbers[] = {1000, 2000};\n\n'
        'static int help(const struct pm_both *both)\n{\n    return both->help * 10;\n}\n\n'
        'int pm_other(const struct pm_both *both, int word(void))\n{\n'
        '    struct part part = {WORD};\n\n'
        '    return help(both) + both->word() + word() + (int)(part.b + table[1]);\n}\n',
    'libpausemon/base/unused.c': 'int pm_unused(void)\n{\n    return 0;\n}\n',
}
# 4·10 + 4 + 4 + 20 + 300, and 2 + 3 + 2000 + 1
SUM = 2374

# What is changed: (file, from, to), and a part of what must be said.
BAD = {
    'a name that is also a member of the same file is told': (
        ('second.c', 'long b;', 'long help;'), 'first.c, and cannot be renamed: a member'),
    'a name that becomes text is told': (
        ('second.c', '#define SIZE 2', '#define SIZE 2\n#define NAME(x) #x\n'
                                       'static const char *const it = NAME(help);'),
        'NAME makes text of it'),
    'a name without prefix that is not static is told': (
        ('second.c', 'static int help', 'int help'), 'help is neither static nor has a prefix'),
    'what no file defines is told': (
        ('both.h', 'extern', 'int pm_nobody(void);\nextern'),
        'declares pm_nobody, which no file defines on linux'),
    'two definitions of one name are told': (
        ('first.c', 'int pausemon_sum',
         'int pm_other(const struct pm_both *both, int word(void))\n{\n'
         '    return both->help + word();\n}\n\nint pausemon_sum'),
        'pm_other is defined in'),
    'a public header of which only a part is there is told': (
        ('sum.h', 'PAUSEMON_API int', 'PAUSEMON_API int pausemon_missing(void);\nPAUSEMON_API int'),
        'sum.h is only half there: pausemon_missing'),
    'a feature-test macro of one file is told': (
        ('second.c', '#define SIZE 2', '#define SIZE 2\n#define _XOPEN_SOURCE 700'),
        'defines _XOPEN_SOURCE'),
    'an include under a condition that is no system is told': (
        ('first.c', '#include <stdio.h>', '#ifdef WITH_IT\n#include <stddef.h>\n#endif'),
        'an include under #ifdef WITH_IT'),
    'braces that a condition splits are told': (
        ('second.c', 'return help', '#ifdef A\n    if (both) {\n#else\n    {\n#endif\n    }\n'
                                    '    return help'), 'it ends within something'),
}


def make(place, change=None):
    """Plants the tree, with a change, and amalgamates it: what the tool said, or None."""
    changed = False
    for name, text in GOOD.items():
        path = os.path.join(place, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if change and name.endswith('/' + change[0]):
            changed = change[1] in text
            text = text.replace(change[1], change[2], 1)
        with open(path, 'w', encoding='utf-8') as opened:
            opened.write(text)
    assert changed or not change, f'{change} changes nothing'
    files = [os.path.join(place, n) for n in GOOD if n.endswith('.c')]
    ran = subprocess.run([sys.executable, '-B', TOOL, '--version', '1', '--output', place,
                          '--include', os.path.join(place, 'include'), '--common', *files],
                         capture_output=True, text=True, check=False)
    return ran.stderr if ran.returncode else None


def sums_right(place):
    """Whether every name kept its meaning; or what went wrong."""
    said = make(place)
    if said:
        return said
    with open(os.path.join(place, 'own.c'), 'w', encoding='utf-8') as opened:
        opened.write('#include "pausemon.h"\n#include <stdio.h>\n'
                     'int main(void) { return printf("%d\\n", pausemon_sum()) < 0; }\n')
    ran = subprocess.run(f'{COMPILER} -std=c11 -Wall -Wextra -Wpedantic -Werror pausemon.c own.c '
                         '-o own && ./own', shell=True, cwd=place, capture_output=True, text=True,
                         check=False)
    if ran.stdout.strip() != str(SUM):
        return ran.stdout + ran.stderr
    with open(os.path.join(place, 'pausemon.c'), encoding='utf-8') as opened:
        text = opened.read()
    return 'what nobody uses is in' if 'pm_unused' in text else None


def main():
    print(f'1..{1 + len(BAD)}')
    failed = False
    with tempfile.TemporaryDirectory() as place:
        wrong = sums_right(place)
        failed = bool(wrong)
        print(f'{"not ok" if wrong else "ok"} 1 - the names of one file stay its own')
        print(''.join(f'# {line}\n' for line in (wrong or '').splitlines()), end='')
    for number, (name, (change, expected)) in enumerate(BAD.items(), 2):
        with tempfile.TemporaryDirectory() as place:
            said = make(place, change) or 'nothing was said'
        good = expected in said and said.count('\n') == 1
        failed = failed or not good
        print(f'{"ok" if good else "not ok"} {number} - {name}')
        if not good:
            print(''.join(f'# {line}\n' for line in said.splitlines()), end='')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
