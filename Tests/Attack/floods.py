# SPDX-License-Identifier: Apache-2.0
"""What a server can do to a node: each flood as bytes that are sent again and again."""

from __future__ import annotations

import contextlib
import json
import random
import re
import socket
import struct
import time
import zlib
from dataclasses import dataclass, field
from typing import Callable

TEXT, BINARY, CONTINUATION, PING, PONG = 1, 2, 0, 9, 10
FIN, RSV1 = 0x80, 0x40
MIB = 1 << 20


def frame(opcode: int, payload: bytes = b"", flags: int = FIN) -> bytes:
    length = len(payload)
    if length < 126:
        head = bytes((flags | opcode, length))
    elif length < 65536:
        head = bytes((flags | opcode, 126)) + struct.pack("!H", length)
    else:
        head = bytes((flags | opcode, 127)) + struct.pack("!Q", length)
    return head + payload


def deflated(payload: bytes) -> bytes:
    """As a message of permessage-deflate that refers to nothing before it (RFC 7692 §7.2.1)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def again(block: bytes) -> Callable[[socket.socket], None]:
    """Sends it for ever, many at a time if it is small."""
    many = block * max(1, 256 * 1024 // len(block))

    def send(connection: socket.socket) -> None:
        while True:
            connection.sendall(many)

    return send


def nothing(connection: socket.socket) -> None:
    while connection.fileno() >= 0:
        time.sleep(1)


def leaves(connection: socket.socket) -> None:
    """Says that it goes away, at once."""
    connection.sendall(frame(8, struct.pack("!H", 1001)))


def leaves_soon(connection: socket.socket) -> None:
    """Answers nothing, and goes away when all that was asked has come."""
    time.sleep(0.3)
    leaves(connection)


def refuses(connection: socket.socket) -> None:
    """Whatever message comes is too big for it."""
    if connection.recv(1):
        connection.sendall(frame(8, struct.pack("!H", 1009)))


def breaks_off(connection: socket.socket) -> None:
    """Reads some of a large message, and goes without a word."""
    left = 20 * MIB
    while left > 0 and (piece := connection.recv(MIB)):
        left -= len(piece)


def acknowledges_and_leaves(connection: socket.socket) -> None:
    """Reads for a while, acknowledges all of it with one number, and goes away in the same breath."""
    end = time.monotonic() + 0.5
    received = bytearray()
    # The queue may be full before.
    connection.settimeout(0.1)
    with contextlib.suppress(TimeoutError):
        while time.monotonic() < end and (piece := connection.recv(MIB)):
            received += piece
    connection.settimeout(None)
    # Frames of the client, each masked; the last text that came whole.
    begin, last = 0, b""
    while begin + 8 <= len(received):
        length, head = received[begin + 1] & 0x7F, 6
        if length == 126:
            length, head = struct.unpack_from("!H", received, begin + 2)[0], 8
        if begin + head + length > len(received):
            break
        if received[begin] & 0x0F == TEXT:
            last = received[begin + head - 4:begin + head + length]
        begin += head + length
    text = bytes(byte ^ last[index % 4] for index, byte in enumerate(last[4:]))
    number = re.search(rb'"seq":(\d+)', text)
    connection.sendall(frame(TEXT, b'{"ack":%s}' % number[1] if number else b"{}"))
    leaves(connection)
    # Else what it has not read makes a reset of the end, which takes the acknowledgement with it.
    while connection.recv(MIB):
        pass


def acknowledgements(count: int) -> bytes:
    """Of every other message, the last one first, and then of some that there are none of."""
    numbers = [*range(count, 0, -2), *(1 << 60, 0, (1 << 64) - 1)]
    return json.dumps({"ack": numbers}).encode()


def request(number: int) -> bytes:
    return json.dumps({"uuid": str(number), "node": "plc1", "group": "fast"}).encode()


def large_request(member: str, element: str, separator: str = ",") -> bytes:
    """A request of nearly 4 MiB, most of it a member of so many elements."""
    count = (4 * MIB - 200) // (len(element) + len(separator))
    return b'{"uuid":"1","node":"plc1","group":"fast","%s":[%s]}' % (
        member.encode(), separator.join([element] * count).encode())


def value(elements: list[str]) -> bytes:
    """A write of one tag with a value of these."""
    return b'{"uuid":"1","node":"plc1","group":"fast","tag":"t","value":[%s]}' % ",".join(elements).encode()


def operation(name: str, parameters: object, **more: object) -> bytes:
    """Of OpenGate."""
    return json.dumps({"operation": {"request": {"id": "1", "deviceId": "gw", "name": name, "parameters": parameters,
                                                 **more}}}).encode()


def variables(member: str, count: int) -> list[dict[str, object]]:
    return [{member: f"variable{number}", **({"variableValue": number} if member == "variableName" else {})}
            for number in range(count)]


def old_form(variables: object) -> object:
    """As older platforms write parameters."""
    return [{"name": "variableList", "value": {"array": variables}}]


def repeated_values() -> bytes:
    """A write whose value stands there two thousand times: the last one counts, and all are looked at."""
    value = b'"value":[' + b",".join([b"1"] * 1000) + b"]"
    return b'{"uuid":"1","node":"plc1","group":"fast","tag":"t",' + b",".join([value] * 2000) + b"}"


def filled(begin: bytes, element: bytes, end: bytes) -> bytes:
    """A text message of 15 MiB, most of it the same again and again."""
    return frame(TEXT, begin + element * (15 * MIB // len(element)) + end)


def small_frames(total: int, size: int) -> bytes:
    middle = frame(CONTINUATION, b"x" * size, 0)
    return frame(BINARY, b"x" * size, 0) + middle * (total // size - 2) + frame(CONTINUATION, b"x" * size)


@dataclass
class Flood:
    """One attack, and what the host does meanwhile."""

    name: str
    sends: Callable[[socket.socket], None]
    what: str = "listen"
    length: int = 0
    compresses: bool = False
    tls: bool = False
    # The server reads what comes, beside what it sends.
    reads: bool = True
    # The node has a cache on disk.
    caches: bool = False
    # Which of the host's numbers counts the attack.
    counts: str = "messages"
    settings: dict[str, object] = field(default_factory=dict)


def floods() -> list[Flood]:
    noise = random.Random(1).randbytes(64)
    noisy = random.Random(2)
    malformed = b'{"uuid":"1","node":"plc1","group":7}'
    mute = b'{"node":"plc1","group":7}'
    tags = b",".join([b'{"tag":"t","value":1}'] * 96_000)
    many_writes = b'{"uuid":"1","node":"plc1","group":"fast","tags":[%s]}' % tags
    prose = "température élevée, pression stable; ".encode()
    bomb = frame(BINARY, deflated(bytes(16 * MIB)), FIN | RSV1)
    text_bomb = frame(TEXT, deflated(prose * (15 * MIB // len(prose))), FIN | RSV1)
    large_bomb = frame(BINARY, deflated(bytes(64 * MIB)), FIN | RSV1)
    everything = {"allow-requests": "all", "requests-max-bytes": 64 * MIB}
    platform = {"format": "opengate", "device-id": "gw", "api-key": "of the gateway", "allow-requests": "all"}
    arrays = b",".join(b'{"tag":"t%d","value":[%s]}' % (number, b",".join([b"1"] * 480)) for number in range(4000))
    empty_blocks = frame(BINARY, b"\x00\x00\x00\xff\xff" * (8 * MIB // 5) + b"\x00", FIN | RSV1)
    small = frame(BINARY, deflated(noise + b"temperature" * 4), FIN | RSV1)
    return [
        Flood("empty messages", again(frame(TEXT))),
        Flood("empty messages, TLS", again(frame(TEXT)), tls=True),
        Flood("Pings", again(frame(PING)), counts="pings"),
        Flood("Pings of 125 bytes", again(frame(PING, bytes(125))), counts="pings"),
        Flood("Pings, TLS", again(frame(PING)), counts="pings", tls=True),
        Flood("Pongs", again(frame(PONG)), counts="pongs"),
        Flood("messages of 4 MiB in frames of 1 byte", again(small_frames(4 * MIB, 1))),
        Flood("messages of 16 MiB in frames of 100 bytes", again(small_frames(16 * MIB, 128))),
        Flood("empty frames, no message", again(frame(CONTINUATION, b"", 0)), counts="opened"),
        Flood("empty frames of one message", lambda connection: (
            connection.sendall(frame(TEXT, b"", 0)), again(frame(CONTINUATION, b"", 0))(connection))[0],
            counts="wire_received"),
        Flood("messages of 15 MiB", again(frame(BINARY, bytes(15 * MIB)))),
        Flood("text of 15 MiB, not ASCII", again(frame(TEXT, prose * (15 * MIB // len(prose))))),
        Flood("requests", again(b"".join(frame(TEXT, request(number)) for number in range(1000))), what="requests",
              counts="requests"),
        Flood("malformed requests", again(frame(TEXT, malformed)), what="requests", counts="malformed"),
        Flood("malformed requests without uuid", again(frame(TEXT, mute)), what="requests", counts="malformed"),
        Flood("arrays of 4,096 malformed requests", again(frame(TEXT, b"[" + b",".join([malformed] * 4096) + b"]")),
              what="requests", counts="malformed"),
        Flood("requests of 4 MiB, mostly unknown", again(frame(TEXT, large_request("x", "{}"))), what="requests",
              counts="requests"),
        Flood("requests of 4 MiB, objects to write", again(frame(TEXT, large_request(
              "tags", '{"tag":"temperature","value":{"a":[1,2]}}'))), what="requests", counts="requests",
              settings={"allow-requests": "all"}),
        Flood("writes of 96,000 tags, refused", again(frame(TEXT, many_writes)), what="requests", counts="requests",
              settings={"log-level": "notice"}),
        Flood("writes of 96,000 tags, no room", again(frame(TEXT, many_writes)), what="requests", counts="requests",
              settings={"log-level": "notice", "allow-requests": "all", "requests-max-bytes": 8 * MIB}),
        Flood("writes of 96,000 tags, answered", again(frame(TEXT, many_writes)), what="requests", counts="requests",
              settings={"log-level": "notice", **everything}),
        Flood("requests of 4 MiB, names twice",
              again(frame(TEXT, b"{" + b'"uuid":"1",' * 370_000 + b'"node":"plc1","group":"fast"}')), what="requests",
              counts="requests"),
        Flood("requests of 4 MiB, value after value", again(frame(TEXT, repeated_values())), what="requests",
              counts="requests", settings={"allow-requests": "all"}),
        Flood("arrays of 4 MiB of large requests", again(frame(TEXT, b"[" + b",".join(
              [large_request("x", "1")[:1_300_000] + b"]}"] * 3) + b"]")), what="requests", counts="malformed"),
        Flood("4 MiB that are no request", again(frame(TEXT, b'{"a":[' + b",".join([b"1"] * 2_000_000) + b"]}")),
              what="requests", counts="messages"),
        Flood("requests of 4 MiB, one text", again(frame(
              TEXT, b'{"uuid":"1","node":"plc1","group":"fast","x":"' + "é".encode() * 2_000_000 + b'"}')),
              what="requests", counts="requests"),
        Flood("one value of a million integers", again(frame(TEXT, value(["1"] * 1_000_000))), what="requests",
              counts="requests", settings=everything),
        Flood("one value of 300,000 texts", again(frame(TEXT, value(['"\\u00e9a"'] * 300_000))), what="requests",
              counts="requests", settings=everything),
        Flood("one value of many kinds", again(frame(TEXT, value(['{"a":1}', "1", '"a"'] * 200_000))), what="requests",
              counts="requests", settings=everything),
        Flood("4,000 values of 480 integers", again(frame(
              TEXT, b'{"uuid":"1","node":"plc1","group":"fast","tags":[%s]}' % arrays)), what="requests",
              counts="requests", settings=everything),
        Flood("100,000 tags to read", again(frame(TEXT, json.dumps({
              "uuid": "1", "node": "plc1", "group": "fast",
              "tags": [f"a tag of the group, {number}" for number in range(100_000)]}).encode())), what="requests",
              counts="requests", settings=everything),
        Flood("operations that read 60,000 variables", again(frame(TEXT, operation(
              "GET_DEVICE_PARAMETERS", {"variableList": variables("name", 60_000)}))), what="hold", counts="requests",
              settings=platform),
        Flood("operations that write 40,000 variables", again(frame(TEXT, operation(
              "SET_DEVICE_PARAMETERS", {"variableList": variables("variableName", 40_000)}))), what="hold",
              counts="requests", settings=platform),
        Flood("operations that write 40,000 variables, in the old form", again(frame(TEXT, operation(
              "SET_DEVICE_PARAMETERS", old_form(variables("variableName", 40_000))))), what="hold", counts="requests",
              settings=platform),
        Flood("operations with a path of 4 MiB", again(frame(TEXT, operation(
              "REFRESH_INFO", {}, path=["gw"] * 650_000))), what="requests", counts="malformed", settings=platform),
        Flood("operations with an id of 4 MiB", again(frame(TEXT, operation(
              "REFRESH_INFO", {}, id="x" * 4_000_000))), what="requests", counts="malformed", settings=platform),
        Flood("15 MiB of the names that 16 commands ask for", again(filled(
              b"{", b'"member3":{"member5":1},', b'"x":1}')), what="members", length=16),
        Flood("15 MiB of one text, 16 members asked for", again(filled(
              b'{"member3":{"x":"', b"\\u00e9", b'"}}')), what="members", length=16),
        Flood("15 MiB of blanks, 16 members asked for", again(filled(b"", b" \n", b"{}")), what="members", length=16),
        Flood("15 MiB of one text, a heartbeat's member asked for", again(filled(b'{"x":"', b"\\u00e9", b'"}')),
              settings={"heartbeat": {"message": "alive", "interval": 1, "timeout": 3600, "match-member": "answer"}}),
        Flood("small messages, 16,384 functions asked", again(frame(TEXT, b'{"x":1}')), what="functions",
              length=16_384),
        Flood("16,384 values of 1,000 bytes to match, none answered", leaves_soon, what="values", length=1000,
              counts="outcomes"),
        Flood("the same, tried again and again", leaves_soon, what="retries", length=1000, counts="opened"),
        Flood("16,384 ends at a time, 50 us each", leaves_soon, what="ends", length=8, counts="outcomes"),
        Flood("Pings, traced", again(frame(PING)), what="trace", counts="lines", settings={"log-level": "debug"}),
        Flood("frames of 1 byte, traced", again(small_frames(MIB, 1)), what="trace", counts="lines",
              settings={"log-level": "debug"}),
        Flood("10,000 groups that wait to be published", nothing, what="groups", length=10_000, counts="sent",
              settings={**platform, "opengate-publish": {"*": 0.2}}),
        Flood("bombs of 16 MiB", again(bomb), compresses=True),
        Flood("bombs of 15 MiB, text", again(text_bomb), compresses=True),
        Flood("bombs past the limit", again(large_bomb), compresses=True, counts="opened"),
        Flood("compressed messages that come to nothing", again(empty_blocks), compresses=True),
        Flood("small compressed messages", again(small), compresses=True),
        Flood("a server that always leaves", leaves, counts="opened"),
        Flood("with a cache, a server that never reads", nothing, what="many", length=1000, counts="outcomes",
              reads=False, caches=True),
        Flood("with a cache, 15 MiB that nobody reads", nothing, what="large", length=15 * MIB, counts="accepted",
              reads=False, caches=True),
        Flood("with a cache, 15 MiB that never come whole", breaks_off, what="large", length=15 * MIB, counts="opened",
              reads=False, caches=True, settings={"sequence": True, "delivery": "peer-parsed"}),
        Flood("with a cache, a million acknowledgements in a message", again(frame(TEXT, acknowledgements(2_000_000))),
              what="groups", length=100, counts="acknowledgements", caches=True, settings={"delivery": "app-acked"}),
        Flood("15 MiB of one text that acknowledges", again(filled(b'{"ack":[1],"x":"', b"\\u00e9", b'"}')),
              what="groups", length=100, counts="acknowledgements", settings={"delivery": "app-acked"}),
        Flood("15 MiB of blanks that acknowledge", again(filled(b'{"ack":[1', b" \n", b"]}")),
              what="groups", length=100, counts="acknowledgements", settings={"delivery": "app-acked"}),
        Flood("15 MiB of digits that acknowledge", again(filled(b'{"ack":[1],"x":', b"12", b"}")),
              what="groups", length=100, counts="acknowledgements", settings={"delivery": "app-acked"}),
        Flood("with a cache, acknowledgements at random", again(b"".join(
              frame(TEXT, b'{"ack":[%d,%d]}' % (noisy.randrange(1 << 20), noisy.randrange(1 << 20)))
              for _ in range(20_000))), what="groups", length=100, counts="acknowledgements", caches=True,
              settings={"delivery": "app-acked"}),
        Flood("all acknowledged at the end, 50 us each", acknowledges_and_leaves, what="told", length=1, counts="sent",
              reads=False, settings={"delivery": "app-acked"}),
        Flood("with a cache, a server that closes at each message", refuses, what="groups", length=100,
              counts="opened", reads=False, caches=True),
        Flood("with a cache, the latest of 20,000 groups, never read", nothing, what="groups", length=20_000,
              counts="accepted", reads=False, caches=True, settings={"cache-policy": "latest-per-group",
                                                                     "cache-disk-size": 20}),
        Flood("we send 15 MiB, compressed", nothing, what="text", length=15 * MIB, compresses=True, counts="sent"),
        Flood("we send 15 MiB of noise, compressed", nothing, what="noise", length=15 * MIB, compresses=True,
              counts="sent"),
        Flood("we send 100 MB, compressed", nothing, what="text", length=100_000_000, compresses=True, counts="sent"),
        Flood("we send 64 bytes, compressed", nothing, what="many", length=64, compresses=True, counts="sent"),
        Flood("we send 64 bytes, an outcome for each", nothing, what="many", length=64, counts="outcomes"),
    ]
