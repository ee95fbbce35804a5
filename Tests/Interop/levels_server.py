#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A foreign server whose first connection reads nothing and is closed with 1013: PyPI's `websockets`.

Prints its port. A line of standard input closes the first connection; the messages of the others are printed as JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys

import websockets
from websockets.asyncio.server import ServerConnection, serve


async def main() -> None:
    closing = asyncio.Event()
    connections = 0

    async def handle(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        if connections == 1:
            connection.transport.pause_reading()
            await closing.wait()
            return await connection.close(1013)
        with contextlib.suppress(websockets.ConnectionClosed):
            async for message in connection:
                print(json.dumps(message), flush=True)

    async with serve(handle, "127.0.0.1", 0, compression=None, ping_interval=None, close_timeout=0.2) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, sys.stdin.readline):
            closing.set()


if __name__ == "__main__":
    asyncio.run(main())
