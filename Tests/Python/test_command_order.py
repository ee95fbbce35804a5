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


# Responses in order


def asked(node: neuron_ws.Node, text: str, timeout: float = 0.5) -> str:
    """What it is told; "" where nothing came in time."""
    try:
        return str(node.request(text, timeout=timeout))
    except neuron_ws.Timeout:
        return ""


@pytest.mark.parametrize("loses", [["lost"], ["lost", "lost again"]])
def test_behind_a_lost_response_each_command_is_told_its_own(loses: list[str]) -> None:
    """One, or two that were asked one behind the other: they cost those behind them their time, and no more."""
    async def answer(connection: ServerConnection, message: Message) -> None:
        if message not in loses:
            await connection.send(message)

    with CommandPeer(answer) as peer, neuron_ws.Node("n", {"url": peer.url, **QUICK}) as node:
        assert asked(node, "first", 60) == "first"
        for text in loses:
            assert asked(node, text) == ""
        # No more than one is too late because of each; none is told another's.
        told = [asked(node, str(number)) for number in range(len(loses))]
        assert all(said in ("", str(number)) for number, said in enumerate(told)), told
        for number in range(10, 30):
            assert asked(node, str(number)) == str(number)


def test_a_late_response_is_nobodys_and_those_behind_it_have_their_own() -> None:
    async def answer(connection: ServerConnection, message: Message) -> None:
        if message == "slow":
            await asyncio.sleep(0.7)
        await connection.send(message)

    messages: list[object] = []
    with CommandPeer(answer) as peer, neuron_ws.Node(
        "n", {"url": peer.url, **QUICK}, on_message=messages.append
    ) as node:
        assert asked(node, "first", 60) == "first"
        assert asked(node, "slow") == ""
        for number in range(20):
            assert asked(node, str(number), 60) == str(number)
        node.poll(0)
        assert messages == ["slow"]


def test_a_command_that_is_known_by_a_member_does_not_wait_for_a_lost_one() -> None:
    async def answer(connection: ServerConnection, message: Message) -> None:
        if message != "lost":
            await connection.send(message)

    with CommandPeer(answer) as peer, neuron_ws.Node("n", {"url": peer.url, **QUICK}) as node:
        assert asked(node, "lost", 2) == ""
        began = time.monotonic()
        assert node.request('{"id":1}', match="id", value=1, timeout=60) == '{"id":1}'
        assert time.monotonic() - began < 1.5


def test_the_answer_of_a_heartbeat_is_no_response() -> None:
    """Nothing in it tells: it stands in its place among the responses."""
    async def answer(connection: ServerConnection, message: Message) -> None:
        await asyncio.sleep(0.002)
        await connection.send("pong" if message == "ping" else message)

    beat = {"message": "ping", "interval": 0.1, "expect": True, "timeout": 30}
    messages: list[object] = []
    with CommandPeer(answer) as peer, neuron_ws.Node(
        "n", {"url": peer.url, **QUICK, "heartbeat": beat}, on_message=messages.append
    ) as node:
        number = 0
        while peer.received.count("ping") < 15:
            number += 1
            assert node.request(str(number), timeout=60) == str(number)
        foreign.wait_until(lambda: node.poll(0.1) >= 0 and len(messages) >= 15, 60)
        assert set(messages) == {"pong"} and node.metrics.connections_opened == 1


@pytest.mark.parametrize("rest", ["", " and more", ',"x":', ',"id":18'])
def test_what_is_broken_behind_the_member_is_the_response_all_the_same(rest: str) -> None:
    """As far as it makes sense it counts: who waits for it sees what came, and does not wait in vain."""
    async def answer(connection: ServerConnection, message: Message) -> None:
        await connection.send('{"id":17,"result":"cut o' + rest)

    with CommandPeer(answer) as peer, neuron_ws.Node("n", {"url": peer.url, **QUICK}) as node:
        text = node.request('{"id":17}', match="id", value=17, timeout=60)
        assert text == '{"id":17,"result":"cut o' + rest


@pytest.mark.parametrize("given", [86_401, 1e12, float("inf")])
def test_a_time_that_is_too_long_is_named_as_it_was_given(given: float) -> None:
    with neuron_ws.Node("n", {"url": "ws://127.0.0.1:1/"}) as node:
        with pytest.raises(neuron_ws.InvalidArgument) as refused:
            node.request("x", timeout=given)
        assert f"`timeout` is {given:.12g} s; expected 0.001 to 86400" in refused.value.detail
