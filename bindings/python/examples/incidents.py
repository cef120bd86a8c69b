#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""incidents.py PATH: what an incident database says of its pauses.

PATH is the data.db of a daemon: ~/.local/share/pause-monitor/data.db is the user's. It is only
read, and may be written meanwhile.
"""

import collections
import sys
from typing import List

import pausemon


def by_cause(pauses: List[pausemon.Pause]) -> None:
    """How often, how long, who."""
    groups = collections.defaultdict(list)
    for pause in pauses:
        groups[pause.cause].append(pause)
    for cause, group in sorted(groups.items(), key=lambda item: -len(item[1])):
        lost = pausemon.duration_text(sum(pause.lost_ns for pause in group))
        longest = max(group, key=lambda pause: pause.duration_ns)
        print(f"{cause:<10} {len(group):>4} ×, {lost} lost; the longest: {longest.verdict}")


def culprits(pauses: List[pausemon.Pause]) -> None:
    """Who comes back."""
    counts = collections.Counter(culprit.command for pause in pauses
                                 for culprit in pause.culprits[:1])
    for command, count in counts.most_common(5):
        print(f"{command}: first culprit of {count}")


def scores(history: pausemon.History) -> None:
    """How busy the machine is at all: the score that 50, 90, 99 of 100 samples stay below."""
    counts = history.histogram()
    total, sofar = sum(counts), 0
    wanted = [50, 90, 99]
    for score, count in enumerate(counts):
        sofar += count
        while wanted and total and sofar * 100 >= wanted[0] * total:
            print(f"{wanted.pop(0)} % of {total} samples score {score} or less")


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with pausemon.History(sys.argv[1]) as history:
            pauses, end = history.pauses(), history.hard_end()
            if not pauses:
                print("no pauses")
            by_cause(pauses)
            culprits(pauses)
            scores(history)
            if end:
                when = pausemon.Instant(realtime_ns=end.last_alive_ns).datetime.astimezone()
                print(f"a boot ended without shutdown; last alive {when:%Y-%m-%d %H:%M:%S}")
    except pausemon.PausemonError as error:
        print(f"incidents.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
