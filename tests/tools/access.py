#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""Who may read, mark and connect: the group that is named, and nobody else. Written from the
specification alone. TAP on stdout.

    access.py PAUSEMON PAUSEMOND HELPERS_DIR
"""
import grp
import json
import os
import pwd
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../faults"))
from daemonlib import (  # noqa: E402
    FULL, NERVOUS, NOBODY, PATIENCE, PAUSEMON, QUICK, Daemon, busy, environment, main, no_nobody,
    test, wait_until)
from evidencelib import (  # noqa: E402
    SHORT, captures, event_of, finished, only_for_owner, rights_are)

LIKELY = ["games", "users", "mail", "nogroup"]
UMASKS = (0, 0o077, 0o022) if FULL else (0, 0o077)


def some_group():
    """One that is there, that no account called nobody or root is in, and its id."""
    for name in LIKELY:
        try:
            entry = grp.getgrnam(name)
        except KeyError:
            continue
        members = set(entry.gr_mem)
        if not members & {"root", "nobody"} and entry.gr_gid != pwd.getpwuid(NOBODY).pw_gid:
            return name, entry.gr_gid
    return None, None


def cannot(home):
    """Why none of this can be tested here, or None."""
    if os.geteuid() != 0:
        return "only root gives files to a group"
    try:
        if some_group()[0] is None:
            return f"none of the groups {LIKELY} is there"
    except KeyError:
        return f"there is no account with the id {NOBODY}"
    return no_nobody(home)


def config(group=None):
    named = f'socket_group = "{group}"\n' if group else ""
    return QUICK + named + NERVOUS + SHORT


class Person:
    """Somebody who uses the command: with that group beside the own, or without."""

    def __init__(self, daemon, gid=None):
        self.home, self.data = daemon.home, daemon.data
        own = pwd.getpwuid(NOBODY).pw_gid
        self.who = {"user": NOBODY, "group": own, "extra_groups": [gid] if gid else [own],
                    "env": environment("/nonexistent"), "stdin": subprocess.DEVNULL, "text": True}

    def run(self, *args):
        return subprocess.run([PAUSEMON, *args, "--data-dir", self.data], timeout=PATIENCE,
                              capture_output=True, check=False, **self.who)

    def ask(self, *args):
        """Exit code 0 and a document."""
        result = self.run(*args, "--json")
        assert result.returncode == 0, result
        return json.loads(result.stdout)

    def lines(self, count, *args):
        """So many lines of a stream, which is then ended."""
        with subprocess.Popen([PAUSEMON, *args, "--data-dir", self.data], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, **self.who) as process:
            try:
                return [json.loads(process.stdout.readline() or "null") for _ in range(count)]
            finally:
                process.kill()


def have_lived(daemon):
    """An event, a pause, and a capture where this version makes any."""
    with busy(3):
        event_of(daemon)
    os.kill(daemon.pid, signal.SIGSTOP)
    time.sleep(0.7)
    os.kill(daemon.pid, signal.SIGCONT)
    daemon.stream.wait("pause")
    wait_until("the pause in the file", lambda: daemon.rows("SELECT id FROM pauses"))
    os.kill(daemon.pid, signal.SIGUSR1)
    wait_until("the signal to be answered", lambda: captures(daemon.data) or "cannot capture" in
               daemon.log(), 15)
    for name in captures(daemon.data):
        finished(os.path.join(daemon.data, "events", name))
    return captures(daemon.data)


def reads_and_marks(person, daemon, mark):
    event = person.ask("events")["events"][0]["id"]
    assert person.ask("why")["pause"]["duration_ms"] >= 250
    assert person.ask("pauses")["pauses"]
    assert person.ask("events", "show", str(event))["event"]["id"] == event
    result = person.run("events", "mark", str(event), "--" + mark, "--notes", "by " + mark)
    assert result.returncode == 0, result
    assert daemon.rows("SELECT status, notes FROM events WHERE id = ?", event) == [
        (mark, "by " + mark)], mark


@test
def a_member_of_the_group_reads_marks_and_connects(home):
    reason = cannot(home)
    if reason:
        return reason
    name, gid = some_group()
    with Daemon(home, config(name)) as daemon:
        have_lived(daemon)
        member = Person(daemon, gid)
        reads_and_marks(member, daemon, "reviewed")
        status = member.run("status")
        assert status.returncode == 0 and status.stdout.strip(), status
        lines = member.lines(4, "watch")
        assert [m["type"] for m in lines[:1]] == ["initial_state"], lines
        assert any(m["type"] == "sample" for m in lines), lines
        daemon.end()
        reads_and_marks(member, daemon, "pinned")
        assert member.run("status").returncode == 3
        # And root's next daemon can go on with what a member may have made.
        with Daemon(home, config(name)) as after:
            assert after.status()["disk"] == "ok", after.log()
            reads_and_marks(member, after, "dismissed")
            after.end()
        daemon_is_clean(daemon.data, gid)
    return None


def mode_for_group(data):
    """What data.md gives the group: the database and the socket to write, the rest to read."""
    def mode(path):
        writable = os.path.basename(path).startswith("data.db") or path.endswith("daemon.sock")
        return 0o660 if writable and os.path.dirname(path) == data else 0o640

    return mode


def daemon_is_clean(data, gid):
    return rights_are(data, 0o750, mode_for_group(data), gid)


@test
def the_group_gets_what_it_needs_and_others_nothing(home):
    reason = cannot(home)
    if reason:
        return reason
    name, gid = some_group()
    for umask in UMASKS:
        with Daemon(home, config(name), data=f"data{umask}", umask=umask) as daemon:
            there = have_lived(daemon)
            for wanted in ("data.db", "data.db-wal", "data.db-shm", "daemon.sock", "daemon.pid"):
                assert os.path.lexists(os.path.join(daemon.data, wanted)), wanted
            count = daemon_is_clean(daemon.data, gid)
            daemon.end()
            for wanted in ("data.db-wal", "data.db-shm"):  # else members could not read
                assert os.path.lexists(os.path.join(daemon.data, wanted)), wanted
            daemon_is_clean(daemon.data, gid)
            print(f"# umask {umask:03o}: {count} files and directories, captures: {there}")
            assert there, f"no capture was made to look at: {daemon.log()}"
    return None


OUTSIDE = [["why"], ["pauses"], ["events"], ["events", "show", "1"], ["history"],
           ["events", "mark", "1", "--pinned"], ["status"], ["watch"], ["capture"],
           ["prune", "-f"]]


def refused_to(person, name):
    """Each command says in a sentence what to do. No group lets anybody send signals."""
    wrong = []
    known = person.run("--help").stdout
    for args in OUTSIDE:
        if f"  {args[0]} " not in known:
            print(f"# this version has no {args[0]}")
            continue
        result = person.run(*args)
        if result.returncode != 1 or result.stdout or not result.stderr:
            wrong.append(f"{args}: exit code {result.returncode}, {result.stdout!r}")
        elif args != ["capture"] and not re.search(rf"\b{name}\b", result.stderr):
            wrong.append(f"{args} does not name the group {name}: {result.stderr!r}")
        elif len(result.stderr.splitlines()) > 3:
            wrong.append(f"{args} says too much: {result.stderr!r}")
    return wrong


@test
def somebody_else_is_told_which_group_it_takes(home):
    reason = cannot(home)
    if reason:
        return reason
    name, _ = some_group()
    with Daemon(home, config(name)) as daemon:
        have_lived(daemon)
        stranger = Person(daemon)
        wrong = refused_to(stranger, name)
        said = stranger.run("why").stderr.strip()
        daemon.end()
        # Without a daemon there is none to connect to: whether it runs cannot be seen.
        assert stranger.run("status").returncode in (1, 3)
        assert stranger.run("why").returncode == 1
    assert not wrong, "; ".join(wrong)
    print(f"# {said}")
    return None


@test
def one_users_own_daemon_is_for_nobody_else(home):
    reason = cannot(home)
    if reason:
        return reason
    for number, user in enumerate((0, NOBODY)):
        data = os.path.join(home, f"own{number}")
        os.mkdir(data, 0o700)
        os.chown(data, user, -1)
        with Daemon(home, config(), data=f"own{number}", umask=0, user=user or None) as daemon:
            there = have_lived(daemon)
            count = only_for_owner(data)
            if user == 0:
                result = Person(daemon).run("why")
                assert result.returncode == 1 and result.stderr, result
            daemon.end()
            only_for_owner(data)
            print(f"# user {user}: {count} files and directories, captures: {there}")
            assert there, f"no capture was made to look at: {daemon.log()}"
    return None


main()
