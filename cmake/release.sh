#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Puts what was built for a release into dist: the packages of both architectures with their debug symbols, wheel and source
# distribution, the source tree, the bill of materials, and checksums of it all. `make release` builds it first.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
version=$(sed -n 's/^#define NEURON_WS_VERSION_\(MAJOR\|MINOR\|PATCH\) //p' include/neuron_ws.h | paste -sd.)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
rm -rf dist
mkdir dist
# Python's source distribution has the name neuron_ws-VERSION.tar.gz.
git archive --format=tar --prefix="neuron_ws-$version/" HEAD | gzip -9n > "dist/neuron_ws-$version-tree.tar.gz"
for folder in .build/packages .build/packages-* .build/wheels; do
    [ -d "$folder" ] || continue
    find "$folder" -maxdepth 1 \( -name '*.deb' -o -name '*.whl' -o -name '*.tar.gz' -o -name '*.buildinfo' \) -exec cp -p {} dist/ \;
done
python3 cmake/spdx.py dist > dist/sbom.spdx.json
cd dist
find . -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs sha256sum > SHA256SUMS
cat SHA256SUMS
