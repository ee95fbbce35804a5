#!/bin/sh
# Makes the Debian packages of the committed tree, with the machine's own Python and debhelper. Leaves them in
# .build/packages and what lintian says in .build/packages/lintian.txt, which fails the build if it is an error or a warning.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
version=$(sed -n 's/^#define NEURON_WS_VERSION_\(MAJOR\|MINOR\|PATCH\) //p' include/neuron_ws.h | paste -sd.)
packages=$root/.build/packages
tree=$root/.build/deb/neuron-ws-$version
rm -rf "$root/.build/deb" "$packages"
mkdir -p "$tree" "$packages"
git archive HEAD | tar -x -C "$tree"
cp -r "$tree/cmake/debian" "$tree/debian"

swift=$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")
# Another Python before Debian's on PATH has no dh-python.
cd "$tree"
env -u PYTHONPATH -u NEURON_WS_LIBRARY -u NEURON_WS_TOOL -u PYTHONDONTWRITEBYTECODE \
    SWIFT_HOME="$swift" PATH="$swift/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    dpkg-buildpackage -b -uc -us > "$packages/build.log" 2>&1 || { tail -60 "$packages/build.log"; exit 1; }
mv ../*.deb ../*.changes ../*.buildinfo "$packages/"
cd "$packages"
ls -l ./*.deb
lintian --allow-root --pedantic -EvIL +pedantic --fail-on error,warning ./*.changes > lintian.txt 2>&1 || { cat lintian.txt; exit 1; }
grep -vE '^N:|^running|^M:' lintian.txt || echo "lintian: nothing to say"
