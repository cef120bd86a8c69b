#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""installed.py BUILD SOURCE PARTS: installs a build into a temporary place and uses it from there
as a stranger would, by pkg-config: the README's example and every program of this directory is
compiled without a warning, runs, and says what it must. And the library needs nothing but libc and
the libraries of its PARTS ("json config storage"). TAP on stdout.
"""
import json
import os
import re
import shutil
import sys
import tempfile

import embedlib

# Which libraries each part may bring along.
LIBRARIES = {"json": {"jansson"}, "config": {"inih"}, "storage": {"sqlite3"}}


class Installed:
    """A build, installed below `place`."""

    def __init__(self, build, place):
        self.place = place
        self.root = os.path.join(place, "root")
        embedlib.must("meson", "install", "-C", build, "--no-rebuild", "--quiet",
                      env={**os.environ, "DESTDIR": self.root})
        self.library = self.find(r"libpausemon\.(so|dylib)")
        folder = os.path.dirname(self.find(r"pausemon\.pc"))
        asked = {**os.environ, "PKG_CONFIG_PATH": folder, "PKG_CONFIG_SYSROOT_DIR": self.root}
        self.flags = embedlib.must("pkg-config", "--cflags", "--libs", "pausemon",
                                   env=asked).split()
        self.env = {**os.environ, "LD_LIBRARY_PATH": os.path.dirname(self.library)}

    def find(self, pattern):
        found = [os.path.join(folder, name) for folder, _, names in os.walk(self.root)
                 for name in names if re.fullmatch(pattern, name)]
        if len(found) != 1:
            sys.exit(f"{pattern} was installed {len(found)} times")
        return found[0]

    def compile(self, source, flags, program=None):
        """What was wrong, or None."""
        compiler = "c++" if source.endswith(".cpp") else "cc"
        program = program or self.program(source)
        code, text = embedlib.said(compiler, *embedlib.STRICT, "-o", program, source, *flags,
                                   *self.flags)
        return text or f"{compiler}: exit code {code}" if code else None

    def program(self, source):
        return os.path.join(self.place, os.path.basename(source).replace(".", "_"))


def flags_of(need):
    """What its own library wants of the compiler and the linker."""
    if need in ("", "config", "storage"):
        return ["-std=c11", "-pthread"]  # record_incidents.c begins one
    if need == "c++":
        return ["-std=c++11"]
    if need == "objc":
        return ["-std=c11", "-lobjc"]
    if need == "foundation":
        words = (embedlib.must("gnustep-config", "--objc-flags") +
                 embedlib.must("gnustep-config", "--base-libs")).split()
        # Their headers are not free of warnings; -MMD writes beside the source.
        return ["-std=c11"] + [re.sub("^-I/", "-isystem/", word) for word in words
                               if word not in ("-MMD", "-MP")]
    return ["-std=c11"] + embedlib.must("pkg-config", "--cflags", "--libs", need).split()


def wrong_build(installed, name):
    source = os.path.join(embedlib.HERE, name)
    return installed.compile(source, flags_of(embedlib.PROGRAMS[name][0]))


def wrong_programs(installed, names):
    """All are built before one runs: some read what another writes. (name, what was wrong)."""
    wrong = dict(embedlib.each(lambda name: wrong_build(installed, name), names))
    good = [name for name in names if not wrong[name] and embedlib.runs_here(name)]
    wrong.update(embedlib.each(
        lambda name: embedlib.wrong_run(name, installed.program(name), env=installed.env), good))
    return wrong


def wrong_example(installed, source):
    """The README's, as it stands there."""
    with open(os.path.join(source, "README.md"), encoding="utf-8") as readme:
        lines = re.search(r"^```c\n(.*?)^```", readme.read(), re.M | re.S).group(1)
    if not 15 <= lines.count("\n") <= 27:
        return f"it has {lines.count(chr(10))} lines"
    path = os.path.join(installed.place, "example.c")
    with open(path, "w", encoding="utf-8") as file:
        file.write(lines)
    wrong = installed.compile(path, ["-std=c11"])
    if wrong or not embedlib.LINUX:
        return wrong
    code, text = embedlib.said(installed.program(path), env=installed.env)
    right = code == 0 and re.fullmatch(r"worst: .+, score \d+\n", text)
    return None if right else f"exit code {code}: {text}"


def wrong_headers(installed):
    """As little as a C compiler can be given."""
    path = os.path.join(installed.place, "minimum.c")
    with open(path, "w", encoding="utf-8") as file:
        file.write("#include <pausemon/pausemon.h>\nint main(void)\n{\n    return 0;\n}\n")
    for standard in ("-std=c11", "-std=c17"):
        code, text = embedlib.said("cc", standard, "-pedantic-errors", "-fsyntax-only", path,
                                   *installed.flags)
        if code or text:
            return text or str(code)
    return None


def wrong_needs(installed, parts):
    """Exactly libc, and what the parts bring along."""
    text = embedlib.must("readelf", "-d", installed.library)
    needed = set(re.findall(r"\(NEEDED\).*\[lib(.*?)\.so", text))
    wanted = {"c"}.union(*(LIBRARIES[part] for part in parts))
    return None if needed == wanted else f"it needs {needed}, not {wanted}"


def main():
    build, source, parts = sys.argv[1], sys.argv[2], sys.argv[3].split()
    tap = embedlib.Tap()
    options = json.loads(embedlib.must("meson", "introspect", build, "--buildoptions"))
    if {option["name"]: option["value"] for option in options}["b_sanitize"] != "none":
        embedlib.skip_all("a library with a sanitizer needs programs with it")
    with tempfile.TemporaryDirectory() as place:
        installed = Installed(build, place)
        reasons = {name: embedlib.lacks(more[0], parts)
                   for name, more in embedlib.PROGRAMS.items()}
        names = [name for name in reasons if not reasons[name]]
        for name in reasons.keys() - set(names):
            tap.tell(name, skipped=reasons[name])
        for name, wrong in wrong_programs(installed, names).items():
            tap.tell(name, wrong)
        tap.tell("the README's example", wrong_example(installed, source))
        tap.tell("the headers by the standard alone", wrong_headers(installed))
        if "wrapper.cpp" in names:
            tap.tell("wrapper.cpp as C++17", installed.compile(
                os.path.join(embedlib.HERE, "wrapper.cpp"), ["-std=c++17"]))
        if embedlib.LINUX and shutil.which("readelf"):
            tap.tell("it needs libc and its parts only", wrong_needs(installed, parts))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
