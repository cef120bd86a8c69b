#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""Symbolic links planted wherever the daemon and the command open something: what they lead to is
never changed, and nothing appears there. Written from the specification alone. TAP on stdout.

    links.py PAUSEMON PAUSEMOND HELPERS_DIR
"""
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../faults"))
from daemonlib import (  # noqa: E402
    NERVOUS, NOBODY, PATIENCE, PAUSEMON, PAUSEMOND, QUICK, Daemon, busy, environment, main,
    test, wait_until)
from evidencelib import SHORT, captures, event_of, fingerprint  # noqa: E402

CONFIG = QUICK + NERVOUS + SHORT
FILES = ["data.db", "data.db-wal", "data.db-shm", "data.db-journal", "daemon.sock", "daemon.pid",
         "blackbox", "blackbox.last", "blackbox.damaged"]
ALWAYS_USED = ["data.db", "daemon.sock", "daemon.pid", "blackbox", "events"]
WORKERS = 4
# What the link leads to: nothing, a file with something in it, a directory.
KINDS = ["nothing", "file", "directory"]


class Bait:
    """A place elsewhere that nothing may happen to. As root it belongs to somebody else."""

    def __init__(self, home, name=""):
        self.place = os.path.join(home, f"elsewhere-{name}")
        os.mkdir(self.place, 0o700)
        self.file = os.path.join(self.place, "file")
        self.directory = os.path.join(self.place, "directory")
        self.nothing = os.path.join(self.place, "nothing")
        with open(self.file, "wb") as file:
            file.write(os.urandom(3000))
        os.mkdir(self.directory, 0o700)
        shutil.copy(self.file, os.path.join(self.directory, "inside"))
        self.give_away()

    def give_away(self):
        if os.geteuid() == 0:
            for path in (self.place, self.file, self.directory,
                         os.path.join(self.directory, "inside")):
                os.chown(path, NOBODY, NOBODY)
        self.before = fingerprint(self.place)

    def changes(self):
        """What is not as it was, in words."""
        now = fingerprint(self.place)
        return [f"{name}: {self.before.get(name)} became {now.get(name)}"
                for name in sorted(set(now) | set(self.before))
                if now.get(name) != self.before.get(name)]


def command(home, data, *args):
    """Any command; its exit code, and what it said."""
    result = subprocess.run([PAUSEMON, *args, "--data-dir", data], env=environment(home),
                            stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=PATIENCE, check=False)
    assert result.returncode >= 0, f"{args}: {result}"
    return result.returncode, result.stderr.strip() or result.stdout.strip()


def old_data(home, data):
    """A data directory that a daemon has lived in, with an event."""
    with Daemon(home, CONFIG, data=data) as daemon, busy(10):
        event_of(daemon)
        daemon.end()
    return os.path.join(home, data)


def seconds_with(home, data):
    """A daemon is started there: "refused: …" or "lived", after everything that it opens late."""
    with Daemon(home, CONFIG, data=data, wait=False) as daemon:
        def began():
            if daemon.process.poll() is not None:
                return True
            try:
                return daemon.try_to_connect()
            except (OSError, AssertionError):
                return None  # it has just ended, or the socket is no socket

        wait_until("it to start or to refuse", began)
        if daemon.process.poll() is None:
            time.sleep(0.6)
            os.kill(daemon.pid, signal.SIGUSR1)
            time.sleep(1)  # what it takes until the first files of a capture
            daemon.process.terminate()
        code = daemon.process.wait(timeout=PATIENCE)
        assert code in (0, 1), f"exit code {code}: {daemon.log()}"
        return ("lived" if code == 0 else "refused"), daemon.log()


def judged(name, path, bait, outcome, log):
    """What is wrong with how a planted link was treated; None where nothing is."""
    changes, there = bait.changes(), os.path.islink(path)
    if changes:
        return f"{name}: {outcome}, and elsewhere {changes}; the log: {log}"
    if outcome == "refused" and name not in log:
        return f"{name}: refused without naming it: {log}"
    # Who lives beside the link and uses nothing of that name has said so.
    said = re.search(rf"(^|[\s/\"']){re.escape(name)}\b[^/].*link", log, re.M)
    if outcome == "lived" and there and name in ALWAYS_USED and not said:
        return f"{name}: it lived with a link in its place and said {log}"
    sys.stdout.write(f"# {name}: {outcome}{', the link is still there' if there else ''}\n")
    return None


def planted(home, name, kind):
    data = f"at-{name}-{kind}"
    os.mkdir(os.path.join(home, data), 0o700)
    bait, path = Bait(home, data), os.path.join(home, data, name)
    os.symlink(getattr(bait, kind), path)
    return judged(name, path, bait, *seconds_with(home, data))


def all_right(home, function, cases):
    """function(a home of its own, *case) of all cases, some at a time: they wait most of the
    time."""
    def one(numbered):
        own = os.path.join(home, f"case{numbered[0]}")
        os.mkdir(own, 0o700)
        return function(own, *numbered[1])

    with busy(50), ThreadPoolExecutor(WORKERS) as pool:
        wrong = list(pool.map(one, enumerate(cases)))
    assert not any(wrong), "; ".join(filter(None, wrong))


@test
def a_link_in_place_of_a_file_is_refused_or_replaced(home):
    all_right(home, planted, [(name, kind) for name in FILES for kind in KINDS[:2]])


@test
def links_beside_a_database_that_is_there_are_not_followed_either(home):
    wrong = []
    old = old_data(home, "old")
    for end in ("-wal", "-shm"):
        data = os.path.join(home, "with" + end)
        shutil.copytree(old, data)
        os.chmod(data, 0o700)
        bait, path = Bait(home, end), os.path.join(data, "data.db" + end)
        os.unlink(path)
        os.symlink(bait.file, path)
        for args in (["why"], ["events"], ["events", "mark", "1", "--pinned"]):
            code, said = command(home, data, *args)
            if bait.changes() or code not in (0, 1, 4) or not said:
                wrong.append(f"{args} with {end}: {code}, {said}, {bait.changes()}")
        outcome, log = seconds_with(home, os.path.basename(data))
        wrong.append(judged("data.db", path, bait, outcome, log))
    assert not any(wrong), "; ".join(filter(None, wrong))


@test
def the_directory_of_evidence_is_not_a_link_or_a_file(home):
    all_right(home, planted, [("events", kind) for kind in KINDS])
    data = os.path.join(home, "file")
    os.mkdir(data, 0o700)
    path = os.path.join(data, "events")
    with open(path, "w", encoding="ascii") as file:
        file.write("no directory\n")
    outcome, log = seconds_with(home, "file")
    with open(path, encoding="ascii") as file:
        assert file.read() == "no directory\n", "a file in its place was written to"
    assert re.search(r"[\s/]events\b", log), f"a file in its place: {outcome}, no word: {log}"


@test
def the_data_directory_is_not_a_link(home):
    bait = Bait(home)
    os.symlink(bait.directory, os.path.join(home, "linked"))
    for name in ("linked", "linked/"):
        outcome, log = seconds_with(home, name)
        assert outcome == "refused" and "symbolic link" in log, (outcome, log)
        assert not bait.changes(), bait.changes()


@test
def the_command_reads_and_marks_nothing_through_a_link(home):
    old = old_data(home, "old")
    wrong = []
    os.symlink(old, os.path.join(home, "linked"))
    data = os.path.join(home, "files")
    os.mkdir(data, 0o700)
    for end in ("", "-wal", "-shm"):
        os.symlink(os.path.join(old, "data.db" + end), os.path.join(data, "data.db" + end))
    query = "SELECT status, notes FROM events"
    base = sqlite3.connect(os.path.join(old, "data.db"))
    before = base.execute(query).fetchall()
    base.close()
    for place in ("linked", "files"):
        for args in (["events"], ["events", "mark", "1", "--pinned"]):
            code, said = command(home, os.path.join(home, place), *args)
            if code != 1 or "link" not in said:
                wrong.append(f"{args} of {place}: exit code {code}, {said}")
    base = sqlite3.connect(os.path.join(old, "data.db"))
    if base.execute(query).fetchall() != before:
        wrong.append("an event was marked through a link")
    base.close()
    assert not wrong, "; ".join(wrong)


@test
def settings_are_not_written_through_a_link(home):
    bait = Bait(home)
    path = os.path.join(home, "settings.toml")
    for target in (bait.file, bait.nothing):
        os.symlink(target, path)
        result = subprocess.run([PAUSEMON, "config", "reset", "--config", path],
                                env=environment(home), stdin=subprocess.DEVNULL, text=True,
                                capture_output=True, timeout=PATIENCE, check=False)
        assert not bait.changes(), f"{result}: {bait.changes()}"
        if result.returncode == 0:
            assert not os.path.islink(path), f"it did nothing and said so to nobody: {result}"
        else:
            assert "settings.toml" in result.stderr, result
        for name in os.listdir(home):  # the link, or what took its place and where it went
            if name.startswith("settings.toml"):
                os.unlink(os.path.join(home, name))


def settings(home, *words):
    """A program that reads settings, and what came of it; None: it runs on, and was ended."""
    try:
        return subprocess.run(words, env=environment(home), text=True, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=2, check=False)
    except subprocess.TimeoutExpired:
        return None


@test
def no_settings_in_force_are_read_through_a_link(home):
    """One that somebody names is another thing: <(a process substitution) is a link."""
    bait = Bait(home)
    with open(bait.file, "w", encoding="utf-8") as file:
        file.write(CONFIG)
    bait.give_away()
    path = settings(home, PAUSEMON, "config", "path").stdout.strip()
    assert path.startswith(home), path
    os.makedirs(os.path.dirname(path))
    data = os.path.join(home, "data")
    for target in (bait.file, bait.nothing):
        os.symlink(target, path)
        for words in ([PAUSEMON, "config", "check"], [PAUSEMON, "config", "show"],
                      [PAUSEMON, "config", "edit"], [PAUSEMON, "sample", "-n", "1"],
                      [PAUSEMOND, "--data-dir", data]):
            result = settings(home, *words)
            assert not bait.changes(), bait.changes()
            assert result, f"{words} read it and runs"
            assert result.returncode == 1 and path in result.stderr and \
                "symbolic link" in result.stderr, f"it was read: {result}"
        os.unlink(path)
    os.symlink(bait.file, path)
    result = settings(home, PAUSEMON, "config", "check", "--config", path)
    assert result.returncode == 0 and not bait.changes(), result


def swap(path, target):
    """A link in place of what is there, which goes aside."""
    if os.path.lexists(path):
        os.rename(path, path + ".aside")
    os.symlink(target, path)


def swapped_while_it_runs(home, name):
    """Returns what is wrong, or None."""
    called = name or "directory"
    bait = Bait(home, called)
    target = bait.directory if name in ("", "events") else bait.file
    with Daemon(home, CONFIG, data=f"running-{called}") as daemon:
        event_of(daemon)
        swap(os.path.join(daemon.data, name) if name else daemon.data, target)
        os.kill(daemon.pid, signal.SIGHUP)
        os.kill(daemon.pid, signal.SIGUSR1)
        time.sleep(2.5)  # two flushes, and the first files of a capture
        daemon.stream.wait("sample", since=time.monotonic())
        daemon.process.terminate()
        code = daemon.process.wait(timeout=PATIENCE)
        log = daemon.log()
    if code not in (0, 1) or bait.changes():
        return f"{called}: exit code {code}, elsewhere {bait.changes()}; the log: {log}"
    sys.stdout.write(f"# {called} while it runs: exit code {code}\n")
    return None


@test
def links_that_come_while_it_runs_are_not_followed(home):
    all_right(home, swapped_while_it_runs, [(name,) for name in [
        "", "data.db", "data.db-wal", "data.db-shm", "daemon.sock", "daemon.pid", "events",
        "blackbox"]])


@test
def nor_one_that_comes_before_the_database_could_be_opened(home):
    data, bait = old_data(home, "data"), Bait(home)
    base = sqlite3.connect(os.path.join(data, "data.db"), isolation_level=None)
    base.execute("BEGIN IMMEDIATE")
    with Daemon(home, CONFIG) as daemon:
        assert "nothing is stored until" in daemon.log(), daemon.log()
        swap(daemon.data, bait.directory)
        base.execute("ROLLBACK")
        base.close()
        wait_until("the next try", lambda: "data.db was replaced" in daemon.log(), 15)
        daemon.process.terminate()
        daemon.process.wait(timeout=PATIENCE)
    assert not bait.changes(), bait.changes()


def beside_the_old(home, old, name):
    data = os.path.join(home, f"again-{name}")
    shutil.copytree(old, data)
    os.chmod(data, 0o700)
    bait, path = Bait(home, name), os.path.join(data, name)
    swap(path, bait.directory if name == "events" else bait.file)
    return judged(name, path, bait, *seconds_with(home, os.path.basename(data)))


@test
def the_next_start_follows_no_link_beside_what_was_there(home):
    old = old_data(home, "old")
    all_right(home, beside_the_old, [(old, name) for name in FILES + ["events"]])


@test
def prune_and_capture_follow_nothing_either(home):
    """Links named as captures are: not swept through, and their targets not counted or emptied."""
    data = old_data(home, "old")
    bait = Bait(home)
    os.makedirs(os.path.join(data, "events"), mode=0o700, exist_ok=True)
    os.symlink(bait.directory, os.path.join(data, "events", "2020-01-01_00-00-00"))
    inner = os.path.join(data, "events", "2020-01-02_00-00-00")
    os.mkdir(inner, 0o700)
    os.symlink(bait.file, os.path.join(inner, "metadata.json"))
    os.symlink(bait.directory, os.path.join(inner, "more"))
    os.utime(inner, (1577836800, 1577836800))
    code, said = command(home, data, "prune", "-f")
    assert not bait.changes(), bait.changes()
    assert code == 0, f"prune: exit code {code}, {said}"
    before = captures(data)
    code, said = command(home, data, "capture")
    assert not bait.changes(), bait.changes()
    assert code == 0 and len(captures(data)) == len(before) + 1, f"capture: {code}, {said}"
    # In place of the directory of evidence.
    swap(os.path.join(data, "events"), bait.directory)
    for args in (["capture"], ["prune", "-f"]):
        code, said = command(home, data, *args)
        assert not bait.changes(), f"{args}: {bait.changes()}"
        assert re.search("events", said) or args[0] == "prune", f"{args}: {code}, {said}"
    return None


main()
