#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the Debian packages of the committed tree, with the machine's own Python and debhelper: deb.sh [amd64|arm64]
#
# Leaves them in .build/packages and what lintian says in .build/packages/lintian.txt, which fails the build if it is an
# error or a warning; for another architecture than the machine's in .build/packages-ARCH, from the objects and the root
# that `make arm64` has made in .build/arm64.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
version=$(sed -n 's/^#define NEURON_WS_VERSION_\(MAJOR\|MINOR\|PATCH\) //p' include/neuron_ws.h | paste -sd.)
architecture=${1:-$(dpkg --print-architecture)}
packages=$root/.build/packages
work=$root/.build/deb
foreign=
if [ "$architecture" != "$(dpkg --print-architecture)" ]; then
    foreign=$root/.build/$architecture
    [ -d "$foreign/root" ] || { echo "$architecture: make arm64 comes first; packages are made for amd64 and arm64" >&2; exit 1; }
    packages=$packages-$architecture
    work=$work-$architecture
fi
tree=$work/neuron-ws-$version
rm -rf "$work" "$packages"
mkdir -p "$tree" "$packages"
git rev-parse -q --verify HEAD > /dev/null || { echo "packages are made of what git has committed, and $root is no clone" >&2; exit 1; }
git archive HEAD | tar -x -C "$tree"
cp -r "$tree/cmake/debian" "$tree/debian"
packaged=$(sed -n '1s/.*(\([^)]*\)).*/\1/p' "$tree/debian/changelog")
case "$packaged" in "$version" | "$version"-*) ;; *)
    echo "include/neuron_ws.h says version $version, cmake/debian/changelog $packaged: begin a new entry there" >&2
    exit 1
esac

swift=$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")
# Another Python before Debian's on PATH has no dh-python.
cd "$tree"
env -u PYTHONPATH -u NEURON_WS_LIBRARY -u NEURON_WS_TOOL -u PYTHONDONTWRITEBYTECODE \
    SWIFT_HOME="$swift" PATH="$swift/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    ${foreign:+"NEURON_WS_SYSROOT=$foreign/root" "NEURON_WS_EMBEDDED_SCRATCH=$foreign"} \
    dpkg-buildpackage -uc -us ${foreign:+-d --host-arch "$architecture"} "$([ -n "$foreign" ] && echo -B || echo -b)" \
    > "$packages/build.log" 2>&1 || { tail -60 "$packages/build.log"; exit 1; }
mv ../*.deb ../*.changes ../*.buildinfo "$packages/"
cd "$packages"
ls -l ./*.deb
lintian --allow-root --pedantic -EvIL +pedantic --fail-on error,warning ./*.changes > lintian.txt 2>&1 || { cat lintian.txt; exit 1; }
grep -vE '^N:|^running|^M:' lintian.txt || echo "lintian: nothing to say"
