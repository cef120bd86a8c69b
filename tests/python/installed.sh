#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs a build into a temporary place, and the binding with pip into a virtual environment
# against that, as its README says; there the README's quick start must run.
#   installed.sh BUILD SOURCE
set -eu

build=$1 source=$2
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT INT TERM
python=/usr/bin/python3

if ! "$python" -c 'import cffi, setuptools, venv, pip' 2>/dev/null; then
    echo "skipped: no python3 with cffi, setuptools, venv and pip"
    exit 77
fi

DESTDIR=$place/root meson install -C "$build" --no-rebuild --quiet
pc=$(find "$place/root" -name pausemon.pc)
library=$(find "$place/root" -name 'libpausemon.so' -o -name 'libpausemon.dylib')
if [ -z "$pc" ] || [ -z "$library" ]; then
    echo "no pkg-config file or library was installed"
    exit 1
fi
PKG_CONFIG_PATH=$(dirname "$pc")
PKG_CONFIG_SYSROOT_DIR=$place/root
LD_LIBRARY_PATH=$(dirname "$library")
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR LD_LIBRARY_PATH
unset PYTHONPATH

# A copy: pip leaves what it built beside what it was built of.
cp -R "$source/bindings/python" "$place/binding"
"$python" -m venv --system-site-packages "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check --no-index \
    --no-build-isolation --no-deps "$place/binding"

awk '/^```$/ && inside { exit } inside { print } /^```python$/ { inside = 1 }' \
    "$source/bindings/python/README.md" >"$place/quick.py"
cd "$place"
"$place/venv/bin/python" -W error quick.py | tee quick.out
if ! grep -q processes quick.out; then
    echo "the quick start said nothing"
    exit 1
fi
found=$("$place/venv/bin/python" -c 'import pausemon; print(pausemon.__file__)')
case $found in
"$place"/venv/*) ;;
*) echo "it was $found that was tried"; exit 1 ;;
esac
if [ ! -f "$(dirname "$found")/py.typed" ]; then
    echo "py.typed was not installed"
    exit 1
fi
