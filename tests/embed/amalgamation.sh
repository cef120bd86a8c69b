#!/bin/sh
# SPDX-License-Identifier: MIT
# pausemon.c and pausemon.h as a stranger would use them: compiled with warnings as errors beside
# programs of this directory, linked with nothing but -lpthread; that nothing else is exported, or
# can be written to; and that a recording is judged as by the library.
#   amalgamation.sh MADE SOURCE LIBRARY_JUDGE PYTHON COMPILER COMMAND…
# MADE: where the two files are; LIBRARY_JUDGE: judged_json with the library; COMMAND makes the
# files anew. PAUSEMON_FULL=1: with the address and undefined-behaviour sanitizers too.
set -eu

made=$1 source=$2 library_judge=$3 python=$4 compiler=$5
shift 5
here=$source/tests/embed
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT INT TERM
mkdir "$place/again" "$place/include" "$place/objects"
ln -s "$made/pausemon.h" "$place/include/pausemon.h"
mkdir "$place/include/pausemon"
ln -s "$made/pausemon.h" "$place/include/pausemon/pausemon.h" # as the programs include it

fail() { echo "$*"; exit 1; }

# compile ARGUMENT…: as strictly as most do.
compile() {
    "$compiler" -std=c11 -Wall -Wextra -Wpedantic -Werror -I "$place/include" "$@"
}

LC_ALL=C TZ=Asia/Tokyo "$@" --output "$place/again"
for name in pausemon.c pausemon.h; do
    cmp "$made/$name" "$place/again/$name" || fail "$name: made twice, it differs"
done
echo "the same input gives the same bytes"

# In one go, as the documentation says it; then by one object.
compile -o "$place/custom_source" "$made/pausemon.c" "$here/custom_source.c" -lpthread
"$place/custom_source" >"$place/out" || fail "custom_source does not work"
object=$place/objects/pausemon.o
compile -fPIC -O3 -c -o "$object" "$made/pausemon.c"
programs="recorded_text monitor_loop beats judged_json"
[ -z "${PAUSEMON_FULL:-}" ] || programs="$programs game_frames poll_loop timeout_only"
for name in $programs; do
    compile -o "$place/$name" "$here/$name.c" "$object" -lpthread
    [ "$name" = judged_json ] || "$place/$name" >"$place/out" || fail "$name does not work"
    echo "compiled, and works: $name"
done

for text in "$source"/tests/golden/top/*.txt "$here/hog.txt"; do
    for judge in "$library_judge" "$place/judged_json"; do
        "$judge" "top:$text" | sed 's/"cost_us":[0-9]*/"cost_us":0/' >"$place/${judge##*/}.json"
    done
    cmp "$place/${library_judge##*/}.json" "$place/judged_json.json" ||
        fail "${text##*/} is judged otherwise than by the library"
done
grep -q '"peak_tier":3' "$place/judged_json.json" || fail "hog.txt led to no escalation"
echo "recordings are judged as by the library"

sed -n 's/^PAUSEMON_API[^(]*\(pausemon_[a-z0-9_]*\)(.*/\1/p' "$made/pausemon.h" | sort \
    >"$place/declared"
[ "$(wc -l <"$place/declared")" -eq "$(grep -c '^PAUSEMON_API' "$made/pausemon.h")" ] ||
    fail "the declarations of pausemon.h cannot be read"
nm -g --defined-only "$object" | sed 's/.* _\{0,1\}//' | grep . | sort >"$place/defined"
diff "$place/declared" "$place/defined" || fail "< is declared and not there, > is there undeclared"
echo "$(wc -l <"$place/defined") functions: those that pausemon.h declares, and nothing else"
"$python" -B "$source/tests/lint/globals.py" "$place/objects"

# Included in one's own file nothing is exported at all, and nothing is too late unnoticed.
printf '#define PAUSEMON_STATIC\n#include "%s/pausemon.c"\nint pausemon_user(void);\n%s\n' "$made" \
    'int pausemon_user(void) { return pausemon_has("json"); }' >"$place/own.c"
compile -c -o "$place/own.o" "$place/own.c"
[ "$(nm -g --defined-only "$place/own.o" | grep -c .)" -eq 1 ] || fail "PAUSEMON_STATIC exports"
if echo '#include <features.h>' | compile -E - >/dev/null 2>&1; then
    (echo '#include <stdio.h>'; cat "$place/own.c") >"$place/late.c"
    if compile -fsyntax-only "$place/late.c" >"$place/out" 2>&1; then
        fail "pausemon.c included too late is not told"
    fi
    grep -q 'before any header of the system' "$place/out" || fail "$(head -n 5 "$place/out")"
fi
echo "PAUSEMON_STATIC exports nothing"

[ -n "${PAUSEMON_FULL:-}" ] || exit 0
for level in -Og -O1 -O2 -Os; do # each warns of other things
    compile "$level" -c -o "$place/level.o" "$made/pausemon.c"
done
for name in custom_source recorded_text monitor_loop beats game_frames judged_json; do
    compile -g -fsanitize=address,undefined -fno-sanitize-recover=all -o "$place/checked" \
        "$made/pausemon.c" "$here/$name.c" -lpthread
    "$place/checked" "top:$here/hog.txt" >"$place/out" || fail "$name under sanitizers"
    echo "clean under the sanitizers: $name"
done
