#!/bin/sh
# Says what building needs and is not there, by the names of Debian's packages; changes nothing. check-tools.sh [PROGRAM…]
set -eu
missing=
need() { missing="$missing $1"; }

command -v swift > /dev/null || need "the Swift 6.3 toolchain (not a Debian package; swift must be on PATH)"
command -v gcc > /dev/null || command -v cc > /dev/null || need gcc
for program in "$@"; do command -v "$program" > /dev/null || need "$program"; done
if command -v pkg-config > /dev/null; then
    pkg-config --exists "openssl >= 3.0" || need libssl-dev
    pkg-config --exists "jansson >= 2.14" || need libjansson-dev
    pkg-config --exists zlib || need zlib1g-dev
    pkg-config --exists "sqlite3 >= 3.34" || need libsqlite3-dev
else
    need pkg-config
fi
[ -z "$missing" ] && exit 0
echo "To build neuron_ws these are missing:$missing" >&2
echo "On Debian and Ubuntu: make dependencies (it asks apt), or apt-get install libssl-dev libjansson-dev zlib1g-dev libsqlite3-dev pkg-config gcc" >&2
exit 1
