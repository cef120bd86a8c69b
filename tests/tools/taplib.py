# SPDX-License-Identifier: MIT
"""What the suites of the command share: a home for each test, running it, TAP."""
import itertools
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

PAUSEMON = os.path.abspath(sys.argv[1])
tests = []


def test(function):
    tests.append(function)
    return function


def beside(function):
    """A test that waits, and disturbs none of the others that are declared so right before and
    after it: they are run at the same time."""
    function.beside = True
    return function


def in_one_hour(function):
    """A test that fails while the clock goes over to another hour is not judged."""
    function.in_one_hour = True
    return function


def environment(home, **more):
    env = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return dict(env, HOME=home, **more)


def run(home, *args, **more):
    return subprocess.run([PAUSEMON, *args], env=environment(home, **more), capture_output=True,
                          stdin=subprocess.DEVNULL, text=True, timeout=60, check=False)


def to_nobody(home, *args, **more):
    """Runs it with an output that nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run([PAUSEMON, *args], env=environment(home, **more), stdout=writer,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                              timeout=60, check=False)
    finally:
        os.close(writer)


def expect(result, code, out=None, err=None):
    assert result.returncode == code, \
        f"exit {result.returncode}: {result.args}\n{result.stdout}\n{result.stderr}"
    for pattern, text in ((out, result.stdout), (err, result.stderr)):
        assert pattern is None or re.search(pattern, text), f"no {pattern!r} in {text!r}"
    return result


def user_place(home):
    """The user's data directory, made."""
    path = os.path.join(home, ".local/share/pause-monitor")
    os.makedirs(path, mode=0o700, exist_ok=True)
    return path


def harmless(text):
    """Nothing in it that a terminal takes for a command."""
    return all(c == "\n" or (c >= " " and not 0x7f <= ord(c) < 0xa0 and c not in "\u202e\u2066")
               for c in text)


def outcome(function):
    """Has it passed, what TAP says of it, how long it took."""
    with tempfile.TemporaryDirectory() as home:
        started, hour = time.monotonic(), time.time() // 3600
        good, text = True, function.__name__
        try:
            skipped = function(home)
            text += f" # SKIP {skipped}" if skipped else ""
        except Exception as error:  # a test that cannot run has failed
            if getattr(function, "in_one_hour", False) and time.time() // 3600 != hour:
                text += " # SKIP the hour ended meanwhile"
            else:
                good = False
                where = traceback.extract_tb(error.__traceback__)[1].lineno
                text += f": line {where}: " + str(error).replace("\n", " | ")
        return good, text, time.monotonic() - started


def outcomes():
    """Of all tests, in order; neighbours that may be are run at the same time."""
    for together, group in itertools.groupby(tests, lambda f: getattr(f, "beside", False)):
        if together:
            functions = list(group)
            with ThreadPoolExecutor(len(functions)) as pool:
                yield from pool.map(outcome, functions)
        else:
            yield from map(outcome, group)


def main():
    print(f"1..{len(tests)}")
    failed = 0
    for number, (good, text, seconds) in enumerate(outcomes(), 1):
        print(f"{'ok' if good else 'not ok'} {number} - {text}", flush=True)
        print(f"# {seconds:.1f} s", flush=True)
        failed += not good
    sys.exit(1 if failed else 0)
