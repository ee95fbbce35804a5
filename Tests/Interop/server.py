#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A foreign server that checks what it receives: PyPI's `websockets`.

server.py [CERT KEY] - prints its port; after each connection a line of JSON about it; runs until standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys

from websockets.asyncio.server import ServerConnection, serve

LETTERS = "abcdefghijklmnopqrstuvw"


def expected(number: int) -> str:
    """Message `number`, exactly."""
    text = (LETTERS * 9)[: number * 37 % 200]
    return (
        '{"node":"plc1","group":"fast","timestamp":1650006388943,'
        f'"values":{{"seq":{number},"p":"{text}"}},"errors":{{}},"metas":{{}}}}'
    )


async def handle(connection: ServerConnection) -> None:
    received, wrong = 0, None
    async for message in connection:
        if wrong is None and message != expected(received):
            wrong = {"at": received, "got": str(message)[:300]}
        received += 1
    print(json.dumps({"received": received, "wrong": wrong, "close": connection.close_code}), flush=True)


async def main() -> None:
    context = None
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
    async with serve(handle, "127.0.0.1", 0, ssl=context, compression=None, ping_interval=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
