#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""doctor: what it finds of nothing, of a real daemon, of what is broken. TAP on stdout.

    cli_doctor.py PAUSEMON PAUSEMOND HELPERS_DIR
"""
import fcntl
import json
import os
import re
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../faults"))
from daemonlib import NOBODY, Daemon, no_nobody  # noqa: E402
from taplib import (PAUSEMON, environment, expect, harmless, main, run, test,  # noqa: E402
                    user_place)

STATES = ("ok", "limited", "broken")
CODES = {"ok": 0, "limited": 5, "broken": 1}
NAMES = ["configuration", "daemon", "service", "socket", "database", "black box", "source",
         "other users", "rights", "pressure", "memory lock", "scheduling", "clock", "machine",
         "hook", "notifications"]


def doctor(home, *args, user=None):
    """The findings by name, and the worst: its JSON is looked at, and the exit code."""
    result = subprocess.run([PAUSEMON, "doctor", "--json", *args], env=environment(home),
                            capture_output=True, timeout=60, check=False, user=user,
                            stdin=subprocess.DEVNULL, text=True)
    answer = json.loads(result.stdout)
    assert list(answer) == ["checks", "worst"] and result.stderr == "", result
    for check in answer["checks"]:
        assert list(check) == ["name", "state", "text", "advice"], check
        assert check["state"] in STATES and check["text"], check
        assert check["advice"] is None or check["advice"], check
    assert answer["worst"] == max((c["state"] for c in answer["checks"]), key=STATES.index)
    assert result.returncode == CODES[answer["worst"]], (result.returncode, answer["worst"])
    names = [check["name"] for check in answer["checks"]]
    assert [name for i, name in enumerate(names) if name not in names[:i]
            and not name.startswith("artifact")] == NAMES, names
    assert names[-1].startswith("artifact"), names
    assert harmless(result.stdout)
    found = {}
    for check in answer["checks"]:
        found.setdefault(check["name"], check)
    return found, answer["worst"]


def is_found(check, state, text, advice=None):
    assert check["state"] == state and re.search(text, check["text"]), check
    assert advice is None or re.search(advice, check["advice"] or ""), check


def write(path, text, mode=0o600):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


class Server:
    """Listens where a daemon would; sends `line`, if there is one, to who comes."""

    def __init__(self, path, line=None):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen(4)
        self.thread = threading.Thread(target=self.serve, args=(line,), daemon=True)
        if line:
            self.thread.start()

    def serve(self, line):
        try:
            connection, _ = self.socket.accept()
            with connection:
                connection.sendall(line)
                connection.recv(1)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        if self.thread.ident:
            self.thread.join(timeout=30)


def status(**more):
    return (json.dumps(dict({"type": "status", "samples": 1, "dropped_records": 0, "disk": "ok",
                             "budget": "ok", "heartbeat": "on", "pid": os.getpid(),
                             "version": "9.9.9"}, **more), ensure_ascii=False) + "\n").encode()


@test
def of_nothing_it_says_what_is_missing_and_how_to_get_it(home):
    if os.path.exists("/var/lib/pause-monitor") or os.path.exists("/run/pause-monitor"):
        return "a pausemond for this machine has been here"
    found, worst = doctor(home)
    assert worst == "limited", found
    is_found(found["configuration"], "ok", "no file: the defaults")
    is_found(found["daemon"], "limited", "none runs", "pausemon install")
    is_found(found["service"], "limited", "not installed", "`pausemon install`")
    is_found(found["socket"], "ok", re.escape(home))
    is_found(found["database"], "limited", "nothing is recorded yet")
    is_found(found["black box"], "limited", "there is none")
    is_found(found["source"], found["source"]["state"], "procfs:/proc.* [1-9][0-9]* processes")
    is_found(found["hook"], "ok", "none is configured")
    for name in ("trace.txt", "cmdlines.txt"):  # nobody asked for them
        if "artifact " + name in found:
            is_found(found["artifact " + name], "ok", "is switched off")
    assert os.listdir(home) == []
    return None


@test
def for_people_it_is_a_line_a_check(home):
    result = run(home, "doctor", "--data-dir", home)
    assert result.returncode in (1, 5) and result.stderr == "", result
    lines = result.stdout.splitlines()
    checks = [line for line in lines if not line.startswith(" ")]
    columns = {re.match(r"(ok|limited|broken) +(?:[a-z_]+ )*?[^ ]+( [^ ]+)? {2,}", line).end()
               for line in checks}
    assert len(columns) == 1, columns
    for line in lines:
        if line.startswith(" "):
            assert re.match(r" +-> [^ ]", line) and line.index("->") == columns.copy().pop(), line
    assert len(checks) < len(lines), "no advice"
    expect(run(home, "doctor", "x"), 2)
    expect(run(home, "doctor", "--data-dir", ""), 1, r"^$", "empty or too long")
    expect(run(home, "doctor", "--help"), 0, r"0 ok, 5 limited, 1 broken")


@test
def of_a_daemon_that_runs_it_looks_at_its_rights(home):
    with Daemon(home, "[monitor]\ninterval_ms = 100\n") as daemon:
        found, worst = doctor(home, "--data-dir", daemon.data, "--config", daemon.config)
        assert worst != "broken", found
        is_found(found["configuration"], "ok", re.escape(daemon.config))
        is_found(found["daemon"], "ok", f"runs, pid {daemon.pid}, version [0-9]")
        is_found(found["socket"], "ok", r"daemon.sock \(mode 0600")
        is_found(found["database"], found["database"]["state"], r"MiB; \d+ MiB are free")
        is_found(found["service"], "ok", "not asked")
        for name in ("rights", "scheduling"):
            is_found(found[name], found[name]["state"], "^the daemon ")
        is_found(found["memory lock"], found["memory lock"]["state"], "^the daemon's ")
        daemon.end()
    found, _ = doctor(home, "--data-dir", daemon.data)
    is_found(found["daemon"], "limited", "none runs")
    is_found(found["rights"], found["rights"]["state"], "^a daemon that you start")


@test
def a_corrupt_database_is_broken(home):
    data = user_place(home)
    for content in ("no database" * 1000, "SQLite format 3\0" + "x" * 5000):
        write(os.path.join(data, "data.db"), content)
        found, worst = doctor(home)
        assert worst == "broken"
        is_found(found["database"], "broken", "data.db: .", "aside")
    os.unlink(os.path.join(data, "data.db"))
    os.symlink("/etc/hostname", os.path.join(data, "data.db"))
    found, _ = doctor(home)
    is_found(found["database"], "broken", "data.db")


@test
def without_rights_it_says_which_and_what_they_would_give(home):
    reason = no_nobody(home)
    if reason:
        return reason
    data = os.path.join(home, "data")
    with Daemon(home) as daemon:
        found, _ = doctor(home, "--data-dir", data, user=NOBODY)
        is_found(found["daemon"], "limited", "may not be opened", "for root alone: sudo")
        is_found(found["database"], "limited", "may not be read", "for root alone: sudo")
        is_found(found["socket"], "limited", "out of your reach")
        for name in ("rights", "memory lock", "scheduling"):  # of whom?
            is_found(found[name], "ok", "not known")
        daemon.end()
    found, worst = doctor(home, "--data-dir", home, user=NOBODY)
    assert worst == "limited", found
    is_found(found["rights"], "limited", "a daemon that you start lacks CAP_SYS_PTRACE", "install")
    is_found(found["other users"], "limited", "not known", "--system")
    is_found(found["source"], "limited", "cannot be read fully", "as root")
    is_found(found["scheduling"], "limited", "no real time", "LimitRTPRIO")
    return None


@test
def a_configuration_that_is_no_good_is_broken(home):
    path = os.path.join(home, "config.toml")
    write(path, "[tiers]\nhold_ms = -1\ncritcal_threshold = 1\n")
    found, worst = doctor(home, "--config", path)
    assert worst == "broken"
    is_found(found["configuration"], "broken", r"config.toml:2: .*hold_ms.*\(2 errors\)",
             "config check")
    write(path, "[sampling]\nnormal_interval = 5\n")
    found, _ = doctor(home, "--config", path)
    is_found(found["configuration"], "limited", r"config.toml:2: .*\(1 warnings\)")
    found, _ = doctor(home, "--config", home)  # a directory
    is_found(found["configuration"], "broken", ".")
    found, _ = doctor(home, "--config", home + "/none")
    is_found(found["configuration"], "broken", "none")
    reason = no_nobody(home)
    if reason:
        return "the rest: " + reason
    write(path, "")
    found, _ = doctor(home, "--config", path, "--data-dir", home, user=NOBODY)
    is_found(found["configuration"], "broken", "config.toml")
    return None


@test
def a_hook_that_would_not_be_run_is_broken(home):
    config, hook = os.path.join(home, "config.toml"), os.path.join(home, "hook")

    def look(value):
        write(config, f'[forensics]\nhook = "{value}"\n')
        return doctor(home, "--config", config, "--data-dir", home)[0]["hook"]

    is_found(look("relative"), "broken", "no absolute path")
    is_found(look(hook), "broken", "no such file")
    write(hook, "#!/bin/sh\n", 0o600)
    is_found(look(hook), "broken", "cannot be run", "chmod")
    os.chmod(hook, 0o777)
    is_found(look(hook), "broken", f"{hook} can be changed by others", "chmod go-w")
    is_found(look("/bin/sh"), "ok", "/bin/sh")


@test
def a_daemon_that_hangs_or_is_none_is_broken(home):
    data = user_place(home)
    path = os.path.join(data, "daemon.sock")
    with Server(path):
        found, _ = doctor(home)
        is_found(found["daemon"], "broken", "it hangs")
    os.unlink(path)
    for line in (b"hello\n", b"{}\n", b"[" * 70000):
        with Server(path, line):
            found, _ = doctor(home)
            is_found(found["daemon"], "broken", "is no pausemond")
        os.unlink(path)
    with open(os.path.join(data, "daemon.pid"), "w", encoding="ascii") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        found, _ = doctor(home)
        is_found(found["daemon"], "broken", f"pid {os.getpid()} holds the lock, and nobody listens")
    write(path, "")
    found, _ = doctor(home)
    is_found(found["daemon"], "broken", "cannot be reached")
    is_found(found["socket"], "broken", "is no socket", "move it away")
    found, _ = doctor(home, "--data-dir", home + "/" + "x" * 120)
    is_found(found["socket"], "broken", "this system allows", "shorter")


@test
def what_the_daemon_says_of_itself_is_judged(home):
    path = os.path.join(user_place(home), "daemon.sock")
    for more, state, text in (({}, "limited", "of version 9.9.9, this program of [0-9]"),
                              ({"version": "\x1b[31m\u202eevil"}, "limited", "of version .*evil"),
                              ({"version": 7}, "limited", "of version unknown")):
        with Server(path, status(**more)):
            found, _ = doctor(home)
            is_found(found["daemon"], state, text, "start it again")
        os.unlink(path)
    version = run(home, "--version").stdout.split()[1]
    for more, state, text in (({"disk": "full"}, "broken", "disk full"),
                              ({"disk": "read-only"}, "broken", "newer version"),
                              ({"dropped_records": 7}, "limited", "7 records were lost"),
                              ({"heartbeat": "refused"}, "limited", "heartbeat"),
                              ({"budget": "over"}, "limited", "more of the processor"),
                              ({}, "ok", "^runs, ")):
        with Server(path, status(version=version, **more)):
            found, _ = doctor(home)
            is_found(found["daemon"], state, text)
        os.unlink(path)


@test
def hostile_names_do_nothing_to_a_terminal(home):
    path = os.path.join(home, "\x1b[31m\u202e\nname")
    os.mkdir(path)
    doctor(home, "--data-dir", path, "--config", path)
    result = run(home, "doctor", "--data-dir", path, "--config", path)
    assert harmless(result.stdout) and harmless(result.stderr), result
    assert result.returncode == 1, result  # a directory is no configuration


if __name__ == "__main__":
    main()
