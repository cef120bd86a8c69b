#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what is missing, builds into build/, and shows this machine's processes being judged: on
# the full screen, or, with --for or where there is no terminal, as tables for some seconds.
#   sh tools/quickstart.sh [--for SECONDS]
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
seconds=
while [ $# -gt 0 ]; do
    case $1 in
    --for) seconds=${2:?--for needs SECONDS}; shift 2 ;;
    --for=*) seconds=${1#--for=}; seconds=${seconds:-0}; shift ;;
    *) echo "usage: sh tools/quickstart.sh [--for SECONDS]" >&2; exit 2 ;;
    esac
done
screen=no
if [ -z "$seconds" ]; then
    seconds=10
    if [ -t 0 ] && [ -t 1 ]; then screen=yes; fi
fi
case $seconds in
*[!0-9]* | 0)
    echo "quickstart: --for: \"$seconds\" is no whole number of seconds" >&2
    exit 2
    ;;
esac

. "$top/tools/install.sh"
install_packages build

if [ ! -f "$top/build/build.ninja" ]; then
    echo "quickstart: setting up build/"
    log=$(meson setup "$top/build" "$top" 2>&1) || { echo "$log"; exit 1; }
fi
echo "quickstart: building"
ninja -C "$top/build" tools/pausemon tools/pausemond tools/pausemon-monitor | tail -n 1

if [ $screen = yes ]; then
    exec "$top/build/tools/pausemon-monitor" --local
fi
echo "quickstart: $seconds s of this machine, a sample a second; build/tools/pausemond watches on"
exec "$top/build/tools/pausemon" sample -n "$seconds"
