# SPDX-License-Identifier: Apache-2.0
"""Commands and their responses: Node.request, aio.Node.request, on_room, and the setting heartbeat."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
import time
from typing import Any

import foreign
import neuron_ws
import neuron_ws.aio
import pytest
from command_peer import CommandPeer, Message, echo, silence
from neuron_ws import Reason
from websockets.asyncio.server import ServerConnection

QUICK = {"reconnect-min": 0.05, "reconnect-max": 0.2}


def settings(peer: Any, **more: Any) -> dict[str, Any]:
    return {"url": peer.url, **QUICK, **more}


# ----------------------------------------------------------------------------------------------------------------------
# Which message is the response


def test_a_response_is_told_by_a_member_whatever_comes_first() -> None:
    async def answer(connection: ServerConnection, message: Message) -> None:
        asked = json.loads(message)
        await connection.send('{"state":"of itself"}')
        await connection.send('{"a":{"id":"another"}}')
        await connection.send(json.dumps({"a": {"id": asked["id"]}, "done": True}))

    messages: list[object] = []
    with CommandPeer(answer) as peer, neuron_ws.Node("n", settings(peer), on_message=messages.append) as node:
        for value in ("x y", 7, True, "ü"):
            response = node.request({"id": value}, match="/a/id", value=value, timeout=60)
            assert json.loads(response) == {"a": {"id": value}, "done": True}
        foreign.wait_until(lambda: node.poll(0.1) >= 0 and len(messages) == 8, 60)
        assert messages == ['{"state":"of itself"}', '{"a":{"id":"another"}}'] * 4


def test_without_a_member_the_next_message_is_it() -> None:
    with CommandPeer(echo) as peer, neuron_ws.Node("n", settings(peer)) as node:
        assert node.request("text é", timeout=60) == "text é"
        assert node.request(b"\0binary\xff", timeout=60) == b"\0binary\xff"
        assert node.request("", timeout=60) == ""


def test_hundreds_at_once_each_get_their_own() -> None:
    held: list[tuple[ServerConnection, int]] = []

    async def answer(connection: ServerConnection, message: Message) -> None:
        held.append((connection, json.loads(message)["id"]))
        if len(held) == 500:
            for where, number in reversed(held):
                await where.send(json.dumps({"id": number, "square": number * number}))

    async def main(peer: CommandPeer) -> list[Any]:
        async with neuron_ws.aio.Node("n", settings(peer)) as node:
            return await asyncio.gather(*(
                node.request({"id": number}, match="id", value=number, timeout=120) for number in range(500)))

    with CommandPeer(answer) as peer:
        responses = asyncio.run(main(peer))
    assert [json.loads(response)["square"] for response in responses] == [number**2 for number in range(500)]


def test_ten_thousand_in_flight() -> None:
    held: list[int] = []

    async def answer(connection: ServerConnection, message: Message) -> None:
        held.append(json.loads(message)["id"])
        if len(held) == 10_000:
            for number in reversed(held):
                await connection.send('{"id":%d}' % number)

    async def main(peer: CommandPeer) -> int:
        async with neuron_ws.aio.Node("n", settings(peer)) as node:
            await node.connected(60)
            responses = await asyncio.gather(*(
                node.request('{"id":%d}' % number, match="id", value=number, timeout=300)
                for number in range(10_000)))
            return sum(json.loads(response)["id"] == number for number, response in enumerate(responses))

    with CommandPeer(answer) as peer:
        assert asyncio.run(main(peer)) == 10_000


def test_more_than_the_limit_are_refused_and_room_is_told() -> None:
    limit = 16_384

    async def main(peer: CommandPeer) -> None:
        async with neuron_ws.aio.Node("n", settings(peer)) as node:
            await node.connected(60)
            tasks = [asyncio.ensure_future(node.request("x", match="m", timeout=600)) for _ in range(limit)]
            await asyncio.sleep(0)
            with pytest.raises(neuron_ws.QueueFull) as refused:
                await node.request("x", match="m", timeout=600)
            assert str(limit) in refused.value.detail
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            assert sum(isinstance(end, asyncio.CancelledError) for end in ended) == limit

    with CommandPeer(silence) as peer:
        asyncio.run(main(peer))


@pytest.mark.parametrize("size", [1, 1024, 65_535, 65_536, 400_000, 16_000_000])
@pytest.mark.parametrize("kind", ["text", "binary"])
def test_messages_of_any_size_are_kept_byte_for_byte(size: int, kind: str) -> None:
    pattern = bytes(range(1, 128)) if kind == "text" else bytes(range(256))
    data = (pattern * (size // len(pattern) + 1))[:size]
    command: Message = data.decode() if kind == "text" else data
    seen: list[bytes] = []

    async def answer(connection: ServerConnection, message: Message) -> None:
        octets = message.encode() if isinstance(message, str) else message
        seen.append(hashlib.sha256(octets).digest())
        assert isinstance(message, str) == (kind == "text")
        await connection.send(message)

    with CommandPeer(answer) as peer, neuron_ws.Node("n", settings(peer)) as node:
        response = node.request(command, timeout=120)
    # No comparison that pytest would explain byte by byte.
    octets = response.encode() if isinstance(response, str) else response
    assert isinstance(response, str) == (kind == "text")
    assert seen == [hashlib.sha256(data).digest()]
    assert hashlib.sha256(octets).digest() == seen[0]


def test_a_command_goes_before_a_full_queue_in_frames_as_the_settings_say() -> None:
    async def answer(connection: ServerConnection, message: Message) -> None:
        if message == "command":
            await connection.send("response")

    with CommandPeer(answer) as peer:
        more = {"fragment-size": 125, "queue-max-messages": 100_000}
        with neuron_ws.Node("n", settings(peer, **more)) as node:
            for number in range(2000):
                node.send(f"{number} " + "x" * 300)
            assert node.request("command", timeout=60) == "response"
            node.flush(timeout=60)
            received = peer.wait_for(2001)
        received.remove("command")
        assert [str(message).split()[0] for message in received] == [str(number) for number in range(2000)]


# ----------------------------------------------------------------------------------------------------------------------
# One outcome


def test_a_response_that_comes_late_is_a_message() -> None:
    async def answer(connection: ServerConnection, message: Message) -> None:
        peer.later(1.0, connection, json.dumps({"id": 1, "late": True}))

    messages: list[object] = []
    with CommandPeer(answer) as peer, neuron_ws.Node("n", settings(peer), on_message=messages.append) as node:
        foreign.wait_until(lambda: node.state.link, 60)
        with pytest.raises(neuron_ws.Timeout) as late:
            node.request({"id": 1}, match="id", value=1, timeout=0.1)
        assert "no response" in late.value.detail
        foreign.wait_until(lambda: node.poll(0.1) >= 0 and messages, 60)
        assert messages == ['{"id": 1, "late": true}']


def test_each_try_is_sent_and_the_last_answered() -> None:
    async def answer(connection: ServerConnection, message: Message) -> None:
        if len(peer.received) == 3:
            await connection.send("at last")

    with CommandPeer(answer) as peer, neuron_ws.Node("n", settings(peer)) as node:
        assert node.request("are you there", timeout=1, retries=50) == "at last"
        assert peer.received[:3] == ["are you there"] * 3


def test_without_a_connection_it_waits_within_its_time() -> None:
    port = foreign.free_port()
    with neuron_ws.Node("n", {"url": f"ws://127.0.0.1:{port}/", **QUICK}) as node:
        with pytest.raises(neuron_ws.Timeout):
            node.request("stale", timeout=0.2)
        with CommandPeer(echo, port) as peer:
            assert node.request("fresh", timeout=60) == "fresh"
            # What was too late is not sent any more.
            assert peer.received == ["fresh"]


def test_the_end_of_the_connection_ends_it_unless_it_has_another_try() -> None:
    async def answer(connection: ServerConnection, message: Message) -> None:
        if message == "once" or len(peer.received) < 3:
            connection.transport.abort()
        else:
            await connection.send("again")

    with CommandPeer(answer) as peer, neuron_ws.Node("n", settings(peer)) as node:
        with pytest.raises(neuron_ws.LinkLost):
            node.request("once", timeout=60)
        assert node.request("twice", timeout=60, retries=5) == "again"
        assert peer.received == ["once", "twice", "twice"]


def test_a_node_that_stops_or_does_not_run_says_so() -> None:
    with CommandPeer(silence) as peer, neuron_ws.Node("n", settings(peer)) as node:
        ended: list[BaseException] = []

        def ask() -> None:
            try:
                node.request("x", timeout=600)
            except neuron_ws.NeuronWSError as error:
                ended.append(error)

        asking = [threading.Thread(target=ask) for _ in range(4)]
        for thread in asking:
            thread.start()
        peer.wait_for(4)
        node.stop()
        for thread in asking:
            thread.join(60)
        assert [type(error) for error in ended] == [neuron_ws.NotRunning] * 4
        with pytest.raises(neuron_ws.NotRunning):
            node.request("x")
        node.start()
        with pytest.raises(neuron_ws.Timeout):
            node.request("x", timeout=0.1)


def test_a_close_ends_the_requests_of_other_threads() -> None:
    with CommandPeer(silence) as peer:
        node = neuron_ws.Node("n", settings(peer))
        node.start()
        ended: list[BaseException] = []

        def ask() -> None:
            try:
                node.request("x", timeout=600)
            except neuron_ws.NeuronWSError as error:
                ended.append(error)

        asking = [threading.Thread(target=ask) for _ in range(3)]
        for thread in asking:
            thread.start()
        peer.wait_for(3)
        node.close()
        for thread in asking:
            thread.join(60)
        assert len(ended) == 3 and all(isinstance(error, neuron_ws.NotRunning) for error in ended)


def test_a_cancelled_await_takes_the_command_back() -> None:
    async def main(peer: CommandPeer) -> None:
        async with neuron_ws.aio.Node("n", settings(peer)) as node:
            task = asyncio.ensure_future(node.request("held", match="id", timeout=600))
            while not peer.received:
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            closing = asyncio.ensure_future(node.request("left", match="id", timeout=600))
            while len(peer.received) < 2:
                await asyncio.sleep(0.01)
        with pytest.raises(neuron_ws.NotRunning):
            await closing

    with CommandPeer(silence) as peer:
        asyncio.run(main(peer))


def test_events_that_come_meanwhile_are_kept() -> None:
    async def answer(connection: ServerConnection, message: Message) -> None:
        for number in range(3):
            await connection.send(f"message {number}")
        await connection.send('{"id":1}')

    with CommandPeer(answer) as peer:
        node = neuron_ws.Node("n", settings(peer), events=neuron_ws.EventKind.MESSAGE)
        with node:
            assert node.request("x", match="id", timeout=60) == '{"id":1}'
            events = list(node.events())
        assert [event.data for event in events if isinstance(event, neuron_ws.MessageEvent)] == [
            "message 0", "message 1", "message 2"]


def test_a_thread_that_polls_does_not_take_the_response() -> None:
    with CommandPeer(echo) as peer, neuron_ws.Node("n", settings(peer), on_message=print) as node:
        running = threading.Thread(target=lambda: node.run(2))
        running.start()
        for number in range(50):
            assert node.request(f"{number}", timeout=60) == f"{number}"
        running.join(60)


def test_nodes_never_see_each_others_messages() -> None:
    async def main(peer: CommandPeer) -> None:
        async with neuron_ws.aio.Node("a", settings(peer)) as one, neuron_ws.aio.Node("b", settings(peer)) as other:
            asked = [
                node.request({"id": number, "of": node.name}, match="id", value=number, timeout=60)
                for number in range(50) for node in (one, other)]
            responses = [json.loads(response)["of"] for response in await asyncio.gather(*asked)]
        assert responses == ["a", "b"] * 50

    with CommandPeer(echo) as peer:
        asyncio.run(main(peer))


def test_wrong_arguments_are_told() -> None:
    with CommandPeer(echo) as peer, neuron_ws.Node("n", settings(peer)) as node:
        for wrong in ({"timeout": 0}, {"retries": 1001}, {"match": ""}, {"match": "/~"}, {"value": 1}):
            with pytest.raises(neuron_ws.InvalidArgument):
                node.request("x", **wrong)
        # In seconds, as they were given.
        with pytest.raises(neuron_ws.InvalidArgument, match=r"`timeout` is 90000 s; expected 0\.001 to 86400 \("):
            node.request("x", timeout=90_000)
        with pytest.raises(neuron_ws.InvalidArgument, match=r"`timeout` is inf s; expected 0\.001 to 86400"):
            node.request("x", timeout=float("inf"))
        with pytest.raises(TypeError):
            node.request(5)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="a text, a number or a bool"):
            node.request("x", match="id", value=[1])  # type: ignore[arg-type]


# ----------------------------------------------------------------------------------------------------------------------
# Room


def test_room_is_told_once_behind_a_full_queue() -> None:
    rooms: list[int] = []
    with CommandPeer(silence) as peer:
        node = neuron_ws.Node("n", settings(peer, **{"queue-max-messages": 8}), on_room=lambda: rooms.append(1))
        for _ in range(8):
            node.send("x")
        for _ in range(3):
            with pytest.raises(neuron_ws.QueueFull):
                node.send("x")
        with node:
            node.flush(timeout=60)
            foreign.wait_until(lambda: node.poll(0.1) >= 0 and rooms, 60)
            node.send("y")
            node.flush(timeout=60)
            node.poll(0.1)
    assert rooms == [1]


# ----------------------------------------------------------------------------------------------------------------------
# Heartbeats


def test_heartbeats_go_out_at_intervals_with_the_time() -> None:
    heartbeat = {"message": '{"command":"health","timestamp":"${tai}"}', "interval": 0.1}
    with CommandPeer(silence) as peer, neuron_ws.Node("n", settings(peer, heartbeat=heartbeat)):
        first, *_ = map(json.loads, peer.wait_for(3))
    assert first["command"] == "health"
    assert abs(int(first["timestamp"].split(":")[0]) - 37 - time.time()) < 600
    assert peer.connections == 1


def test_heartbeat_answers_that_stop_end_the_connection() -> None:
    async def answer(connection: ServerConnection, message: Message) -> None:
        # It goes on talking; only the answers stop.
        await connection.send('{"message_type":"state"}')
        if len(peer.received) <= 3:
            await connection.send('{"message_type":"health"}')

    heartbeat = {
        "message": "alive", "type": "binary", "interval": 0.1, "timeout": 0.5, "match-member": "message_type",
        "match-value": "health",
    }
    with CommandPeer(answer) as peer, neuron_ws.Node("n", settings(peer, heartbeat=heartbeat)) as node:
        foreign.wait_until(lambda: node.state.reason == Reason.HEARTBEAT_TIMEOUT, 60)
        assert "heartbeat" in node.state.message or node.state.link
        foreign.wait_until(lambda: peer.connections >= 2, 60)
        assert peer.received[:3] == [b"alive"] * 3
        # Without one it goes on.
        node.configure(settings(peer))
        foreign.wait_until(lambda: node.state.link, 60)


@pytest.mark.parametrize("more", [{}, {"expect": True, "timeout": 60}])
def test_heartbeats_begin_anew_on_each_connection(more: dict[str, object]) -> None:
    """Also where the last connection ended before the answer came."""
    async def ends(connection: ServerConnection, message: Message) -> None:
        await connection.close(1001)

    with CommandPeer(ends) as peer:
        with neuron_ws.Node("n", settings(peer, heartbeat={"message": "alive", "interval": 0.1, **more})):
            assert peer.wait_for(4)[:4] == ["alive"] * 4
        assert peer.connections >= 4


def test_a_heartbeat_begins_and_ends_on_the_living_connection() -> None:
    with CommandPeer(silence) as peer, neuron_ws.Node("n", settings(peer)) as node:
        foreign.wait_until(lambda: node.state.link, 60)
        node.configure(settings(peer, heartbeat={"message": "alive", "interval": 0.1}))
        peer.wait_for(2)
        node.configure(settings(peer, heartbeat={"message": "other", "interval": 0.1}))
        foreign.wait_until(lambda: "other" in peer.received, 60)
        node.configure(settings(peer))
        node.send("marker")
        foreign.wait_until(lambda: "marker" in peer.received, 60)
        time.sleep(0.5)
        assert peer.received[-1] == "marker" or "marker" in peer.received[-2:]
        assert peer.connections == 1


def test_any_message_answers_where_any_is_expected_and_stays_a_message() -> None:
    async def answer(connection: ServerConnection, message: Message) -> None:
        if len(peer.received) <= 3:
            await connection.send("whatever")

    messages: list[object] = []
    heartbeat = {"message": "alive", "interval": 0.1, "timeout": 0.5, "expect": True}
    with CommandPeer(answer) as peer:
        with neuron_ws.Node("n", settings(peer, heartbeat=heartbeat), on_message=messages.append) as node:
            foreign.wait_until(lambda: node.poll(0.05) >= 0 and node.state.reason == Reason.HEARTBEAT_TIMEOUT, 60)
    assert messages == ["whatever"] * 3


@pytest.mark.parametrize(("heartbeat", "says"), [
    ("x", "an object with message"),
    ({}, 'has no "message"'),
    ({"message": "m", "interval": 0}, 'at "interval" is 0, an integer; it takes'),
    ({"message": "m", "timeout": "5"}, 'at "timeout" is "5", a text; it takes'),
    ({"message": ""}, 'at "message" is a text of 0 bytes; it takes'),
    ({"message": "x" * 32769}, 'at "message" is a text of 32769 bytes; it takes a text of 1 to 32768'),
    ({"message": {"a": 1}}, 'at "message" is an object; it takes'),
    ({"message": "m", "type": "t"}, '"t", a text; it takes "text" or "binary"'),
    ({"message": "m", "oops": 1}, 'at "oops"'),
    ({"message": "m", "match-value": "v"}, 'no "match-member"'),
    ({"message": "m", "match-member": "/~"}, "RFC 6901"),
    ({"message": "m", "match-member": "n", "match-value": 1e25}, "a number without an exponent"),
    ({"message": "m", "match-member": "n", "match-value": "x" * 1025}, "a text of at most 1024 bytes"),
])
def test_a_heartbeat_that_makes_no_sense_is_refused(heartbeat: object, says: str) -> None:
    with pytest.raises(neuron_ws.SettingsError) as refused:
        neuron_ws.Node("n", {"url": "ws://127.0.0.1:1/", "heartbeat": heartbeat})
    assert says in refused.value.detail
