# SPDX-License-Identifier: Apache-2.0
"""A node in an asyncio program: python3 asyncio_example.py ws://127.0.0.1:8080/data [COUNT]"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter

from neuron_ws import aio


async def main(url: str, count: int) -> None:
    async with aio.Node("asyncio-example", {"url": url}) as node:
        node.subscribe("*", "*")
        # Each waits for its outcome, and before that for room in the queue.
        events = await asyncio.gather(*(node.push("plc1", "fast", {"counter": number}) for number in range(count)))
    for (outcome, level), number in Counter((event.outcome, event.level) for event in events).items():
        print(f"{number} {outcome.name.lower()}, each {level.name.lower()}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10))
