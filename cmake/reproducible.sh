#!/bin/sh
# Builds the Embedded library and tool in two folders, of trees in two places, and compares: reproducible.sh SCRATCH
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
scratch=$1
rm -rf "$scratch"
for place in one "two/another place"; do
    mkdir -p "$scratch/$place"
    (cd "$root" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$scratch/$place" 2> /dev/null) || true
    sh "$scratch/$place/cmake/embedded-build.sh" --tool "$scratch/$place/.build/embedded"
done
for file in libneuron_ws.so neuron-ws; do
    cmp "$scratch/one/.build/embedded/$file" "$scratch/two/another place/.build/embedded/$file"
    echo "$file: the same bytes"
done
