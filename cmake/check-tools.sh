#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Says what building needs and is not there, by the names of Debian's packages; changes nothing. check-tools.sh [PROGRAM…]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
missing=
need() { missing="$missing $1"; }

# Where it is built, it can be installed without; swift-build.sh sees whether it is what the sources say.
command -v swift > /dev/null || [ -e "$here/../.build/release/neuron-ws" ] || need "the Swift 6.3 toolchain (not a Debian package; swift must be on PATH)"
command -v gcc > /dev/null || command -v cc > /dev/null || need gcc
# What Swift links statically needs libstdc++.
command -v g++ > /dev/null || command -v c++ > /dev/null || need g++
for program in "$@"; do command -v "$program" > /dev/null || need "$program"; done
if command -v pkg-config > /dev/null; then
    wants=$(sh "$here/libraries.sh" wants)
    while read -r name version package; do
        pkg-config --exists "$name >= $version" || need "$package"
    done << END
$wants
END
else
    need pkg-config
fi
[ -z "$missing" ] && exit 0
echo "To build neuron_ws these are missing:$missing" >&2
echo "On Debian and Ubuntu: make dependencies (it asks apt), or apt-get install $(sh "$here/libraries.sh" packages)pkg-config gcc g++ $*" >&2
exit 1
