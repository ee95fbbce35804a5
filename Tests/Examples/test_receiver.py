# SPDX-License-Identifier: Apache-2.0
"""The receiver: what JetStream has is acknowledged, and nothing else; all of it is there once, whoever is killed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import nats
import neuron_ws
import pytest
import receiver_scene as scene
import websockets
from websockets.asyncio.client import connect


def test_nothing_is_lost_and_nothing_twice_while_all_are_killed_in_turn() -> None:
    counts = scene.run(6, seed=18)
    assert counts["kills"] >= 4 and counts["stored"] == counts["pushed"]


def test_nothing_that_was_stored_is_lost_or_twice_while_the_sender_is_killed_too() -> None:
    counts = scene.run_killed(8, seed=2)
    assert counts["writers killed"] >= 4 and counts["told as stored"] > 0, counts


def test_a_message_without_a_number_is_refused_and_why() -> None:
    async def refusal(url: str, message: str) -> tuple[int, str]:
        async with connect(url) as socket:
            await socket.send(message)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            return closed.value.rcvd.code, closed.value.rcvd.reason

    with scene.services() as (front, _, _, _):
        for message in [
            "text", "{}", '{"seq":0,"stream":"a"}', '{"seq":1,"stream":"a.b"}', '{"seq":"1","stream":"a"}', "[]",
        ]:
            code, reason = asyncio.run(refusal(f"ws://127.0.0.1:{front}/", message))
            assert code == 1003 and reason, message


def test_a_repeat_is_acknowledged_again_and_stored_once() -> None:
    async def repeated(url: str, store: int) -> int:
        async with connect(url) as socket:
            for _ in range(3):
                await socket.send(json.dumps({"seq": 7, "stream": "0123456789abcdef", "value": 1}))
                assert json.loads(await socket.recv()) == {"ack": [7], "stream": "0123456789abcdef"}
        client = await nats.connect(f"nats://127.0.0.1:{store}")
        state = (await client.jetstream().stream_info("NEURON")).state
        await client.close()
        return int(state.messages)

    with scene.services() as (front, store, _, _):
        assert asyncio.run(repeated(f"ws://127.0.0.1:{front}/", store)) == 1


def test_nothing_is_acknowledged_while_the_store_is_away() -> None:
    with scene.services() as (front, _, server, _):
        document = {"url": f"ws://127.0.0.1:{front}/", "delivery": "app-acked", "reconnect-max": 0.2}
        with neuron_ws.Node("plant", document) as node:
            node.send("{}")
            node.flush(neuron_ws.Level.APP_ACKED, timeout=30)
            server.kill()
            node.send("{}")
            with pytest.raises(neuron_ws.Timeout):
                node.flush(neuron_ws.Level.APP_ACKED, timeout=0.5)
            assert node.metrics.queued_messages == 1
            server.start()
            node.flush(neuron_ws.Level.APP_ACKED, timeout=60)


def test_the_scene_is_a_program() -> None:
    command = [sys.executable, str(Path(scene.__file__)), "1", "5"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and "stored" in done.stdout, done.stdout + done.stderr
