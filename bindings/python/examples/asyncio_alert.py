#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""asyncio_alert.py [SECONDS]: a service that says so when the machine, or itself, has frozen.

It stands for any asyncio program: its own work goes on beside the monitor. After a second it does
what such a program must not do, so that there is something to see: it computes for one second.
"""

import asyncio
import sys
import time
from typing import Optional

import pausemon


async def alert(monitor: pausemon.Monitor) -> None:
    """Prints each pause when it is over."""
    async for event in monitor.events(pausemon.EventType.PAUSE):
        pause = event.pause
        if pause is None:  # END or CLOSE
            return
        print(f"{pause.start.datetime:%H:%M:%S} {pause.verdict}", flush=True)
        for culprit in pause.culprits:
            print(f"         {culprit.command}: {culprit.share / 10:.0f} % of {culprit.resource}",
                  flush=True)


async def work() -> None:
    """The service's own work, with a mistake in it."""
    await asyncio.sleep(1)
    end = time.monotonic() + 1
    while time.monotonic() < end:
        pass
    await asyncio.Event().wait()


async def serve(seconds: Optional[float]) -> None:
    # Looks are five a second, so that a second without one is noticed.
    config = pausemon.Config(monitor__interval_ms=200)
    with pausemon.Monitor(config=config) as monitor, pausemon.Heartbeat(monitor, config):
        tasks = [asyncio.ensure_future(alert(monitor)), asyncio.ensure_future(work())]
        try:
            done, _ = await asyncio.wait(tasks, timeout=seconds,
                                         return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def main() -> int:
    try:
        seconds = float(sys.argv[1]) if len(sys.argv) > 1 else None
    except ValueError:
        print(f"asyncio_alert.py: {sys.argv[1]!r} is no number of seconds", file=sys.stderr)
        return 2
    try:
        asyncio.run(serve(seconds))
    except pausemon.PausemonError as error:
        print(f"asyncio_alert.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
