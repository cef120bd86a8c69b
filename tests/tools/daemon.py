#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""The daemon as systemd and its administrator meet it. TAP on stdout.

    daemon.py PAUSEMOND TESTS_DIR
"""
import fcntl
import grp
import json
import os
import re
import signal
import socket
import subprocess
import time

from daemonlib import (CALM, PATIENCE, PAUSEMOND, QUICK, TESTS, Daemon, main, mode_of, refused,
                       test, wait_until)

TOP = os.path.join(TESTS, "golden/top/11-missing-global-lines.txt")


# ---- the service ----


@test
def help_version_and_wrong_usage_are_like_those_of_any_tool(home):
    for args, code, out, err in [(["--help"], 0, "--data-dir DIR", "^$"),
                                 (["--version"], 0, r"^pausemond \d+\.\d+\.\d+\n$", "^$"),
                                 (["--sytem"], 2, "^$", "did you mean --system"),
                                 (["now"], 2, "^$", 'unexpected "now"'),
                                 (["--data-dir", ""], 1, "^$", "a directory is needed")]:
        result = subprocess.run([PAUSEMOND, *args], env=dict(os.environ, HOME=home), text=True,
                                capture_output=True, timeout=PATIENCE)
        assert result.returncode == code, result
        assert re.search(out, result.stdout) and re.search(err, result.stderr), result


@test
def it_says_ready_lives_by_the_watchdog_and_says_that_it_stops(home):
    with Daemon(home, WATCHDOG_USEC="300000") as daemon:
        for _ in range(4):
            daemon.wait_for("WATCHDOG=1")
        daemon.signal(signal.SIGTERM)
        daemon.wait_for("STOPPING=1")
        assert daemon.process.wait(timeout=PATIENCE) == 0
        assert any(state.startswith("STATUS=sentinel, ") for state in daemon.seen), daemon.seen
        assert re.search(r"^pausemond: version \S+, source procfs:/proc, data in ", daemon.log(),
                         re.M), daemon.log()


@test
def a_watchdog_of_another_process_is_not_fed(home):
    with Daemon(home, WATCHDOG_USEC="100000", WATCHDOG_PID="1") as daemon:
        with daemon.connect() as client:
            for _ in range(5):
                client.next_of("sample")
        daemon.signal(signal.SIGTERM)
        daemon.wait_for("STOPPING=1")
        assert "WATCHDOG=1" not in daemon.seen, daemon.seen


@test
def an_abstract_notify_socket_will_do_and_one_that_is_not_there_is_said(home):
    with Daemon(home, abstract=True) as daemon:
        daemon.end()
    env = dict(os.environ, HOME=home, NOTIFY_SOCKET=os.path.join(home, "nobody"))
    process = subprocess.Popen([PAUSEMOND, "--data-dir", os.path.join(home, "n")], env=env,
                               stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr:
            if "NOTIFY_SOCKET is set and cannot be reached" in line:
                break
        else:
            raise AssertionError("it was not said")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@test
def a_second_signal_ends_it_at_once(home):
    with Daemon(home) as daemon:
        for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGCONT):
            daemon.signal(number)
        assert daemon.process.wait(timeout=PATIENCE) == 1


@test
def a_capture_can_be_asked_for(home):
    with Daemon(home) as daemon:
        daemon.signal(signal.SIGUSR1)
        found = daemon.wait_log(r'evidence of \d+ KiB is in "([^"]+)"')
        with open(os.path.join(found[1], "metadata.json"), encoding="utf-8") as file:
            metadata = json.load(file)
        assert metadata["complete"] is True and metadata["reason"] == "asked", metadata
        daemon.end()


@test
def an_end_does_not_wait_for_a_capture(home):
    with Daemon(home) as daemon:
        for _ in range(3):
            daemon.signal(signal.SIGUSR1)
        daemon.end()


@test
def metrics_are_written_for_another_user_and_never_through_a_link(home):
    directory = os.path.join(home, "textfiles")
    target = os.path.join(home, "target")
    os.mkdir(directory, 0o755)
    with open(target, "w", encoding="utf-8") as file:
        file.write("untouched")
    for name in ("pausemon.prom", ".pausemon.prom.new"):
        os.symlink(target, os.path.join(directory, name))
    path = os.path.join(directory, "pausemon.prom")
    with Daemon(home, config=QUICK + CALM + f'[metrics]\ntextfile_dir = "{directory}"\n') as daemon:
        wait_until("pausemon.prom", lambda: not os.path.islink(path))
        daemon.end()
    assert os.listdir(directory) == ["pausemon.prom"] and mode_of(path) == 0o644
    with open(path, encoding="utf-8") as file:
        text = file.read()
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(values["pausemon_samples_total"]) > 0, text
    assert 'pausemon_lost_seconds_total{cause="cpu"}' in values, text
    assert float(values["pausemon_cpu_seconds_total"]) > 0, text
    for line in text.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) pausemon_[a-z_]+ .+|"
                            r'pausemon_[a-z_]+(\{cause="[a-z]+"\})? \d+(\.\d{3})?', line), line
    with open(target, encoding="utf-8") as file:
        assert file.read() == "untouched"


@test
def a_log_that_nobody_reads_holds_nothing_up(home):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"x" * 4096)
    except BlockingIOError:
        pass
    os.set_blocking(writing, True)
    with Daemon(home, stderr=writing) as daemon:
        os.close(writing)
        with daemon.connect() as client:
            client.next_of("sample")
        daemon.end()
    os.close(reading)


@test
def closed_standard_descriptors_become_nobody_elses(home):
    def close_all():
        os.closerange(0, 3)

    with Daemon(home, limits=close_all) as daemon:
        for fd in range(3):
            assert os.readlink(f"/proc/{daemon.process.pid}/fd/{fd}") == "/dev/null", fd
        daemon.end()


@test
def a_recording_that_ends_is_said_and_its_samples_are_served_on(home):
    with Daemon(home, "--source", "top:" + TOP) as daemon:
        daemon.wait_log("the recording is over")
        with daemon.connect() as client:
            state = client.next()
            assert state["sample_count"] == len(state["samples"]) == 5, state["sample_count"]
            assert client.next()["source"] == "top:" + TOP
        daemon.end()


# ---- one daemon a place ----


@test
def a_second_daemon_says_who_runs_and_leaves_it_alone(home):
    with Daemon(home) as daemon, daemon.connect() as client:
        refused(home, rf"another pausemond runs already, pid {daemon.process.pid} ")
        client.next_of("sample")
        with daemon.connect() as other:
            other.next_of("sample")
        with open(os.path.join(daemon.data, "daemon.pid"), encoding="ascii") as file:
            assert file.read() == f"{daemon.process.pid}\n"
        daemon.end()


@test
def who_only_reads_the_lock_is_not_taken_for_a_daemon(home):
    with Daemon(home) as daemon:
        daemon.end()
    with open(os.path.join(daemon.data, "daemon.pid"), encoding="ascii") as file:
        fcntl.lockf(file, fcntl.LOCK_SH)
        refused(home, rf"pid {os.getpid()}, which is no pausemond, holds .*remove the file")
    with Daemon(home) as daemon:
        daemon.end()


@test
def what_a_killed_daemon_leaves_is_replaced(home):
    with Daemon(home) as daemon:
        daemon.signal(signal.SIGKILL)
        daemon.process.wait()
        assert os.path.exists(daemon.path)
    with Daemon(home) as daemon, daemon.connect() as client:
        client.next_of("sample")
        assert "replaces a stale socket" in daemon.log()
        daemon.end()


@test
def a_socket_that_somebody_listens_to_is_not_taken(home):
    os.mkdir(os.path.join(home, "data"), 0o700)
    path = os.path.join(home, "data/daemon.sock")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path)
        other.listen(1)
        inode = os.lstat(path).st_ino
        refused(home, r"another program listens on .*daemon\.sock")
        assert os.lstat(path).st_ino == inode


@test
def a_socket_that_is_no_more_its_own_is_left(home):
    with Daemon(home) as daemon:
        os.unlink(daemon.path)
        with open(daemon.path, "w", encoding="ascii"):
            pass
        daemon.signal(signal.SIGTERM)
        assert daemon.process.wait(timeout=PATIENCE) == 0
        assert os.path.isfile(daemon.path)


@test
def nothing_is_opened_through_a_symbolic_link(home):
    data = os.path.join(home, "data")
    elsewhere = os.path.join(home, "elsewhere")
    os.mkdir(elsewhere, 0o700)
    os.symlink(elsewhere, data)
    refused(home, "symbolic link")
    refused(home, "symbolic link", data="data//")
    assert os.listdir(elsewhere) == []
    os.unlink(data)
    os.mkdir(data, 0o700)
    for name, pattern in [("daemon.pid", "cannot open the lock"),
                          ("daemon.sock", "is no socket: it was not touched")]:
        target = os.path.join(elsewhere, name)
        os.symlink(target, os.path.join(data, name))
        refused(home, pattern)
        assert not os.path.lexists(target)
        assert os.path.islink(os.path.join(data, name))
        os.unlink(os.path.join(data, name))
    os.unlink(os.path.join(data, "daemon.pid"))
    os.mkfifo(os.path.join(data, "daemon.pid"))
    refused(home, "the lock .* is no file")


@test
def a_start_that_fails_is_no_end_without_a_word(home):
    path = os.path.join(home, "data", "daemon.sock")
    os.mkdir(os.path.dirname(path), 0o700)
    with open(path, "w", encoding="ascii"):
        pass
    refused(home, "is no socket: it was not touched")
    os.unlink(path)
    with Daemon(home) as daemon:
        daemon.end()
        assert "without" not in daemon.log(), daemon.log()


@test
def a_directory_that_others_may_write_or_own_is_refused(home):
    data = os.path.join(home, "data")
    os.mkdir(data)
    os.chmod(data, 0o770)
    refused(home, r"can be written by others \(mode 0770\)")
    os.chmod(data, 0o707)
    refused(home, r"can be written by others \(mode 0707\)")
    os.chmod(data, 0o700)
    if os.geteuid() == 0:
        os.chown(data, 12345, -1)
        refused(home, "belongs to user 12345, not to 0")
        os.chown(data, 0, -1)
    with open(os.path.join(home, "file"), "w", encoding="ascii"):
        pass
    refused(home, "is no directory", data="file")
    refused(home, "cannot make the director", data="file/below")
    refused(home, "cannot make the director", data="../../proc/below")


@test
def too_long_a_path_is_named_with_its_limit_and_nothing_is_made(home):
    name = "x" * (120 - len(home))
    log = refused(home, r"120 bytes|\d{3} bytes, this system allows 10[37]", data=name)
    assert name in log and not os.path.exists(os.path.join(home, name))


@test
def a_group_may_connect_and_read_if_one_is_named(home):
    if os.geteuid() != 0:
        return "only root can give files away"
    name = grp.getgrgid(1).gr_name
    config = QUICK.replace("[monitor]", f'[monitor]\nsocket_group = "{name}"') + CALM
    with Daemon(home, config=config) as daemon:
        for path, mode in [("", 0o750), ("daemon.sock", 0o660), ("daemon.pid", 0o640)]:
            full = os.path.join(daemon.data, path)
            assert mode_of(full) == mode and os.lstat(full).st_gid == 1, full
        daemon.end()
    return None


# ---- settings ----


@test
def a_bad_configuration_keeps_it_from_starting(home):
    refused(home, r"config.toml:2: error: .*hold_ms", config="[tiers]\nhold_ms = -1\n")
    refused(home, r'there is no group "no-such-group"',
            config='[monitor]\nsocket_group = "no-such-group"\n')
    refused(home, r"nonexistent", "--config", "/nonexistent")
    refused(home, r'did you mean "procfs"', "--source", "procsf")
    refused(home, r"/nonexistent", "--source", "top:/nonexistent")


@test
def a_reload_takes_what_can_be_taken_and_says_what_cannot(home):
    with Daemon(home) as daemon, daemon.connect() as client:
        client.next_of("sample")
        daemon.configure(QUICK.replace("100", "200") + "interval_ms = 25\n" + CALM)
        daemon.signal(signal.SIGHUP)
        assert re.match(r"RELOADING=1\nMONOTONIC_USEC=\d+$", daemon.wait_for("RELOADING=1"))
        daemon.wait_for("READY=1")
        assert re.search("heartbeat.interval_ms has changed: that needs a restart", daemon.log())
        assert re.search("the configuration was reloaded", daemon.log())
        client.next_of("sample")
        assert 150 < client.next_of("sample")["elapsed_ms"]
        daemon.end()


@test
def of_many_quick_reloads_none_is_said_to_have_failed(home):
    with Daemon(home) as daemon:
        for _ in range(300):
            daemon.signal(signal.SIGHUP)
            time.sleep(0.0005)  # so that they are not one
        # Good too, and seen to have come: a bad file would be read by those that still wait.
        daemon.configure(QUICK + "interval_ms = 25\n" + CALM)
        daemon.signal(signal.SIGHUP)
        daemon.wait_log("heartbeat.interval_ms has changed")
        daemon.wait_log("the configuration was reloaded")
        daemon.end()
        assert "was not reloaded" not in daemon.log(), daemon.log()


@test
def a_bad_file_keeps_the_old_settings_and_says_why(home):
    with Daemon(home) as daemon, daemon.connect() as client:
        daemon.configure("[tiers]\nhold_mss = 1\n")
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("READY=1")
        assert re.search(r"config.toml:2: error: .*hold_mss", daemon.log()), daemon.log()
        assert "the old settings stay" in daemon.log()
        client.next_of("sample")
        daemon.end()


main()
