#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""install and uninstall. TAP on stdout.

    cli_service.py PAUSEMON

Nothing outside the test's own home is changed: the machine's service is only ever a dry run, and
no manager of a session can be reached from here.
"""
import configparser
import fcntl
import os
import plistlib
import re
import shutil
import subprocess
import sys

from taplib import PAUSEMON, environment, expect, harmless, main, test, user_place

UNIT = ".config/systemd/user/pausemond.service"
PAUSEMOND = os.path.join(os.path.dirname(PAUSEMON), "pausemond")
LIBRARIES = os.path.join(os.path.dirname(PAUSEMON), "../libpausemon")
ANALYZE = shutil.which("systemd-analyze")
NOBODY = 65534
LINUX = sys.platform.startswith("linux")


def run(home, *args, program=PAUSEMON, user=None, **more):
    # The developer's own session must never hear of this.
    env = environment(home, XDG_RUNTIME_DIR=os.path.join(home, "no-runtime"),
                      DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent",
                      LD_LIBRARY_PATH=LIBRARIES, **more)
    return subprocess.run([program, *args], env=env, capture_output=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL, text=True, errors="replace", user=user)


def unit_of(text):
    """Each section's keys with the list of their values."""
    configparser.RawConfigParser(strict=False, delimiters="=").read_string(text)  # its shape
    unit, section = {}, None
    for line in text.splitlines():
        if line.startswith("["):
            section = unit.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, value = line.split("=", 1)
            section.setdefault(key, []).append(value)
    return unit


def write(home, path, text):
    path = os.path.join(home, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def copy_programs(directory):
    os.makedirs(directory)
    for program in (PAUSEMON, PAUSEMOND):
        shutil.copy(program, directory)
    return os.path.join(directory, "pausemon")


def installed(home):
    """With no manager to be reached: the file is there all the same."""
    expect(run(home, "install"), 1, r"^$", r"to be run by hand.*\n.*daemon-reload")
    return os.path.join(home, UNIT)


@test
def a_dry_run_prints_the_unit_and_changes_nothing(home):
    result = expect(run(home, "install", "--dry-run", "--for", "systemd"), 0)
    unit = unit_of(result.stdout)
    assert unit["Service"]["ExecStart"] == [f'"{PAUSEMOND}"'], unit
    assert unit["Service"]["Type"] == ["notify"] and unit["Service"]["WatchdogSec"] == ["60"], unit
    assert unit["Service"]["Restart"] == ["on-failure"], unit
    assert unit["Service"]["ExecReload"] == ["/bin/kill -HUP $MAINPID"], unit
    assert unit["Install"]["WantedBy"] == ["default.target"], unit
    assert "Environment" not in unit["Service"] and "ProtectSystem" not in unit["Service"], unit
    assert result.stderr.splitlines() == [
        f"would write {home}/{UNIT} (0644): see stdout",
        "would run: /usr/bin/systemctl --user daemon-reload",
        "would run: /usr/bin/systemctl --user enable --now pausemond.service"], result.stderr
    assert os.listdir(home) == []


@test
def the_machines_unit_has_what_the_daemon_needs_and_little_more(home):
    result = expect(run(home, "install", "--system", "--dry-run", "--force", "--for", "systemd"), 0)
    service = unit_of(result.stdout)["Service"]
    assert service["ExecStart"] == [f'"{PAUSEMOND}" --system'], service
    rights = set(" ".join(service["CapabilityBoundingSet"]).split())
    assert rights == {"CAP_" + name for name in (
        "SYS_PTRACE DAC_READ_SEARCH SYSLOG SYS_NICE IPC_LOCK SYS_RESOURCE SETUID SETGID KILL "
        "CHOWN").split()}, rights
    for key, value in (("ProtectSystem", "strict"), ("NoNewPrivileges", "yes"),
                       ("RestrictAddressFamilies", "AF_UNIX"), ("OOMScoreAdjust", "-500"),
                       ("LimitMEMLOCK", "infinity"), ("LimitRTPRIO", "99"),
                       ("RuntimeDirectory", "pause-monitor"), ("RuntimeDirectoryMode", "0750")):
        assert service[key] == [value], (key, service.get(key))
    # The heartbeat feels what ordinary programs feel; every process is looked at.
    for key in ("Nice", "CPUSchedulingPolicy", "ProtectProc", "ProcSubset", "RestrictRealtime",
                "ProtectKernelLogs", "StateDirectory", "User"):
        assert key not in service, key
    assert "/var/lib/pause-monitor" in service["ReadWritePaths"], service
    assert re.search(r"would write /etc/systemd/system/pausemond.service", result.stderr)
    assert re.search(r"would run: /usr/bin/systemctl enable --now pausemond.service", result.stderr)
    assert "--user" not in result.stderr


@test
def systemd_finds_nothing_wrong_with_either(home):
    if not ANALYZE:
        return "no systemd-analyze"
    for args in ((), ("--system", "--force")):
        text = expect(run(home, "install", "--dry-run", "--for", "systemd", *args), 0).stdout
        path = write(home, f"unit{len(args)}/pausemond.service", text)
        scope = "--system" if args else "--user"
        os.makedirs(os.path.join(home, "run"), mode=0o700, exist_ok=True)
        result = subprocess.run([ANALYZE, scope, "--man=no", "verify", path], text=True,
                                capture_output=True, timeout=60, check=False,
                                env=environment(home, XDG_RUNTIME_DIR=os.path.join(home, "run")))
        output = (result.stdout + result.stderr).splitlines()
        about = [line for line in output if "pausemond" in line]
        assert result.returncode == 0 and not about, (scope, result)
    help_text = subprocess.run([ANALYZE, "--help"], capture_output=True, text=True, check=False)
    if "--threshold" not in help_text.stdout:
        return "this systemd-analyze measures no exposure offline"
    result = subprocess.run([ANALYZE, "security", "--no-pager", "--offline=true", "--threshold=40",
                             path], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stdout[-200:] + result.stderr
    return None


@test
def the_plist_is_one(home):
    result = expect(run(home, "install", "--dry-run", "--for", "launchd"), 0)
    plist = plistlib.loads(result.stdout.encode())
    assert plist == {"Label": "io.github.pausemon", "ProgramArguments": [PAUSEMOND],
                     "RunAtLoad": True, "KeepAlive": True, "ProcessType": "Interactive",
                     "ExitTimeOut": 30, "Umask": 0o77,
                     "StandardErrorPath": home + "/Library/Logs/pausemond.log"}, plist
    path = home + "/Library/LaunchAgents/io.github.pausemon.plist"
    assert result.stderr.splitlines() == [
        f"would write {path} (0644): see stdout",
        f"would run: /bin/launchctl bootstrap gui/{os.geteuid()} {path}"], result.stderr
    result = expect(run(home, "install", "--dry-run", "--for", "launchd", "--system", "--force"), 0,
                    None, r"bootstrap system /Library/LaunchDaemons/io.github.pausemon.plist")
    plist = plistlib.loads(result.stdout.encode())
    assert plist["ProgramArguments"] == [PAUSEMOND, "--system"], plist
    assert plist["StandardErrorPath"] == "/Library/Logs/pausemond.log", plist
    assert "groupadd" not in result.stderr


@test
def names_with_everything_that_has_a_meaning_arrive(home):
    directory = os.path.join(home, "50% off & <b>both</b> $HOME ü; x=1 #")
    program = copy_programs(directory)
    data = os.path.join(home, 'da"ta\\ 100%')
    args = ("install", "--dry-run", "--for")
    text = expect(run(home, *args, "systemd", program=program, XDG_DATA_HOME=data), 0).stdout
    service = unit_of(text)["Service"]
    assert service["ExecStart"] == [f'"{directory}/pausemond"'.replace("%", "%%")], service
    wanted = data.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    assert service["Environment"] == [f'"XDG_DATA_HOME={wanted}"'], service
    text = expect(run(home, *args, "launchd", program=program, XDG_DATA_HOME=data), 0).stdout
    plist = plistlib.loads(text.encode())
    assert plist["ProgramArguments"] == [directory + "/pausemond"], plist
    assert plist["EnvironmentVariables"] == {"XDG_DATA_HOME": data}, plist
    if not ANALYZE:
        return "no systemd-analyze to ask as well"
    text = expect(run(home, *args, "systemd", "--system", "--force", program=program), 0).stdout
    path = write(home, "unit/pausemond.service", text)
    result = subprocess.run([ANALYZE, "--man=no", "verify", path], capture_output=True, text=True,
                            timeout=60, check=False)
    assert result.returncode == 0 and "pausemond" not in result.stderr, result  # it found the file
    return None


@test
def names_that_cannot_be_written_are_refused(home):
    for name, systemd_only in (("it's", True), ('a"b', True), ("back\\slash", True),
                               ("new\nline", False), ("\x1b[31m", False), (b"bytes\xff", False)):
        program = copy_programs(os.path.join(home, os.fsdecode(name)))
        for manager in ("systemd", "launchd"):
            result = run(home, "install", "--dry-run", "--for", manager, program=program)
            if systemd_only and manager == "launchd":
                expect(result, 0)
            else:
                expect(result, 1, r"^$", r"no service can be made: the program's path has")


@test
def roots_service_runs_nothing_that_others_can_change(home):
    directory = os.path.join(home, "bin")
    program = copy_programs(directory)
    for mode in (0o777, 0o775):
        os.chmod(directory, mode)
        expect(run(home, "install", "--system", "--dry-run", program=program), 1, r"^$",
               re.escape(directory) + r" can be changed by others than root.*meson install")
        expect(run(home, "install", "--dry-run", program=program), 0)  # one's own affair
    os.chmod(directory, 0o755)
    os.chmod(os.path.join(directory, "pausemond"), 0o757)
    expect(run(home, "install", "--system", "--dry-run", program=program), 1, r"^$",
           re.escape(directory) + r"/pausemond can be changed")
    expect(run(home, "install", "--system", "--dry-run", "--force", program=program), 0)
    os.unlink(os.path.join(directory, "pausemond"))
    expect(run(home, "install", "--dry-run", program=program), 1, r"^$", r"pausemond.*No such file")


@test
def only_root_installs_for_the_machine(home):
    if os.geteuid() != 0:
        result = run(home, "install", "--system")
    else:
        os.chmod(home, 0o755)
        try:
            result = run(home, "install", "--system", user=NOBODY)
        except PermissionError:
            return "this build lies where nobody else may run it"
    expect(result, 1, r"^$", r"needs root: sudo pausemon install --system")
    return None


@test
def without_a_manager_the_file_stays_and_the_rest_is_told(home):
    if not LINUX:
        return "systemd is not this system's"
    os.umask(0o022)
    result = expect(run(home, "install"), 1, r"^$", r"to be run by hand, where systemd runs:\n"
                    r" +/usr/bin/systemctl --user daemon-reload\n"
                    r" +/usr/bin/systemctl --user enable --now pausemond.service\n"
                    r".*is in its place, and was not begun")
    path = os.path.join(home, UNIT)
    assert os.stat(path).st_mode & 0o7777 == 0o644, result
    assert os.stat(os.path.dirname(path)).st_mode & 0o7777 == 0o700
    assert os.listdir(os.path.dirname(path)) == ["pausemond.service"]
    assert read(path) == run(home, "install", "--dry-run").stdout
    before = os.stat(path)
    installed(home)  # again: nothing to write
    after = os.stat(path)
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    os.umask(0o077)
    shutil.rmtree(os.path.join(home, ".config"))
    installed(home)
    assert os.stat(path).st_mode & 0o7777 == 0o644  # whatever the umask
    return None


@test
def a_file_that_differs_is_shown_and_kept(home):
    path = installed(home)
    ours = read(path)
    write(home, UNIT, ours.replace("WatchdogSec=60", "WatchdogSec=9\x1b[31m"))
    for args in ((), ("--dry-run",)):
        result = expect(run(home, "install", *args), 1, r"^$", r"is there and differs")
        assert "- WatchdogSec=9?[31m\n" in result.stderr, result.stderr
        assert "+ WatchdogSec=60\n" in result.stderr and harmless(result.stderr), result.stderr
        assert result.stderr.count("\n- ") == result.stderr.count("\n+ ") == 1, result.stderr
    assert "WatchdogSec=9" in read(path)
    expect(run(home, "install", "--force", "--dry-run"), 0, None,
           r"systemctl --user restart -- pausemond.service")
    write(home, UNIT, "x" * 100000)
    expect(run(home, "install"), 1, r"^$", r"is there and differs")
    expect(run(home, "install", "--force"), 1, r"^$", r"was not begun")
    assert read(path) == ours


@test
def a_daemon_that_was_started_by_hand_is_in_the_way(home):
    with open(os.path.join(user_place(home), "daemon.pid"), "w", encoding="ascii") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        expect(run(home, "install"), 1, r"^$", f"runs already, pid {os.getpid()}.*end it first")
        assert not os.path.exists(os.path.join(home, UNIT))
        fcntl.lockf(file, fcntl.LOCK_UN)
        installed(home)
        fcntl.lockf(file, fcntl.LOCK_EX)  # the service's own
        installed(home)


@test
def links_are_not_followed(home):
    path = installed(home)
    victim = write(home, "victim", "mine\n")
    for link in (path, os.path.join(os.path.dirname(path), ".pausemond.service.new")):
        if os.path.lexists(link):
            os.unlink(link)
        os.symlink(victim, link)
        result = run(home, "install", "--force")
        if link == path:  # a masked unit, say
            expect(result, 1, r"^$", r"is a symbolic link.*was not touched")
            expect(run(home, "uninstall", "--force"), 1, r"^$", r"symbolic link.*not touched")
            assert os.path.islink(path)
            os.unlink(path)
        else:
            expect(result, 1, r"^$", r"is in its place")
            assert not os.path.islink(path)
    assert read(victim) == "mine\n"
    os.mkdir(os.path.join(home, "elsewhere"))
    shutil.rmtree(os.path.join(home, ".config/systemd"))
    os.symlink("../elsewhere", os.path.join(home, ".config/systemd"))
    for command in ("install", "uninstall"):
        expect(run(home, command), 1, r"^$", r"a symbolic link, which is not followed")
    assert os.listdir(os.path.join(home, "elsewhere")) == []
    os.unlink(os.path.join(home, ".config/systemd"))
    os.mkfifo(os.path.join(home, ".config/systemd"))
    expect(run(home, "install"), 1, r"^$", r"a directory above it is none")


@test
def the_variables_of_this_shell_are_written_down(home):
    config, data = os.path.join(home, "c"), os.path.join(home, "d")
    os.mkdir(config)
    result = run(home, "install", XDG_CONFIG_HOME=config, XDG_DATA_HOME=data)
    expect(result, 1, r"^$", r"is in its place")
    service = unit_of(read(os.path.join(config, "systemd/user/pausemond.service")))["Service"]
    assert service["Environment"] == [f'"XDG_CONFIG_HOME={config}"', f'"XDG_DATA_HOME={data}"']
    assert not os.path.exists(os.path.join(home, ".config"))
    expect(run(home, "install", "--dry-run", XDG_DATA_HOME="relative"), 0, r"ExecStart")
    expect(run("", "install"), 1, r"^$", r"HOME is not set")


@test
def a_home_of_somebody_else_is_refused(home):
    if os.geteuid() != 0:
        return "only root gives directories away"
    os.makedirs(os.path.join(home, ".config/systemd/user"))
    os.chown(os.path.join(home, ".config/systemd/user"), NOBODY, NOBODY)
    expect(run(home, "install"), 1, r"^$", r"belongs to somebody else")
    assert os.listdir(os.path.join(home, ".config/systemd/user")) == []
    return None


@test
def root_with_the_home_of_a_user_is_led_nowhere(home):
    """sudo that keeps HOME, and a user who has put a link there."""
    if os.geteuid() != 0:
        return "needs root"
    theirs, place = os.path.join(home, "theirs"), user_place(home)
    data = write(place, "data.db", "what root's daemon keeps")
    os.makedirs(os.path.join(theirs, ".local"))
    os.symlink(os.path.dirname(place), os.path.join(theirs, ".local/share"))
    os.chown(theirs, NOBODY, NOBODY)
    for args in (["install"], ["uninstall", "--purge"]):
        expect(run(theirs, *args), 1, r"^$", r"/theirs belongs to somebody else: run this as its")
    for verb in ("reset", "edit"):
        expect(run(theirs, "config", verb, VISUAL="touch"), 1, r"^$", r"belongs to somebody else")
    assert sorted(os.listdir(theirs)) == [".local"], os.listdir(theirs)
    assert read(data) == "what root's daemon keeps"
    return None


@test
def wrong_words_are_told(home):
    for command in ("install", "uninstall"):
        expect(run(home, command, "--for", "launchd"), 2, r"^$", r"--for needs --dry-run")
        expect(run(home, command, "--dry-run", "--for", "runit"), 2, r"^$", r"systemd or launchd")
        expect(run(home, command, "now"), 2, r"^$", r'unexpected "now"')
        expect(run(home, command, "--help"), 0, r"--dry-run")
    expect(run(home, "uninstall", "--purge", "--keep-data"), 2, r"^$", r"one of them")
    assert os.listdir(home) == []


# ---- uninstall ----

@test
def nothing_to_remove_is_fine(home):
    expect(run(home, "uninstall"), 0, r"^There is nothing to remove.\n$", r"^$")
    expect(run(home, "uninstall", "--purge"), 0, r"^There is nothing to remove.\n$", r"^$")
    assert os.listdir(home) == []


@test
def uninstall_removes_what_install_made_and_keeps_the_rest(home):
    path = installed(home)
    data = user_place(home)
    write(home, os.path.join(data, "data.db"), "")
    result = expect(run(home, "uninstall", "--dry-run", "--keep-data"), 0, r"^$",
                    r"would run: /usr/bin/systemctl --user disable --now pausemond.service\n"
                    r"would remove .*pausemond.service\n"
                    r"would run: /usr/bin/systemctl --user daemon-reload\nkept: ")
    assert os.path.exists(path), result
    expect(run(home, "uninstall"), 1, r"^Removed: .*pausemond.service\n$",
           r"to be run by hand.*\n.*disable --now")
    assert not os.path.exists(path) and os.listdir(data) == ["data.db"]
    write(home, UNIT, "[Service]\nExecStart=/bin/true\n")
    expect(run(home, "uninstall"), 1, r"^$", r"was not made by `pausemon install`")
    assert os.path.exists(path)
    expect(run(home, "uninstall", "--force"), 1, r"^Removed")
    assert not os.path.exists(path)


@test
def purge_lists_and_removes_only_what_is_ours(home):
    data = user_place(home)
    config = os.path.join(home, ".config/pause-monitor")
    victim = write(home, "victim/precious", "mine\n")
    capture = os.path.join(data, "events/2026-01-23_12-00-00")
    ours = [os.path.join(data, name) for name in (
        "data.db", "data.db-wal", "data.db-shm", "data.db.corrupt-20260123-120000", "blackbox",
        "blackbox.last", "daemon.pid")]
    ours += [capture + "/metadata.json", capture + "_2/system.log",
             os.path.join(config, "config.toml"), os.path.join(config, "config.toml.20260123-1200")]
    theirs = [os.path.join(data, "letters.txt"), os.path.join(data, "events/holidays/1.jpg"),
              os.path.join(config, "notes")]
    for path in ours + theirs:
        write(home, path, "x")
    os.symlink(os.path.dirname(victim), os.path.join(data, "events/2026-01-24_12-00-00"))
    os.symlink(victim, capture + "/link")
    os.symlink(victim, os.path.join(data, "blackbox.damaged"))
    result = expect(run(home, "uninstall", "--purge", "--dry-run"), 0, r"Would be removed:")
    assert all(os.path.exists(path) for path in ours), result
    listed = [line for line in result.stdout.splitlines() if line.startswith("/")]
    assert sorted(listed) == sorted(ours), listed
    result = expect(run(home, "uninstall", "--purge"), 0, r"Removed:")
    listed = [line for line in result.stdout.splitlines() if line.startswith("/")]
    assert sorted(listed) == sorted(ours), listed
    assert not any(os.path.exists(path) for path in ours), result
    assert all(os.path.exists(path) for path in theirs), result
    assert read(victim) == "mine\n" and os.path.islink(os.path.join(data, "blackbox.damaged"))
    for path in theirs:
        assert f"left, it is not ours: {path}" in result.stderr or "holidays" in path, result.stderr


@test
def purge_takes_the_directories_that_are_then_empty(home):
    data = user_place(home)
    write(home, os.path.join(data, "events/2026-01-23_12-00-00/metadata.json"), "{}")
    write(home, ".config/pause-monitor/config.toml", "")
    expect(run(home, "uninstall", "--purge"), 0, r"metadata.json\n" + re.escape(data) + r"\n",
           r"^$")
    assert not os.path.exists(data)
    assert not os.path.exists(os.path.join(home, ".config/pause-monitor"))


@test
def purge_stays_away_from_links_and_from_a_daemon_that_runs(home):
    elsewhere = os.path.join(home, "elsewhere")
    write(home, os.path.join(elsewhere, "data.db"), "x")
    os.makedirs(os.path.join(home, ".local/share"))
    data = os.path.join(home, ".local/share/pause-monitor")
    os.symlink(elsewhere, data)
    expect(run(home, "uninstall", "--purge"), 1, None, r"symbolic link.*not touched")
    assert os.listdir(elsewhere) == ["data.db"]
    os.unlink(data)
    user_place(home)
    write(home, os.path.join(data, "data.db"), "x")
    with open(os.path.join(data, "daemon.pid"), "w", encoding="ascii") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        expect(run(home, "uninstall", "--purge"), 1, r"^$",
               f"a pausemond still runs there, pid {os.getpid()}: nothing of .* was removed")
        assert os.path.exists(os.path.join(data, "data.db"))


@test
def the_machines_uninstall_can_be_tried(home):
    if os.path.exists("/var/lib/pause-monitor") or os.path.exists("/run/pause-monitor"):
        return "a pausemond for this machine has been here"
    for manager in ("systemd", "launchd"):
        expect(run(home, "uninstall", "--system", "--dry-run", "--purge", "--for", manager), 0)
    return None


if __name__ == "__main__":
    main()
