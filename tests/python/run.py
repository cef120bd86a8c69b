#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs tests of the binding with pytest and tells them as TAP.

    run.py PACKAGE_DIR BUILD_DIR TEST_FILE…        (pytest's own options may stand among the files)

PACKAGE_DIR is where `import pausemon` finds the package that was built.
"""
import os
import sys

sys.dont_write_bytecode = True
import pytest  # noqa: E402


class Tap:
    """One line a test; why it failed or was skipped goes with it."""

    def __init__(self, stream):
        self.stream = stream
        self.count = 0

    def say(self, line):
        print(line, file=self.stream, flush=True)

    def note(self, text):
        for line in text.splitlines():
            self.say(f"# {line}")

    def point(self, word, name, more=""):
        self.count += 1
        self.say(f"{word} {self.count} - {name.replace('#', '.')[:100]}{more}")

    def pytest_collectreport(self, report):
        if report.failed:
            self.point("not ok", report.nodeid or "collection")
            self.note(str(report.longrepr))

    def pytest_runtest_logreport(self, report):
        name = report.nodeid
        if report.skipped:
            why = report.longrepr[2] if isinstance(report.longrepr, tuple) else "expected to fail"
            self.point("ok", name, f" # SKIP {why.removeprefix('Skipped: ')}")
        elif report.failed:
            self.point("not ok", name if report.when == "call" else f"{name} ({report.when})")
            self.note(report.longreprtext)
        elif report.when == "call":
            self.point("ok", name, f" # {report.duration:.2f} s")


def main():
    package, build, *arguments = sys.argv[1:]
    here = os.path.dirname(os.path.abspath(__file__))
    os.environ["PYTHONPATH"] = os.path.abspath(package)  # also of the programs that tests start
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = os.path.join(os.path.abspath(build), "hypothesis")
    os.environ["PAUSEMON_BUILD"] = os.path.abspath(build)
    sys.path[:0] = [os.path.abspath(package), here]
    tap = Tap(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    # Its own report is not wanted, but its plugin knows how to tell a failure in short.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    # Hypothesis warns of its own random numbers, whose referrers conftest.py has frozen.
    options = ["-p", "no:cacheprovider", "-W", "error", "-W", "ignore:It looks like `register_r",
               "--tb", "short", "--rootdir", here]
    code = pytest.main([*options, *arguments], plugins=[tap])
    tap.say(f"1..{tap.count}")
    return 1 if code or not tap.count else 0


if __name__ == "__main__":
    sys.exit(main())
