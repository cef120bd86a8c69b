#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""subproject.py SOURCE [--wrap COMMAND] [MESON-OPTION…]: a fresh project (host/meson.build) that
has the tree SOURCE as its subproject, with warnings as errors. Nothing of ours is built and
installed there but the library; every program of this directory runs, within COMMAND if one is
given ("valgrind …"), and says what it must. TAP on stdout.

Options are for the project or for the library: -Dpausemon:json=disabled.
"""
import json
import os
import shutil
import sys
import tempfile

import embedlib

# Linked into the host, the library needs nothing at run time where its parts are left out.
CORE = {f"-Dpausemon:{part}=disabled" for part in ("json", "config", "storage")}
# What may be installed, besides the host's own program.
OURS = ("libpausemon.a", "libpausemon.so", "libpausemon.dylib", "pausemon.pc", "include/pausemon")


def make_project(place, source):
    shutil.copy(os.path.join(embedlib.HERE, "host/meson.build"), place)
    for name in os.listdir(embedlib.HERE):
        if name.endswith(".h") or name in embedlib.PROGRAMS:
            shutil.copy(os.path.join(embedlib.HERE, name), place)
    os.mkdir(os.path.join(place, "subprojects"))
    os.symlink(os.path.abspath(source), os.path.join(place, "subprojects/pausemon"))


def wrong_targets(build):
    """What is built of ours, and the library only."""
    targets = json.loads(embedlib.must("meson", "introspect", build, "--targets"))
    ours = [target["name"] for target in targets
            if target["subproject"] == "pausemon" and target["build_by_default"]]
    return None if ours == ["pausemon"] else f"of pausemon it builds {ours}"


def wrong_installed(build):
    installed = json.loads(embedlib.must("meson", "introspect", build, "--installed"))
    more = [path for path in installed.values()
            if not path.endswith(OURS) and os.path.basename(path) != "poll_loop"]
    if more:
        return f"it also installs {more}"
    return None if len(installed) == 4 else f"not all is installed: {list(installed.values())}"


def wrong_left_out(build):
    """`meson install --skip-subprojects` installs nothing of ours, and what it installs runs."""
    with tempfile.TemporaryDirectory() as root:
        embedlib.must("meson", "install", "-C", build, "--no-rebuild", "--quiet",
                      "--skip-subprojects", env={**os.environ, "DESTDIR": root})
        files = [os.path.join(folder, name) for folder, _, names in os.walk(root)
                 for name in names]
        if [os.path.basename(path) for path in files] != ["poll_loop"]:
            return f"it installs {files}"
        return embedlib.wrong_run("poll_loop.c", files[0]) if embedlib.LINUX else None


def wrong_needs(build):
    needs = embedlib.must("readelf", "-d", os.path.join(build, "poll_loop"))
    needed = [line.split("[")[1].rstrip("]") for line in needs.splitlines() if "NEEDED" in line]
    return None if needed == ["libc.so.6"] else f"it needs {needed}"


def main():
    arguments = sys.argv[1:]
    source = arguments.pop(0)
    wrap = []
    if arguments[:1] == ["--wrap"]:
        wrap = arguments[1].split()
        arguments = arguments[2:]
    parts = [part for part in ("config", "storage")
             if f"-Dpausemon:{part}=disabled" not in arguments]
    tap = embedlib.Tap()
    with tempfile.TemporaryDirectory() as place:
        build = os.path.join(place, "build")
        make_project(place, source)
        embedlib.must("meson", "setup", build, place, "--wrap-mode=forcefallback", *arguments)
        tap.tell("only the library is built", wrong_targets(build))
        tap.tell("nothing else is installed", wrong_installed(build))
        embedlib.must("ninja", "-C", build)
        tap.tell("nothing of it is installed where that is not wanted", wrong_left_out(build))
        if embedlib.LINUX and shutil.which("readelf") and CORE <= set(arguments):
            tap.tell("the core in a program needs libc only", wrong_needs(build))
        names = []
        for name, (need, _) in embedlib.PROGRAMS.items():
            reason = embedlib.lacks(need, parts)
            if reason or not embedlib.runs_here(name):
                tap.tell(name, skipped=reason or "it looks at procfs")
            else:
                names.append(name)
        for name, wrong in embedlib.each(
                lambda name: embedlib.wrong_run(name, os.path.join(build, name.rpartition(".")[0]),
                                                wrap), names):
            tap.tell(name, wrong)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
