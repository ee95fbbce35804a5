# SPDX-License-Identifier: Apache-2.0
"""Node.request beside threads that run callbacks: within a callback, beside one that takes its time, among many."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import foreign
import neuron_ws
import pytest
from command_peer import CommandPeer, Message, echo
from websockets.asyncio.server import ServerConnection

# More than any of these tests takes on a slow machine, and less than somebody waits for one that hangs.
PATIENCE = 60


def settings(peer: Any) -> dict[str, Any]:
    return {"url": peer.url, "reconnect-min": 0.05, "reconnect-max": 0.2}


async def two_messages(connection: ServerConnection, message: Message) -> None:
    """A message of itself before each response."""
    number = json.loads(message)["id"]
    await connection.send(json.dumps({"of": number}))
    await connection.send(json.dumps({"id": number}))


def finish(work: Any) -> None:
    """Runs it on a thread, which has to come to its end, well."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive(), "it hangs"
    assert not failed, failed


def test_a_callback_may_ask() -> None:
    """Each message's callback asks again, and what comes meanwhile has its callback after it, once, in order."""
    heard: list[str] = []
    with CommandPeer(two_messages) as peer, neuron_ws.Node("n", settings(peer)) as node:
        def on_message(message: object) -> None:
            heard.append(str(message))
            number = len(heard)
            if number < 5:
                assert node.request({"id": number}, match="id", value=number) == json.dumps({"id": number})

        node.on_message = on_message
        node.send('{"id":0}')
        finish(lambda: foreign.wait_until(lambda: node.poll(0.1) >= 0 and len(heard) > 5, PATIENCE))
    # The second answer to what was sent is a message too.
    assert heard == ['{"of": 0}', '{"id": 0}', '{"of": 1}', '{"of": 2}', '{"of": 3}', '{"of": 4}']


def test_a_callback_that_may_not_wait_for_ever_does_not() -> None:
    with CommandPeer(two_messages) as peer, neuron_ws.Node("n", settings(peer)) as node:
        ended: list[str] = []

        def on_message(message: object) -> None:
            ended.append(str(message))
            if len(ended) == 1:
                with pytest.raises(neuron_ws.Timeout):
                    node.request({"id": 1}, match="/no", timeout=0.2)

        node.on_message = on_message
        node.send('{"id":0}')
        finish(lambda: foreign.wait_until(lambda: node.poll(0.1) >= 0 and len(ended) == 4, PATIENCE))


def test_a_callback_that_takes_its_time_holds_nobody_up() -> None:
    """It takes until the other thread has had its response and its timeout."""
    with CommandPeer(echo) as peer, neuron_ws.Node("n", settings(peer)) as node:
        begun, done = threading.Event(), threading.Event()

        def on_message(message: object) -> None:
            begun.set()
            assert done.wait(PATIENCE)

        node.on_message = on_message
        node.send("hello")
        running = threading.Thread(target=lambda: node.run(PATIENCE), daemon=True)
        running.start()
        assert begun.wait(PATIENCE)
        finish(lambda: node.request('{"id":1}', match="id"))
        with pytest.raises(neuron_ws.Timeout):
            node.request('{"id":1}', match="/no", timeout=0.1)
        done.set()
        node.close()
        running.join(PATIENCE)
        assert not running.is_alive()


def test_events_keep_their_order_whoever_takes_them() -> None:
    heard: list[int] = []

    with CommandPeer(two_messages) as peer, neuron_ws.Node("n", settings(peer)) as node:
        node.on_message = lambda message: heard.append(json.loads(message)["of"])
        running = threading.Thread(target=lambda: node.run(PATIENCE), daemon=True)
        running.start()
        sent = threading.Lock()
        # In the order of its messages, as the server answers one after the other.
        numbers = iter(range(400))

        def ask() -> None:
            for _ in range(50):
                with sent:
                    number = next(numbers)
                    waiting = threading.Thread(
                        target=node.request, args=({"id": number},), kwargs={"match": "id", "value": number})
                    waiting.start()
                    foreign.wait_until(lambda: len(peer.received) > number, PATIENCE)
                waiting.join(PATIENCE)

        asking = [threading.Thread(target=ask) for _ in range(8)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join(PATIENCE)
        foreign.wait_until(lambda: len(heard) == 400, PATIENCE)
        node.close()
        running.join(PATIENCE)
    assert heard == list(range(400))


def test_threads_that_wait_do_not_wake_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """One looks for all: the others sleep until their end has come."""
    from neuron_ws import _responses

    looks: list[int] = []
    wait = _responses.Responses._wait

    def counted(self: Any, waiter: Any) -> None:
        looks.append(1)
        wait(self, waiter)

    monkeypatch.setattr(_responses.Responses, "_wait", counted)
    held: list[int] = []

    async def answer(connection: ServerConnection, message: Message) -> None:
        held.append(json.loads(message)["id"])
        if len(held) == 100:
            # Long enough for threads that look again and again.
            await asyncio.sleep(1)
            for number in held:
                await connection.send(json.dumps({"id": number}))

    with CommandPeer(answer) as peer, neuron_ws.Node("n", settings(peer)) as node:
        asking = [
            threading.Thread(target=node.request, args=({"id": number},), kwargs={
                "match": "id", "value": number, "timeout": PATIENCE}) for number in range(100)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join(PATIENCE)
            assert not thread.is_alive()
    # Once to sleep, and at most a few times for those that were woken to look for the rest.
    assert len(looks) < 400
