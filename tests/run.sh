#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds with gcc and with clang, runs every test, ends with one line: N passed, N failed.
#   sh tests/run.sh [--full]
# --full adds the long ones: fuzzing, many rounds, cross-compiling for macOS, benchmarks.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
full=no
case ${1:-} in
'') ;;
--full) full=yes ;;
*) echo "usage: sh tests/run.sh [--full]" >&2; exit 2 ;;
esac
cd "$top"

. tools/install.sh
install_packages build test lint

work=$top/build-tests
mkdir -p "$work"
results=$work/results
: >"$results"

say() { printf '\n== %s\n' "$*"; }

# One line a test into $results: "passed NAME", "failed NAME", "skipped NAME".
record() { printf '%s %s\n' "$1" "$2" >>"$results"; }

# configure NAME CC [OPTION…]: a build directory of its own, kept between runs.
configure() {
    name=$1 compiler=$2
    shift 2
    if [ ! -f "$work/$name/build.ninja" ]; then
        CC=$compiler meson setup "$work/$name" "$top" --werror "$@" >"$work/$name.setup" 2>&1 || {
            cat "$work/$name.setup"
            return 1
        }
    fi
    ninja -C "$work/$name" >"$work/$name.build" 2>&1 || {
        tail -n 40 "$work/$name.build"
        return 1
    }
}

# Most of the longer ones wait for clocks and disks.
jobs=$(($(getconf _NPROCESSORS_ONLN) * 2))

# run_suite NAME [meson test option…]: counts each test of each suite.
run_suite() {
    name=$1
    shift
    meson test -C "$work/$name" --no-rebuild --print-errorlogs --num-processes "$jobs" "$@" \
        >"$work/$name.log" 2>&1 || true
    /usr/bin/python3 tests/lib/count.py "$name" "$work/$name/meson-logs" "$results" ||
        record failed "$name: its results could not be read"
}

# suite NAME CC "OPTIONS" [meson test option…]
suite() {
    name=$1 compiler=$2 options=$3
    shift 3
    say "$name: $compiler $options"
    # shellcheck disable=SC2086 # options are words
    if configure "$name" "$compiler" $options; then
        run_suite "$name" "$@"
    else
        record failed "$name: does not build"
    fi
}

sanitize="-Db_sanitize=address,undefined -Db_lundef=false"

suite gcc gcc ""
# The tools are run in the two others, and the random ones by the same compiler below.
suite clang clang "" --no-suite lint --no-suite freezes --no-suite daemons --no-suite tools \
    --no-suite property --no-suite fuzz
suite sanitizers clang "$sanitize" --no-suite lint --no-suite freezes --no-suite daemons \
    --timeout-multiplier 4
suite core gcc "-Djson=disabled -Dconfig=disabled -Dstorage=disabled -Ddocs=disabled
    -Ddefault_library=both" --no-suite lint

say "valgrind: what the sanitizers do not see"
memcheck="valgrind -q --error-exitcode=99 --leak-check=full"
if configure gcc gcc; then
    meson test -C "$work/gcc" --no-rebuild --logbase valgrind --timeout-multiplier 20 \
        --wrap="$memcheck --errors-for-leak-kinds=definite" config_rules config_write \
        monitor_loop recording_report top_recordings procfs_refused recorded_text custom_source \
        >"$work/valgrind.log" 2>&1 || true
    /usr/bin/python3 tests/lib/count.py valgrind "$work/gcc/meson-logs" "$results" \
        valgrind-valgrind || record failed "valgrind: its results could not be read"
fi

if [ "$full" = yes ]; then
    . tests/full.sh
fi

say "results (logs in build-tests/)"
grep -E '^(failed|skipped)' "$results" || echo "nothing failed, nothing skipped"
passed=$(grep -c '^passed' "$results" || true)
failed=$(grep -c '^failed' "$results" || true)
skipped=$(grep -c '^skipped' "$results" || true)
[ "$passed" -gt 0 ] || failed=$((failed + 1))
echo "$passed passed, $failed failed${skipped:+, $skipped skipped}"
[ "$failed" -eq 0 ]
