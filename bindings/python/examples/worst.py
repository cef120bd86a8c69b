#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""worst.py [SECONDS]: which process takes most of this machine now?

Looks at all processes for some seconds (2), and prints the one with the highest score; then the
worst of today, if a daemon of pausemon keeps a database.
"""

import datetime
import sys
from typing import Optional

import pausemon


def describe(process: pausemon.Process) -> str:
    cpu = "-" if process.cpu_percent is None else f"{process.cpu_percent:.0f} %"
    mem = "-" if process.mem is None else f"{process.mem >> 20} MiB"
    return (f"{process.command} (pid {process.pid}): score {process.score}, {cpu} of a core, "
            f"{mem}, {process.state}")


def weight(process: pausemon.Process) -> "tuple[int, int]":
    """By score, then by what the score may be too coarse for."""
    return process.score, process.cpu or 0


def worst_now(seconds: float) -> Optional[pausemon.Process]:
    """Of all that was seen in that time; None: nobody did anything."""
    worst: Optional[pausemon.Process] = None
    with pausemon.Collector() as collector:
        ends = datetime.datetime.now() + datetime.timedelta(seconds=seconds)
        for sample in collector:
            for process in collector.processes() if sample.rated_count else []:
                if worst is None or weight(process) > weight(worst):
                    worst = process
            if datetime.datetime.now() >= ends and sample.rated_count:
                break
    return worst


def worst_today(database: str) -> Optional[pausemon.Process]:
    """Of the samples that were kept of today's escalations."""
    midnight = datetime.datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
    with pausemon.History(database) as history:
        rogues = [rogue for event in history.events(since=midnight)
                  for sample, _ in history.samples(event.id) for rogue in sample.rogues]
    return max(rogues, key=weight) if rogues else None


def main() -> int:
    try:
        seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    except ValueError:
        print(f"worst.py: {sys.argv[1]!r} is no number of seconds", file=sys.stderr)
        return 2
    now = worst_now(seconds)
    print("now:  ", describe(now) if now else "nobody")
    try:
        today = worst_today(pausemon.find_place(pausemon.Place.DATABASE))
    except pausemon.NotFoundError:
        print("today: not known; a daemon keeps it: pausemon install")
    except pausemon.PausemonError as error:
        print(f"worst.py: {error}", file=sys.stderr)
        return 1
    else:
        print("today:", describe(today) if today else "nobody: no escalation was kept")
    return 0


if __name__ == "__main__":
    sys.exit(main())
