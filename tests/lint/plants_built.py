# SPDX-License-Identifier: MIT
"""What selftest.py plants in things that are built: objects, and the list of exports."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

import lintlib

# Each line is one definition, ending with its section if it must be reported.
OBJECT = '''\
static int counter; ⟦counter can be written to: it is in .bss⟧
static int started = 1; ⟦started can be written to: it is in .data⟧
int shared;
_Thread_local int mine;
_Thread_local int mine_set = 1;
static const char *names[] = {"a", "b"}; ⟦names can be written to: it is in .data⟧
static const char *const fixed_names[] = {"a", "b"};
static const int numbers[] = {1, 2, 3};
int use(int i); /* so that nothing is left out */
int use(int i) { static int local; return ⟦local⟧ ++counter + started++ + ++local + numbers[i] +
    mine++ + mine_set++ + fixed_names[i][0] + names[i][0] + (names[0] = "c")[0] + shared; }
'''


def globals_check(run, judge, objects):
    """Twice: with `shared` in .bss, and with -fcommon."""
    compiler = shutil.which('cc') or shutil.which('gcc')
    if not compiler:
        lintlib.skip('selftest globals', 'no C compiler')
    wrong = 0
    for flags, where in (['-fPIC'], '.bss'), (['-fPIC', '-fcommon'], '*COM*'):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(objects, folder, dirs_exist_ok=True)
            before = run('globals', [folder])[1]
            source = os.path.join(folder, 'planted.c')
            guilty, innocent = mark(os.path.relpath(source), OBJECT)
            # For these nm knows no line.
            guilty[os.path.join(folder, 'planted.o'), 0] = [
                'mine can be written to: it is in .tbss',
                'mine_set can be written to: it is in .tdata']
            if where == '*COM*':
                guilty[os.path.join(folder, 'planted.o'), 0].append(
                    f'shared can be written to: it is in {where}')
            else:
                guilty[os.path.relpath(source), 3] = [f'shared can be written to: it is in {where}']
            innocent -= set(guilty)
            with open(source, 'w', encoding='utf-8') as opened:
                opened.write(re.sub(r' ?⟦.*?⟧', '', OBJECT))
            subprocess.run([compiler, '-g', '-O0', '-c', *flags, '-o',
                            os.path.join(folder, 'planted.o'), source], check=True)
            status, after = run('globals', [folder])
            wrong += judge(before, status, after, guilty, innocent)
    with tempfile.TemporaryDirectory() as folder:
        if run('globals', [folder])[0] != 1:
            print('content with a directory without objects')
            wrong += 1
    return wrong + not_to_be_judged(compiler)


def not_to_be_judged(compiler):
    """Objects in which the check would see too much or nothing: it has to say so."""
    wrong = 0
    check = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'globals.py')
    for flags in ['-flto'], ['-fsanitize=address'], ['--coverage']:
        with tempfile.TemporaryDirectory() as folder:
            built = subprocess.run([compiler, '-c', *flags, '-x', 'c', '-', '-o',
                                    os.path.join(folder, 'planted.o')], check=False,
                                   input=b'int f(int a); int f(int a) { return a + 1; }\n',
                                   capture_output=True, cwd=folder)
            if built.returncode:
                print(f'not tried: {compiler} {flags[0]}')
                continue
            status = subprocess.run([sys.executable, '-B', check, folder], check=False,
                                    capture_output=True).returncode
        if status != lintlib.SKIP:
            print(f'exit status {status} for objects made with {flags[0]}')
            wrong += 1
    return wrong


def mark(path, text):
    guilty, innocent = {}, set()
    for number, line in enumerate(text.split('\n'), 1):
        parts = re.findall(r'⟦(.*?)⟧', line)
        if parts:
            guilty[path, number] = parts
        else:
            innocent.add((path, number))
    return guilty, innocent


def edit(root, path, old, new):
    text = lintlib.read(root, path)
    if text.count(old) != 1:
        sys.exit(f'selftest exports: cannot plant: "{old}" is not once in {path}')
    with open(os.path.join(root, path), 'w', encoding='utf-8') as opened:
        opened.write(text.replace(old, new))
    return lintlib.line_of(text, text.index(old))


def exports_check(run, judge, root, library):
    """One name is taken from, or put into, each of the lists that a text can change."""
    map_path, common, where = ('libpausemon/libpausemon.map', 'include/pausemon/common.h',
                               os.path.basename(library))
    before = run('exports', [root, library])[1]
    guilty = {}
    edit(root, map_path, '    pausemon_version;\n', '')
    line = edit(root, common, 'PAUSEMON_API int pausemon_has(',
                'PAUSEMON_API int pausemon_planted(void);\n/* PAUSEMON_API int none(void); */\n'
                'int pausemon_has(')
    guilty[common, line] = [f'pausemon_planted is not in {where} nor in {map_path}']
    text = lintlib.read(root, common)
    line = lintlib.line_of(text, text.index('pausemon_version('))
    guilty[common, line] = [f'pausemon_version is not in {map_path}']
    line = edit(root, map_path, 'local:', '    pausemon_mapped;\n    pausemon_has;\nlocal:')
    guilty[map_path, line] = [f'pausemon_mapped is not in {where} nor in include/pausemon']
    guilty[map_path, line + 1] = ['pausemon_has is named twice']
    text = lintlib.read(root, map_path)
    guilty[map_path, lintlib.line_of(text, text.index('pausemon_has;'))] = [
        'pausemon_has is not in include/pausemon']
    status, after = run('exports', [root, library])
    wrong = judge(before, status, after, guilty, set())
    return wrong + foreign_name(run, root)


def foreign_name(run, root):
    """A library that exports a name that is nowhere else, and without the prefix."""
    compiler = shutil.which('cc') or shutil.which('gcc')
    if not compiler:
        lintlib.skip('selftest exports', 'no C compiler')
    with tempfile.TemporaryDirectory() as folder:
        library = os.path.join(folder, 'planted.so')
        subprocess.run([compiler, '-shared', '-fPIC', '-x', 'c', '-o', library, '-'], check=True,
                       input=b'int leaked(void); int leaked(void) { return 1; }\n')
        said = run('exports', [root, library])[1]
    expected = {'leaked is exported without the prefix pausemon_',
                'leaked is not in libpausemon/libpausemon.map nor in include/pausemon'}
    missing = expected - {m for _, _, m in said}
    for message in missing:
        print(f'not seen: {message}')
    return len(missing)
