# SPDX-License-Identifier: MIT
"""Running an embedding program: to its end, or, where it goes on until SIGTERM, with what it is
meant to react to in between. Each function that is made by says(), or listed in embedlib.PROGRAMS,
takes a Program and raises Wrong."""
import json
import os
import re
import signal
import subprocess
import tempfile
import time

PATIENCE = 60  # seconds for one program, which takes some five, where the machine is not its own
SETTLE = 1  # seconds from the threads being there to the first looks and beats
FREEZE = 1.5  # seconds
WHEN = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  "


class Wrong(Exception):
    """Says what."""


def judge(good, text):
    if not good:
        raise Wrong(text)


class Program:
    """One that was built: where it is, what it is run within (valgrind), its own directory."""

    def __init__(self, path, wrap, env, place):
        self.path, self.wrap, self.env, self.place = path, list(wrap), env, place
        self.slower = 10 if wrap else 1

    def beside(self, name):
        """Another one, that was built into the same directory."""
        folder, own = os.path.split(self.path)
        path = os.path.join(folder, name + ("_c" if own.endswith("_c") else ""))
        return Program(path, self.wrap, self.env, self.place)

    def command(self, arguments):
        return [*self.wrap, self.path, *arguments]

    def run(self, *arguments, env=None):
        """(exit code, all that was said)."""
        try:
            ran = subprocess.run(self.command(arguments), stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                                 env={**(self.env or os.environ), **(env or {})}, check=False,
                                 timeout=PATIENCE * self.slower)
        except subprocess.TimeoutExpired as late:
            raise Wrong(f"did not end: {late.output}") from late
        return ran.returncode, ran.stdout

    def must(self, pattern, *arguments, code=0, env=None):
        got, text = self.run(*arguments, env=env)
        judge(got == code and re.fullmatch(pattern, text),
              f"{' '.join(arguments)}: exit code {got}, where {code} and {pattern} were expected:\n"
              f"{text}")


class Lasting:
    """A program that goes on until it is told to end."""

    def __init__(self, program, arguments, signals, tasks):
        self.slower = program.slower
        self.file = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            program.command(arguments), stdout=self.file, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, env=program.env)
        self.begun = lambda: self.catches(signals) and self.tasks() >= tasks

    def __enter__(self):
        try:
            self.until(self.begun, "it does not begin")
        except Wrong:
            self.__exit__()
            raise
        time.sleep(SETTLE * min(self.slower, 4))
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()  # also where it was stopped
        self.process.wait()
        self.file.close()

    def catches(self, signals):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as status:
            caught = int(re.search(r"^SigCgt:\s*(\w+)", status.read(), re.M).group(1), 16)
        return all(caught >> (number - 1) & 1 for number in signals)

    def tasks(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def said(self):
        # The offset is the program's too: it is only asked for what is there.
        return os.pread(self.file.fileno(), 1 << 24, 0).decode(errors="replace")

    def until(self, condition, complaint, seconds=PATIENCE):
        deadline = time.monotonic() + seconds * self.slower
        while not condition():
            judge(self.process.poll() is None, f"it ended by itself:\n{self.said()}")
            judge(time.monotonic() < deadline, f"{complaint}:\n{self.said()}")
            time.sleep(0.05)

    def until_said(self, pattern):
        self.until(lambda: re.search(pattern, self.said(), re.M), f"{pattern} is not said")

    def freeze_until(self, condition):
        """Stops it, three times at most: on a busy machine it may not have looked before."""
        for left in (2, 1, 0):
            self.process.send_signal(signal.SIGSTOP)
            time.sleep(FREEZE)
            self.process.send_signal(signal.SIGCONT)
            try:
                return self.until(condition, "it does not tell that it was stopped", PATIENCE / 3)
            except Wrong:
                if left == 0 or self.process.poll() is not None:
                    raise

    def end(self):
        """All that it said."""
        self.process.terminate()
        try:
            code = self.process.wait(PATIENCE * self.slower)
        except subprocess.TimeoutExpired as late:
            raise Wrong(f"it does not end:\n{self.said()}") from late
        judge(code == 0, f"exit code {code}:\n{self.said()}")
        return self.said()


def says(pattern, *arguments):
    """One run; PLACE in an argument is its directory."""
    def run(program):
        program.must(pattern, *(word.replace("PLACE", program.place) for word in arguments))
    return run


# ---- those that end by themselves ----

def worst_processes(program):
    program.must(r"score +pid +cpu %  command\n( *\d+ +\d+ +(\d+\.\d|-)  .+\n)+")
    program.must(r"worst_processes: .*cannot open.*\n", "top:/nope", code=1)


def game_frames(program):
    """A machine that froze in its frame 60 is not its fault, nor ours: three times are tried."""
    text = ""
    for _ in range(1 if program.wrap else 3):  # valgrind runs one thread at a time: never "ours"
        code, text = program.run()
        judge(code == 0 and re.fullmatch(r"((not )?ours: .*\n)+", text),
              f"exit code {code}: {text}")
        if re.search("^ours: saw nothing for .*the monitoring program itself was busy", text, re.M):
            return
    judge(program.wrap, f"never its own doing: {text}")


def container_source(program):
    for name, text in (("a", "usage_usec 5000000\n"), ("b", "nr 1\n")):
        os.makedirs(os.path.join(program.place, name))
        with open(os.path.join(program.place, name, "cpu.stat"), "w", encoding="utf-8") as file:
            file.write(text)
    program.must(r"0 0\.0 % a\n", program.place)
    program.must(r"container_source: .*No such file.*\n", program.place + "/none", code=1)


def ci_threshold(recording):
    def run(program):
        program.must(r"(sample [2-4]: stress \d+, worst hog\n){3}", recording, "60", code=1)
        program.must("", recording, "100")
        program.must(r"ci_threshold: .+\n", "top:/nope", "3", code=2)
        program.must(r"usage: .+\n", code=2)
    return run


# ---- those that go on ----

def print_pauses(program):
    with Lasting(program, [], [signal.SIGTERM], 2) as lasting:
        lasting.freeze_until(lambda: "was stopped (confidence" in lasting.said())
        text = lasting.end()
    judge(re.fullmatch(f"({WHEN}.+\n)+", text), text)


def record_incidents(program):
    """And last_incidents, which reads what is being written."""
    database = os.path.join(program.place, "incidents.db")
    reader = program.beside("last_incidents")
    with Lasting(program, [database], [signal.SIGTERM], 3) as lasting:
        lasting.freeze_until(lambda: "was stopped" in reader.run(database)[1])
        judge(lasting.end() == "", lasting.said())
    reader.must(rf"({WHEN}.+\n)*{WHEN}.*was stopped.*\n({WHEN}.+\n)*", database)


def last_incidents(program):
    """Where there is nothing; record_incidents does the rest."""
    program.must("last_incidents: .*No such file or directory.*\n", program.place + "/no.db",
                 code=1)
    empty = {"HOME": program.place, "XDG_DATA_HOME": program.place}
    program.must("last_incidents: .+\n", code=1, env=empty)


def dump_ring(program):
    with Lasting(program, [], [signal.SIGTERM, signal.SIGUSR1], 1) as lasting:
        lasting.process.send_signal(signal.SIGUSR1)
        lasting.until_said("^{.*}\n")
        samples = [json.loads(line) for line in lasting.end().splitlines()]
    judge(samples and all("stress" in sample for sample in samples), str(samples))


def reload_config(program):
    path = os.path.join(program.place, "easily.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("x y\n")
    with Lasting(program, [path], [signal.SIGTERM, signal.SIGHUP], 1) as lasting:
        lasting.until_said("^stress ")
        before = lasting.said()
        judge(re.search(f"^{re.escape(path)}:1: error: .+\n.*; nothing was changed\n", before),
              before)
        with open(path, "w", encoding="utf-8") as file:
            file.write("[monitor]\ninterval_ms = 100\n")
        lasting.process.send_signal(signal.SIGHUP)
        # By the default there would be half as many in that time.
        lasting.until(lambda: lasting.said().count("stress") >= 24, "it is as slow as before", 12)
        lasting.end()


def capture_freezes(program):
    place = os.path.join(program.place, "evidence")
    with Lasting(program, [place], [signal.SIGTERM, signal.SIGUSR1], 2) as lasting:
        lasting.process.send_signal(signal.SIGUSR1)
        lasting.until_said(f"^{re.escape(place)}: evidence was kept$")
        lasting.end()
    kept = [set(os.listdir(os.path.join(place, name))) for name in os.listdir(place)]
    judge(any({"metadata.json", "processes.json", "ring_buffer.json"} <= names for names in kept),
          f"kept: {kept}")
