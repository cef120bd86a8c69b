# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Sourced by run.sh --full: the long ones. Each says why it was skipped where it was.

# step NAME COMMAND…: passed, failed, or skipped with exit code 77.
step() {
    name=$1
    shift
    say "$name"
    code=0
    "$@" || code=$?
    case $code in
    0) record passed "$name" ;;
    77) record skipped "$name" ;;
    *) record failed "$name: exit code $code" ;;
    esac
}

many_rounds() {
    # shellcheck disable=SC2154 # run.sh sets it
    for program in "$work"/gcc/tests/test_property_*; do
        if [ -f "$program" ] && [ -x "$program" ]; then
            PAUSEMON_ROUNDS=50 CK_VERBOSITY=silent CK_TAP_LOG_FILE_NAME=- "$program" || return 1
        fi
    done
}

# Untouched slots are not zeroed: only valgrind sees one that is read.
ring_under_valgrind() {
    # shellcheck disable=SC2154 # run.sh sets it
    meson test -C "$work/gcc" --no-rebuild --timeout-multiplier 20 \
        --wrap="$memcheck --errors-for-leak-kinds=definite" ring
}

fuzz() {
    configure fuzz clang -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false &&
        BUILD=$work/fuzz sh tests/fuzz/campaign.sh 60
}

# faults LONG DIR SUITE…: suites of tests/faults with what was built there; LONG 1: long versions.
faults() {
    long=$1
    built=$work/$2
    result=0
    shift 2
    for suite in "$@"; do
        PAUSEMON_FULL=$long /usr/bin/python3 -B "tests/faults/$suite.py" "$built/tools/pausemon" \
            "$built/tools/pausemond" "$built/tests" || result=1
    done
    return "$result"
}

# Its reports are files beside its log: a daemon that is killed has no exit code to tell by.
thread_sanitizer() {
    configure tsan clang -Db_sanitize=thread -Db_lundef=false || return 1
    if ! "$work/tsan/tools/pausemond" --version; then
        echo "the thread sanitizer does not run here"
        return 77
    fi
    rm -f "$work"/tsan.report.*
    code=0
    (
        TSAN_OPTIONS="log_path=$work/tsan.report"
        export TSAN_OPTIONS
        # shellcheck disable=SC2154 # run.sh sets it
        /usr/bin/python3 -B tests/tools/daemon.py "$work/tsan/tools/pausemond" "$top/tests" &&
            faults 0 tsan freezes
    ) || code=1
    for report in "$work"/tsan.report.*; do
        if [ -f "$report" ]; then
            cat "$report"
            code=1
        fi
    done
    return "$code"
}

soak() {
    /usr/bin/python3 -B tests/faults/soak.py "$work/gcc/tools/pausemon" \
        "$work/gcc/tools/pausemond" "$work/gcc/tests" "${PAUSEMON_SOAK_SECONDS:-600}"
}

step "property tests, 50 times the rounds" many_rounds
step "the ring under valgrind" ring_under_valgrind
step "fuzzing, a minute a target" fuzz
step "cross-compiling for macOS" sh tests/cross/run.sh "$work/cross"
step "benchmarks" sh tests/bench/run.sh
step "real faults, the long versions" faults 1 gcc blackout bounds evidence freezes hindered \
    killed starts stuck
step "writers of a black box, killed 50 times" env PAUSEMON_FULL=1 CK_TAP_LOG_FILE_NAME=- \
    CK_VERBOSITY=silent CK_TIMEOUT_MULTIPLIER=20 "$work/gcc/tests/test_unit_blackbox_killed"
step "real faults under the thread sanitizer" thread_sanitizer
step "soak: quiet, then compiling" soak
