#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""pausemon-monitor on real terminals, with daemons that are played and one that is real. TAP on
stdout.

    monitor.py PAUSEMON MAKE_DB
"""
import os
import re
import signal
import sqlite3
import subprocess
import sys
import termios

from screenlib import (CRITICAL, MONITOR, PATIENCE, PAUSEMOND, STATUS, Bare, Played, Tmux, has_tmux,
                       rogue, sample, state, wait_until)
from taplib import PAUSEMON, environment, expect, harmless, main, run, test

MAKE_DB = os.path.abspath(sys.argv[2])
NO_TMUX = "tmux is not there"
COLORS = re.compile(rb"\033\[(?:[0-9;]*;)?(?:3[0-9]|4[0-9]|9[0-7])(?:;[0-9;]*)?m")


def data(home):
    return os.path.join(home, "data")


def monitor(home, *args, **more):
    return subprocess.run([MONITOR, *args], env=environment(home, LC_ALL="C.UTF-8", **more),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          check=False)


# ---- without a screen ----

@test
def once_gives_plain_lines_and_so_does_whatever_is_no_terminal(home):
    with Played(data(home), CRITICAL):
        for args, more in ((["--once"], {}), ([], {"TERM": "xterm"}), ([], {"TERM": "dumb"})):
            result = expect(monitor(home, "--data-dir", data(home), *args, **more), 0,
                            r"88 stress-ng +4242 running +799\.6", r"^$")
            assert harmless(result.stdout), result.stdout
            for text in ("STRESS   88", "3 late beats", "disk full, 12 records lost",
                         "61 rsync               3100 stuck         -     -    0B"):
                assert text in result.stdout, (text, result.stdout)
        with Bare(home, MONITOR, "--data-dir", data(home), TERM="dumb") as terminal:
            wait_until("its end", lambda: terminal.read() and terminal.process.poll() is not None)
            assert b"stress-ng" in terminal.read() and b"\033" not in terminal.bytes
            assert terminal.process.returncode == 0


@test
def without_a_daemon_once_says_how_to_start_one(home):
    expect(monitor(home, "--once"), 3, r"^$", "`pausemon daemon` starts one")
    expect(monitor(home, "--once", "--data-dir", data(home)), 3, r"^$", "--data-dir")


@test
def a_daemon_that_has_not_looked_yet_is_told_from_one_that_says_nothing(home):
    with Played(data(home), (state(1), STATUS)):
        expect(monitor(home, "--once", "--data-dir", data(home)), 0, "waiting for the first sample")
    with Played(data(home), ()):
        expect(monitor(home, "--once", "--data-dir", data(home)), 1, r"^$", "does not answer")


@test
def a_data_directory_that_is_a_symbolic_link_is_refused(home):
    os.mkdir(data(home))
    os.symlink(data(home), os.path.join(home, "link"))
    for args in ([], ["--once"]):
        expect(monitor(home, "--data-dir", os.path.join(home, "link"), *args), 1, r"^$",
               "is a symbolic link")


@test
def wrong_usage_is_told(home):
    expect(monitor(home, "--onec"), 2, None, "did you mean --once")
    expect(monitor(home, "x"), 2, None, 'unexpected "x"')
    expect(monitor(home, "--source", "auto"), 2, None, "--source is for --local")
    expect(monitor(home, "--local", "--data-dir", "x"), 2, None, "has no daemon")
    expect(monitor(home, "--local", "--once", "--interval", "0"), 2, None, "no number from 0.1")
    expect(monitor(home, "--local", "--once", "--source", "nonsense:"), 1, None, "nonsense")
    expect(monitor(home, "--help"), 0, "Usage: pausemon-monitor")
    for name in ("monitor", "tui"):
        expect(run(home, name, "--version"), 0, r"^pausemon-monitor \d")


@test
def local_looks_without_a_daemon(home):
    result = expect(monitor(home, "--local", "--once", "--interval", "0.1"), 0,
                    r"(?m)^ SCORE COMMAND", r"^$")
    assert "local, nothing is recorded" in result.stdout and "PAUSES  no pause" in result.stdout
    assert re.search(r"SYSTEM +\d+ process", result.stdout), result.stdout


# ---- the screen ----

CRITICAL_ROWS = """\
 STRESS   88  ███████████████████████████████████▏░░░░  critical
 RECENT                                                                       ▇
 SYSTEM  412 processes · 2 rogues · 2 unreadable · cost 0.09 % · 3 late beats
 TROUBLE disk full, 12 records lost

 SCORE COMMAND              PID STATE      %CPU   MEM CMPRS WHY
    88 stress-ng           4242 running   799.6  1.0M    0B cpu,csw
    61 rsync               3100 stuck         -     -    0B cpu
""".split("\n")[:-1]


@test
def screens_are_exact_at_80x24_and_fit_200x60_and_say_what_40x10_lacks(home):
    if not has_tmux():
        return NO_TMUX
    with Played(data(home), CRITICAL), Tmux(home) as tmux:
        tmux.command(f"clear; {MONITOR} --data-dir {data(home)}")
        screen = tmux.wait("stress-ng", "2.31 s", "disk full").split("\n")
        assert screen[1:9] == CRITICAL_ROWS, "\n".join(screen)
        assert re.match(r" pausemon  .* connected  \d\d:\d\d:\d\d$", screen[0]), screen[0]
        assert re.match(r" PAUSES  .{13}    2\.31 s  cpu      0\.94  stress-ng ×8$",
                        screen[20]), screen[20]
        assert screen[21] == " EVENTS  no event" and screen[22] == ""
        assert screen[23] == " q quit   e events   p pauses   ? help"
        tmux.run("resize-window", "-x", "200", "-y", "60")
        wide = tmux.wait("PGIN/s", "THR", "PAUSES ────", "daemon 4711").split("\n")
        assert wide[59] == " q quit   e events   p pauses   ? help", wide[59]
        tmux.run("resize-window", "-x", "40", "-y", "10")
        tmux.wait("pausemon needs 60x15, this is 40x10", gone=("stress-ng",))
        tmux.run("resize-window", "-x", "80", "-y", "24")
        tmux.wait("stress-ng", CRITICAL_ROWS[5])


@test
def keys_lead_through_the_views(home):
    if not has_tmux():
        return NO_TMUX
    with Played(data(home), CRITICAL) as daemon, Tmux(home) as tmux:
        tmux.command(f"{MONITOR} --data-dir {data(home)}")
        tmux.wait("stress-ng")
        tmux.key("?")
        tmux.wait("mark reviewed, pinned, dismissed", gone=("stress-ng",))
        tmux.key("Escape")
        tmux.wait("stress-ng", "61 rsync")
        tmux.key("p")
        tmux.wait("SURE  CULPRIT", "1 of 1", gone=("61 rsync",))
        tmux.key("Enter")
        tmux.wait("froze 2.31 s: cpu starvation", "run_delay_ms")
        tmux.key("Left")
        tmux.wait("SURE  CULPRIT")
        tmux.key("e")
        tmux.wait("Events: all", "no event")
        tmux.key("f")
        tmux.wait("Events: unreviewed", "a shows all")
        daemon.say({"type": "event", "id": 12, "start": "2026-01-23T12:00:00.000000+00:00",
                    "end": None, "peak_stress": 77, "peak_tier": 3, "status": "unreviewed",
                    "notes": None, "samples": 4})
        tmux.wait("12  ", "goes on  critical   77  unreviewed")
        tmux.key("d")  # there is no database to mark it in
        tmux.wait("event 12 cannot be marked: nothing is recorded yet")
        tmux.key("Enter")
        tmux.wait("Event 12: critical, peak stress 77, unreviewed")
        tmux.key("C-l")
        tmux.wait("Event 12: critical")
        tmux.key("q")
        tmux.wait("shell>", gone=("Event 12",))


@test
def who_spiked_and_vanished_stays_readable_and_samples_go_on(home):
    if not has_tmux():
        return NO_TMUX
    with Played(data(home)) as daemon, Tmux(home) as tmux:
        tmux.command(f"{MONITOR} --data-dir {data(home)}")
        tmux.wait("firefox")
        daemon.say({"type": "sample", "tier": 2, **sample(70, rogue(5, "make", 70))})
        tmux.wait("70 make", "STRESS   70", "elevated")
        daemon.say({"type": "sample", "tier": 1, **sample(4, rogue(9, "firefox", 4))})
        tmux.wait("4 firefox", "70 make", "calm for ", "STRESS    4")


@test
def a_daemon_that_dies_is_missed_and_found_again(home):
    if not has_tmux():
        return NO_TMUX
    with Tmux(home) as tmux:
        tmux.command(f"{MONITOR} --data-dir {data(home)}")
        tmux.wait("reconnecting in", "no daemon runs", "pausemon daemon")
        with Played(data(home)):
            tmux.wait("connected", "firefox", gone=("reconnecting",))
        tmux.wait("reconnecting in", "firefox", gone=("connected",))
        with Played(data(home), (state(1, sample(5, rogue(3, "another", 5))), STATUS)):
            tmux.wait("another", gone=("reconnecting", "firefox"))


@test
def whatever_answers_and_is_no_daemon_is_left_alone(home):
    if not has_tmux():
        return NO_TMUX
    for hello, text in ((({"no": "type"},), "what answers is no pausemond"),
                        (({"type": "error", "text": "64 clients\x1b[2J"},),
                         "the daemon refuses: 64 clients?[2J")):
        with Played(data(home), hello), Tmux(home, 100, 24) as tmux:
            tmux.command(f"{MONITOR} --data-dir {data(home)}")
            tmux.wait("reconnecting in", text)


@test
def on_the_screen_local_says_that_nothing_is_recorded(home):
    with Bare(home, MONITOR, "--local", "--interval", "0.1", columns=120) as terminal:
        terminal.wait("local, nothing is recorded")
        terminal.wait("SCORE")
        terminal.type("e")
        terminal.wait("only since the start: --local records nothing")
        terminal.type("q")
        assert terminal.ended() == 0


# ---- leaving the terminal ----

@test
def however_it_ends_the_terminal_is_as_it_was(home):
    with Played(data(home)):
        for end, code in (("q", 0), ("\x03", -signal.SIGINT), (signal.SIGTERM, -signal.SIGTERM),
                          (signal.SIGHUP, -signal.SIGHUP), (signal.SIGQUIT, -signal.SIGQUIT)):
            with Bare(home, "/bin/sh", "-c", f"ulimit -c 0; exec {MONITOR} --data-dir {data(home)}"
                      ) as terminal:
                terminal.wait("firefox")
                raw = termios.tcgetattr(terminal.slave)
                assert not raw[3] & (termios.ECHO | termios.ICANON)
                if end == "\x03":  # it is nobody's controlling terminal
                    terminal.process.send_signal(signal.SIGINT)
                elif isinstance(end, str):
                    terminal.type(end)
                else:
                    terminal.process.send_signal(end)
                assert terminal.ended() == code, (end, terminal.process.returncode)


@test
def stopped_and_continued_it_gives_the_terminal_back_and_takes_it_again(home):
    if not has_tmux():
        return NO_TMUX
    stty = os.path.join(home, "stty")
    with Played(data(home)), Tmux(home) as tmux:
        tmux.command(f"stty -g >{stty}.0; echo marker; {MONITOR} --data-dir {data(home)}")
        tmux.wait("firefox", gone=("marker",))
        tmux.key("C-z")
        tmux.wait("marker", "Stopped", gone=("firefox",))
        tmux.command(f"stty -g >{stty}.1; echo stopped")
        tmux.wait("\nstopped")
        tmux.command("fg")
        tmux.wait("firefox", "STRESS", gone=("marker",))
        tmux.key("q")
        tmux.wait("marker", gone=("firefox",))
        tmux.command(f"stty -g >{stty}.2; echo over")
        tmux.wait("\nover")
    texts = []
    for i in range(3):
        with open(f"{stty}.{i}", encoding="ascii") as file:
            texts.append(file.read())
    assert texts[0] == texts[1] == texts[2] != "", texts


@test
def killed_with_stop_and_cont_it_draws_all_anew(home):
    with Played(data(home)), Bare(home, MONITOR, "--data-dir", data(home)) as terminal:
        terminal.wait("firefox")
        terminal.process.send_signal(signal.SIGSTOP)
        wait_until("its stop", lambda: os.waitid(os.P_PID, terminal.process.pid,
                                                 os.WSTOPPED | os.WNOHANG | os.WNOWAIT))
        seen = len(terminal.read())
        terminal.process.send_signal(signal.SIGCONT)
        wait_until("all anew", lambda: b"\033[2J" in terminal.read()[seen:] and
                   b"firefox" in terminal.bytes[seen:])
        terminal.type("q")
        assert terminal.ended() == 0


@test
def a_terminal_that_goes_away_ends_it(home):
    with Played(data(home)), Bare(home, MONITOR, "--data-dir", data(home)) as terminal:
        terminal.wait("firefox")
        os.close(terminal.slave)
        os.close(terminal.master)
        try:
            wait_until("its end", lambda: terminal.process.poll() is not None)
        finally:
            terminal.master, terminal.slave = os.pipe()


@test
def a_terminal_that_takes_nothing_holds_nobody(home):
    big = [rogue(i, f"process-{i}", 90) for i in range(1, 65)]
    with Played(data(home)) as daemon, \
            Bare(home, MONITOR, "--data-dir", data(home), rows=60, columns=200) as terminal:
        terminal.wait("firefox")
        termios.tcflow(terminal.slave, termios.TCOOFF)  # as Ctrl-S does
        for client in daemon.clients:
            client.settimeout(10)
        for i in range(300):  # each is read, or this would time out
            daemon.say({"type": "sample", "tier": 3,
                        **sample(90, *(dict(r, command=f"x{i}-{r['pid']}") for r in big))})
        daemon.say({"type": "sample", "tier": 1, **sample(1, rogue(1, "the-last-one", 1))})
        assert b"x0-" not in terminal.read()
        termios.tcflow(terminal.slave, termios.TCOON)
        terminal.wait("the-last-one")
        terminal.type("q")
        assert terminal.ended() == 0


@test
def a_terminal_that_takes_nothing_does_not_keep_it_from_ending(home):
    with Played(data(home)) as daemon, \
            Bare(home, MONITOR, "--data-dir", data(home)) as terminal:
        terminal.wait("firefox")
        termios.tcflow(terminal.slave, termios.TCOOFF)
        daemon.say({"type": "sample", "tier": 3, **sample(90, rogue(1, "never-seen", 90))})
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.process.wait(timeout=PATIENCE) == -signal.SIGTERM
        assert termios.tcgetattr(terminal.slave) == terminal.before


# ---- colours, drawing ----

@test
def no_color_asks_for_none(home):
    with Played(data(home), CRITICAL):
        for more, is_colored in (({}, True), ({"NO_COLOR": "1"}, False)):
            with Bare(home, MONITOR, "--data-dir", data(home), **more) as terminal:
                terminal.wait("help")
                terminal.type("q")
                assert terminal.ended() == 0
                assert bool(COLORS.search(terminal.bytes)) == is_colored


@test
def names_never_command_a_terminal(home):
    evil = rogue(1, "\x1b]0;owned\x07\x1b[31m\x9b2J\u202e", 50)
    with Played(data(home), (state(1, sample(50, evil)), STATUS)), \
            Bare(home, MONITOR, "--data-dir", data(home)) as terminal:
        terminal.wait("?]0;owned??[31m")
        terminal.type("q")
        assert terminal.ended() == 0
        assert b"\x07" not in terminal.bytes and b"\033]" not in terminal.bytes
        assert "\u202e".encode() not in terminal.bytes and b"\xc2\x9b" not in terminal.bytes


@test
def a_locale_without_utf8_gets_ascii(home):
    with Played(data(home), CRITICAL), \
            Bare(home, MONITOR, "--data-dir", data(home), LC_ALL="C") as terminal:
        terminal.wait("x8")
        terminal.type("q")
        assert terminal.ended() == 0
        assert all(byte < 128 for byte in terminal.bytes), terminal.bytes


@test
def what_does_not_change_is_not_drawn_again(home):
    with Played(data(home)) as daemon, Bare(home, MONITOR, "--data-dir", data(home)) as terminal:
        terminal.wait("firefox")
        first = len(terminal.read())
        for _ in range(3):
            daemon.say({"type": "sample", "tier": 1, **sample(3, rogue(9, "firefox", 3))})
        wait_until("a tick of the clock", lambda: len(terminal.read()) > first + 10)
        assert b"firefox" not in terminal.bytes[first:]
        assert len(terminal.bytes) - first < 400, terminal.bytes[first:]
        terminal.type("q")
        assert terminal.ended() == 0


# ---- the database ----

@test
def marks_that_are_refused_are_told_in_a_line(home):
    path = os.path.join(data(home), "data.db")
    nobody = 65534
    if os.getuid() != 0:
        return "only root can become somebody else"
    os.makedirs(data(home), mode=0o755)
    if subprocess.run([MAKE_DB, path], check=False).returncode:
        return "this build has no storage"
    for name in (home, data(home)):
        os.chmod(name, 0o755)
    for name in os.listdir(data(home)):
        os.chmod(os.path.join(data(home), name), 0o644)
    before = statuses(path)
    if subprocess.run([MONITOR, "--version"], user=nobody, group=nobody, extra_groups=[],
                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
        return "the build directory is closed to others"
    with Bare(home, MONITOR, "--data-dir", data(home), user=nobody) as terminal:
        terminal.wait("EVENTS")
        terminal.type("e")
        terminal.wait("1 of 2")
        terminal.type("p")
        terminal.wait("cannot be marked: marking is for members of the group pausemon")
        terminal.type("q")
        assert terminal.ended() == 0
    assert statuses(path) == before


@test
def a_database_that_is_none_is_told_and_the_rest_goes_on(home):
    with Played(data(home)), Bare(home, MONITOR, "--data-dir", data(home)) as terminal:
        terminal.wait("firefox")
        with open(os.path.join(data(home), "data.db"), "wb") as file:
            file.write(b"no database at all" * 100)
        terminal.type("e")
        terminal.wait("the database: ")
        terminal.type("r\033")
        terminal.wait("TROUBLE")
        terminal.type("q")
        assert terminal.ended() == 0


def statuses(path):
    with sqlite3.connect(path) as database:
        return dict(database.execute("SELECT id, status FROM events"))


@test
def marks_reach_the_database(home):
    if not has_tmux():
        return NO_TMUX
    path = os.path.join(data(home), "data.db")
    os.makedirs(data(home), mode=0o700)
    if subprocess.run([MAKE_DB, path], check=False).returncode:
        return "this build has no storage"
    before = statuses(path)
    newest = max(before)
    with Tmux(home) as tmux:
        tmux.command(f"{MONITOR} --data-dir {data(home)}")
        tmux.wait("EVENTS", "critical")
        tmux.key("e")
        tmux.wait("1 of 2")
        tmux.key("p")
        tmux.wait(f"event {newest} is pinned", "22  pinned")
        assert statuses(path) == {**before, newest: "pinned"}
        tmux.key("f", "f", "f")
        tmux.wait("Events: pinned", "1 of 1")
        tmux.key("Enter")
        tmux.wait(f"Event {newest}", "Peaks", "Rogues", "hog ")
        tmux.key("d")
        tmux.wait(f"event {newest} is dismissed", ", dismissed")
        assert statuses(path)[newest] == "dismissed"
        tmux.key("Escape")
        tmux.wait("no event with this status")
        tmux.key("a")
        tmux.wait("Events: all", "dismissed")


@test
def a_real_daemon_is_shown_and_its_end_is_seen(home):
    if not has_tmux():
        return NO_TMUX
    if not os.access(PAUSEMOND, os.X_OK):
        return "there is no pausemond beside pausemon"
    with Tmux(home, 200, 60) as tmux, open(os.path.join(home, "log"), "w", encoding="utf-8") as log:
        tmux.command(f"{PAUSEMON} monitor --data-dir {data(home)}")
        tmux.wait("no daemon runs")
        daemon = subprocess.Popen([PAUSEMOND, "--data-dir", data(home)], env=environment(home),
                                  stdin=subprocess.DEVNULL, stderr=log)
        try:
            tmux.wait("connected", f"daemon {daemon.pid},", "SCORE  COMMAND", "PAUSES ")
        finally:
            daemon.terminate()
            daemon.wait()
        tmux.wait("reconnecting in", gone=("connected",))
        tmux.key("q")
        tmux.wait("shell>", gone=("reconnecting",))


main()
