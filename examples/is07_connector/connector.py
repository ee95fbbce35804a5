# SPDX-License-Identifier: Apache-2.0
"""An NMOS IS-07 connector: subscribes to sources of an event server, reports its health, and prints their states.

    connector.py URL SOURCE…      URL may be several with commas between: another is tried where one is gone
"""

import asyncio
import json
import sys
from typing import Union

import neuron_ws
from neuron_ws import aio

# Every five seconds, as IS-07 asks; a server that leaves one unanswered for ten is gone.
HEARTBEAT = {
    "message": '{"command":"health","timestamp":"${tai}"}', "interval": 5, "timeout": 10,
    "match-member": "message_type", "match-value": "health",
}


def show(message: Union[str, bytes]) -> None:
    event = json.loads(message)
    if event.get("message_type") == "state":
        print(event["identity"]["source_id"], event["payload"]["value"], flush=True)


async def subscribe(node: aio.Node, sources: list[str]) -> None:
    """Tells the server what we want to hear; the first source's present state is the response."""
    command = {"command": "subscription", "sources": sources}
    try:
        show(await node.request(command, match="/identity/source_id", value=sources[0], timeout=5, retries=2))
    except (neuron_ws.Timeout, neuron_ws.LinkLost, neuron_ws.NotRunning) as error:
        print(f"not subscribed: {error.detail}", flush=True)


async def main(urls: list[str], sources: list[str]) -> None:
    link = False
    tasks: set[asyncio.Task[None]] = set()

    def on_state(event: neuron_ws.StateEvent) -> None:
        nonlocal link
        if event.link != link:
            link = event.link
            print(f"link {int(link)}", flush=True)
            if link:
                tasks.add(asyncio.ensure_future(subscribe(node, sources)))

    async with aio.Node("is07", {"url": urls, "heartbeat": HEARTBEAT, "reconnect-max": 2}, on_state=on_state) as node:
        async for message in node:
            show(message)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1].split(","), sys.argv[2:]))
