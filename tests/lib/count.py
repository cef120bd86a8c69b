#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Counts what `meson test` ran: a line "passed|failed|skipped BUILD/SUITE/TEST" each.

    count.py BUILD LOG_DIRECTORY RESULTS [LOGBASE]
"""
import json
import os
import sys


def lines_of(build, run):
    """A TAP program counts by its tests, any other as one."""
    name = f"{build}/{run['name']}"
    points = 0
    for line in run.get("stdout", "").splitlines():
        if line.startswith(("ok ", "not ok ")):
            points += 1
            kind = "passed" if line.startswith("ok ") else "failed"
            if "# SKIP" in line.upper():
                kind = "skipped"
            yield f"{kind} {name}: {line}"
    good = run["result"] in ("OK", "EXPECTEDFAIL")
    if run["result"] == "SKIP":
        yield f"skipped {name}: {(run.get('stdout', '').splitlines() or [''])[-1]}"
    elif not good or points == 0:
        yield f"{'passed' if good else 'failed'} {name}: {run['result']}"


def main():
    build, directory, results = sys.argv[1:4]
    base = sys.argv[4] if len(sys.argv) > 4 else "testlog"
    with open(os.path.join(directory, base + ".json"), encoding="utf-8") as log:
        runs = [json.loads(line) for line in log if line.strip()]
    found = [line for run in runs for line in lines_of(build, run)]
    if not found:
        sys.exit(1)
    text = "".join(line.replace("\n", " ") + "\n" for line in found)
    # At once: others append at the same time, and half a line would be none.
    with open(results, "ab", buffering=0) as file:
        if file.write(text.encode()) != len(text.encode()):
            sys.exit("not all results could be written")


main()
