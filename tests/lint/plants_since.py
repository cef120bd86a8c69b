# SPDX-License-Identifier: MIT
"""What selftest.py plants for since.py: a release 9.9 that adds names, rightly and wrongly."""

import os
import re

import lintlib
from plants_built import edit

COMMON, TIERS, SAMPLE = (f'include/pausemon/{name}.h' for name in ('common', 'tiers', 'sample'))
MAP = 'libpausemon/libpausemon.map'
NAMES = '''\
PAUSEMON_API int pausemon_zz_silent(void); ⟦pausemon_zz_silent is not in tests/abi/layout.golden⟧

/* @since 9.9 */
PAUSEMON_API int pausemon_zz_right(void);

/* @since 9.10 */
PAUSEMON_API int pausemon_zz_later(void); ⟦@since 9.10 is later than today's 9.9⟧

/* @since 9.9 */
PAUSEMON_API int pausemon_zz_misplaced(void);

/* @since 9.9 */
struct pausemon_zz {
    uint64_t size;
    uint64_t early; /* @since 0.1 */ ⟦early: @since 0.1 is before that of pausemon_zz, 9.9⟧
};
#define PAUSEMON_ZZ_INIT {sizeof(struct pausemon_zz), 0}
#define PAUSEMON_ZZ_SILENT 1 ⟦PAUSEMON_ZZ_SILENT is not in⟧
#define PAUSEMON_ZZ_RIGHT 1 /* @since 9.9 */

'''
NODES = '''    *;
};

PAUSEMON_9.9 {
global:
    pausemon_zz_right;
} PAUSEMON_0.1;

PAUSEMON_9.10 { ⟦the node PAUSEMON_9.10 does not build on PAUSEMON_9.9⟧
global:
    pausemon_zz_misplaced; ⟦pausemon_zz_misplaced is in PAUSEMON_9.10, and says @since 9.9⟧
} PAUSEMON_0.1;
'''
LAST_TIER = '    PAUSEMON_TIER_CRITICAL = 3  /* stress reached tiers.critical_threshold */\n'
MORE_TIERS = '''\
    PAUSEMON_TIER_CRITICAL = 3,
    PAUSEMON_TIER_RIGHT = 4, /* @since 9.9 */
    PAUSEMON_TIER_SILENT = 5 ⟦PAUSEMON_TIER_SILENT is not in⟧
'''


def put(root, path, old, text, after=''):
    """`text` in the place of `old`, without its marks. What is guilty and what is innocent."""
    line = edit(root, path, old, re.sub(r' ?⟦.*?⟧', '', text) + after)
    guilty, innocent = {}, set()
    for number, said in enumerate(text.rstrip('\n').split('\n'), line):
        parts = re.findall(r'⟦(.*?)⟧', said)
        if parts:
            guilty[path, number] = parts
        else:
            innocent.add((path, number))
    return guilty, innocent


def of_release(root, major, minor):
    path = os.path.join(root, COMMON)
    text = lintlib.read(root, COMMON)
    for part, number in ('MAJOR', major), ('MINOR', minor):
        text = re.sub(rf'(#define PAUSEMON_VERSION_{part}) \d+', rf'\1 {number}', text)
    with open(path, 'w', encoding='utf-8') as opened:
        opened.write(text)


def since_check(run, judge, root):
    before = run('since', [root])[1]
    of_release(root, 9, 9)
    planted = [
        put(root, TIERS, 'PAUSEMON_END_DECLS\n', NAMES, 'PAUSEMON_END_DECLS\n'),
        put(root, MAP, '    *;\n};\n', NODES),
        put(root, TIERS, LAST_TIER, MORE_TIERS),
        put(root, COMMON, 'PAUSEMON_API const char *pausemon_version(void);',
            'PAUSEMON_API const char *pausemon_version(void); /* @since 9.9 */'
            ' ⟦pausemon_version: @since 9.9, but tests/abi/layout.golden has 0.1⟧'),
        put(root, SAMPLE, '#endif\n', '/* @since 9.9 */\n#endif\n'),
        put(root, 'include/pausemon/ring.h', ' * @since 0.1 */\n', ' */\n'),
    ]
    guilty, innocent = {}, set()
    for bad, good in planted[2:]:
        guilty.update(bad)
        innocent |= good
    # The third moved the lines of the first: two more above it.
    moved = {(path, line + 2): parts for (path, line), parts in planted[0][0].items()}
    guilty.update(moved)
    innocent |= {(path, line + 2) for path, line in planted[0][1]}
    guilty.update(planted[1][0])
    innocent |= planted[1][1]
    text = lintlib.read(root, MAP)
    guilty.setdefault((MAP, lintlib.line_of(text, text.index('pausemon_version;'))), []).append(
        'pausemon_version is in PAUSEMON_0.1, and says @since 9.9')
    guilty[SAMPLE, 1] = ['2 times @since, of which 1 belong to something']
    ring = lintlib.read(root, 'include/pausemon/ring.h')
    guilty['include/pausemon/ring.h', lintlib.line_of(ring, ring.index('/* The last'))] = [
        'its heading comment has 0 times @since X.Y']
    status, after = run('since', [root])
    print(f'selftest since: {len(guilty)} planted, {len(innocent)} innocent lines')
    return judge(before, status, after, guilty, innocent)
