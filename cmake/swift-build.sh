#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds what is shipped with SwiftPM: swift-build.sh SCRATCH [neuron_ws] [neuron-ws]
#
# The one place for the flags of a release build: the Makefile and CMake call it. Needs no home folder and no network.
#
# The Swift runtime goes into the library. lld, because its RELRO and its sizes are the best of the three linkers. A
# build id, by which debuggers find separate symbols. A section for each function, of which the linker leaves out those
# that nobody calls and keeps one of those that are alike: no function is compared by its address. DWARF 4 for C too, as
# Swift has it: what Debian 12's valgrind reads.
# Nothing of where it was built gets in: neither paths nor, by -disable-incremental-llvm-codegen, a hash of the command;
# of two maps that fit a path the first one holds, and the scratch folder may lie in the tree.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
scratch=$1
shift

# Who installs what another has built (sudo has a PATH of its own) needs no compiler.
if ! command -v swift > /dev/null; then
    for product in "$@"; do
        made=$scratch/release/$product
        [ "$product" != neuron_ws ] || made=$scratch/release/libneuron_ws.so
        hint="the Swift 6.3 toolchain builds neuron_ws, and is not on PATH"
        [ -e "$made" ] || { echo "$made is not there: $hint" >&2; exit 1; }
        newer=$(find "$root/Sources" "$root/include" "$root/Package.swift" "$root/cmake/swift-build.sh" -type f -newer "$made" | head -1)
        [ -z "$newer" ] || { echo "$newer is newer than $made: $hint" >&2; exit 1; }
        echo "swift is not on PATH: $made is taken as it was built"
    done
    exit 0
fi
mkdir -p "$scratch"
scratch=$(cd "$scratch" && pwd)
# Where the home folder does not exist or may not be written, SwiftPM and clang would fail for their caches.
if [ ! -w "${HOME:-/nonexistent}" ]; then
    mkdir -p "$scratch/home"
    export HOME="$scratch/home"
fi

cd "$root"
for product in "$@"; do
    set -- -c release --scratch-path "$scratch" --product "$product" --disable-local-rpath \
        -Xswiftc -static-stdlib -Xswiftc -use-ld=lld -Xcc -gdwarf-4 -Xlinker --build-id -Xlinker -zrelro -Xlinker -znow \
        -Xswiftc -file-prefix-map -Xswiftc "$scratch=/build" -Xswiftc -file-prefix-map -Xswiftc "$root=." \
        -Xswiftc -file-compilation-dir -Xswiftc . -Xswiftc -Xfrontend -Xswiftc -no-clang-module-breadcrumbs \
        -Xswiftc -Xfrontend -Xswiftc -disable-incremental-llvm-codegen -Xswiftc -Xfrontend -Xswiftc -function-sections \
        -Xcc "-ffile-prefix-map=$root=." -Xlinker --gc-sections -Xlinker --icf=all
    if [ "$product" = neuron_ws ]; then
        set -- "$@" -Xlinker -soname=libneuron_ws.so.1 -Xlinker "--version-script=$root/cmake/neuron_ws.map" \
            -Xlinker -znodelete -Xlinker -zdefs -Xlinker --as-needed
    elif [ "$product" = neuron-ws ]; then
        # Nobody links to a program: the linker need not keep what it does not call itself.
        set -- "$@" -Xlinker "--version-script=$root/cmake/neuron-ws.map"
    fi
    swift build "$@"
done
