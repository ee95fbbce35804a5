#!/bin/sh
# Builds the library as Embedded Swift, which is small and the only way to other processors than amd64:
#   embedded-build.sh SCRATCH [PROCESSOR] [C COMPILER] [SYSROOT]
#
# The Makefile and CMake call it. Leaves SCRATCH/libneuron_ws.so.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
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
mkdir -p "$scratch"
scratch=$(cd "$scratch" && pwd)

# Relative paths and nothing of this machine: two builds in two places give the same bytes.
cd "$root"
# A warning of one file must not hide in those of the whole module: they are errors elsewhere, in `swift build`.
set -- -enable-experimental-feature Embedded -wmo -Osize -parse-as-library -swift-version 6 -suppress-warnings \
    -module-cache-path "$scratch/modules" -file-prefix-map "$root=." -Xcc -fPIC -I include -I "$scratch"
for library in CLinux COpenSSL CJansson CZlib CSQLite; do set -- "$@" -I "Sources/$library"; done
case $target in
    aarch64)
        set -- "$@" -target aarch64-none-none-elf -clang-target aarch64-unknown-linux-gnu -Xcc -mno-outline-atomics
        include=aarch64-linux-gnu ;;
    armv7)
        set -- "$@" -target armv7-none-none-eabi -clang-target armv7-unknown-linux-gnueabihf -Xcc -mfloat-abi=hard \
            -Xcc -mfpu=neon
        include=arm-linux-gnueabihf ;;
esac
if [ -n "$sysroot" ]; then
    set -- "$@" -Xcc "--sysroot=$sysroot" -Xcc -isystem -Xcc "$sysroot/usr/include/$include" \
        -Xcc -isystem -Xcc "$sysroot/usr/include"
fi

for module in WebSocketCore NodeCore NeuronWS; do
    echo "embedded: $module"
    find "Sources/$module" -name '*.swift' | LC_ALL=C sort > "$scratch/$module.files"
    swiftc "$@" -module-name "$module" -emit-module -emit-module-path "$scratch/$module.swiftmodule" \
        -c "@$scratch/$module.files" -o "$scratch/$module.o"
done

"$compiler" ${sysroot:+"--sysroot=$sysroot"} -O2 -fPIC -ISources/CEnvironment/include -c Sources/CEnvironment/environment.c -o "$scratch/environment.o"
# gcc with the toolchain's lld. An old library that is linked by mistake must not stay unseen: warnings are errors.
"$compiler" ${sysroot:+"--sysroot=$sysroot"} -shared -o "$scratch/libneuron_ws.so" \
    "$scratch/WebSocketCore.o" "$scratch/NodeCore.o" "$scratch/NeuronWS.o" "$scratch/environment.o" \
    -L"$toolchain/lib/swift/embedded/$runtime" -lswiftUnicodeDataTables \
    -Wl,--as-needed -lssl -lcrypto -ljansson -lz -lsqlite3 -lm -B"$toolchain/bin" -fuse-ld=lld \
    -Wl,-soname,libneuron_ws.so.1 -Wl,--version-script="$root/cmake/neuron_ws.map" -Wl,--gc-sections -Wl,--build-id \
    -Wl,-z,nodelete -Wl,-z,relro -Wl,-z,now -Wl,-z,defs -Wl,-z,text -Wl,--fatal-warnings
