#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server of PyPI's `websockets` that tells when each node was first heard.

server.py PORT CERT KEY - says its port, then obeys lines of its standard input:
  mark    from now on it notes the first message of each path
  report  prints {path: monotonic seconds of that message}
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import sys
import time

import websockets
from websockets.asyncio.server import ServerConnection, serve

first: dict[str, float] = {}


async def listen(connection: ServerConnection) -> None:
    assert connection.request is not None
    path = connection.request.path
    with contextlib.suppress(websockets.ConnectionClosed):
        async for _ in connection:
            first.setdefault(path, time.monotonic())


async def main(port: int, cert: str, key: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    async with serve(listen, "127.0.0.1", port, ssl=context, max_size=None, compression=None,
                     ping_interval=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], time.monotonic(), flush=True)
        while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
            if line == "mark":
                first.clear()
            else:
                print(json.dumps(first), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
