#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs a build into a temporary place and uses it from there as a stranger would, through
# pkg-config: the README's example, every program of this directory; and that the core alone
# needs nothing but libc.
#   installed.sh BUILD SOURCE
set -eu

build=$1 source=$2
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT INT TERM

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
cflags=$(pkg-config --cflags pausemon)
libs=$(pkg-config --libs pausemon)

# A build with a sanitizer cannot be linked into a program without it.
if nm -D "$library" | grep -qE '__(asan|tsan|ubsan)_'; then
    echo "skipped: the library was built with a sanitizer"
    exit 77
fi

awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$source/README.md" \
    >"$place/example.c"
lines=$(wc -l <"$place/example.c")
if [ "$lines" -lt 15 ] || [ "$lines" -gt 27 ]; then
    echo "the README's example has $lines lines"
    exit 1
fi

# shellcheck disable=SC2086 # flags are words
cc -std=c11 -Wall -Wextra -Werror -o "$place/example" "$place/example.c" $cflags $libs
"$place/example" | tee "$place/out"
grep -q '^worst: ..*, score [0-9]' "$place/out" || {
    echo "the README's example does not work"
    exit 1
}

for program in "$source"/tests/embed/*.c; do
    # shellcheck disable=SC2086
    cc -std=c11 -Wall -Wextra -Werror -o "$place/program" "$program" $cflags $libs
    echo "compiled against the installed copy: ${program##*/}"
done
"$place/program" >/dev/null && echo "and ran: ${program##*/}"

for needed in $(readelf -d "$library" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
    case $needed in
    libc.so.* | ld-linux*) ;;
    libjansson.so.* | libinih.so.* | libsqlite3.so.*) optional=yes ;;
    *) echo "the library needs $needed"; exit 1 ;;
    esac
done
echo "the library needs libc${optional:+ and the optional parts} only"
