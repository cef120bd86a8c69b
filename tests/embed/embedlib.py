# SPDX-License-Identifier: MIT
"""What the two suites of embedding programs share: which programs there are, what they need, what
they must say; running them side by side; TAP."""
import concurrent.futures
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

import driven
from driven import says

HERE = os.path.dirname(os.path.abspath(__file__))
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
LINUX = sys.platform == "linux"

# file: (what it needs besides the library, how it is run and what it must say).
PROGRAMS = {
    "beats.c": ("", says(r"(a pause of .+\n)*\d+ beats, \d+ late\n(a pause of .+\n)*")),
    "capture_freezes.c": ("", driven.capture_freezes),
    "ci_threshold.c": ("", driven.ci_threshold("top:" + os.path.join(HERE, "hog.txt"))),
    "container_source.c": ("", driven.container_source),
    "custom_source.c": ("", says(r"job 2 hogs: 90\.0 % of a core\n")),
    "dump_ring.c": ("", driven.dump_ring),
    "foundation.m": ("foundation", says(r"(.*sample \d, worst: .+\n){2}")),
    "game_frames.c": ("", driven.game_frames),
    "glib_loop.c": ("glib-2.0", says(r"(worst: .+\n){2}")),
    "last_incidents.c": ("storage", driven.last_incidents),
    "monitor_loop.c": ("", says(r"(\d+ processes, stress \d+\n|tier\w+\n)+")),
    "own_memory.c": ("", says(r"500 ‰ of a core; memory was asked for 0 times, 0 left\n")),
    "plain.m": ("objc", says(r"[1-9]\d* processes\n")),
    "poll_loop.c": ("", says(r"(.+ \(\d+\): \d+\n){3}")),
    "print_pauses.c": ("", driven.print_pauses),
    "record_incidents.c": ("storage", driven.record_incidents),
    "recorded_text.c": ("", says(r"compressor: 2500 switches per second\n")),
    "reload_config.c": ("config", driven.reload_config),
    "timeout_only.c": ("", says(r"(it gets tight\n)*4 samples kept\n")),
    "uv_loop.c": ("libuv", says(r"(worst: .+\n){2}")),
    "worst_processes.c": ("", driven.worst_processes),
    "wrapper.cpp": ("c++", says(r'1 sample, [1-9]\d* processes\nunknown source "nonsense".*\n')),
}
# Those that do not look at the system they run on, for where it has no procfs.
ANYWHERE = {"ci_threshold.c", "custom_source.c", "own_memory.c", "recorded_text.c"}


class Tap:
    """One line a test, when it is over."""

    def __init__(self):
        self.count = self.failed = 0

    def tell(self, name, wrong=None, skipped=None):
        self.count += 1
        self.failed += bool(wrong)
        print(f"{'not ' if wrong else ''}ok {self.count} - {name}"
              f"{' # SKIP ' + skipped if skipped else ''}", flush=True)
        for line in (wrong or "").splitlines():
            print(f"# {line}", flush=True)

    def done(self):
        print(f"1..{self.count}")
        return 1 if self.failed or not self.count else 0


def skip_all(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


def said(*command, **more):
    """(exit code, all that was said)."""
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         stdin=subprocess.DEVNULL, check=False, **more)
    return ran.returncode, ran.stdout


def must(*command, **more):
    code, text = said(*command, **more)
    if code:
        sys.exit(f"{shlex.join(command)}: exit code {code}\n{text}")
    return text


def lacks(need, parts):
    """Why a program that needs this cannot be tried here; None if it can."""
    if need in ("config", "storage"):
        return None if need in parts else "the library was built without this part"
    if need == "foundation":
        return None if shutil.which("gnustep-config") else "GNUstep is not there"
    if need in ("objc", "c++"):
        compiler, language = ("c++", "c++") if need == "c++" else ("cc", "objective-c")
        source = "#include <memory>\n" if need == "c++" else "#include <objc/runtime.h>\n"
        code = shutil.which(compiler) and subprocess.run(
            [compiler, "-x", language, "-fsyntax-only", "-"], input=source, text=True, check=False,
            capture_output=True).returncode
        return None if code == 0 else f"no compiler for {language} here"
    if need and said("pkg-config", "--exists", need)[0]:
        return f"{need} is not there"
    return None


def wrong_run(name, program, wrap=(), env=None):
    """Runs it, in a directory of its own: what was wrong, or None."""
    with tempfile.TemporaryDirectory() as place:
        try:
            PROGRAMS[name][1](driven.Program(program, wrap, env, place))
        except driven.Wrong as wrong:
            return str(wrong) or "wrong"
    return None


def runs_here(name):
    return LINUX or name in ANYWHERE


def each(function, names):
    """function(name) of all, side by side: most of them wait. (name, result), in order."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(PROGRAMS)) as pool:
        yield from zip(names, pool.map(function, names))
