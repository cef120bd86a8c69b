# SPDX-License-Identifier: MIT
# Sourced by quickstart.sh and tests/run.sh: installs Debian packages that are missing.
# shellcheck shell=sh

packages_of() {
    case $1 in
    build) echo gcc libc6-dev meson ninja-build pkg-config libjansson-dev libinih-dev \
        libsqlite3-dev ;;
    test) echo g++ gobjc clang libclang-rt-14-dev check valgrind procps python3 binutils \
        tmux python3-dev python3-cffi python3-pytest python3-hypothesis python3-setuptools ;;
    full) echo mypy python3-venv python3-pip python3-wheel ;;
    lint) echo clang-format mandoc shellcheck ;;
    abi) echo abigail-tools ;;
    embed) echo libglib2.0-dev libuv1-dev libgnustep-base-dev gnustep-make ;;
    esac
}

is_installed() {
    dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

# install_packages GROUP…: says what it does; does nothing, quickly, when all is there.
install_packages() {
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "no apt-get here: expecting the tools to be installed (see README.md)"
        return 0
    fi
    missing=
    for group in "$@"; do
        for package in $(packages_of "$group"); do
            is_installed "$package" || missing="$missing $package"
        done
    done
    [ -n "$missing" ] || return 0
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 || {
            echo "missing:$missing; install them as root, or install sudo" >&2
            return 1
        }
        as_root=sudo
    fi
    echo "installing:$missing"
    # shellcheck disable=SC2086 # a list of words
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
        $missing >/dev/null 2>&1 && return 0
    $as_root apt-get update -qq
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
        $missing >/dev/null
}
