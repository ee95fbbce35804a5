# SPDX-License-Identifier: Apache-2.0
"""Commands and heartbeats beside each other and beside much else: whose answer it is, how long one is waited for."""

from __future__ import annotations

import asyncio
import json
import threading
import time

import bad_servers as bad
import foreign
import neuron_ws
import pytest
from command_peer import CommandPeer, Message
from neuron_ws import Reason
from websockets.asyncio.server import ServerConnection

QUICK = {"reconnect-min": 0.05, "reconnect-max": 0.2}


def test_a_response_is_the_commands_that_went_out_before_the_heartbeat() -> None:
    """Both say the same of their answers, and the server answers once, after it has both."""
    came: list[str] = []

    async def answer(connection: ServerConnection, message: Message) -> None:
        came.append(str(message))
        # A heartbeat before the command is answered at once.
        if "beat" in came[-1] and '{"id":17}' not in came:
            await connection.send('{"id":"early"}')
        elif "beat" in came[-1] and came.count('{"id":17}') == 1:
            await connection.send('{"id":17,"result":"ok"}')
            await connection.send('{"id":"beat"}')

    beat = {"message": '{"beat":true}', "interval": 0.3, "match-member": "id", "timeout": 60}
    messages: list[object] = []
    with CommandPeer(answer) as peer, neuron_ws.Node(
        "n", {"url": peer.url, **QUICK, "heartbeat": beat}, on_message=messages.append
    ) as node:
        response = node.request('{"id":17}', match="id", value=17, timeout=60)
        assert json.loads(response)["result"] == "ok"
        foreign.wait_until(lambda: node.poll(0.1) >= 0 and '{"id":"beat"}' in messages, 60)
        assert not any("17" in str(message) for message in messages), messages


def test_a_command_that_is_refused_in_its_middle_is_not_sent_again() -> None:
    """It went out in part: another connection gets it only as a retry."""
    begun: list[int] = []

    def refuse(peer: bad.Peer) -> None:
        peer.open()
        # The frame's header alone, of 16 MB.
        peer.read_exactly(14)
        begun.append(1)
        peer.send(bad.frame(8, bad.close_payload(1009)))

    with bad.BadServer(refuse) as server:
        url = f"ws://127.0.0.1:{server.port}/"
        with neuron_ws.Node("n", {"url": url, **QUICK}) as node:
            for retries in (0, 2):
                begun.clear()
                with pytest.raises(neuron_ws.LinkLost):
                    node.request(b"x" * 16_000_000, match="id", timeout=60, retries=retries)
                assert len(begun) == 1 + retries


def test_a_server_that_reads_slowly_is_waited_for() -> None:
    """4 MB stand between the heartbeats and a server that reads 300 KB a second and answers each that it comes to."""
    received: list[bytes] = []

    def slowly(peer: bad.Peer) -> None:
        peer.open()
        while True:
            payload = peer.read_frame().payload
            if payload == b"beat":
                peer.send(bad.frame(1, b"alive"))
            else:
                received.append(payload)
                time.sleep(0.33)

    beat = {"message": "beat", "interval": 0.5, "expect": True, "timeout": 4}
    with bad.BadServer(slowly) as server, neuron_ws.Node(
        "n", {"url": f"ws://127.0.0.1:{server.port}/", **QUICK, "heartbeat": beat}
    ) as node:
        for _ in range(40):
            node.send(b"x" * 100_000)
        foreign.wait_until(lambda: len(received) >= 40, 240)
        assert node.metrics.connections_opened == 1, node.state


@pytest.mark.parametrize("reads", [True, False])
def test_one_that_does_not_answer_is_noticed_whatever_else_it_takes(reads: bool) -> None:
    """Data without end: it is read, or it is not."""
    held = threading.Event()

    async def ignore(connection: ServerConnection, message: Message) -> None:
        while not reads and not held.is_set():
            await asyncio.sleep(0.05)

    beat = {"message": "beat", "interval": 0.3, "expect": True, "timeout": 1}
    with CommandPeer(ignore) as peer, neuron_ws.Node(
        "n", {"url": peer.url, **QUICK, "heartbeat": beat, "ping-interval": 0}
    ) as node:
        def ended() -> bool:
            try:
                node.send(b"x" * 10_000)
            except neuron_ws.QueueFull:
                pass
            return node.state.reason == Reason.HEARTBEAT_TIMEOUT

        foreign.wait_until(ended, 60)
        held.set()
