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

fuzz() {
    configure fuzz clang -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false &&
        BUILD=$work/fuzz sh tests/fuzz/campaign.sh 60
}

step "property tests, 50 times the rounds" many_rounds
step "fuzzing, a minute a target" fuzz
step "cross-compiling for macOS" sh tests/cross/run.sh "$work/cross"
step "benchmarks" sh tests/bench/run.sh
