#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds library and tool in two places, and compares: reproducible.sh SCRATCH [full] [embedded]
#
# The second place has blanks and umlauts in its path. Neither build has a home folder, nor, where this user may take it
# away, a network.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
scratch=$1
shift
[ $# -gt 0 ] || set -- full embedded
alone=
for way in "unshare -n" "unshare -rn"; do
    if $way true 2> /dev/null; then alone=$way; break; fi
done
[ -n "$alone" ] || echo "this user may not take the network away: built with it"
rm -rf "$scratch"
mkdir -p "$scratch"
scratch=$(cd "$scratch" && pwd)
export HOME=/nonexistent
one=$scratch/one
two="$scratch/zwei/ein anderer Ort für alles"
# Both first: the tree may be worked on meanwhile.
for place in "$one" "$two"; do
    mkdir -p "$place"
    (cd "$root" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$place" 2> /dev/null) || true
done
for place in "$one" "$two"; do
    for profile in "$@"; do
        case $profile in
            full) $alone sh "$place/cmake/swift-build.sh" "$place/.build" neuron_ws neuron-ws ;;
            embedded) $alone sh "$place/cmake/embedded-build.sh" --tool "$place/.build/embedded" ;;
        esac
    done
done
different=0
for profile in "$@"; do
    [ "$profile" = full ] && folder=.build/release || folder=.build/embedded
    for file in libneuron_ws.so neuron-ws; do
        if cmp "$one/$folder/$file" "$two/$folder/$file"; then
            echo "$profile, $file: the same bytes, $(sha256sum < "$one/$folder/$file" | cut -c1-16)"
        else
            different=1
            ! command -v diffoscope > /dev/null || diffoscope "$one/$folder/$file" "$two/$folder/$file" | head -60
        fi
    done
done
exit $different
