"""A node in an asyncio program: python3 asyncio_example.py ws://127.0.0.1:8080/data [COUNT]

The event loop watches the node's descriptor; each push is awaited until its outcome is known. No thread of this program
waits for another, and no Python code runs on the library's thread.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Union

import neuron_ws

# How many messages are on their way at a time; the others wait here. Below the setting queue-max-messages.
ON_THEIR_WAY_MAX = 10_000


class AsyncNode:
    """A node whose messages can be awaited. Everything in it runs on the event loop's thread."""

    def __init__(self, name: str, settings: Mapping[str, object]) -> None:
        self.messages: asyncio.Queue[Union[str, bytes]] = asyncio.Queue()
        self._room = asyncio.Semaphore(ON_THEIR_WAY_MAX)
        self._outcomes: dict[int, asyncio.Future[neuron_ws.DeliveryEvent]] = {}
        self.node = neuron_ws.Node(
            name, settings, on_message=self.messages.put_nowait, on_delivery=self._delivered
        )

    async def push(self, driver: str, group: str, values: Mapping[str, object]) -> neuron_ws.DeliveryEvent:
        """Pushes a group and waits for its outcome."""
        async with self._room:
            future: asyncio.Future[neuron_ws.DeliveryEvent] = asyncio.get_running_loop().create_future()
            # The outcome is dispatched by this thread's loop, so it cannot come before the future is in the table.
            self._outcomes[self.node.push(driver, group, values)] = future
            return await future

    def _delivered(self, event: neuron_ws.DeliveryEvent) -> None:
        for number in event.ids:
            future = self._outcomes.pop(number, None)
            # Whoever awaited it may have been cancelled meanwhile; the message goes its way all the same.
            if future is not None and not future.done():
                future.set_result(event)


@asynccontextmanager
async def running(name: str, settings: Mapping[str, object]) -> AsyncIterator[AsyncNode]:
    """A started node, watched by the running event loop. At its end everything that was pushed has its outcome."""
    loop = asyncio.get_running_loop()
    client = AsyncNode(name, settings)
    descriptor = client.node.fileno()
    loop.add_reader(descriptor, client.node.poll, 0)
    try:
        client.node.start()
        yield client
    finally:
        try:
            # It may wait for the server's Close frame; in a thread of the pool it does not hold up the loop.
            await loop.run_in_executor(None, client.node.finish)
        finally:
            loop.remove_reader(descriptor)
            # What was still queued has its outcome now: dropped.
            client.node.poll(0)
            client.node.close()


async def main(url: str, count: int) -> None:
    async with running("asyncio-example", {"url": url}) as client:
        client.node.subscribe("*", "*")
        outcomes = await asyncio.gather(
            *(client.push("plc1", "fast", {"counter": number}) for number in range(count))
        )
    for (outcome, level), number in Counter((event.outcome, event.level) for event in outcomes).items():
        print(f"{number} {outcome.name.lower()}, each {level.name.lower()}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10))
