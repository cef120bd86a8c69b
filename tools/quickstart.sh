#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what is missing, builds into build/, and shows this machine's processes being judged.
#   sh tools/quickstart.sh [--for SECONDS]
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
seconds=10
while [ $# -gt 0 ]; do
    case $1 in
    --for) seconds=${2:?--for needs SECONDS}; shift 2 ;;
    --for=*) seconds=${1#--for=}; shift ;;
    *) echo "usage: sh tools/quickstart.sh [--for SECONDS]" >&2; exit 2 ;;
    esac
done
case $seconds in
'' | *[!0-9]* | 0)
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
ninja -C "$top/build" tools/pausemon tools/pausemond | tail -n 1

echo "quickstart: $seconds s of this machine, a sample a second; build/tools/pausemond watches on"
exec "$top/build/tools/pausemon" sample -n "$seconds"
