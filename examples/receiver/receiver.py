#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A receiver that stores messages in NATS JetStream, and acknowledges what JetStream has acknowledged.

It keeps nothing itself: any number of these may stand behind one address, be killed and started again. A message that
comes twice is stored once, because its id in JetStream is made of the stream and the number that its sender gave it.

A sender is a node of neuron_ws with the setting "delivery": "app-acked".
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import signal

import nats
import nats.errors
import nats.js.errors
import websockets
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import StreamConfig
from websockets.asyncio.server import ServerConnection, serve

log = logging.getLogger("receiver")

# Messages of one connection that JetStream has not acknowledged: past this the socket is not read, and TCP holds the
# sender back.
WINDOW = 1024
# Seconds that JetStream has for one of them, and until the next try.
PUBLISH_TIMEOUT = 5.0
RETRY_AFTER = 0.25
MESSAGE_MAX = 16 << 20


class Unnumbered(Exception):
    """A message without seq and stream."""


def identify(message: str | bytes) -> tuple[str, int]:
    """A message's stream and number."""
    try:
        document = json.loads(message)
        stream, number = document["stream"], document["seq"]
    except (ValueError, KeyError, TypeError) as error:
        raise Unnumbered(f"a message without seq and stream: {error!r}") from error
    # It becomes part of a subject, in which dots and blanks mean something.
    if not isinstance(stream, str) or not stream.isalnum() or not isinstance(number, int) or number < 1:
        raise Unnumbered(f"stream {stream!r} or seq {number!r} is none of neuron_ws")
    return stream, number


class Connection:
    """One sender."""

    def __init__(self, socket: ServerConnection, jetstream: JetStreamContext, subject: str) -> None:
        self._socket = socket
        self._jetstream = jetstream
        self._subject = subject
        self._window = asyncio.Semaphore(WINDOW)
        # By stream: what is stored and not acknowledged yet.
        self._stored: dict[str, list[int]] = {}
        self._has_stored = asyncio.Event()

    async def run(self) -> None:
        acknowledging = asyncio.create_task(self._acknowledge())
        storing: set[asyncio.Task[None]] = set()
        try:
            async for message in self._socket:
                stream, number = identify(message)
                await self._window.acquire()
                task = asyncio.create_task(self._store(stream, number, message))
                storing.add(task)
                task.add_done_callback(storing.discard)
        except Unnumbered as error:
            log.warning("%s", error)
            await self._socket.close(1003, str(error)[:100])
        except websockets.ConnectionClosed:
            pass
        finally:
            # What is not acknowledged now comes again, to this receiver or to another.
            for task in [*storing, acknowledging]:
                task.cancel()
            await asyncio.gather(*storing, acknowledging, return_exceptions=True)

    async def _store(self, stream: str, number: int, message: str | bytes) -> None:
        body = message.encode() if isinstance(message, str) else message
        headers = {"Nats-Msg-Id": f"{stream}-{number}"}
        while True:
            try:
                # With its own acknowledgement: JetStream has it, or had it before.
                await self._jetstream.publish(
                    f"{self._subject}.{stream}", body, timeout=PUBLISH_TIMEOUT, headers=headers)
                break
            except (nats.errors.Error, nats.js.errors.Error, OSError) as error:
                # Nobody is told anything until it is stored; a repeat of one that was is dropped there by its id.
                log.info("%s-%d: %r", stream, number, error)
                await asyncio.sleep(RETRY_AFTER)
        self._window.release()
        self._stored.setdefault(stream, []).append(number)
        self._has_stored.set()

    async def _acknowledge(self) -> None:
        """All that was stored meanwhile, in one message."""
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await self._has_stored.wait()
                self._has_stored.clear()
                stored, self._stored = self._stored, {}
                for stream, numbers in stored.items():
                    await self._socket.send(json.dumps({"ack": numbers, "stream": stream}))


async def connect(arguments: argparse.Namespace) -> Client:
    while True:
        try:
            return await nats.connect(
                arguments.nats, max_reconnect_attempts=-1, reconnect_time_wait=0.1, error_cb=report)
        except (nats.errors.Error, OSError) as error:
            log.info("NATS at %s: %r", arguments.nats, error)
            await asyncio.sleep(RETRY_AFTER)


async def report(error: Exception) -> None:
    log.info("NATS: %r", error)


async def run(arguments: argparse.Namespace) -> None:
    client = await connect(arguments)
    jetstream = client.jetstream(timeout=PUBLISH_TIMEOUT)
    config = StreamConfig(
        name=arguments.stream, subjects=[f"{arguments.subject}.>"], duplicate_window=arguments.duplicate_window)
    while True:
        try:
            await jetstream.add_stream(config)
            break
        except (nats.errors.Error, nats.js.errors.Error, OSError) as error:
            log.info("stream %s: %r", arguments.stream, error)
            await asyncio.sleep(RETRY_AFTER)

    async def handle(socket: ServerConnection) -> None:
        await Connection(socket, jetstream, arguments.subject).run()

    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    host, _, port = arguments.listen.rpartition(":")
    async with serve(handle, host, int(port), max_size=MESSAGE_MAX, compression=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await stopping.wait()
    await client.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Stores messages in NATS JetStream and acknowledges them.")
    parser.add_argument("--listen", default="127.0.0.1:8080", metavar="HOST:PORT", help="port 0: any that is free")
    parser.add_argument("--nats", default="nats://127.0.0.1:4222", metavar="URL")
    parser.add_argument("--stream", default="NEURON", help="the JetStream stream, made if it is not there")
    parser.add_argument("--subject", default="neuron", help="messages go to SUBJECT.STREAM-OF-THE-SENDER")
    parser.add_argument(
        "--duplicate-window", type=float, default=3600, metavar="SECONDS",
        help="how long JetStream knows what it has: longer than any outage after which senders repeat")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO if arguments.verbose else logging.WARNING)
    asyncio.run(run(arguments))


if __name__ == "__main__":
    main()
