# SPDX-License-Identifier: Apache-2.0
"""Settings whose certificates and keys are large, for memory.c."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

# Of text beside the certificate, which a reader has to pass over.
COMMENT = "a comment of sixty-three bytes that stands before the certificate\n" * 4000
CERTIFICATES = 500


def openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def write(folder: Path) -> list[Path]:
    """The files that hold settings: of PEM, as text, as base64 and as a file; and of PKCS #12."""
    key, certificate, store = folder / "key.pem", folder / "certificate.pem", folder / "store.p12"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", 3650,
            "-subj", "/CN=memory")
    many = folder / "many.pem"
    many.write_text(certificate.read_text() * CERTIFICATES)
    openssl("pkcs12", "-export", "-inkey", key, "-in", certificate, "-certfile", many, "-out", store, "-passout",
            "pass:")
    key.write_text(COMMENT + key.read_text())
    key.chmod(0o600)
    pem = base64.b64encode((COMMENT + certificate.read_text()).encode()).decode()
    settings = {"url": "wss://127.0.0.1:1/"}
    documents = {
        "files.json": {**settings, "ca": certificate.read_text() * CERTIFICATES, "cert": pem, "key": str(key)},
        "pkcs12.json": {**settings, "cert": base64.b64encode(store.read_bytes()).decode()},
    }
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document))
    return [folder / name for name in documents]
