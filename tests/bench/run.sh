#!/bin/sh
# SPDX-License-Identifier: MIT
# Measures what the library costs and prints a report.
#   sh tests/bench/run.sh [--quick]
# Status 0: it was measured, whatever the numbers; 1: it could not be.
set -u

quick=
case ${1-} in
'') ;;
--quick) quick=--quick ;;
*)
    echo "usage: run.sh [--quick]" >&2
    exit 1
    ;;
esac

root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
build=$root/build-bench
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
trap 'exit 1' HUP INT TERM

programs='bench_judge bench_json bench_top'
[ "$(uname)" != Linux ] || programs="$programs bench_sample bench_cost"

could_not() {
    cat "$log" >&2
    echo "run.sh: $1" >&2
    exit 1
}

if [ ! -f "$build/build.ninja" ]; then
    meson setup --buildtype=release "$build" "$root" >"$log" 2>&1 ||
        could_not "meson setup failed"
fi
# shellcheck disable=SC2086 # one word a program
meson compile -C "$build" $programs pausemond >"$log" 2>&1 ||
    could_not "cannot build (does tests/meson.build say subdir('bench')?)"

say() {
    printf '\n== %s\n' "$1"
}

run() {
    program=$1
    shift
    "$build/tests/bench/bench_$program" "$@" || exit 1
}

# "Collected : 123" of a program's run, in instructions.
instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        "$build/tests/bench/bench_judge" --only "$@" 2>&1 |
        sed -n 's/.*Collected : *\([0-9]*\).*/\1/p'
}

# The difference of two runs: what starting costs is in both.
count_instructions() {
    few=$(instructions "$1" 1000 10)
    many=$(instructions "$1" 1000 30)
    if [ -n "$few" ] && [ -n "$many" ]; then
        echo "    1000 rows, $1: $(((many - few) / 20000)) instructions a process" \
            "(with making the rows)"
    else
        echo "    1000 rows, $1: skipped: callgrind gave no count"
    fi
}

echo "pausemon bench, $(date -u +%Y-%m-%dT%H:%MZ)${quick:+, quick}"
echo "revision $(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)," \
    "buildtype $(meson introspect --buildoptions "$build" 2>/dev/null |
        sed -n 's/.*"name": "buildtype", "value": "\([a-z]*\)".*/\1/p')"
echo "$(uname -srm), $(getconf _NPROCESSORS_ONLN) CPUs:" \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)"
echo "load at the start: $(uptime | sed 's/.*load average[s]*: *//')"
echo "CPU time; medians, with the least and the most in parentheses"

if [ "$(uname)" = Linux ]; then
    say "A look at all processes (procfs source), beside procps: $(top -V 2>/dev/null || echo none)"
    # shellcheck disable=SC2086 # nothing or one option
    run cost $quick

    say "The daemon, all of it"
    # shellcheck disable=SC2086
    /usr/bin/python3 "$root/tests/bench/daemon.py" "$build/tools/pausemond" $quick || exit 1
fi

say "Judging rows from memory (put + rates + select + score); full: all rows new;
   adaptive: 5 % full, 1 in 15 partial, the others unchanged"
# shellcheck disable=SC2086
run judge $quick
if command -v valgrind >/dev/null; then
    count_instructions full
    count_instructions adaptive
else
    echo "    instructions skipped: no valgrind"
fi

say "A recorded text of macOS top, judged from memory"
# shellcheck disable=SC2086
run top $quick

say "JSON of a sample"
# shellcheck disable=SC2086
run json $quick

echo
echo "load at the end: $(uptime | sed 's/.*load average[s]*: *//')"
