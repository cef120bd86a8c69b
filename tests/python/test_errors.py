# SPDX-License-Identifier: MIT
"""Every class of exception by a real cause; enums; the small functions."""
import enum
import os
import re
import socket
import subprocess
import sys

import pytest
import stage

import pausemon

STATUS = {"BusyError": -1, "EndError": -2, "OutOfMemoryError": -3, "InvalidError": -4,
          "FormatError": -5, "LimitError": -6, "IoError": -7, "DeniedError": -8,
          "NotFoundError": -9, "UnsupportedError": -10}
BASES = {"OutOfMemoryError": MemoryError, "InvalidError": ValueError, "FormatError": ValueError,
         "IoError": OSError, "DeniedError": PermissionError, "NotFoundError": LookupError,
         "MisuseError": RuntimeError}


def header(name):
    with open(os.path.join(stage.TOP, "include/pausemon", name), encoding="utf-8") as file:
        return file.read()


def caught(kind, call, *arguments, **named):
    with pytest.raises(kind) as info:
        call(*arguments, **named)
    assert str(info.value) and "\n" not in str(info.value)
    return info.value


def test_each_status_of_the_headers_has_its_class():
    in_header = dict(re.findall(r"PAUSEMON_ERR_(\w+) = (-\d+)", header("common.h")))
    assert {int(number) for number in in_header.values()} == set(STATUS.values())
    for name, status in STATUS.items():
        cls = getattr(pausemon, name)
        assert issubclass(cls, pausemon.PausemonError)
        assert cls("text").status == status, name
    for name, base in BASES.items():
        assert issubclass(getattr(pausemon, name), (base, )), name
    assert issubclass(pausemon.ClosedError, pausemon.PausemonError)
    assert issubclass(pausemon.MisuseError, pausemon.PausemonError)


def test_busy_and_end():
    with stage.Script("b.") as source, pausemon.Collector(source) as collector:
        assert caught(pausemon.BusyError, collector.collect).status == -1
        collector.collect()
        assert caught(pausemon.EndError, collector.collect).status == -2
        caught(pausemon.EndError, collector.collect)


def test_invalid():
    error = caught(pausemon.InvalidError, pausemon.RingBuffer, 4000)
    assert isinstance(error, ValueError) and error.status == -4


def test_format():
    error = caught(pausemon.FormatError, pausemon.Sample.from_json, "{")
    assert isinstance(error, ValueError) and error.status == -5
    error = caught(pausemon.FormatError, pausemon.Config, "[tiers]\nx\n")
    assert error.line == 2


def test_limit():
    with pausemon.Config() as config:
        assert caught(pausemon.LimitError, config.parse, "#" * (1 << 20) + "\n").status == -6


def test_io(tmp_path):
    error = caught(pausemon.IoError, pausemon.Config, path=tmp_path)
    assert error.status == -7 and error.os_errno > 0 and isinstance(error, OSError)


def test_not_found(tmp_path):
    error = caught(pausemon.NotFoundError, pausemon.History, tmp_path / "none.db")
    assert error.status == -9 and isinstance(error, LookupError) and "none.db" in str(error)
    caught(pausemon.NotFoundError, pausemon.Source, f"top:{tmp_path}/none")
    caught(pausemon.NotFoundError, pausemon.Blackbox.read, tmp_path / "none")


DENIED = """
import os, sys
os.setuid(65534)
import pausemon
try:
    pausemon.Config(path=sys.argv[1])
except pausemon.DeniedError as error:
    assert isinstance(error, PermissionError) and error.status == -8 and error.os_errno
    print("denied")
"""


def test_denied(tmp_path):
    """As nobody where we are root, who may read everything."""
    path = tmp_path / "secret.toml"
    path.write_text("", encoding="utf-8")
    path.chmod(0)
    if os.geteuid() != 0:
        assert isinstance(caught(pausemon.DeniedError, pausemon.Config, path=path),
                          PermissionError)
        return
    package = os.path.dirname(os.path.dirname(pausemon.__file__))
    try:
        open_to_all = subprocess.run(["/usr/bin/setpriv", "--reuid=65534", "ls", package],
                                     capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        pytest.skip("setpriv is not there")
    if not open_to_all:
        pytest.skip("nobody may not read the package")
    ran = subprocess.run([sys.executable, "-B", "-c", DENIED, str(path)], capture_output=True,
                         text=True, timeout=stage.PATIENCE, check=False)
    assert (ran.stdout, ran.stderr) == ("denied\n", "")


@pytest.mark.skipif(sys.platform != "linux", reason="only where there is no top")
def test_unsupported(monkeypatch):
    monkeypatch.delenv("PAUSEMON_TOP", raising=False)
    assert caught(pausemon.UnsupportedError, pausemon.Source, "top").status == -10


NOMEM = """
import resource
import pausemon
pausemon.RingBuffer(1).close()
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (24 << 20), resource.RLIM_INFINITY))
try:
    rings = [pausemon.RingBuffer(3600) for _ in range(9)]
except pausemon.OutOfMemoryError as error:
    assert isinstance(error, MemoryError) and error.status == -3
    print("out of memory")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what is used")
def test_out_of_memory():
    ran = subprocess.run([sys.executable, "-B", "-c", NOMEM], capture_output=True, text=True,
                         timeout=stage.PATIENCE, check=False)
    assert (ran.stdout, ran.stderr) == ("out of memory\n", "")


def test_an_unknown_source_is_named():
    error = caught(pausemon.PausemonError, pausemon.Source, "porcfs")
    assert "porcfs" in str(error)


def test_an_error_of_a_source_keeps_its_text_and_cause():
    with stage.Script("x.") as source, pausemon.Collector(source) as collector:
        error = caught(pausemon.PausemonError, collector.collect)
        assert "told to fail" in str(error)
        assert isinstance(error.__cause__, OSError)
        collector.collect()  # of this look only


# ---- enums ----

ENUMS = {"State": ("process.h", "pausemon_state", "PAUSEMON_STATE_"),
         "Category": ("process.h", "pausemon_category", "PAUSEMON_CATEGORY_"),
         "Tier": ("tiers.h", "pausemon_tier", "PAUSEMON_TIER_"),
         "TierAction": ("tiers.h", "pausemon_tier_action", "PAUSEMON_"),
         "Cause": ("pause.h", "pausemon_cause", "PAUSEMON_CAUSE_"),
         "Detector": ("pause.h", "pausemon_detector", "PAUSEMON_DETECTOR_"),
         "Review": ("escalation.h", "pausemon_review", "PAUSEMON_REVIEW_"),
         "EventType": ("monitor.h", "pausemon_event_type", "PAUSEMON_EVENT_"),
         "Look": ("source.h", "pausemon_look", "PAUSEMON_LOOK_")}


def members_of(file, name, prefix):
    """Names and numbers, read from the header."""
    body = re.search(rf"enum {name} {{(.*?)}};", header(file), re.S).group(1)
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
    found = re.findall(rf"{prefix}(\w+) = (-?\d+)(?: << (\d+))?", body)
    return {member: int(number) << int(shift or 0) for member, number, shift in found}


@pytest.mark.parametrize("name", ENUMS)
def test_an_enum_is_that_of_the_header(name):
    ours = getattr(pausemon, name)
    assert issubclass(ours, int) and issubclass(ours, enum.Enum)
    theirs = members_of(*ENUMS[name])
    assert theirs
    for member, number in theirs.items():
        assert ours[member] == number
        assert str(ours[member]) == member.lower()
    named = {member.name: int(member) for member in ours}
    assert {n: v for n, v in named.items() if n not in ("ALL", "NONE")} == theirs


def test_the_small_functions():
    assert re.fullmatch(r"\d+\.\d+\.\d+", pausemon.version())
    assert pausemon.has("json") is True
    assert pausemon.has("nothing") is False
    for ns, text in [(250_000_000, "250 ms"), (2_310_000_000, "2.31 s"),
                     (192 * stage.SECOND, "3 min 12 s")]:
        assert pausemon.duration_text(ns) == text


def test_the_package_says_what_is_public():
    for name in [*STATUS, *ENUMS, "Config", "Source", "PythonSource", "Row", "Process", "Sample",
                 "Collector", "watch", "TierManager", "RingBuffer", "Monitor", "Event", "Pause",
                 "Escalation", "Capture", "Heartbeat", "Storage", "History", "Forensics",
                 "Blackbox", "Alerts", "Client", "AsyncClient", "Instant", "score", "version",
                 "has", "duration_text", "PausemonError", "ClosedError", "MisuseError"]:
        assert name in stage.PUBLIC, name


def test_no_socket_is_open_by_importing():
    """Importing has no effect on the process."""
    code = ("import os, threading; before = set(os.listdir('/dev/fd')); import pausemon; "
            "assert set(os.listdir('/dev/fd')) == before; assert threading.active_count() == 1")
    ran = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True,
                         timeout=stage.PATIENCE, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_errors_survive_pickling():
    """They cross processes, as those of concurrent.futures do."""
    import pickle

    with stage.Script("x") as source, pausemon.Collector(source) as collector:
        error = caught(pausemon.PausemonError, collector.collect)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and str(again) == str(error)
    assert (again.status, again.os_errno, again.line) == (error.status, error.os_errno, error.line)


def test_a_socket_is_no_config():
    with socket.socket() as other, pytest.raises((TypeError, pausemon.InvalidError)):
        pausemon.TierManager(other)
