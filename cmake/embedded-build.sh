#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the library as Embedded Swift, which is small and the only way to other processors than amd64:
#   embedded-build.sh [--tool|--check] SCRATCH [PROCESSOR] [C COMPILER] [SYSROOT]
#
# The Makefile and CMake call it. Leaves SCRATCH/libneuron_ws.so, and SCRATCH/neuron-ws with --tool. With --check nothing is
# made: the compiler checks all that it can for that processor, in half the time.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
modules="WebSocketCore NodeCore NeuronWS"
tool=
check=
case ${1:-} in
    --tool)
        tool=yes
        modules="$modules LoopbackServer neuron-ws"
        shift ;;
    --check)
        check=yes
        shift ;;
esac
scratch=$1
processor=${2:-x86_64}
compiler=${3:-cc}
sysroot=${4:-}

command -v swiftc > /dev/null || { echo "swiftc is not on PATH: the Swift 6.3 toolchain builds neuron_ws" >&2; exit 1; }
toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")
case $processor in
    x86_64 | amd64 | AMD64) target= runtime=x86_64-unknown-linux-gnu ;;
    aarch64 | arm64) target=aarch64 runtime=aarch64-none-none-elf ;;
    arm*) target=armv7 runtime=armv7-none-none-eabi ;;
    *) echo "$processor: the Embedded profile is built for x86_64, aarch64 and armv7" >&2; exit 1 ;;
esac
mkdir -p "$scratch/page"
scratch=$(cd "$scratch" && pwd)
# The toolchain's own clang: the tool's page is taken in by #embed, which Debian's compilers do not know.
clang="$toolchain/bin/clang"

# Relative paths and nothing of this machine: two builds in two places give the same bytes. A section for each function,
# so that the linker leaves out what nobody calls and keeps one of those that are alike: Embedded Swift compares no
# functions by their address. Runs of instructions that are alike become functions, a twentieth of the
# whole; a function has one trap for all that it checks. Nothing is thrown through Swift, so there are no tables for
# unwinding, an eighth of it; a debugger has those of the symbols. Not -inline-threshold=0, which would save 3 %: by
# it Swift 6.3 makes a SHA-1 that comes out wrong.
cd "$root"
# A warning of one file must not hide in those of the whole module: they are errors elsewhere, in `swift build`.
set -- -enable-experimental-feature Embedded -wmo -Osize -Xllvm -enable-machine-outliner -Xfrontend -mergeable-traps \
    -parse-as-library -swift-version 6 -suppress-warnings -g \
    -module-cache-path "$scratch/modules" ${sysroot:+-file-prefix-map "$sysroot=/sysroot"} \
    -file-prefix-map "$scratch=/build" -file-prefix-map "$root=." \
    -file-compilation-dir . -Xfrontend -no-clang-module-breadcrumbs -Xfrontend -function-sections \
    -Xcc -fPIC -Xcc -fno-asynchronous-unwind-tables -Xcc -fno-unwind-tables -I include -I "$scratch" -I "$scratch/page"
for library in Sources/C*/module.modulemap; do set -- "$@" -I "${library%/*}"; done
# SwiftPM makes this of a C target by itself.
echo 'module CLivePage { header "CLivePage.h" export * }' > "$scratch/page/module.modulemap"
cp Sources/CLivePage/include/CLivePage.h "$scratch/page/"
triple=
case $target in
    aarch64)
        set -- "$@" -target aarch64-none-none-elf -clang-target aarch64-unknown-linux-gnu -Xcc -mno-outline-atomics
        triple=aarch64-linux-gnu ;;
    armv7)
        set -- "$@" -target armv7-none-none-eabi -clang-target armv7-unknown-linux-gnueabihf -Xcc -mfloat-abi=hard \
            -Xcc -mfpu=neon
        triple=arm-linux-gnueabihf ;;
esac
if [ -n "$sysroot" ]; then
    set -- "$@" -Xcc "--sysroot=$sysroot" -Xcc -isystem -Xcc "$sysroot/usr/include/$triple" \
        -Xcc -isystem -Xcc "$sysroot/usr/include"
fi

objcopy() { if [ -x "$toolchain/bin/llvm-objcopy" ]; then "$toolchain/bin/llvm-objcopy" "$@"; else command objcopy "$@"; fi; }

# What is as it was is not compiled anew: a module stands on its sources and those of the modules before it, wherever
# they lie.
stamp=$(swiftc --version 2> /dev/null; echo "$@" | sed "s|${sysroot:-/sysroot}|/sysroot|g; s|$scratch|/build|g; s|$root|.|g"
    cat include/* Sources/C*/module.modulemap Sources/C*/*.h)
for module in $modules; do
    find "Sources/$module" cmake/embedded -name '*.swift' | LC_ALL=C sort > "$scratch/$module.files"
    stamp=$( (echo "$stamp"; cat "$scratch/$module.files"; xargs cat < "$scratch/$module.files") | sha256sum)
    [ "$stamp" = "$(cat "$scratch/$module.stamp" 2> /dev/null)" ] && continue
    echo "embedded: $module"
    rm -f "$scratch/$module.stamp"
    if [ -n "$check" ]; then
        swiftc "$@" -Onone -module-name "$module" -emit-module -emit-module-path "$scratch/$module.swiftmodule" \
            -emit-sil "@$scratch/$module.files" -o "$scratch/$module.sil"
        # Not -o /dev/null: for root the compiler puts a file in its place.
        rm -f "$scratch/$module.sil"
        echo "$stamp" > "$scratch/$module.stamp"
        continue
    fi
    swiftc "$@" -module-name "$(echo "$module" | tr - _)" -emit-module -emit-module-path "$scratch/$module.swiftmodule" \
        -c "@$scratch/$module.files" -o "$scratch/$module.o"
    # A hash of where it was built.
    objcopy --remove-section=.swift_modhash "$scratch/$module.o"
    echo "$stamp" > "$scratch/$module.stamp"
done

[ -z "$check" ] || exit 0
set -- ${sysroot:+"--sysroot=$sysroot"}
"$compiler" "$@" -O2 -g -fPIC "-ffile-prefix-map=$root=." -ISources/CEnvironment/include \
    -c Sources/CEnvironment/environment.c -o "$scratch/environment.o"
"$compiler" "$@" -O2 -g -fPIC "-ffile-prefix-map=$root=." -c cmake/embedded/code_points.c -o "$scratch/code_points.o"
# gcc with the toolchain's lld. An old library that is linked by mistake must not stay unseen: warnings are errors.
# Relative relocations are packed, which glibc knows from 2.36 on, as arc4random_buf, which Embedded Swift calls.
link() {
    output=$1
    shift
    # shellcheck disable=SC2046
    "$compiler" ${sysroot:+"--sysroot=$sysroot"} "$@" "$scratch/code_points.o" -o "$output" \
        -L"$toolchain/lib/swift/embedded/$runtime" -lswiftUnicodeDataTables \
        -Wl,--as-needed $(sh cmake/libraries.sh link) -lm -B"$toolchain/bin" -fuse-ld=lld -Wl,--icf=all \
        -Wl,--gc-sections -Wl,-z,pack-relative-relocs -Wl,--build-id -Wl,-z,relro -Wl,-z,now -Wl,-z,defs -Wl,-z,text \
        -Wl,--fatal-warnings
}
link "$scratch/libneuron_ws.so" -shared "$scratch/WebSocketCore.o" "$scratch/NodeCore.o" "$scratch/NeuronWS.o" \
    "$scratch/environment.o" -Wl,-soname,libneuron_ws.so.1 -Wl,--version-script="$root/cmake/neuron_ws.map" \
    -Wl,-z,nodelete
if [ -n "$tool" ]; then
    "$clang" ${triple:+"--target=$triple"} "$@" -O2 -fPIC -fno-stack-protector "-ffile-prefix-map=$root=." \
        -ISources/CLivePage/include -c Sources/CLivePage/page.c -o "$scratch/page.o"
    link "$scratch/neuron-ws" -pie "$scratch/WebSocketCore.o" "$scratch/NodeCore.o" "$scratch/NeuronWS.o" \
        "$scratch/LoopbackServer.o" "$scratch/neuron-ws.o" "$scratch/page.o" -ldl
fi
