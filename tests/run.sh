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

gently= # or what comes before the compilers

# configure NAME CC [OPTION…]: a build directory of its own, kept between runs.
configure() {
    name=$1 compiler=$2
    shift 2
    if [ ! -f "$work/$name/build.ninja" ]; then
        CC=$compiler $gently meson setup "$work/$name" "$top" --werror "$@" \
            >"$work/$name.setup" 2>&1 || {
            cat "$work/$name.setup"
            return 1
        }
    fi
    $gently ninja -C "$work/$name" >"$work/$name.build" 2>&1 || {
        tail -n 40 "$work/$name.build"
        return 1
    }
}

# build NAME CC "OPTIONS": leaves NAME.built, or says why not.
build() {
    rm -f "$work/$1.built"
    # shellcheck disable=SC2086 # options are words
    if configure "$1" "$2" $3; then
        : >"$work/$1.built"
    else
        record failed "$1: does not build"
    fi
}

# run_suite LABEL NAME PROCESSES [meson test option…]: what was built as NAME is tested and counted
# as LABEL, test by test.
run_suite() {
    label=$1 name=$2 processes=$3
    shift 3
    [ -f "$work/$name.built" ] || return 0
    log=$label
    [ "$label" != valgrind ] || log=valgrind-valgrind # Meson adds the name of a wrapper
    rm -f "$work/$name/meson-logs/$log.json" # or that of the run before would be counted
    code=0
    meson test -C "$work/$name" --no-rebuild --print-errorlogs --logbase "$label" \
        --num-processes "$processes" "$@" >"$work/$label.log" 2>&1 || code=$?
    /usr/bin/python3 tests/lib/count.py "$label" "$work/$name/meson-logs" "$results" "$log" ||
        record failed "$label: its results could not be read"
    # One that dies has told only of the tests before.
    [ "$code" -eq 0 ] || grep -q "^failed ${label}[/:]" "$results" ||
        record failed "$label: meson test ended with exit code $code"
}

# Meson passes over a name that no test has.
were_run() {
    label=$1
    shift
    for name in "$@"; do
        grep -q "^[a-z]* $label/.* $name:" "$results" || record failed "$label: no test $name"
    done
}

cores=$(getconf _NPROCESSORS_ONLN)
under_valgrind="config_rules config_write monitor_loop own_memory ci_threshold top_recordings
    procfs_refused recorded_text custom_source"
memcheck="valgrind -q --error-exitcode=99 --leak-check=full"
# A part whose package is missing would go without its tests, and nobody would see it.
parts="-Dauto_features=enabled"
# The binding is of one build: its generated code is the same, and takes a while to compile.
sanitize="$parts -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1 -Dpython=disabled"
without="-Djson=disabled -Dconfig=disabled -Dstorage=disabled -Ddocs=disabled
    -Dpython=disabled -Ddefault_library=both"

# The other builds, for what is left of the processors.
build_others() {
    gently="nice -n 10"
    build sanitizers clang "$sanitize"
    build clang clang "$parts -Dpython=disabled"
    build core gcc "$without"
}

# What needs little beside the sanitizers. The tools are run in the two others, and the random
# ones by the same compiler there.
run_smaller() {
    run_suite clang clang "$cores" --no-suite lint --no-suite freezes --no-suite daemons \
        --no-suite tools --no-suite property --no-suite fuzz --no-suite hosts
    run_suite core core "$cores" --no-suite lint --no-suite hosts
    # shellcheck disable=SC2086 # names are words
    run_suite valgrind gcc "$cores" --timeout-multiplier 20 \
        --wrap="$memcheck --errors-for-leak-kinds=definite" $under_valgrind
    # shellcheck disable=SC2086
    [ ! -f "$work/gcc.built" ] || were_run valgrind $under_valgrind
}

say "gcc: building"
build gcc gcc "$parts"
say "gcc: real faults, with nothing beside them"
run_suite gcc-freezes gcc 1 --suite freezes
say "gcc: everything else; building with clang, with its sanitizers, and the core alone"
build_others >"$work/others.log" 2>&1 &
others=$!
# Most of the longer ones wait for clocks and disks.
run_suite gcc gcc $((cores * 3)) --no-suite freezes
wait "$others" || record failed "the other builds: exit code $?"
cat "$work/others.log"
say "sanitizers; beside them clang, the core alone, and valgrind: what the sanitizers do not see"
run_smaller &
smaller=$!
run_suite sanitizers sanitizers $((cores * 2)) --no-suite lint --no-suite freezes \
    --no-suite daemons --no-suite hosts --timeout-multiplier 4
wait "$smaller" || record failed "clang, core or valgrind: exit code $?"

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
