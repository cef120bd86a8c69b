#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs every libFuzzer target for a while, two at a time, on a copy of its corpus:
#   CC=clang meson setup build-fuzz -Dfuzz=true -Db_lundef=false && ninja -C build-fuzz
#   tests/fuzz/campaign.sh [SECONDS [TARGET…]]
# BUILD names another build directory, KEEP a directory for corpora, logs and crashes. One line a
# target; exit status 1 if anything crashed, leaked, hung or ran out of memory.
set -u

here=$(cd "$(dirname "$0")" && pwd)
build=${BUILD:-$here/../../build-fuzz}
seconds=${1:-60}
[ $# -gt 0 ] && shift

programs=$build/tests/fuzz
work=${KEEP:-$(mktemp -d /tmp/pausemon-fuzz.XXXXXX)}
if [ $# -eq 0 ]; then
    for program in "$programs"/fuzz_*_libfuzzer; do
        [ -x "$program" ] || continue
        name=${program##*/fuzz_}
        set -- "$@" "${name%_libfuzzer}"
    done
fi
if [ $# -eq 0 ]; then
    echo "no libFuzzer target in $programs: see the head of $0" >&2
    exit 1
fi

# The first and the last "cov: N" of a log.
coverage() {
    grep -oE '(INITED|DONE|NEW|REDUCE|pulse) +cov: [0-9]+' "$2" | grep -oE '[0-9]+$' | "$1" -n 1
}

fuzz_one() {
    name=$1
    mkdir -p "$work/$name/corpus" "$work/$name/crashes" "$work/$name/tmp"
    cp "$here/corpus/$name/"* "$work/$name/corpus/"
    set --
    [ -f "$here/dict/$name.dict" ] && set -- "-dict=$here/dict/$name.dict"
    # Sizes as the seeds have them: the largest decides, the time grows slowly.
    TMPDIR=$work/$name/tmp "$programs/fuzz_${name}_libfuzzer" "$@" \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=12288 \
        -artifact_prefix="$work/$name/crashes/" -print_final_stats=1 \
        "$work/$name/corpus" >"$work/$name/log" 2>&1
    echo $? >"$work/$name/status"
}

tell() {
    log=$work/$1/log
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    before=$(coverage head "$log")
    after=$(coverage tail "$log")
    crashes=$(find "$work/$1/crashes" -type f | wc -l)
    status=$(cat "$work/$1/status")
    echo "$1: ${executions:-0} execs, coverage ${before:-?} -> ${after:-?}," \
        "$crashes crashes (exit $status)"
    [ "$status" -eq 0 ] && [ "$crashes" -eq 0 ] && return 0
    grep -E -m 1 'does not hold|runtime error|^SUMMARY' "$log"
    return 1
}

failed=0
while [ $# -gt 0 ]; do
    fuzz_one "$1" &
    first=$!
    if [ $# -gt 1 ]; then
        fuzz_one "$2"
    fi
    wait "$first"
    tell "$1" || failed=1
    shift
    if [ $# -gt 0 ]; then
        tell "$1" || failed=1
        shift
    fi
done
if [ -z "${KEEP:-}" ] && [ "$failed" -eq 0 ]; then
    rm -rf "$work"
else
    echo "corpora, logs and crashes: $work"
fi
exit "$failed"
