#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""running.py ROOT: whatever goes wrong in tests/run.sh is counted as failed. Its copy is run with a
Meson and a Ninja that only say that they were called, and do what is planted."""

import os
import shutil
import subprocess
import sys
import tempfile

MESON = r'''#!/usr/bin/python3
import json, os, sys
args = sys.argv[1:]
plant, _, where = os.environ.get("PLANT", "").partition(" ")
if args[0] == "setup":
    os.makedirs(args[1], exist_ok=True)
    if plant == "setup" and os.path.basename(args[1]) == where:
        sys.exit(1)
    open(os.path.join(args[1], "build.ninja"), "w").close()
    sys.exit(0)
label = args[args.index("--logbase") + 1]
wrap = "-valgrind" if any(arg.startswith("--wrap=") for arg in args) else ""
names = [arg for arg in args[3:] if "_" in arg and "=" not in arg] or ["a", "b"]
planted = plant if where == label else ""
if planted == "unstarted":
    sys.exit(1)
if planted == "parent":
    os.kill(os.getppid(), 9)
logs = os.path.join(args[args.index("-C") + 1], "meson-logs")
os.makedirs(logs, exist_ok=True)
results = [{"name": "p:unit / " + name, "result": "OK", "stdout": "ok 1 - x\n"} for name in names]
if planted == "failed":
    results[-1] = {"name": names[-1], "result": "FAIL", "stdout": "ok 1 - x\nnot ok 2 - y\n"}
if planted == "crashed":
    results[-1] = {"name": names[-1], "result": "ERROR", "stdout": "ok 1 - x\n"}
if planted in ("killed", "unknown"):
    del results[-1]
if planted == "none":
    results = []
with open(os.path.join(logs, label + wrap + ".json"), "w") as log:
    for result in results:
        print(json.dumps(result), file=log)
if planted == "killed":
    os.kill(os.getpid(), 9)
sys.exit(planted in ("failed", "crashed"))
'''
NINJA = '''#!/bin/sh
case $PLANT in
"ninja ${2##*/}") exit 1 ;;
"builder ${2##*/}") kill -KILL $PPID ;;
esac
'''
BUILDS = ['gcc', 'sanitizers', 'clang', 'core']
LABELS = ['gcc-freezes', 'gcc', 'sanitizers', 'clang', 'core', 'valgrind']
PLANTS = ([f'{what} {build}' for what in ('setup', 'ninja') for build in BUILDS] +
          [f'{what} {label}' for what in ('unstarted', 'killed') for label in LABELS] +
          ['failed gcc', 'crashed core', 'none clang', 'unknown valgrind',
           'builder sanitizers', 'builder core', 'parent clang', 'parent valgrind'])


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    os.chmod(path, 0o755)


def run(tree, plant):
    """Exit code and last line of run.sh with that plant."""
    if plant.startswith('setup'):
        os.remove(os.path.join(tree, 'build-tests', plant.split()[1], 'build.ninja'))
    env = dict(os.environ, PLANT=plant, PATH=tree + '/bin:' + os.environ['PATH'])
    result = subprocess.run(['sh', 'tests/run.sh'], cwd=tree, env=env, capture_output=True,
                            text=True, timeout=60, check=False)
    return result.returncode, (result.stdout.splitlines() or [''])[-1]


def main():
    wrong = []
    with tempfile.TemporaryDirectory() as tree:
        for name in ('tests/run.sh', 'tests/lib/count.py'):
            os.makedirs(os.path.dirname(os.path.join(tree, name)), exist_ok=True)
            shutil.copy(os.path.join(sys.argv[1], name), os.path.join(tree, name))
        write(tree + '/tools/install.sh', 'install_packages() { :; }\n')
        write(tree + '/bin/meson', MESON)
        write(tree + '/bin/ninja', NINJA)
        code, line = run(tree, '')
        if code != 0 or ' 0 failed' not in line:
            wrong.append(f'nothing was planted: exit code {code}, {line}')
        for plant in PLANTS:
            # What the run before left must not hide it.
            code, line = run(tree, plant)
            if code != 1 or ' failed' not in line or ' 0 failed' in line:
                wrong.append(f'{plant}: exit code {code}, {line}')
    for line in wrong:
        print(line)
    print(f'running: {len(PLANTS)} plants, {len(wrong)} wrong')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
