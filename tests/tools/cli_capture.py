#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""capture: by a daemon, and without one. TAP on stdout.

    cli_capture.py PAUSEMON PAUSEMOND HELPERS_DIR
"""
import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../faults"))
from daemonlib import NOBODY, Daemon, no_nobody  # noqa: E402
from taplib import PAUSEMON, environment, expect, main, run, test, user_place  # noqa: E402

NAME = r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d(_\d+)?"
# Short, so that no tool is waited for long.
CONFIG = "[forensics]\nlogs_timeout = 2\nsteps_timeout = 2\nspindump_timeout = 2\n" \
         "tailspin_timeout = 2\n"


def configuration(home):
    path = os.path.join(home, "short.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(CONFIG)
    return path


def captures(data):
    try:
        return sorted(os.listdir(os.path.join(data, "events")))
    except FileNotFoundError:
        return []


class Holder:
    """A child that holds the lock as a daemon would, and dies of the signal."""

    def __init__(self, path, kind="LOCK_EX"):
        self.child = subprocess.Popen(
            [sys.executable, "-c",
             "import fcntl, sys, time\n"
             f"file = open(sys.argv[1], 'r+')\nfcntl.lockf(file, fcntl.{kind})\n"
             "print('held', flush=True)\ntime.sleep(120)", path],
            stdout=subprocess.PIPE)
        assert self.child.stdout.readline() == b"held\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        self.child.stdout.close()


@test
def without_a_daemon_it_gathers_what_there_is(home):
    if os.path.exists("/run/pause-monitor/daemon.pid"):
        return "a pausemond for this machine runs"
    config = configuration(home)
    result = expect(run(home, "capture", "--config", config), 0, rf"/events/{NAME}\n$",
                    r"no daemon was watching: there is no ring")
    path = result.stdout.strip()
    data = os.path.join(home, ".local/share/pause-monitor")
    assert os.path.dirname(path) == os.path.join(data, "events"), path
    assert os.path.isdir(path) and os.stat(data).st_mode & 0o777 == 0o700, path
    answer = json.loads(expect(run(home, "capture", "--json", "--config", config), 0).stdout)
    assert list(answer) == ["capture"], answer
    capture = answer["capture"]
    assert list(capture) == ["name", "path", "complete", "reason", "bytes", "stored"], capture
    assert capture["complete"] is True and capture["stored"] is True, capture
    assert capture["reason"] == "asked" and os.path.basename(capture["path"]) == capture["name"]
    assert os.path.isdir(capture["path"])
    with open(os.path.join(path, "processes.json"), encoding="utf-8") as file:
        processes = json.load(file)
    assert {1, os.getpid()} <= {p["pid"] for p in processes}, processes
    assert any(p["csw"] > 0 for p in processes), "nobody has rates"
    with open(os.path.join(path, "ring_buffer.json"), encoding="utf-8") as file:
        assert len(json.load(file)) == 2
    expect(run(home, "capture", "x"), 2)
    expect(run(home, "capture", "--data-dir", ""), 1, None, "empty or too long")
    return None


@test
def without_a_source_of_processes_the_rest_is_there(home):
    config = os.path.join(home, "no.toml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(CONFIG + '[monitor]\nsource = "procfs:/nonexistent"\n')
    path = expect(run(home, "capture", "--data-dir", os.path.join(home, "data"), "--config",
                      config), 0, None, r"processes are left out: .*/nonexistent").stdout.strip()
    with open(os.path.join(path, "metadata.json"), encoding="utf-8") as file:
        assert json.load(file)["complete"] is True


@test
def members_of_a_group_keep_what_a_daemon_gave_them(home):
    if os.getuid() != 0:
        return "only root gives files to a group"
    data, config = os.path.join(home, "data"), configuration(home)
    expect(run(home, "capture", "--data-dir", data, "--config", config), 0)
    base = os.path.join(data, "data.db")
    for end in ("", "-wal", "-shm"):
        os.chown(base + end, 0, 8)
        os.chmod(base + end, 0o660)
    path = expect(run(home, "capture", "--data-dir", data, "--config", config), 0).stdout.strip()
    for end in ("", "-wal", "-shm"):
        info = os.stat(base + end)
        assert (info.st_gid, info.st_mode & 0o777) == (8, 0o660), f"{end}: {info}"
    assert (os.stat(path).st_gid, os.stat(path).st_mode & 0o777) == (8, 0o750), path
    return None


@test
def root_puts_nothing_into_the_place_of_another_user(home):
    reason = no_nobody(home)
    if reason:
        return reason
    data = user_place(home)
    os.chown(data, NOBODY, NOBODY)
    expect(run(home, "capture"), 1, r"^$", r"belongs to nobody: run this as that user")
    assert os.listdir(data) == [], os.listdir(data)
    return None


@test
def with_too_little_room_it_says_so_at_once(home):
    data = os.path.join(home, "data")
    os.mkdir(data, 0o700)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "none", data],
                      stderr=subprocess.DEVNULL, check=False).returncode != 0:
        return "a file system of its own is needed"
    try:
        expect(run(home, "capture", "--data-dir", data), 1, r"^$", r"MiB free, 256 are needed")
        with open(os.path.join(data, "daemon.pid"), "w", encoding="ascii") as lock, \
                Holder(lock.name) as holder:
            expect(run(home, "capture", "--data-dir", data, "--json"), 1,
                   r'^{"capture":null}\n$', r"of .*/data has \d+ MiB free, 256 are needed")
            assert holder.child.poll() is None, "it was asked all the same"
    finally:
        subprocess.run(["umount", data], check=True)
    return None


@test
def a_number_in_the_lock_is_not_believed(home):
    data = user_place(home)
    lock = os.path.join(data, "daemon.pid")
    with open(lock, "w", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")  # the signal would end us
    expect(run(home, "capture", "--data-dir", data, "--config", configuration(home)), 0, None,
           r"no daemon was watching")
    with Holder(lock, "LOCK_SH") as holder:  # somebody reads it: that is no daemon
        os.chmod(lock, 0o600)
        expect(run(home, "capture", "--data-dir", data, "--config", configuration(home)), 0)
        assert holder.child.poll() is None


@test
def a_link_is_no_place(home):
    os.makedirs(os.path.join(home, ".local/share"))
    os.mkdir(os.path.join(home, "elsewhere"))
    data = os.path.join(home, ".local/share/pause-monitor")
    os.symlink(os.path.join(home, "elsewhere"), data)
    expect(run(home, "capture", "--data-dir", data), 1, r"^$",
           r"data directory .* is a symbolic link")
    expect(run(home, "capture", "--data-dir", data + "/", "--json"), 1, r'^{"capture":null}\n$')
    assert os.listdir(os.path.join(home, "elsewhere")) == []


@test
def who_has_no_right_is_told_who_has(home):
    reason = no_nobody(home)
    if reason:
        return reason
    lock = os.path.join(home, "daemon.pid")
    with open(lock, "w", encoding="ascii"):
        os.chmod(lock, 0o644)
    with Holder(lock) as holder:
        for mode in (0o755, 0o700):  # may see whom to signal; may not even that
            os.chmod(home, mode)
            result = subprocess.run([PAUSEMON, "capture", "--data-dir", home], user=NOBODY,
                                    env=environment(home), capture_output=True, text=True,
                                    stdin=subprocess.DEVNULL, timeout=60, check=False)
            expect(result, 1, r"^$",
                   r"only root or the daemon's user may ask: sudo pausemon capture")
        assert holder.child.poll() is None
    return None


@test
def who_holds_the_lock_gets_the_signal(home):
    lock = os.path.join(home, "daemon.pid")
    with open(lock, "w", encoding="ascii"):
        pass
    with Holder(lock) as holder:
        # There is no database to see what comes of it.
        expect(run(home, "capture", "--data-dir", home), 1, r"^$",
               r"was asked, but what comes of it cannot be seen")
        assert holder.child.wait(timeout=30) == -signal.SIGUSR1


@test
def a_daemon_writes_it_and_its_path_is_printed(home):
    with Daemon(home, CONFIG + "[monitor]\ninterval_ms = 100\n") as daemon:
        args = ("capture", "--data-dir", daemon.data, "--config", daemon.config)
        before = captures(daemon.data)
        path = expect(run(home, *args), 0, rf"/events/{NAME}\n$", r"^$").stdout.strip()
        assert os.path.basename(path) not in before and os.path.isdir(path), path
        with open(os.path.join(path, "metadata.json"), encoding="utf-8") as file:
            assert json.load(file)
        daemon.end()


if __name__ == "__main__":
    main()
