# SPDX-License-Identifier: Apache-2.0
"""What stands for the addresses and files of the manual's programs, beside the echoing server at 127.0.0.1:8080."""

from __future__ import annotations

import contextlib
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import answering
import foreign
import forward_proxies

PROXY = "127.0.0.1:3128"
"""tinyproxy, which asks for the user and the password of `forward_proxies`."""
MUTUAL = "127.0.0.1:8443"
"""A wss:// server that wants a client certificate; beside the program lie plant-ca.pem, gateway.pem, gateway.key and
gateway.p12, whose password is "open me"."""
UNWILLING = "127.0.0.1:8081"
"""A server that is not available now."""


def mutual(folder: Path) -> foreign.Server:
    made = folder / "authority"
    made.mkdir()
    authority = foreign.Authority(made)
    # The server's own certificate will do as the gateway's.
    files = ((authority.ca, "plant-ca.pem"), (authority.cert, "gateway.pem"), (authority.key, "gateway.key"))
    for source, name in files:
        (folder / name).write_bytes(source.read_bytes())
        (folder / name).chmod(0o600)
    subprocess.run(["openssl", "pkcs12", "-export", "-in", authority.cert, "-inkey", authority.key, "-passout",
                    "pass:open me", "-out", folder / "gateway.p12"], check=True, capture_output=True)
    (folder / "gateway.p12").chmod(0o600)
    context = authority.server_context()
    context.load_verify_locations(authority.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    return foreign.Server(tls=context)


@contextlib.contextmanager
def of(text: str, folder: Path) -> Iterator[dict[str, str]]:
    """What takes the place of what the text names: those that run while this does."""
    places: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        if PROXY in text:
            places[PROXY] = f"127.0.0.1:{stack.enter_context(forward_proxies.tinyproxy(folder))}"
        if MUTUAL in text:
            places[MUTUAL] = f"127.0.0.1:{stack.enter_context(mutual(folder)).port}"
        if UNWILLING in text:
            refusal = b"HTTP/1.1 503 Later\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n"
            places[UNWILLING] = f"127.0.0.1:{stack.enter_context(answering.Answering(lambda _: refusal)).port}"
        yield places
