# SPDX-License-Identifier: MIT
"""What selftest.py plants in texts. A line that ends with ⟦…⟧ must be reported, no other one."""

SPDX = '/* SPDX-License-Identifier: MIT */\n'

LAYERS = {
    'libpausemon/base/zz_planted.c': SPDX + '''\
#include "base/text.h"
#include <unistd.h>
/* #include "core/table.h" */
#include "core/table.h" ⟦upward: base includes core/table.h⟧
#include <core/table.h> ⟦upward⟧
#  include "../core/table.h" ⟦name it from libpausemon/⟧
#include <pausemon/common.h>
#include <pausemon/source.h> ⟦upward⟧
#include <pausemon/pausemon.h> ⟦the umbrella⟧
#include <pausemon/zz_planted.h> ⟦belongs to no room⟧
#include "zz_other.h" ⟦is in no room⟧
#include SOMETHING ⟦cannot be read⟧
#include <jansson.h> ⟦jansson.h is included by⟧
''',
    'libpausemon/core/zz_planted.h': SPDX + '''\
#include "base/text.h"
#include <string.h>
#include <unistd.h> ⟦core is pure⟧
#include "sources/source.h" ⟦upward⟧
#include "engine/engine.h" ⟦upward⟧
#include <jansson.h> ⟦jansson.h is included by⟧ ⟦core is pure⟧
''',
    'libpausemon/sources/zz_planted.c': SPDX + '''\
#include "core/table.h"
#include "sources/source.h"
#include "formats/json_writer.h" ⟦sideways: sources includes formats⟧
#include <pausemon/collector.h> ⟦upward⟧
''',
    'libpausemon/sources/replay.c': '''\
#include "formats/json_reader.h"
#include "formats/config_prepass.h" ⟦sideways⟧
#include "engine/zz.h" ⟦upward⟧
''',
    'libpausemon/formats/zz_planted.c': SPDX + '#include "sources/source.h" ⟦sideways⟧\n',
    'libpausemon/engine/zz_planted.c': SPDX + '''\
#include "formats/json_writer.h"
#include "storage/storage.h" ⟦upward⟧
''',
    'libpausemon/storage/zz_planted.c': SPDX + '''\
#include "engine/zz.h"
#include "forensics/zz.h" ⟦sideways⟧
#include <sqlite3.h>
#include <pausemon/monitor.h>
''',
    'libpausemon/zz_room/zz_planted.c': '#include <string.h> ⟦zz_room is no known room⟧\n',
    'include/pausemon/zz_planted.h': SPDX + '''\
#include <pausemon/common.h>
#include <stdint.h>
#include <stdio.h> ⟦does without stdio.h⟧
#include <pausemon/zz_none.h> ⟦is no public header⟧
''',
    'tools/zz/zz.h': SPDX,
    'tools/zz/main.c': SPDX + '''\
#include "zz.h"
#include "zz/zz.h"
#include <stdio.h>
#include <pausemon/pausemon.h>
#include <pausemon/zz_none.h> ⟦is no public header⟧
#include "core/table.h" ⟦is a private header of the library⟧
#include <core/table.h> ⟦is a private header of the library⟧
#include "../../libpausemon/core/table.h" ⟦is a private header of the library⟧
#include "../../tests/lib/harness.h" ⟦is not in tools/⟧
#include "zz_none.h" ⟦is not in tools/⟧
''',
    'bindings/zz/zz.c': SPDX + '#include "base/host.h" ⟦is a private header of the library⟧\n',
}


def c_function(head, lines):
    """A C function of so many lines."""
    return f'{head}\n{{\n' + '    work("{");\n' * (lines - 3) + '}\n'


SIZES = {
    'libpausemon/core/zz_planted.c': SPDX + c_function('int fits(int a)', 60)
    + c_function('static int too_long(int a) ⟦too_long has 61 lines⟧', 61)
    + c_function('int two_lines(int a, ⟦two_lines has 61 lines⟧\n              int b)', 60)
    + 'static const int table[] = {\n' + '    1,\n' * 70 + '};\n'
    + '#if A\nint twice(int a) ⟦twice has 64 lines⟧\n{\n    if (a) {\n#else\n'
    + '    if (!a) {\n#endif\n'
    + '        work();\n' * 56 + '    }\n}\n'
    + c_function('int after(void)', 20),
    'libpausemon/core/zz_long.c': SPDX + '\n' * 499 + 'int at_501; ⟦a file of 502 lines⟧\n\n',
    'libpausemon/core/zz_full.c': SPDX + '\n' * 499,
    'include/pausemon/zz.h': 'extern "C" {\n'
    + c_function('inline int in_c(void) ⟦in_c has 61 lines⟧', 61) + '}\n',
    'tools/zz.m': SPDX + c_function('- (void)long ⟦long has 61 lines⟧', 61)
    + c_function('- (int)long:(int)a ⟦long has 61 lines⟧', 61),
    'tools/zz.sh': 'fits() {\n' + '    :\n' * 58 + '}\n'
    + 'long() { ⟦long has 61 lines⟧\n' + '    :\n' * 59 + '}\n',
    'tools/zz-no-suffix': '#!/bin/sh\nlong() { ⟦long has 61 lines⟧\n' + '    :\n' * 59 + '}\n',
    'tools/zz.py': 'def fits():\n' + '    work()\n' * 59
    + 'class A:\n    def long(self): ⟦long has 61 lines⟧\n' + '        work()\n' * 60,
    'tools/zz_broken.py': 'x = 1\ndef ( ⟦cannot be read⟧\n',
}

CALLS = {
    'libpausemon/core/zz_planted.c': SPDX + '''\
/* exit(1) and printf("x") in a comment */
static int file_level; ⟦a static variable that can change⟧
static const int fixed = 1;
static const char *const names[] = {"exit(1)", "abort()"};
static const char *changes[] = {"a"}; ⟦a static variable that can change⟧
static int (*hook)(void); ⟦a static variable that can change⟧
static void (*const fixed_hook)(void) = NULL;
static int helper(const int *values);
int use(struct host *host, int a[static 4])
{
    static int local; ⟦a static variable that can change⟧
    static const int fixed_local = 2;
    host->exit(1);
    host->log(host->user, "printf(");
    snprintf(text, sizeof text, "x");
    sprintf(text, "x"); ⟦sprintf: has no bound⟧
    strcpy(text, "x"); ⟦strcpy⟧
    strcat(text, "x"); ⟦strcat⟧
    strtok(text, "x"); strtok_r(text, "x", &rest); ⟦strtok⟧
    return atoi(text) + atol(text); ⟦atoi⟧ ⟦atol⟧
    sscanf(text, "x"); ⟦sscanf⟧
    fopen(text, "r"); ⟦fopen⟧
    printf("x"); puts("x"); fprintf (stderr, "x"); ⟦printf⟧ ⟦puts⟧ ⟦fprintf⟧
    exit(1); abort(); ⟦exit⟧ ⟦abort⟧
    assert(text); static_assert(1, ""); ⟦assert⟧
    system("x"); popen("x", "r"); ⟦system⟧ ⟦popen⟧
    alloca(1); ⟦alloca⟧
    getenv("x"); secure_getenv("x"); ⟦getenv⟧ ⟦secure_getenv⟧
    setlocale(0, ""); signal(1, f); sigaction(1, 0, 0); ⟦setlocale⟧ ⟦signal⟧ ⟦sigaction⟧
    localtime(&t); localtime_r(&t, &tm); ⟦localtime⟧
    gmtime(&t); gmtime_r(&t, &tm); ⟦gmtime⟧
    strerror(1); strerror_r(1, text, 2); ⟦strerror⟧
    rand(); ⟦rand⟧
}
#define PLANTED() abort() ⟦abort⟧
''',
    'tools/zz.c': SPDX + '''\
static volatile sig_atomic_t stop;
int main(void)
{
    static char buffer[10]; ⟦a static variable that can change⟧
    static const char *const names[] = {"a"};
    printf("x");
    fopen(getenv("x"), "r");
    exit(1); ⟦exit⟧
    strcpy(a, b); ⟦strcpy⟧
    system(b); ⟦system⟧
}
''',
    'tests/zz.c': SPDX + 'int main(void) { exit(1); }\n',
    'docs/zz.md': 'mkstemp("XXXX' + 'XX")\nTO' + 'DO: later ⟦a note for later⟧\n'
    '(FIX' + 'ME) ⟦a note for later⟧\nXX' + 'X ⟦a note for later⟧\n',
    'tests/golden/zz.txt': 'TO' + 'DO\n',
}

TEXT = {
    'libpausemon/core/zz_planted.c': SPDX + 'int a;\n\tint b; ⟦a tab⟧\n'
    + 'int c;  ⟦blanks at the end⟧  \n' + '/*' + 'x' * 97 + '*/ ⟦101 columns⟧\n'
    + '/*' + 'é' * 96 + '*/\n' + '/*' + '漢' * 49 + '*/ ⟦102 columns⟧\nint d;',
    'libpausemon/core/zz_crlf.c': SPDX + 'int a;\nint b; ⟦blanks at the end⟧\r\n',
    'libpausemon/core/zz_licence.h': 'int a; ⟦does not begin with⟧\n',
    'libpausemon/core/zz_end.c': SPDX + 'int a;\nint b; ⟦no newline at the end⟧',
    'libpausemon/core/zz_empty.c': SPDX + 'int a;\n ⟦an empty line at the end⟧\n',
    'docs/zz.md': 'long ' * 60 + 'x\n\tx ⟦a tab⟧\n',
    'tests/zz.sh': 'x' * 101 + ' ⟦101 columns⟧\n',
    'tests/zz.py': 'x' * 101 + ' ⟦101 columns⟧\n',
    'tests/Makefile': 'all:\n\ttrue\n',
    'tests/golden/zz.txt': 'a\t \n\nno end',
}
TEXT['libpausemon/core/zz_planted.c'] = TEXT['libpausemon/core/zz_planted.c'][:-len('int d;')]

SHELL = {
    'tools/zz.sh': '#!/bin/sh\nset -e\necho $1 ⟦Double quote⟧\necho "$1"\n',
    '.ci/zz': '#!/bin/sh\n[ "$1" == x ] && exit ⟦In POSIX sh⟧\n',
    'tools/zz.txt': 'echo $1\n',
}

FORMAT = {
    'libpausemon/core/zz_planted.c': SPDX + '''\
int a(int b)
{
    return b;
}
int  c; ⟦code should be clang-formatted⟧
''',
    'tools/zz.cpp': SPDX + 'int a;\nint  b; ⟦code should be clang-formatted⟧\n',
}

DOCS = {
    'README.md': '''
`tests/lint/docs.py`, `core/table.c`, `libpausemon/base/`, `pausemon/common.h`, `a/b`, `/proc/self`
`tests/lint/zz_none.py` ⟦tests/lint/zz_none.py is not there⟧
`core/zz_none.c` ⟦core/zz_none.c is not there⟧
`pausemon/zz_none.h` ⟦pausemon/zz_none.h is not there⟧
`tests/lint/{docs,text}.py` and `libpausemon/core/t*.c` and `libpausemon/core/NAME.c`
`tests/lint/{docs,zz}.py` ⟦tests/lint/zz.py is not there⟧
`tools/zz*/x.c` ⟦tools/zz*/x.c is not there⟧
[here](docs/ARCHITECTURE.md#x), [there](https://example.org/docs/none.md), [this](#x)
[gone](docs/zz_none.md) ⟦a link to docs/zz_none.md⟧

```
sh ./tests/lint/layers.py
sh tests/zz_none.sh ⟦tests/zz_none.sh is not there⟧
```

    sh tests/zz_none.sh ⟦tests/zz_none.sh is not there⟧
tests/zz_none.sh outside of backticks
''',
    'docs/zz/deep.md': '[up](../ARCHITECTURE.md)\n[gone](ARCHITECTURE.md) ⟦a link to⟧\n',
    'libpausemon/zz_room/a.c': SPDX,
}

EMBEDDING = {
    'docs/EMBEDDING.md': '''
```c
int main(void) ⟦this c is in no program⟧
{
    pausemon_zz();
}
```

```objc
[pool release];
…
return samples == 2 ? 0 : 1;
```

```objc
[pool release]; ⟦this objc is in no program⟧
…
return 77;
```

```sh
anything at all
```
''',
}

TOPLEVEL = {
    'zz_planted.c': 'int a; ⟦zz_planted.c has no place⟧\n',
    'scripts/zz.sh': ': ⟦scripts has no place⟧\n',
    '.zz/planted': 'fine\n',
    'tools/zz': 'fine\n',
}

# Good in every language; then one mistake in each header.
HEADERS_GOOD = SPDX + '''\
#ifndef PAUSEMON_ZZ_GOOD_H
#define PAUSEMON_ZZ_GOOD_H
#include <stdint.h>
struct pausemon_zz_good {
    uint64_t size;
    int64_t a, b;
    int (*call)(void *self, int value);
    char text[16];
};
#define PAUSEMON_ZZ_GOOD_INIT { sizeof(struct pausemon_zz_good), 0, 0, 0, { 0 } }
#endif
'''
NOT_ALONE = SPDX + 'int pausemon_zz(uint64_t a); ⟦uint64_t⟧\n'
NOT_TWICE = SPDX + 'struct pausemon_zz_twice { ⟦redefinition⟧\n    int a;\n};\n'
SHORT_INIT = SPDX + '''\
#ifndef ZZ_SHORT
#define ZZ_SHORT
struct pausemon_zz { unsigned long size; int *a; };
#define PAUSEMON_ZZ_INIT { sizeof(struct pausemon_zz) } ⟦missing⟧
#endif
'''


def in_language(line):
    """The headers to plant for one language: three mistakes of any, one that is only its own."""
    return {'include/pausemon/zz_good.h': HEADERS_GOOD, 'include/pausemon/zz_alone.h': NOT_ALONE,
            'include/pausemon/zz_twice.h': NOT_TWICE, 'include/pausemon/zz_init.h': SHORT_INIT,
            'include/pausemon/zz_own.h': SPDX + line}


HEADERS_STRUCTS = {
    'include/pausemon/zz_good.h': HEADERS_GOOD,
    'include/pausemon/pausemon.h': '#include <pausemon/zz_good.h>\n',
    'include/pausemon/zz_bad.h': '''\
/* SPDX-License-Identifier: MIT */ ⟦⟧
#include <stdint.h>
struct pausemon_zz_small {
    uint64_t size;
    int64_t fine;
    int32_t small; ⟦small is no multiple of 8 bytes⟧
    char text[12]; ⟦text is no multiple of 8 bytes⟧
};
struct pausemon_zz_sizeless { ⟦does not begin with uint64_t size⟧
    uint64_t other;
};
#define PAUSEMON_ZZ_SIZELESS_INIT { 0 }
struct pausemon_zz_bits {
    uint64_t size;
    uint64_t bits : 3; ⟦a member that this check cannot measure⟧
};
struct pausemon_zz_fixed {
    int32_t free_to_be;
};
#define PAUSEMON_ZZ_NOTHING_INIT { 0 } ⟦no struct pausemon_zz_nothing⟧
'''.replace(' ⟦⟧', ''),
}

MANUALS = {
    'docs/man/libpausemon.3': '''\
.Xr pausemon 1
.Xr pausemon-zz 8 ⟦there is no such page⟧
.Fn pausemon_has
.Fn pausemon_zz_* .
.Fn pausemon_zz ⟦pausemon_zz is no public function⟧
.Ss pausemon/zz.h
.Bl -tag -width Ds
.It Fn pausemon_has ⟦is listed twice⟧ ⟦is not in pausemon/zz.h but in pausemon/common.h⟧
.El
.Zz ⟦unknown macro⟧
''',
    'tools/zz/zz.c': SPDX + '''\
int zz = getenv("HOME") != 0;
int zz_top = getenv("PAUSEMON_ZZ") != 0; ⟦PAUSEMON_ZZ is in no manual⟧
''',
    'docs/man/pausemon-zz.1': '''\
.\\" ⟦does not begin with⟧ ⟦has no .Dt PAUSEMON-ZZ 1⟧ ⟦has no section SECURITY⟧ ⟦is not installed⟧
.Dd November 23, 2026
.Dt PAUSEMON-Z 1
.Os
.Sh NAME
.Nm pausemon-zz
.Nd a page
.Sh DESCRIPTION
It says nothing.
''',
}

PLANTS = {
    'manuals': MANUALS,
    'layers': LAYERS, 'sizes': SIZES, 'calls': CALLS, 'text': TEXT, 'shell': SHELL,
    'format': FORMAT, 'docs': DOCS, 'embedding': EMBEDDING,
    'toplevel': TOPLEVEL, 'headers_structs': HEADERS_STRUCTS,
    'headers_c11': in_language('extern int pausemon_zz[]; enum { ZZ = sizeof(struct {}) };'
                               ' ⟦struct⟧\n'),
    'headers_cxx11': in_language('extern int class; ⟦: ⟧\n'),
    'headers_cxx20': in_language('extern int concept; ⟦: ⟧\n'),
    'headers_objc': in_language('extern int id; ⟦: ⟧\n'),
}

# (path, old text, new text, (path, line) that must be reported, part of the message)
EDITS = {
    'calls': [('libpausemon/sources/top_live.c', 'secure_getenv(', 'secured_getenv(',
               ('tests/lint/calls.py', 1),
               'secure_getenv in libpausemon/sources/top_live.c is allowed')],
    'docs': [('docs/ARCHITECTURE.md', '', '', ('docs/ARCHITECTURE.md', 1),
              'does not name the room zz_room/')],
    'embedding': [('docs/EMBEDDING.md', 'plain.m', 'other.m', ('docs/EMBEDDING.md', 1),
                   'does not name tests/embed/plain.m')],
    'manuals': [('docs/man/libpausemon.3', '.It Fn pausemon_version\n', '.It Li gone\n',
                 ('docs/man/libpausemon.3', 1),
                 'pausemon_version of pausemon/common.h is not listed')],
    'headers_structs': [('include/pausemon/pausemon.h', '', '',
                         ('include/pausemon/pausemon.h', 1),
                         'does not include pausemon/zz_bad.h')],
}
