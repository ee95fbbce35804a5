# SPDX-License-Identifier: Apache-2.0
"""What is sent and received, with room in the queue and without."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Union

import neuron_ws
from neuron_ws import Level, NodeClosed, NotRunning, Outcome, aio

from .harness import QUICK, free_port, raised, settled, waiting
from .server import Server

# In flight; fewer where the machine has other things to do.
many = [100_000]


class Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


async def scene_what_is_pushed_has_its_outcome() -> None:
    with Server() as server:
        async with aio.Node("n", {"url": server.url}) as node:
            node.subscribe("*", "*")
            event = await node.push("plc1", "fast", {"t": 21.5}, errors={"p": 2014}, timestamp=7)
            assert (event.id, event.outcome, event.level, event.count) == (1, Outcome.DELIVERED, Level.WRITTEN, 1)
            assert (await node.push_json({"node": "a", "group": "b", "values": {"t": 1}})).id == 2
            assert (await node.send('"text"')).id == 3
            assert (await node.push_states({"plc1": (1, 3)})).id == 4
            assert await node.put("plc1", "fast", {"t": 2}) == 5
            assert await node.put_json('{"node":"a","group":"b","values":{"t":1}}') == 6
            assert await node.put_message("8") == 7
            await node.flush()
            assert node.metrics.messages_sent == 7
        first, _, third, *_, last = server.wait_for(7)
        assert first["values"] == {"t": 21.5} and first["errors"] == {"p": 2014} and first["timestamp"] == 7
        assert (third, last) == ("text", 8)


async def scene_what_the_server_refuses_says_how() -> None:
    with Server(refusing=True) as server:
        async with aio.Node("n", {"url": server.url, **QUICK}) as node:
            error = await raised(node.send(b"x" * 30_000_000), neuron_ws.Dropped, "with the close code 1009 (no)")
            assert isinstance(error, neuron_ws.Dropped)
            assert (error.id, error.outcome) == (1, Outcome.DROPPED_REFUSED_BY_PEER)
            assert (error.close_code, error.close_reason) == (1009, "no")


async def scene_bad_values_are_told_at_once() -> None:
    async with aio.Node("n", {"url": f"ws://127.0.0.1:{free_port()}/"}) as node:
        await raised(node.push("d", "g", {"t": 1}), neuron_ws.NotSubscribed)
        node.subscribe("*", "*")
        await raised(node.push("d", "g", {"t": None}), TypeError)
        await raised(node.push("d", "g", {}), neuron_ws.Skipped)
        await raised(node.send("lone \udc00"), neuron_ws.InvalidArgument)
        await raised(node.flush(Level.APP_ACKED), neuron_ws.Unsupported)
        await raised(node.flush(timeout=-1), ValueError)
        await raised(node.stop(-1), ValueError)


async def scene_messages_are_iterated_until_the_end() -> None:
    with Server(echo=True) as server:
        node = aio.Node("n", {"url": server.url})
        async with node:
            for text in ("1", "2"):
                await node.send(text)
            assert await node.receive() == "1"
            async for message in node:
                assert message == "2"
                break
            await node.send("3")
            await settled(lambda: node.metrics.messages_received == 3)
        assert [message async for message in node] == ["3"]
        assert [message async for message in node] == []
        await raised(node.receive(), NodeClosed)


async def scene_messages_that_nobody_takes_are_dropped_and_counted() -> None:
    warnings = Records()
    logging.getLogger("neuron_ws.aio").addHandler(warnings)
    with Server(echo=True) as server:
        async with aio.Node("n", {"url": server.url}, messages_max=2) as node:
            for text in "12345":
                await node.send(text)
            await settled(lambda: node.messages_dropped == 3)
            assert [await node.receive(), await node.receive()] == ["1", "2"]
        # At doubling counts.
        assert [record.getMessage().split(": ")[1].split()[0] for record in warnings.records] == ["1", "2"]
        async with aio.Node("n", {"url": server.url}, messages_max=0) as node:
            await node.send("1")
            await settled(lambda: node.metrics.messages_ignored == 1)


async def scene_each_message_goes_to_one_of_those_who_iterate() -> None:
    with Server() as server:
        async with aio.Node("n", {"url": server.url}) as node:
            await node.connected()

            async def take() -> list[Union[str, bytes]]:
                return [message async for message in node]

            takers = [asyncio.create_task(take()) for _ in range(3)]
            await waiting(takers[0])
            takers[0].cancel()
            for number in range(10):
                server.send(str(number))
            await settled(lambda: node.metrics.messages_received == 10)
        got = await asyncio.gather(*takers[1:])
        await raised(takers[0], asyncio.CancelledError)
        assert sorted(map(str, got[0] + got[1])) == [str(number) for number in range(10)], got


async def scene_callbacks_run_on_the_loop_and_may_fail() -> None:
    states: list[neuron_ws.StateEvent] = []
    told: list[int] = []
    failures: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: failures.append(context))

    def on_delivery(event: neuron_ws.DeliveryEvent) -> None:
        told.extend(event.ids)
        raise KeyError("mine")

    with Server() as server:
        callbacks: Any = {"on_state": states.append, "on_delivery": on_delivery, "on_log": lambda _: None}
        async with aio.Node("n", {"url": server.url}, **callbacks) as node:
            assert (await node.send("1")).id == 1
            await node.flush()
        assert told == [1] and states[-1].phase.name == "IDLE"
    loop.set_exception_handler(handler)
    (failure,) = failures
    assert "<neuron_ws.aio.Node 'n'>" in failure["message"] and isinstance(failure["exception"], KeyError)


async def scene_100_000_pushes_are_in_flight() -> None:
    with Server(deaf=True) as server:
        async with aio.Node("n", {"url": server.url, "queue-max-bytes": 1 << 28}) as node:
            node.subscribe("*", "*")
            events = await asyncio.gather(*(node.push("d", "g", {"n": n}) for n in range(many[-1])))
            assert [event.id for event in events] == list(range(1, many[-1] + 1))
            assert {event.outcome for event in events} == {Outcome.DELIVERED}
            await node.close(0.1)


async def scene_100_000_pushes_wait_for_room() -> None:
    with Server(deaf=True) as server:
        async with aio.Node("n", {"url": server.url, "queue-max-messages": 100}) as node:
            node.subscribe("*", "*")
            events = await asyncio.gather(*(node.push("d", "g", {"n": n}) for n in range(many[-1])))
            assert [event.id for event in events] == list(range(1, many[-1] + 1))
            await node.close(0.1)


async def scene_a_full_queue_is_waited_for_in_order() -> None:
    port = free_port()
    settings = {"url": f"ws://127.0.0.1:{port}/", "queue-max-messages": 3, **QUICK}
    async with aio.Node("n", settings) as node:
        node.subscribe("*", "*")
        before = time.time() * 1000
        for n in range(3):
            await node.put("d", "g", {"n": n})
        late = [asyncio.create_task(node.put("d", "g", {"n": n})) for n in range(3, 10)]
        tasks = [asyncio.create_task(node.push("d", "g", {"n": n})) for n in range(10, 20)]
        await waiting(tasks[0])
        assert not late[0].done()
        late[2].cancel()
        after = time.time() * 1000
        await asyncio.sleep(0.1)
        with Server(port) as server:
            numbers = await asyncio.gather(*late, *tasks, return_exceptions=True)
            assert isinstance(numbers[2], asyncio.CancelledError)
            messages = server.wait_for(19)
            await node.close()
    assert [message["values"]["n"] for message in messages] == [n for n in range(20) if n != 5]
    # Each is as old as its call, however long it waited.
    assert all(before - 1 <= message["timestamp"] <= after + 1 for message in messages)


async def scene_new_settings_make_room() -> None:
    settings = {"url": f"ws://127.0.0.1:{free_port()}/", "queue-max-messages": 1}
    async with aio.Node("n", settings) as node:
        # So that nothing else happens.
        await node.stop()
        await node.put_message("1")
        second = asyncio.create_task(node.put_message("2"))
        await waiting(second)
        node.configure({**settings, "queue-max-messages": 3})
        # There is room at once, but another one was here before.
        assert await node.put_message("3") == 3 and await second == 2


async def scene_flush_waits_and_says_why_it_cannot() -> None:
    port = free_port()
    async with aio.Node("n", {"url": f"ws://127.0.0.1:{port}/", **QUICK}) as node:
        await node.flush()
        await node.put_message("1")
        await settled(lambda: node.state.reason.name == "NETWORK_ERROR")
        await raised(node.flush(timeout=0.05), neuron_ws.Timeout, "one message was still waiting after 0.05 s. ")
        await node.flush(Level.ACCEPTED)
        flush = asyncio.create_task(node.flush(timeout=None))
        await waiting(flush)
        await node.stop()
        await raised(flush, NotRunning)
        await raised(node.flush(), NotRunning)
        with Server(port):
            node.start()
            await node.flush(timeout=None)
            await node.connected()
        await settled(lambda: not node.state.link)
        await raised(node.connected(0.01), neuron_ws.Timeout, "n was not connected within 0.01 s. ")
