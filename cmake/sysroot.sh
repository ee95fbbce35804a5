#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a root to build and run against, of Debian 12's packages for another processor: sysroot.sh arm64|armhf DIR
#
# apt fetches them with an archive list and a package database of their own, below DIR; the machine's own are left as
# they are, and nothing of the packages is run. Does nothing if DIR has all that is wanted.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
architecture=${1:?sysroot.sh arm64|armhf DIR}
mkdir -p "$2"
root=$(cd "$2" && pwd)
wanted="libc6-dev libgcc-s1 ca-certificates $(sh "$here/libraries.sh" packages)"
[ "$(cat "$root/complete" 2> /dev/null)" = "$wanted" ] && exit 0

site=$(apt-get indextargets --format '$(SITE)' 'Codename: bookworm' 'Created-By: Packages' | grep -v -- '-security' | head -1)
[ -n "$site" ] || { echo "apt knows no mirror of Debian 12 (bookworm), of which the root for $architecture is made" >&2; exit 1; }
mkdir -p "$root/apt/lists/partial" "$root/apt/cache/archives/partial"
: > "$root/apt/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site bookworm main" > "$root/apt/sources.list"
apt() {
    apt-get -q -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture" -o "Dir::State=$root/apt" \
        -o "Dir::State::status=$root/apt/status" -o "Dir::Cache=$root/apt/cache" -o Dir::Etc::sourceparts=/dev/null \
        -o "Dir::Etc::sourcelist=$root/apt/sources.list" -o Debug::NoLocking=1 -o APT::Sandbox::User=root "$@"
}
apt update > "$root/apt/log" 2>&1 || { cat "$root/apt/log" >&2; exit 1; }
# shellcheck disable=SC2086
apt install --download-only -y --no-install-recommends $wanted >> "$root/apt/log" 2>&1 || { cat "$root/apt/log" >&2; exit 1; }
for package in "$root"/apt/cache/archives/*.deb; do dpkg -x "$package" "$root"; done
# A link to /lib/… would lead out of the root: the linker would then take the static library without a word.
find "$root" -xdev -type l -lname '/*' -print | while read -r link; do
    ln -snfr "$root$(readlink "$link")" "$link"
done
rm -rf "$root/apt/cache" "$root/apt/lists"
echo "$wanted" > "$root/complete"
