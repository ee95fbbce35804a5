#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A foreign server that keeps messages and acknowledges them: PyPI's `websockets`.

Prints its port. A line of standard input is JSON: what the newest connection is sent next, a text; or {"close":code}.
What it receives it prints as JSON, each message with the number of its connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys

import websockets
from websockets.asyncio.server import ServerConnection, serve


async def main() -> None:
    present: list[ServerConnection] = []

    async def handle(connection: ServerConnection) -> None:
        present.append(connection)
        number = len(present)
        with contextlib.suppress(websockets.ConnectionClosed):
            async for message in connection:
                print(json.dumps([number, message]), flush=True)

    async with serve(handle, "127.0.0.1", 0, compression=None, ping_interval=None, max_size=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            order = json.loads(line)
            with contextlib.suppress(websockets.ConnectionClosed):
                if isinstance(order, dict):
                    await present[-1].close(order["close"])
                else:
                    await present[-1].send(order)


if __name__ == "__main__":
    asyncio.run(main())
