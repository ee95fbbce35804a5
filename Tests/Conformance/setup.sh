#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sets up autobahntestsuite 0.8.2, which needs Python 2.7, in the folder given. Prints nothing and does nothing if it is
# there. Exit status 3: there is no Python 2.7.
set -euo pipefail
folder=$1

works() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (2, 7))' > /dev/null 2>&1; }

[ -x "$folder/venv/bin/wstest" ] && exit 0
python=""
for candidate in ${AUTOBAHN_PYTHON:-} python2.7 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7.*/bin/python2.7 python2; do
    if works "$candidate"; then python=$candidate; break; fi
done
[ -n "$python" ] || exit 3

# Nothing is installed outside the folder: virtualenv itself goes into it too.
export PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=
# A Python 2.7 built by hand often does not know the system's certificates.
system=/etc/ssl/certs/ca-certificates.crt
if [ -z "${PIP_CERT:-}" ] && [ -f $system ] && ! "$python" -m pip config get global.cert > /dev/null 2>&1; then
    export PIP_CERT=$system
fi
mkdir -p "$folder"
"$python" -m pip install -q --disable-pip-version-check --target "$folder/virtualenv" virtualenv==20.15.1 2>&1 |
    grep -v DEPRECATION || true
PYTHONPATH="$folder/virtualenv" "$python" -m virtualenv -q "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check autobahntestsuite==0.8.2 2>&1 |
    grep -v DEPRECATION || true
[ -x "$folder/venv/bin/wstest" ]
