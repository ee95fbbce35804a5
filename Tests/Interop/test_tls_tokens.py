# SPDX-License-Identifier: Apache-2.0
"""A key in a PKCS #11 token, by the real pkcs11-provider and SoftHSM: where both are installed.

Debian 12 has softhsm2 and no pkcs11-provider: NEURON_WS_PKCS11_PROVIDER names one that was built (its pkcs11.so).
`test_tls_settings.py` has a provider of its own, which runs everywhere.
"""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

import foreign
import pytest

MODULES = subprocess.run(["openssl", "version", "-m"], capture_output=True, text=True).stdout
PROVIDER = Path(
    os.environ.get("NEURON_WS_PKCS11_PROVIDER") or Path(MODULES.partition('"')[2].strip('"\n')) / "pkcs11.so")
SOFTHSM = next((path for path in map(Path, (
    "/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")) if path.exists()), None)

pytestmark = pytest.mark.skipif(
    not PROVIDER.is_file() or SOFTHSM is None or shutil.which("softhsm2-util") is None,
    reason="no pkcs11-provider or no softhsm2 here")

# no-deinit: SoftHSM crashes when it is ended behind OpenSSL's own end, the openssl tool's process too.
CONFIGURATION = """openssl_conf = here
[here]
providers = providers
[providers]
default = own
pkcs11 = tokens
[own]
activate = 1
[tokens]
module = {provider}
pkcs11-module-path = {softhsm}
pkcs11-module-quirks = no-deinit
activate = 1
"""
PROGRAM = """
import json, sys, foreign
foreign.use_binding()
import neuron_ws
try:
    with neuron_ws.Node("token", json.loads(sys.argv[1])) as node:
        foreign.wait_until(lambda: node.state.link, 30, node.state.message)
        node.send("signed by a token")
        node.flush(timeout=20)
        node.reconnect()
        foreign.wait_until(lambda: node.metrics.connections_opened == 2, 30, node.state.message)
        print("connected twice")
except neuron_ws.SettingsError as error:
    print(error)
"""


def run(environment: dict[str, str], *words: object) -> str:
    done = subprocess.run(list(map(str, words)), env=environment, capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout.strip()


def test_a_key_in_a_token_signs_handshakes(authority: foreign.Authority, tmp_path: Path) -> None:
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path}/tokens\nlog.level = ERROR\n")
    (tmp_path / "openssl.cnf").write_text(CONFIGURATION.format(provider=PROVIDER, softhsm=SOFTHSM))
    environment = {**os.environ, "SOFTHSM2_CONF": f"{tmp_path}/softhsm2.conf"}
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=press-7", "-keyout", key, "-out", cert], check=True, capture_output=True)
    plain = run(environment, "openssl", "pkcs8", "-topk8", "-nocrypt", "-in", key)
    key.write_text(plain + "\n")
    run(environment, "softhsm2-util", "--init-token", "--free", "--label", "plant", "--so-pin", "87654321",
        "--pin", "4711")
    run(environment, "softhsm2-util", "--import", key, "--token", "plant", "--label", "gateway", "--id", "01",
        "--pin", "4711")
    key.unlink()
    context = authority.server_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cert)
    environment |= {"OPENSSL_CONF": f"{tmp_path}/openssl.cnf",
                    "PYTHONPATH": f"{foreign.BINDING}:{Path(__file__).resolve().parent}"}
    with foreign.Server(tls=context) as server:
        def told(**settings: str) -> str:
            given = {"url": server.url, "ca": str(authority.ca), "cert": str(cert), "reconnect-min": 0.05,
                     "key": "pkcs11:token=plant;object=gateway;type=private", **settings}
            return run(environment, sys.executable, "-c", PROGRAM, json.dumps(given))

        assert told(keypass="4711") == "connected twice"
        assert server.messages == ["signed by a token"] and server.connections == 2
        # Nobody is asked at the terminal: that would stop a gateway.
        assert '"keypass": is missing: the token that key names asks for its PIN' in told()
        assert '"keypass": is wrong, or the token that key names is locked' in told(keypass="0815")
