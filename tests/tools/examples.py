#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every command and program that README.md and the manuals show works as it is written there. TAP
on stdout.

    examples.py PAUSEMON TESTS_DIR MAKE_DB SANITIZERS

Each document has a home of its own with some incidents in it and a daemon, and its commands are
run in their order, by sh, with the programs of this build.
"""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import helplib
import incidentlib
import mdoclib
from taplib import PAUSEMON, environment, main, test, user_place

TESTS, MAKE_DB, SANITIZERS = sys.argv[2:5]
TOOLS = os.path.dirname(PAUSEMON)
BUILD = os.path.dirname(TOOLS)
BESIDE = helplib.programs(PAUSEMON)
PATIENCE = 60
QUICK = "[monitor]\ninterval_ms = 200\n"

# THE list of what is not run as it is written: what is run instead (None: nothing), and why.
OTHERWISE = {
    "sh tools/quickstart.sh": (None, "installs packages of this machine"),
    "sh tests/run.sh": (None, "runs this test among others"),
    "sudo meson install -C build": (None, "installs into this machine; tests/embed/installed.py "
                                          "does it elsewhere"),
    "pausemon install": ("pausemon install --dry-run", "would begin a service here"),
    "sudo pausemon install --system": (
        "pausemon install --system --dry-run --force",
        "would begin a service of this machine, and this build lies where others may write"),
    "sudo pausemon install --system --dry-run": (
        "pausemon install --system --dry-run --force", "this build lies where others may write"),
}
# They go on until they are ended, which is done when they have said something.
LASTING = {"pausemon watch", "pausemon-monitor --local -i 0.5"}
# Exit codes other than 0. Here and above build/tools/ before a program is left out.
CODES = {
    "pausemon doctor": {0, 5},  # not all can be had here
    "pausemon calibrate": {0, 4},  # too little was recorded
}
# Those that are said by the document itself to run a daemon where the user's is.
DAEMON = re.compile(r"(build/tools/)?pausemond &")
WORDS = ("sudo", "sh", "cc", "pausemon", "pausemond", "pausemon-monitor", "build/tools/pausemon",
         "build/tools/pausemond", "build/tools/pausemon-monitor")


def readme():
    with open(os.path.join(TESTS, "../README.md"), encoding="utf-8") as file:
        return file.read()


def of_readme():
    """Its indented blocks that are commands, line by line."""
    for block in re.findall(r"(?:^ {4}\S.*\n)+", readme(), re.M):
        lines = [line.strip() for line in block.splitlines()]
        if lines[0].split(" ")[0] in WORDS:
            yield from lines


def bare(text):
    return text.removeprefix("build/tools/")


def listens(path):
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(path) == 0


class Stage:
    """A home, and what was begun in it."""

    def __init__(self, home):
        self.home = home
        self.begun = []
        self.done = 0
        os.symlink(BUILD, os.path.join(home, "build"))
        config = os.path.join(home, ".config/pause-monitor")
        os.makedirs(config, mode=0o700)
        with open(os.path.join(config, "config.toml"), "w", encoding="utf-8") as file:
            file.write(QUICK)
        incidentlib.make(user_place(home), MAKE_DB)
        self.env = environment(home, PATH=f"{TOOLS}:{os.environ['PATH']}", LC_ALL="C.UTF-8",
                               PKG_CONFIG_PATH=os.path.join(BUILD, "meson-uninstalled"))
        for name in ("NOTIFY_SOCKET", "JOURNAL_STREAM"):
            self.env.pop(name, None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.begun:
            if process.poll() is None:
                process.kill()
            process.wait()

    def begin(self, text):
        """One that stays: a daemon, until it can be connected to."""
        words = text.rstrip("& ").split()
        data = user_place(self.home)
        if "--data-dir" in words:
            data = os.path.join(self.home, words[words.index("--data-dir") + 1])
        process = subprocess.Popen(words, env=self.env, cwd=self.home, stdin=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        self.begun.append(process)
        deadline = time.monotonic() + PATIENCE
        while not listens(os.path.join(data, "daemon.sock")):
            assert process.poll() is None, (text, process.returncode, process.stderr.read())
            assert time.monotonic() < deadline, f"{text}: nobody listens"
            time.sleep(0.01)

    def end(self):
        """All that was begun ends when it is told to."""
        for process in self.begun:
            process.send_signal(signal.SIGTERM)
        for process in self.begun:
            said = process.communicate(timeout=PATIENCE)[1]
            assert process.returncode == 0, (process.args, process.returncode, said)

    def last(self, text):
        with subprocess.Popen(text.split(), env=self.env, cwd=self.home, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
            line = process.stdout.readline()
            process.send_signal(signal.SIGINT)
            process.stdout.read()
            code = process.wait(timeout=PATIENCE)
        assert line and code in (0, -signal.SIGINT), (text, code, line)

    def run(self, line):
        text = " ".join(re.sub(r"\s#.*", "", line).split())
        text, _ = OTHERWISE.get(text, (text, None))
        if text is None or text.startswith("cc "):  # C has tests of its own below
            return
        self.done += 1
        if text.endswith("&"):
            self.begin(text)
        elif bare(text) in LASTING:
            self.last(text)
        else:
            ran = subprocess.run(["sh", "-c", text], env=self.env, cwd=self.home, text=True,
                                 stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE,
                                 check=False)
            assert ran.returncode in CODES.get(bare(text), {0}), \
                f"{text}: exit {ran.returncode}: {ran.stdout} {ran.stderr}"
            assert ran.stdout or ran.stderr or "record" in text or "mark" in text, f"{text}: silent"


def run_all(home, lines, least):
    lines = list(lines)
    with Stage(home) as stage:
        if not any(DAEMON.fullmatch(" ".join(re.sub(r"\s#.*", "", line).split()))
                   for line in lines):
            stage.begin("pausemond")
        for line in lines:
            stage.run(line)
        assert stage.done >= least, f"only {stage.done} commands were found"
        stage.end()


@test
def commands_of_the_readme(home):
    run_all(home, of_readme(), 15)


@test
def commands_of_pausemon(home):
    run_all(home, mdoclib.commands(mdoclib.read(TESTS, "pausemon.1")), 15)


@test
def commands_of_pausemond(home):
    run_all(home, mdoclib.commands(mdoclib.read(TESTS, "pausemond.8")), 4)


@test
def commands_of_pausemon_monitor(home):
    if "pausemon-monitor" not in BESIDE:
        return "pausemon-monitor is not in this build"
    run_all(home, mdoclib.commands(mdoclib.read(TESTS, "pausemon-monitor.1")), 2)
    return None


@test
def commands_of_the_settings(home):
    run_all(home, mdoclib.commands(mdoclib.read(TESTS, "pausemon.toml.5")), 4)


@test
def commands_of_the_protocol(home):
    run_all(home, mdoclib.commands(mdoclib.read(TESTS, "pausemon-protocol.7")), 1)


@test
def every_exception_is_needed(home):
    shown = list(of_readme())
    for name in os.listdir(os.path.join(TESTS, "../docs/man")):
        if name != "meson.build":
            shown += mdoclib.commands(mdoclib.read(TESTS, name))
    shown = {" ".join(re.sub(r"\s#.*", "", line).split()) for line in shown}
    shown |= {bare(text) for text in shown}
    for text in (*OTHERWISE, *CODES, *LASTING):
        assert text in shown, f"nothing shows {text}"


@test
def settings_that_are_shown_are_good(home):
    count = 0
    for number, text in enumerate(mdoclib.displays(mdoclib.read(TESTS, "pausemon.toml.5"))):
        if not text.startswith("["):
            continue
        path = os.path.join(home, f"{number}.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        ran = subprocess.run([PAUSEMON, "config", "check", "--config", path], text=True,
                             capture_output=True, env=environment(home), timeout=60, check=False)
        assert ran.returncode == 0 and "warning" not in ran.stderr, (text, ran.stderr)
        count += 1
    assert count >= 2


@test
def the_client_in_python_hears_of_a_pause(home):
    code, = [text for text in mdoclib.displays(mdoclib.read(TESTS, "pausemon-protocol.7"))
             if text.startswith("import ")]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.path.join(user_place(home), "daemon.sock"))
    listener.listen(1)

    def serve():
        client = listener.accept()[0]
        client.sendall(b'{"type":"status"}\n{"type":"pause","verdict":"froze 2 s"}\n')
        client.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    ran = subprocess.run([sys.executable, "-c", code], env=environment(home), text=True,
                         capture_output=True, timeout=PATIENCE, check=False)
    listener.close()
    assert ran.returncode == 0 and ran.stdout == "froze 2 s\n", (ran.stdout, ran.stderr)


# ---- C ----

def build_and_run(home, code, source, lines):
    """Builds it with the line that is shown, and runs it."""
    if SANITIZERS != "none":
        return "a library with sanitizers needs a program with them"
    for tool in ("cc", "pkg-config"):
        if not shutil.which(tool):
            return f"{tool} is not there"
    line, = [line for line in lines if line.startswith("cc ") and source in line]
    with open(os.path.join(home, source), "w", encoding="utf-8") as file:
        file.write(code)
    env = environment(home, PKG_CONFIG_PATH=os.path.join(BUILD, "meson-uninstalled"))
    built = subprocess.run(["sh", "-c", line + " -Wall -Wextra -Werror"], cwd=home, env=env,
                           capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert built.returncode == 0, built.stderr
    ran = subprocess.run([os.path.join(home, "a.out")], capture_output=True, text=True,
                         env=dict(env, LD_LIBRARY_PATH=os.path.join(BUILD, "libpausemon")),
                         timeout=PATIENCE, check=False)
    assert ran.returncode == 0 and not ran.stderr, (ran.returncode, ran.stderr)
    return ran.stdout


@test
def the_program_of_the_readme_works(home):
    code, = re.findall(r"^```c\n(.*?)^```", readme(), re.M | re.S)
    said = build_and_run(home, code, "example.c", list(of_readme()))
    if "not there" in said or "sanitizers" in said:
        return said
    assert re.fullmatch(r"worst: .*, score \d+\n", said), said
    return None


@test
def the_program_of_libpausemon_works(home):
    text = mdoclib.read(TESTS, "libpausemon.3")
    code, = [text for text in mdoclib.displays(text) if text.startswith("#include")]
    said = build_and_run(home, code, "program.c", list(mdoclib.commands(text)))
    if "not there" in said or "sanitizers" in said:
        return said
    assert len(re.findall(r"^stress \d+$", said, re.M)) == 3, said
    return None


main()
