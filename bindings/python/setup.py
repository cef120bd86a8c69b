# SPDX-License-Identifier: MIT
"""Builds the binding against an installed libpausemon, found by pkg-config.

    pip install --no-build-isolation --no-deps ./bindings/python
"""

import os
import subprocess
import sys
from typing import List

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import build_ffi  # noqa: E402

MISSING = """pkg-config does not find libpausemon: {why}
Install it first, in the directory of its source:

    meson setup build && sudo meson install -C build

or, where it is installed already in a place of its own, say in which directory its pausemon.pc is
(THERE/lib/pkgconfig; on Debian THERE/lib/x86_64-linux-gnu/pkgconfig):

    PKG_CONFIG_PATH=DIRECTORY pip install --no-build-isolation --no-deps ./bindings/python
"""
# Where every loader looks.
STANDARD = {"/lib", "/usr/lib", "/lib64", "/usr/lib64"}


def pkg_config(*words: str) -> List[str]:
    command = [os.environ.get("PKG_CONFIG", "pkg-config"), *words, "pausemon"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise SystemExit(MISSING.format(why=f"{command[0]}: {error.strerror}")) from error
    if done.returncode != 0:
        raise SystemExit(MISSING.format(why=done.stderr.strip().split("\n")[-1]))
    return done.stdout.split()


def headers() -> str:
    """The directory of pausemon.h: among those of pkg-config, then the compiler's own."""
    found = [word[2:] for word in pkg_config("--cflags-only-I")]
    # Without this variable pkg-config leaves out what the compiler searches anyway.
    found += pkg_config("--variable=includedir") + ["/usr/local/include", "/usr/include"]
    for each in found:
        if os.path.exists(os.path.join(each, "pausemon", "pausemon.h")):
            return os.path.join(each, "pausemon")
    raise SystemExit(MISSING.format(why="its headers are not there"))


def loader_places() -> List[str]:
    """The directories that the loader of this system knows."""
    try:
        done = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True,
                              check=False)
    except OSError:
        return []
    paths = [line.rpartition("=> ")[2].strip() for line in done.stdout.split("\n")]
    return sorted({os.path.dirname(path) for path in paths if path.startswith("/")})


def run_paths() -> List[str]:
    """Where the library is, if the loader would not find it there of itself."""
    known = {os.path.realpath(path) for path in STANDARD.union(loader_places())}
    places = [word[2:] for word in pkg_config("--libs-only-L")] + pkg_config("--variable=libdir")
    return [place for place in dict.fromkeys(places)
            if os.path.isdir(place) and os.path.realpath(place) not in known]


class BuildExtension(build_ext):
    """The C of the extension is made when it is asked for: always, because the library that it is
    made for may be another one than last time."""

    def build_extension(self, ext: Extension) -> None:
        directory = headers()
        self.force = True
        os.makedirs(self.build_temp, exist_ok=True)
        c_file = os.path.join(self.build_temp, "_pausemon.c")
        build_ffi.make_ffi(directory).emit_c_code(c_file)
        ext.sources = [c_file]
        ext.include_dirs = [os.path.dirname(directory)]
        ext.library_dirs = [word[2:] for word in pkg_config("--libs-only-L")]
        ext.runtime_library_dirs = run_paths()
        super().build_extension(ext)


class BuildPython(build_py):
    """enums.py is made of the headers too."""

    def run(self) -> None:
        super().run()
        target = os.path.join(self.build_lib, "pausemon")
        os.makedirs(target, exist_ok=True)
        text = build_ffi.enums(build_ffi.read_headers(headers()))
        build_ffi.write(os.path.join(target, "enums.py"), text)


setup(
    packages=["pausemon"],
    package_data={"pausemon": ["py.typed", "_pausemon.pyi"]},
    ext_modules=[Extension("pausemon._pausemon", sources=[], libraries=["pausemon"],
                           py_limited_api=True,
                           define_macros=[("Py_LIMITED_API", "0x03090000")])],
    cmdclass={"build_ext": BuildExtension, "build_py": BuildPython},
    options={"bdist_wheel": {"py_limited_api": "cp39"}},
)
