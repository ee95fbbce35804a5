#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A node and its server in two networks with a cable between them, to which things happen: one function per mishap.

unshare --net --mount network_links.py SCENE - plays it, in a network of its own, and prints what came of it as JSON.
The server's network is that of a child: `far`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, Callable

import foreign
from network_scenes import do, names

foreign.use_binding()
import neuron_ws  # noqa: E402

PORT = 8080
NEAR, FAR, FAR6 = "10.7.0.1", "10.7.0.2", "fd07::2"
# A half-open link is to be noticed within the sum of these, in seconds.
INTERVAL, TIMEOUT = 1.0, 1.0
WATCHFUL: dict[str, Any] = {
    "reconnect-min": 0.1, "reconnect-max": 0.5, "connect-timeout": 5, "ping-interval": INTERVAL,
    "ping-timeout": TIMEOUT, "delivery": "peer-parsed",
}


class Far:
    """The other network: a process in it carries out a line at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["unshare", "--net", sys.executable, __file__, "far"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)
        self.say("hello")

    def say(self, line: str) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"{line}: the other network is gone"
        return json.loads(answer)

    @property
    def process(self) -> int:
        return self._process.pid

    def messages(self) -> list[int]:
        """What the server has got, in order, also more than once."""
        return [int(message.split()[0]) for message in self.say("messages")]

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(10)


@contextlib.contextmanager
def cable() -> Iterator[Far]:
    far = Far()
    try:
        do("ip link add near0 type veth peer name far0")
        do(f"ip link set far0 netns {far.process}")
        for command in (f"ip address add {NEAR}/24 dev near0", "ip -6 address add fd07::1/64 dev near0 nodad",
                        "ip link set near0 up"):
            do(command)
        for command in ("ip link set lo up", f"ip address add {FAR}/24 dev far0",
                        f"ip -6 address add {FAR6}/64 dev far0 nodad", "ip link set far0 up"):
            far.say("do " + command)
        far.say("serve")
        yield far
    finally:
        far.stop()


class Sender:
    """A node that sends a number each 20 ms, and knows what became of each."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.sent = 0
        self._opened = 0
        self._done = threading.Event()
        self.node = neuron_ws.Node("cable", {"url": url, **WATCHFUL, **settings})
        self._thread = threading.Thread(target=self._send)

    def __enter__(self) -> Sender:
        self.node.start()
        foreign.wait_until(lambda: self.node.state.link, 20, self.node.state.message)
        self._opened = self.node.metrics.connections_opened
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()
        self.node.close()

    def _send(self) -> None:
        while not self._done.wait(0.02):
            self.node.send(f"{self.sent} {'x' * 1000}")
            self.sent += 1

    def finish(self) -> None:
        self._done.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def lost(self) -> float:
        """Waits until the link is seen to be gone, or another is there already; how long that took."""
        begin = time.monotonic()
        foreign.wait_until(
            lambda: not self.node.state.link or self.node.metrics.connections_opened > self._opened, 30,
            "the end of the link")
        return time.monotonic() - begin

    def back(self) -> float:
        begin = time.monotonic()
        foreign.wait_until(lambda: self.node.state.link, 30, self.node.state.message)
        self._opened = self.node.metrics.connections_opened
        return time.monotonic() - begin

    def all_arrived(self, far: Far) -> bool:
        """Each number, whatever happened on the way."""
        self.finish()
        self.node.flush(timeout=60, level=neuron_ws.Level.PEER_PARSED)
        foreign.wait_until(lambda: set(far.messages()) == set(range(self.sent)), 60, "all messages")
        return True


def url(host: str = FAR) -> str:
    return f"ws://{host}:{PORT}/"


def dropping(rule: str) -> Callable[[], None]:
    """Drops what matches; returns what ends that."""
    do("nft add table inet mishap")
    do("nft add chain inet mishap way { type filter hook output priority 0 ; }")
    do(f"nft add rule inet mishap way {rule} drop")
    return lambda: do("nft delete table inet mishap")


# ---------------------------------------------------------------------------------------------------------- scenes


def dropped() -> dict[str, Any]:
    """Packets are dropped without a word, in the middle of what is sent."""
    with cable() as far, Sender(url()) as sender:
        foreign.wait_until(lambda: sender.sent > 50, 20)
        heal = dropping(f"ip daddr {FAR}")
        noticed = sender.lost()
        reason = sender.node.state.reason.name
        heal()
        return {"noticed": noticed, "reason": reason, "back": sender.back(), "all": sender.all_arrived(far)}


def black_hole() -> dict[str, Any]:
    """IPv6 leads nowhere, and the name has addresses of both kinds."""
    with cable():
        names(f"{FAR6} server.plant\n{FAR} server.plant\n")
        dropping(f"ip6 daddr {FAR6}")
        times = []
        for _ in range(3):
            begin = time.monotonic()
            with neuron_ws.Node("both", {"url": url("server.plant"), **WATCHFUL}) as node:
                foreign.wait_until(lambda: node.state.link, 20, node.state.message)
                times.append(time.monotonic() - begin)
                peer = node.state.peer_address
        return {"times": times, "peer": peer}


def interface() -> dict[str, Any]:
    """The interface goes down, and comes up again."""
    with cable() as far, Sender(url()) as sender:
        foreign.wait_until(lambda: sender.sent > 50, 20)
        do("ip link set near0 down")
        noticed = sender.lost()
        do("ip link set near0 up")
        return {"noticed": noticed, "back": sender.back(), "all": sender.all_arrived(far)}


def address() -> dict[str, Any]:
    """The host gets another address, as a mobile network gives them."""
    with cable() as far, Sender(url()) as sender:
        foreign.wait_until(lambda: sender.sent > 50, 20)
        do(f"ip address del {NEAR}/24 dev near0")
        do("ip address add 10.7.0.9/24 dev near0")
        noticed = sender.lost()
        back = sender.back()
        return {"noticed": noticed, "back": back, "all": sender.all_arrived(far), "peers": far.say("peers")}


@contextlib.contextmanager
def delay(seconds: float) -> Iterator[int]:
    """A port from which every byte takes so much longer to the server, and back. Few kernels have netem."""
    loop = asyncio.new_event_loop()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def write() -> None:
            while True:
                due, data = await waiting.get()
                await asyncio.sleep(max(0, due - loop.time()))
                if not data:
                    return writer.close()
                writer.write(data)
                await writer.drain()

        writing = asyncio.ensure_future(write())
        data = b"x"
        with contextlib.suppress(OSError):
            while data:
                data = await reader.read(65536)
                waiting.put_nowait((loop.time() + seconds, data))
        await writing

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(FAR, PORT)
        with contextlib.suppress(OSError):
            await asyncio.gather(pass_on(reader, far_writer), pass_on(far_reader, writer))

    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield int(server.sockets[0].getsockname()[1])


def lossy() -> dict[str, Any]:
    """One packet in twenty is lost both ways, and each byte takes 200 ms more."""
    with cable() as far, delay(0.2) as port:
        dropping(f"ip daddr {FAR} numgen random mod 100 lt 5")
        far.say("lose")
        settings = {"ping-interval": 20, "ping-timeout": 10, "connect-timeout": 30}
        with Sender(f"ws://127.0.0.1:{port}/", **settings) as sender:
            foreign.wait_until(lambda: sender.sent > 300, 60)
            everything = sender.all_arrived(far)
            metrics = sender.node.metrics
            return {"all": everything, "opened": metrics.connections_opened, "count": sender.sent}


SCENES: dict[str, Callable[[], dict[str, Any]]] = {
    scene.__name__: scene for scene in (dropped, black_hole, interface, address, lossy)
}


def far() -> None:
    """In the other network."""
    servers: list[foreign.Server] = []
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        answer: Any = True
        if word == "do":
            do(rest)
        elif word == "lose":
            dropping(f"ip daddr {NEAR} numgen random mod 100 lt 5")
        elif word == "serve":
            servers += [foreign.Server(PORT, host=host) for host in (FAR, FAR6)]
        elif word == "messages":
            answer = [message for server in servers for message in list(server.messages)]
        elif word == "peers":
            answer = sorted({peer for server in servers for peer in server.peers})
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "far":
        far()
    else:
        do("ip link set lo up")
        print(json.dumps(SCENES[sys.argv[1]](), indent=1))
