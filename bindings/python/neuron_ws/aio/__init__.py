# SPDX-License-Identifier: Apache-2.0
"""The node for asyncio: what waits is awaited, on the event loop's own thread.

>>> import asyncio, neuron_ws.aio
>>> async def main():
...     async with neuron_ws.aio.Node("line-1", {"url": "ws://127.0.0.1:8080/data"}) as node:
...         node.subscribe("*", "*")
...         await node.push("plc1", "fast", {"temperature": 21.5})
...         async for message in node:
...             print(message)
>>> asyncio.run(main())

The event loop watches the node's descriptor; no thread is started for it, and no Python code runs on the library's.
"""

from .node import Node

__all__ = ["Node"]
