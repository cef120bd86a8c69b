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
    programs=0
    # shellcheck disable=SC2154 # run.sh sets it
    for program in "$work"/gcc/tests/test_property_*; do
        if [ -f "$program" ] && [ -x "$program" ]; then
            PAUSEMON_ROUNDS=50 CK_VERBOSITY=silent CK_TAP_LOG_FILE_NAME=- "$program" || return 1
            programs=$((programs + 1))
        fi
    done
    [ "$programs" -gt 0 ]
}

# Untouched slots are not zeroed: only valgrind sees one that is read.
ring_under_valgrind() {
    # shellcheck disable=SC2154 # run.sh sets it
    meson test -C "$work/gcc" --no-rebuild --timeout-multiplier 20 \
        --wrap="$memcheck --errors-for-leak-kinds=definite" ring
}

amalgamation_sanitized() {
    PAUSEMON_FULL=1 meson test -C "$work/gcc" --no-rebuild amalgamation &&
        PAUSEMON_FULL=1 meson test -C "$work/clang" --no-rebuild amalgamation
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

# Every embedding program with other people's libraries, and what it keeps of ours to its end.
embedding_under_valgrind() {
    install_packages embed
    kinds="--errors-for-leak-kinds=definite --show-possibly-lost=no"
    /usr/bin/python3 -B tests/embed/subproject.py "$top" \
        --wrap "$memcheck $kinds --suppressions=tests/embed/objc.supp"
}

# The library is linked statically into each.
embedding_with_sanitizers() {
    install_packages embed
    LSAN_OPTIONS="suppressions=tests/embed/objc.lsan:print_suppressions=0" \
        /usr/bin/python3 -B tests/embed/subproject.py "$top" -Db_sanitize=address,undefined
}

# The binding's tests with many examples, 10 000 cycles, every order of deletion.
python_long() {
    if [ ! -d "$work/gcc/bindings/python/pausemon" ]; then
        echo "the binding was not built: no Python 3 with cffi and its headers"
        return 77
    fi
    PAUSEMON_FULL=1 /usr/bin/python3 tests/python/run.py "$work/gcc/bindings/python" \
        "$work/gcc" tests/python
}

# The library and the extension under the sanitizers, in a Python that is not: the runtimes are
# loaded first, and Python allocates with malloc, so that its memory is seen. What cffi itself
# keeps is not ours. Left out: test_errors (it limits the address space), test_leaks (the leak
# sanitizer sees more), test_docs and the values (Python's own).
python_sanitized() {
    configure python gcc -Dpython=enabled -Dtests=false -Ddocs=disabled \
        -Db_sanitize=address,undefined -Db_lundef=false || return 1
    echo "leak:_cffi_backend" >"$work/python.leaks"
    (
        PYTHONMALLOC=malloc
        LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)"
        ASAN_OPTIONS=exitcode=99
        UBSAN_OPTIONS=halt_on_error=1
        LSAN_OPTIONS=suppressions=$work/python.leaks:print_suppressions=0
        export PYTHONMALLOC LD_PRELOAD ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS
        cd tests/python && exec /usr/bin/python3 run.py "$work/python/bindings/python" \
            "$work/python" test_asyncio.py test_client.py test_evidence.py test_incidents.py \
            test_lifetimes.py test_misuse.py test_monitor.py test_smoke.py test_sources.py \
            test_tiers.py
    )
}

soak() {
    /usr/bin/python3 -B tests/faults/soak.py "$work/gcc/tools/pausemon" \
        "$work/gcc/tools/pausemond" "$work/gcc/tests" "${PAUSEMON_SOAK_SECONDS:-600}"
}

abi() {
    # shellcheck disable=SC2154 # run.sh sets it
    /usr/bin/python3 -B "tests/abi/$1.py" "$top" "$2"
}

install_packages abi || echo "without abigail-tools: what needs it is skipped"
step "property tests, 50 times the rounds" many_rounds
step "today's programs with a library of tomorrow" abi tomorrow "$work/tomorrow"
step "the recorded ABI" abi abidiff "$work/gcc/libpausemon/libpausemon.so"
step "what abidiff must see" abi selftest abidiff
step "the ring under valgrind" ring_under_valgrind
step "the amalgamation under sanitizers" amalgamation_sanitized
step "embedding programs under valgrind" embedding_under_valgrind
step "embedding programs with sanitizers" embedding_with_sanitizers
step "fuzzing, a minute a target" fuzz
step "cross-compiling for macOS" sh tests/cross/run.sh "$work/cross"
step "benchmarks" sh tests/bench/run.sh
step "real faults, the long versions" faults 1 gcc blackout bounds evidence freezes hindered \
    killed pressure starts stuck
step "writers of a black box, killed 50 times" env PAUSEMON_FULL=1 CK_TAP_LOG_FILE_NAME=- \
    CK_VERBOSITY=silent CK_TIMEOUT_MULTIPLIER=20 "$work/gcc/tests/test_unit_blackbox_killed"
step "real faults under the thread sanitizer" thread_sanitizer
install_packages full || true # without them steps and tests are skipped, and say so
step "the Python binding, the long version" python_long
step "the Python binding, installed by pip" sh tests/python/installed.sh "$work/gcc" "$top"
step "the Python binding under the sanitizers" python_sanitized
step "soak: quiet, then compiling" soak
