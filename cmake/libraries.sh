#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tells what the library links to, from cmake/libraries: libraries.sh link|packages|wants
#
# link: for the linker. packages: Debian's, with the headers. wants: a line each, pkg-config's name, version, package.
set -eu
list=$(dirname "$0")/libraries
case ${1:-} in
    link) awk '!/^#/ && NF { gsub(",", " ", $3); printf "%s ", $3 }' "$list" ;;
    packages) awk '!/^#/ && NF { printf "%s ", $4 }' "$list" ;;
    wants) awk '!/^#/ && NF { print $1, $2, $4 }' "$list" ;;
    *) echo "libraries.sh link|packages|wants" >&2; exit 1 ;;
esac
