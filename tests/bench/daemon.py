#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""daemon.py PAUSEMOND [--quick]: what the daemon costs: CPU share, memory, database growth.

Among 300 processes of its own making, of which a tenth wake every second. CPU time is the
process's own clock: all its threads.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

PROCESSES = 300


def cpu_ns(pid):
    return time.clock_gettime_ns((~pid << 3) | 2)


def status_kib(pid, key):
    with open(f'/proc/{pid}/status', encoding='utf-8') as lines:
        for line in lines:
            if line.startswith(key + ':'):
                return int(line.split()[1])
    return 0


def make_farm():
    """A process with its children; it ends with us."""
    farm = os.fork()
    if farm:
        return farm
    signal.alarm(300)
    for number in range(PROCESSES - 1):
        if os.fork() == 0:
            signal.alarm(300)
            while True:
                if number % 10:
                    signal.pause()
                else:
                    time.sleep(1)
    signal.pause()
    os._exit(0)


def end_farm(farm):
    children = []
    with open(f'/proc/{farm}/task/{farm}/children', encoding='ascii') as text:
        children = [int(word) for word in text.read().split()]
    for pid in children + [farm]:
        os.kill(pid, signal.SIGKILL)
    os.waitpid(farm, 0)


def start(program, directory, settings=''):
    config = os.path.join(directory, 'bench.toml')
    with open(config, 'w', encoding='utf-8') as file:
        file.write(settings)
    return subprocess.Popen([program, '--data-dir', os.path.join(directory, 'data'),
                             '--config', config], stderr=subprocess.DEVNULL)


def end(daemon):
    daemon.send_signal(signal.SIGTERM)
    daemon.wait(30)


def measure_share(program, seconds):
    with tempfile.TemporaryDirectory() as directory:
        daemon = start(program, directory)
        time.sleep(4)  # the first look, memory locked
        before, began = cpu_ns(daemon.pid), time.monotonic_ns()
        time.sleep(seconds)
        share = (cpu_ns(daemon.pid) - before) / (time.monotonic_ns() - began)
        count = sum(name.isdigit() for name in os.listdir('/proc'))
        rss, threads = status_kib(daemon.pid, 'VmRSS'), status_kib(daemon.pid, 'Threads')
        print(f'    {share * 100:.2f} % of a core over {seconds} s, among {count} processes;'
              f' RSS {rss / 1024:.1f} MiB, {threads} threads')
        end(daemon)


def measure_growth(program, rounds):
    settings = '[tiers]\nelevated_threshold = 5\ncritical_threshold = 10\nhold_ms = 1000\n'
    with tempfile.TemporaryDirectory() as directory:
        daemon = start(program, directory, settings)
        time.sleep(3)
        for _ in range(rounds):
            until = time.monotonic() + 5
            while time.monotonic() < until:  # ourselves the busy one
                pass
            time.sleep(4)
        end(daemon)
        database = sqlite3.connect(os.path.join(directory, 'data', 'data.db'))
        events = database.execute('SELECT count(*) FROM events').fetchone()[0]
        samples, text = database.execute(
            'SELECT count(*), total(length(data)) FROM process_sample_records').fetchone()
        pages = database.execute('PRAGMA page_count').fetchone()[0]
        size = pages * database.execute('PRAGMA page_size').fetchone()[0]
        database.close()
        print(f'    {events} events of about 5 s in tier 3: {samples} samples of'
              f' {text / max(samples, 1) / 1024:.1f} KiB; file {size / 1024:.0f} KiB,'
              f' {size / max(events, 1) / 1024:.0f} KiB an event')


def main():
    quick = '--quick' in sys.argv
    farm = make_farm()
    try:
        time.sleep(1)
        measure_share(sys.argv[1], 10 if quick else 40)
        measure_growth(sys.argv[1], 1 if quick else 4)
    finally:
        end_farm(farm)


if __name__ == '__main__':
    main()
