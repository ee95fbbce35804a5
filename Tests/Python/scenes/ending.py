# SPDX-License-Identifier: Apache-2.0
"""How nodes stop, end, and come back."""

from __future__ import annotations

import asyncio
from typing import Any

from neuron_ws import Dropped, NodeClosed, NotRunning, Outcome, aio

from .harness import PATIENCE, QUICK, free_port, raised, waiting
from .server import Server


async def scene_closing_ends_every_await() -> None:
    settings = {"url": f"ws://127.0.0.1:{free_port()}/", "queue-max-messages": 1}
    async with aio.Node("n", settings) as node:
        calls = [node.send("1"), node.put_message("2"), node.send("3"), node.flush(timeout=None), node.connected(),
                 node.receive(), node.stop()]
        tasks = [asyncio.create_task(call) for call in calls]
        await waiting(tasks[0])
    first, second, third, flush, connected, receive, stop = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(first, Dropped) and "node was closed" in str(first), first
    assert (first.id, first.outcome) == (1, Outcome.DROPPED_STOPPED)
    for error in (second, third):
        assert isinstance(error, NodeClosed) and "nothing was sent" in str(error), error
    assert isinstance(flush, NotRunning), flush
    assert isinstance(connected, NodeClosed) and isinstance(receive, NodeClosed), (connected, receive)
    assert stop is None, stop
    for call in (node.send, node.put_message):
        await raised(call("x"), NodeClosed)
    for end in (node.flush, node.connected, node.stop):
        await raised(end(), NodeClosed)
    await node.close()


async def scene_stopping_and_closing_do_not_hold_up_the_loop() -> None:
    with Server(deaf=True) as server:
        async with aio.Node("n", {"url": server.url}) as node:
            await node.connected()
            for end in (node.stop, node.close):
                node.start()
                await node.connected()
                task = asyncio.create_task(end(0.5))
                turns = 0
                while not task.done():
                    await asyncio.sleep(0.001)
                    turns += 1
                await task
                # Held up, the loop would have come round once.
                assert turns > 5, turns


async def scene_stopped_and_started_again_it_sends_what_waited() -> None:
    with Server() as server:
        async with aio.Node("n", {"url": server.url, **QUICK}) as node:
            await node.connected()
            await node.stop()
            push = asyncio.create_task(node.send("1"))
            await waiting(push)
            node.start()
            assert (await push).outcome is Outcome.DELIVERED


async def scene_a_start_behind_a_stop_counts_instead_of_it() -> None:
    with Server() as server:
        async with aio.Node("n", {"url": server.url, **QUICK}) as node:
            await node.connected()
            stop = asyncio.create_task(node.stop(PATIENCE))
            # It has begun; on a quick machine it may even have ended.
            await asyncio.sleep(0)
            node.start()
            await asyncio.wait_for(stop, PATIENCE / 2)
            assert (await node.send("1")).outcome is Outcome.DELIVERED
            # Of a node that does not run, there is nothing to wait for.
            await node.stop()
            await asyncio.wait_for(node.stop(PATIENCE), PATIENCE / 2)


async def scene_a_server_is_killed_and_comes_back() -> None:
    server = Server()
    settings = {"url": server.url, **QUICK}
    told: list[int] = []
    async with aio.Node("n", settings, on_delivery=lambda event: told.extend(event.ids)) as node:
        node.subscribe("*", "*")
        tasks = []
        for outage in range(3):
            tasks += [asyncio.create_task(node.push("d", "g", {"n": n})) for n in range(50)]
            await asyncio.wait(tasks)
            server.stop()
            tasks += [asyncio.create_task(node.push("d", "g", {"n": n})) for n in range(50)]
            await asyncio.sleep(0.1)
            server = Server(server.port)
        events = await asyncio.gather(*tasks)
        await node.close()
    server.stop()
    assert [event.id for event in events] == list(range(1, 301)) == told
    assert {event.outcome for event in events} == {Outcome.DELIVERED}


async def scene_two_nodes_share_a_loop() -> None:
    with Server(echo=True) as one, Server(echo=True) as other:
        async with aio.Node("a", {"url": one.url}) as a, aio.Node("b", {"url": other.url}) as b:
            async def ping(node: aio.Node, count: int) -> list[Any]:
                return [(await node.send(f'"{node.name}{n}"'), await node.receive())[1] for n in range(count)]

            got = await asyncio.gather(ping(a, 50), ping(b, 50))
            assert list(got) == [[f'"{name}{n}"' for n in range(50)] for name in "ab"]
            await a.close()
            assert await ping(b, 1) == ['"b0"']
