#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`pausemon why` and the black box: files made here, by the format's description alone. TAP.

    cli_blackbox.py PAUSEMON
"""
import binascii
import fcntl
import json
import os
import sqlite3
import struct
import time

from cli_incidents import add_pause, make, started
from taplib import expect, harmless, main, run, test, tests, user_place

SIZE = 256 << 10
EVIL = "\x1b[2J\x9bevil\u202e"
BOOT = "11111111-2222-3333-4444-555555555555"


def checked(sector):
    sector = sector.ljust(508, b"\0")
    return sector + struct.pack("<I", binascii.crc32(sector))


def sample(at, stress=5, names=("burner", "b", "c", "d"), score=7):
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(at))
    rogues = [{"pid": 10 + i, "command": name, "cpu": 98.5, "state": "running", "mem": 5 << 20,
               "cmprs": 0, "pageins": 0, "csw": 10, "sysbsd": 5, "threads": 2, "score": score - i,
               "categories": ["cpu"], "ppid": 1, "start_time": 5, "unknown": []}
              for i, name in enumerate(names)]
    return {"timestamp": stamp, "elapsed_ms": 1000, "process_count": 412, "max_score": score,
            "rogues": rogues, "stress": stress, "unreadable": 0, "rogues_omitted": 0,
            "cost_us": 900, "monotonic_ns": 1}


def record(run_id, sequence, at, tier=1, beats='"beats":1200,"late_beats":3,"worst_beat_ms":1234,',
           **more):
    payload = ('{"tier":%d,"lost":0,%s"sample":%s}\n' % (tier, beats, json.dumps(
        sample(at, **more), separators=(",", ":")))).encode()
    head = b"\xffPB\xfe" + struct.pack("<IQQqI", len(payload), sequence, run_id,
                                       int(at * 10**9), 0)
    head += struct.pack("<I", binascii.crc32(head + payload))
    return (head + payload).ljust(-(-(len(head) + len(payload)) // 64) * 64, b"\0")


def put_box(path, records, boot=BOOT, clean=0, run_id=77, began=0):
    head = checked(b"pausemon black box 1\n".ljust(32, b"\0")
                   + struct.pack("<Qqq", run_id, int(began * 10**9), 1) + boot.encode())
    state = checked(b"pausemon state\n".ljust(16, b"\0") + struct.pack("<QQ", run_id, clean))
    with open(path, "wb") as file:
        file.write((head + state).ljust(4096, b"\0") + b"".join(records))
        file.truncate(SIZE)


def note(base, alive, noted):
    for key, at in (("hard_end_last_alive", alive), ("hard_end_noted", noted)):
        base.execute("INSERT INTO daemon_state VALUES (?, ?, 0)", (key, str(int(at * 10**9))))
    base.commit()


def some(count, end, **more):
    """So many samples a second apart, the last at `end`."""
    return [record(77, 1 + i, end - count + 1 + i, **(more if i == count - 1 else {}))
            for i in range(count)]


@test
def what_the_black_box_holds_of_a_hard_end_is_told_with_it(home):
    place = user_place(home)
    base = make(place)
    add_pause(base, 1, 1769190000)
    note(base, 1769198400, 1769198700)
    torn = record(77, 13, 1769198416)[:300].ljust(1024, b"\0")
    put_box(os.path.join(place, "blackbox.last"),
            some(12, 1769198415, tier=3, stress=77) + [torn] + [record(78, 1, 1769198415)])
    text = expect(run(home, "why", TZ="UTC"), 0,
                  r"^2026-01-23 20:05:00  the previous boot ended without shutdown; last alive "
                  r"2026-01-23 20:00:00\n"
                  r"Its last sample, 2026-01-23 20:00:15: stress 77, tier critical\.\n"
                  r"20:00:15  412 processes.*\nSCORE.*\n +7  burner +10 +running +98\.5 +5\.0M.*\n"
                  r" +6  b .*\n +5  c .*\n\n"
                  r"The heartbeat: 3 of 1200 beats were late, the latest by 1\.23 s\.\n"
                  r"The black box holds 11 samples before it \(--json shows them\); 1 torn, not to "
                  r"be read; 1 stale, not to be trusted\.\n\n"
                  r"2026-01-23 17:40:00  froze", r"^$").stdout
    assert "without a word" not in text, text
    answer = json.loads(run(home, "why", "--json", TZ="UTC").stdout)
    hard = answer["hard_end"]
    assert answer["pause"]["id"] == 1, answer
    assert list(hard) == ["last_alive", "noted", "last_sample", "samples", "torn", "stale", "lost",
                          "beats", "late_beats", "worst_beat_ms", "samples_before"], list(hard)
    assert (hard["samples"], hard["torn"], hard["stale"], hard["lost"]) == (12, 1, 1, 0), hard
    assert (hard["beats"], hard["late_beats"], hard["worst_beat_ms"]) == (1200, 3, 1234), hard
    assert len(hard["samples_before"]) == 12 and hard["samples_before"][-1] == hard["last_sample"]
    last = hard["last_sample"]
    assert last["tier"] == 3 and last["stress"] == 77 and last["rogues"][0]["pid"] == 10, last
    assert [s["tier"] for s in hard["samples_before"]] == [1] * 11 + [3], hard
    assert "Its last sample" not in run(home, "why", "1").stdout


@test
def a_black_box_of_another_time_is_not_told(home):
    place = user_place(home)
    base = make(place)
    note(base, 1769198400, 1769198700)
    last = os.path.join(place, "blackbox.last")
    plain = run(home, "why").stdout
    for minutes in (6, 600):
        put_box(last, some(3, 1769198400 - 60 * minutes))
        assert run(home, "why").stdout == plain
    put_box(last, some(3, 1769198400), clean=1)
    assert run(home, "why").stdout == plain
    put_box(last, some(3, 1769198400 - 240))
    expect(run(home, "why"), 0, "Its last sample")
    put_box(last, [])
    assert run(home, "why").stdout == plain
    put_box(last, [record(77, 1, 1769198400)[:200]], began=1769198390)
    expect(run(home, "why"), 0, r"Its black box holds no sample \(1 torn\)\.\n")
    assert json.loads(run(home, "why", "--json").stdout)["hard_end"]["last_sample"] is None
    add_pause(base, 2, started())
    put_box(last, some(3, 1769198400))
    assert "shutdown" not in run(home, "why").stdout


@test
def without_a_word_in_the_database_it_is_told_if_it_is_newer_than_the_newest_pause(home):
    place = user_place(home)
    last = os.path.join(place, "blackbox.last")
    put_box(last, some(3, 1769198400))
    expect(run(home, "why", TZ="UTC"), 0,
           r"^2026-01-23 20:00:00  a boot ended without shutdown after this; only its black box "
           r"tells of it\nIts last sample", r"nothing is recorded yet")
    base = make(place)
    answer = json.loads(expect(run(home, "why", "--json", TZ="UTC"), 0, None, r"^$").stdout)
    assert answer["pause"] is None, answer
    assert answer["hard_end"]["last_alive"] == "2026-01-23T20:00:00+00:00", answer
    assert answer["hard_end"]["noted"] is None and answer["hard_end"]["samples"] == 3, answer
    add_pause(base, 1, 1769198300)
    expect(run(home, "why"), 0, r"shutdown after this(?s:.*)\n\n.*froze")
    add_pause(base, 2, 1769198500)
    assert "shutdown" not in run(home, "why").stdout


@test
def a_daemon_that_was_killed_in_this_boot_is_told_unless_one_runs(home):
    place = user_place(home)
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    base = make(place)
    at = int(time.time())
    box = os.path.join(place, "blackbox")
    put_box(box, some(3, at), boot=boot)
    clock = time.strftime("%H:%M:%S", time.gmtime(at))
    line = r"the daemon has ended without a word \(killed\?\); its last sample was at "
    expect(run(home, "why", TZ="UTC"), 4, rf"^{line}(....-..-.. )?{clock}\n$")
    add_pause(base, 1, started())
    expect(run(home, "why", TZ="UTC"), 0, rf"froze(?s:.*)\n{line}(....-..-.. )?{clock}\n$")
    answer = json.loads(run(home, "why", "--json", TZ="UTC").stdout)
    assert answer["daemon_killed"]["last_sample"].endswith(f"{clock}+00:00"), answer
    assert "hard_end" not in answer, answer
    with open(os.path.join(place, "daemon.pid"), "w", encoding="ascii") as lock:
        expect(run(home, "why"), 0, line)
        fcntl.lockf(lock, fcntl.LOCK_EX)
        assert "without a word" not in run(home, "why").stdout
    put_box(box, [], boot=boot)
    expect(run(home, "why"), 0, r"without a word \(killed\?\); it has left no sample")
    for more in ({"boot": boot, "clean": 1}, {}):
        put_box(box, some(3, at), **more)
        assert "without a word" not in run(home, "why").stdout


@test
def what_is_hostile_harms_no_terminal_and_what_cannot_be_read_is_said(home):
    place = user_place(home)
    base = make(place)
    add_pause(base, 1, 1769190000)
    note(base, 1769198400, 1769198700)
    last = os.path.join(place, "blackbox.last")
    put_box(last, some(2, 1769198400, names=(EVIL, EVIL)), boot=EVIL)
    for more in ([], ["--json"]):
        result = expect(run(home, "why", *more), 0, r"evil", r"^$")
        assert harmless(result.stdout), result.stdout
    with open(last, "wb") as file:
        file.write(b"diary")
    expect(run(home, "why"), 0, r"without shutdown", r"the black box: .*is no black box")
    os.unlink(last)
    os.symlink("/etc/passwd", last)
    expect(run(home, "why"), 0, r"without shutdown", r"the black box: .*symbolic link")


if __name__ == "__main__":
    tests[:] = [function for function in tests if function.__module__ == "__main__"]
    main()
