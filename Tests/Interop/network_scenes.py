#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Networks in which something is wrong, with nodes in them: one function per network.

unshare --net --mount network_scenes.py SCENE - plays it, in namespaces of its own, and prints what came of it as JSON.
Files of /etc are replaced there by mounts, interfaces and routes made with iproute2, firewalls with nftables.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import bad_servers as bad
import foreign

foreign.use_binding()
import neuron_ws  # noqa: E402
from neuron_ws import Phase  # noqa: E402

QUICK: dict[str, Any] = {"reconnect-min": 0.05, "reconnect-max": 0.1, "connect-timeout": 10}
# What is kept for names until the process ends, with all that hangs.
NAME_SERVER = "127.0.0.53"
FOLDER = Path(tempfile.mkdtemp(prefix="neuron-ws-scene-"))


def do(command: str) -> None:
    subprocess.run(command.split(), check=True, stdout=subprocess.DEVNULL)


def replace(path: str, text: str) -> Path:
    """Puts a file in the place of `path`, which may be a link."""
    file = FOLDER / Path(path).name
    file.write_text(text)
    do(f"mount --bind {file} {os.path.realpath(path)}")
    return file


def names(hosts: str, resolv: str = f"nameserver {NAME_SERVER}\n") -> Path:
    """The names of this network; returns the resolv.conf in force."""
    replace("/etc/nsswitch.conf", "hosts: files dns\n")
    replace("/etc/hosts", "127.0.0.1 localhost\n" + hosts)
    return replace("/etc/resolv.conf", resolv)


class NameServer:
    """A DNS server. It answers nothing, or with what `answers` has; keeps the questions as (name, type)."""

    A, AAAA = 1, 28

    def __init__(self, answers: dict[str, str] | None = None, address: str = NAME_SERVER) -> None:
        self.questions: list[tuple[str, int]] = []
        self._answers = answers
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 53))
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            query, client = self._socket.recvfrom(4096)
            labels, place = [], 12
            while query[place]:
                labels.append(query[place + 1:place + 1 + query[place]].decode())
                place += 1 + query[place]
            name, kind = ".".join(labels), int.from_bytes(query[place + 1:place + 3], "big")
            self.questions.append((name, kind))
            if self._answers is None:
                continue
            question = query[12:place + 5]
            data = b""
            if name in self._answers:
                family = socket.AF_INET6 if ":" in self._answers[name] else socket.AF_INET
                if (kind == self.AAAA) == (family == socket.AF_INET6):
                    data = socket.inet_pton(family, self._answers[name])
            code = 0 if name in self._answers else 3
            head = query[:2] + bytes([0x81, 0x80 | code, 0, 1, 0, 1 if data else 0, 0, 0, 0, 0])
            record = b"\xc0\x0c" + kind.to_bytes(2, "big") + b"\0\1\0\0\0\1" + len(data).to_bytes(2, "big") + data
            self._socket.sendto(head + question + (record if data else b""), client)


def listening(peer: bad.Peer) -> None:
    """A WebSocket server that takes what comes."""
    peer.open()
    while peer.read_frame().opcode != bad.CLOSE:
        pass
    peer.send(bad.frame(bad.CLOSE, bad.close_payload(1000)))


def lookups() -> int:
    """Threads of this process that wait for names."""
    count = 0
    for task in os.listdir("/proc/self/task"):
        with contextlib.suppress(OSError):
            count += Path(f"/proc/self/task/{task}/comm").read_text() == "neuron_ws-dns\n"
    return count


@contextlib.contextmanager
def started(url: str, **settings: Any) -> Iterator[neuron_ws.Node]:
    with neuron_ws.Node(url[-60:], {"url": url, **QUICK, **settings}) as node:
        yield node


def opened(url: str, within: float = 8, **settings: Any) -> float:
    """How long it takes until a node is connected, in seconds."""
    begin = time.monotonic()
    with started(url, **settings) as node:
        foreign.wait_until(lambda: node.state.link, within, f"a connection to {url}")
        return time.monotonic() - begin


def failed(url: str, **settings: Any) -> dict[str, Any]:
    """What a node says that cannot connect."""
    with started(url, **{"reconnect-min": 60, "reconnect-max": 60, **settings}) as node:
        foreign.wait_until(lambda: node.state.phase == Phase.WAITING, 30, "an attempt's end")
        state = node.state
        return {"message": state.message, "reason": state.reason.name, "errno": state.system_error}


# ------------------------------------------------------------------------------------------------------------- names


def hanging_names() -> dict[str, Any]:
    """Names that hang, fewer than may, more than may, and one that stands in the hosts file."""
    names("127.0.0.1 known.plant\n")
    NameServer()
    result: dict[str, Any] = {}
    server = bad.BadServer(listening)
    with contextlib.ExitStack() as nodes:
        for number in range(40):
            nodes.enter_context(started(f"ws://hangs{number}.plant/", **{"connect-timeout": 100}))
        foreign.wait_until(lambda: lookups() == 40, what="40 look-ups")
        result["with 40"] = opened(f"ws://known.plant:{server.port}/")
        same = [nodes.enter_context(started("ws://hangs0.plant/", **{"connect-timeout": 100})) for _ in range(20)]
        foreign.wait_until(lambda: all(node.state.phase == Phase.RESOLVING for node in same))
        for number in range(40, 64):
            nodes.enter_context(started(f"ws://hangs{number}.plant/", **{"connect-timeout": 100}))
        foreign.wait_until(lambda: lookups() == 64, what="64 look-ups")
        begin = time.monotonic()
        result["refused"] = failed("ws://late.plant/")
        result["refused after"] = time.monotonic() - begin
        result["with 64"] = opened(f"ws://known.plant:{server.port}/")
        result["look-ups"] = lookups()
        begin = time.monotonic()
    result["ended after"] = time.monotonic() - begin
    result["left"] = lookups()
    # A new loop, in the same process.
    result["after the last stop"] = opened(f"ws://known.plant:{server.port}/")
    return result


def abandoned_names() -> dict[str, Any]:
    """Nodes that lose patience and ask again, for names that never answer: no more threads than names and a half."""
    names("127.0.0.1 known.plant\n")
    NameServer()
    most = 0
    with contextlib.ExitStack() as nodes:
        tried = [
            nodes.enter_context(started(f"ws://hangs{number}.plant/", **{"connect-timeout": 1})) for number in range(20)
        ]
        end = time.monotonic() + 12
        while time.monotonic() < end:
            most = max(most, lookups())
            time.sleep(0.1)
        attempts = min(node.metrics.connection_attempts for node in tried)
        server = bad.BadServer(listening)
        return {"most": most, "attempts": attempts, "known": opened(f"ws://known.plant:{server.port}/")}


def new_name_servers() -> dict[str, Any]:
    """The name server is wrong, then DHCP writes another one: who asks again need not wait for the old look-up."""
    other = "127.0.0.54"
    resolv = names("", f"nameserver {NAME_SERVER}\noptions timeout:30 attempts:1\n")
    NameServer()
    NameServer({"server.plant": "127.0.0.1"}, other)
    server = bad.BadServer(listening)
    begin = time.monotonic()
    with started(f"ws://server.plant:{server.port}/", **{"connect-timeout": 2}) as node:
        foreign.wait_until(lambda: lookups() == 1)
        resolv.write_text(f"nameserver {other}\n")
        foreign.wait_until(lambda: node.state.link, 20, "a connection by the new name server")
    return {"after": time.monotonic() - begin}


def link_local_only() -> dict[str, Any]:
    """The link is up, there is no lease yet: no address but loopback's and fe80::… The name server hangs."""
    do("ip link add v0 type veth peer name v1")
    do("ip link set v1 up")
    do("ip link set v0 up")
    names("127.0.1.1 edge-gw\n::1 six\n")
    NameServer()
    four = bad.BadServer(listening, address="127.0.1.1")
    six = bad.BadServer(listening, address="::1")
    return {
        "127.0.1.1": opened(f"ws://edge-gw:{four.port}/"),
        "::1": opened(f"ws://six:{six.port}/"),
    }


def no_ipv6() -> dict[str, Any]:
    """An IPv4 address and none of IPv6: no name server is asked for IPv6, unless nothing else is known."""
    Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
    do("ip link add v0 type veth peer name v1")
    do("ip link set v1 up")
    do("ip link set v0 up")
    do("ip address add 192.0.2.1/24 dev v0")
    names("::1 six\n")
    dns = NameServer({"server.plant": "127.0.0.1", "six.plant": "::1", "known.plant": "2001:db8::1"})
    four = bad.BadServer(listening)
    six = bad.BadServer(listening, address="::1")
    result: dict[str, Any] = {
        "four": opened(f"ws://server.plant:{four.port}/"),
        "hosts": opened(f"ws://six:{six.port}/"),
        "four's questions": [kind for name, kind in dns.questions if name == "server.plant"],
        "hosts' questions": [kind for name, kind in dns.questions if name == "six"],
        "six": opened(f"ws://six.plant:{six.port}/"),
        "unknown": failed("ws://unknown.plant/"),
        "no IPv4": failed("ws://known.plant/", **{"ip-version": 4}),
    }
    return result


# --------------------------------------------------------------------------------------------------------- addresses


def bad_gateway(peer: bad.Peer) -> None:
    peer.read_request()
    peer.send(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")


def ending(peer: bad.Peer) -> None:
    peer.read_request()


def try_later(peer: bad.Peer) -> None:
    peer.open()
    peer.send(bad.frame(bad.CLOSE, bad.close_payload(1013)))


def second_address() -> dict[str, Any]:
    """A name with two addresses, of which the one that is asked first is wrong in some way."""
    names("127.0.0.2 two.plant\n127.0.0.3 two.plant\n")
    behaviours: dict[str, Callable[[bad.Peer], None]] = {
        "502": bad_gateway, "silent": bad.Peer.drain, "ends": ending, "closes soon": try_later,
        "ends soon": bad.Peer.open,
    }
    result: dict[str, Any] = {}
    for name, behaviour in behaviours.items():
        asked: list[str] = []

        def serve(peer: bad.Peer, wrong: Callable[[bad.Peer], None] = behaviour, asked: list[str] = asked) -> None:
            asked.append(peer.socket.getsockname()[0])
            (wrong if asked[-1] == asked[0] else listening)(peer)

        server = bad.BadServer(serve, address="0.0.0.0")
        with started(f"ws://two.plant:{server.port}/", **{"connect-timeout": 1}) as node:
            foreign.wait_until(lambda: len(asked) > 1 and node.state.link, 10, f"another address after: {name}")
            # It stays there.
            node.send("x")
            node.flush()
        result[name] = asked
    return result


def dead_addresses() -> dict[str, Any]:
    """A name with 20 addresses, each other one silent, the rest refused; and one that has a server besides."""
    dead = [f"127.0.1.{number}" for number in range(1, 21)]
    lines = "".join(f"{address} dead.plant\n{address} almost.plant\n" for address in dead)
    names(lines + "127.0.2.1 almost.plant\n")
    do("nft add table inet f")
    do("nft add chain inet f o { type filter hook output priority 0; }")
    for address in dead[::2]:
        do(f"nft add rule inet f o ip daddr {address} drop")
    server = bad.BadServer(listening, address="127.0.2.1")
    begin = time.monotonic()
    all_dead = failed(f"ws://dead.plant:{server.port}/", **{"connect-timeout": 3})
    return {"all": all_dead, "after": time.monotonic() - begin,
            "one lives": opened(f"ws://almost.plant:{server.port}/", 60, **{"connect-timeout": 60})}


# ------------------------------------------------------------------------------------------------- routes, firewalls


def routes() -> dict[str, Any]:
    """Each type of route that leads nowhere."""
    do("ip link add v0 type veth peer name v1")
    do("ip link set v1 up")
    do("ip link set v0 up")
    do("ip address add 192.0.2.1/24 dev v0")
    do("ip -6 address add 2001:db8::1/64 dev v0 nodad")
    result = {}
    for number, kind in enumerate(["blackhole", "prohibit", "unreachable"]):
        do(f"ip route add {kind} 198.51.100.{number}")
        do(f"ip -6 route add {kind} 2001:db8:1::{number}")
        result[kind] = [failed(f"ws://198.51.100.{number}/"), failed(f"ws://[2001:db8:1::{number}]/")]
    result["none"] = [failed("ws://203.0.113.1/"), failed("ws://[2001:db8:2::1]/")]
    result["no interface"] = [failed("ws://[fe80::1]/")]
    result["nobody"] = [failed("ws://192.0.2.99/")]
    return result


def firewall() -> dict[str, Any]:
    """Each way in which a firewall says no."""
    do("nft add table inet f")
    do("nft add chain inet f o { type filter hook output priority 0; }")
    ways = {
        "reject": "reject",
        "reset": "reject with tcp reset",
        "admin-prohibited": "reject with icmp type admin-prohibited",
        "host-unreachable": "reject with icmp type host-unreachable",
        "net-unreachable": "reject with icmp type net-unreachable",
        "prot-unreachable": "reject with icmp type prot-unreachable",
        "host-prohibited": "reject with icmp type host-prohibited",
    }
    result = {}
    for number, (name, way) in enumerate(ways.items(), 11):
        do(f"nft add rule inet f o ip daddr 127.0.0.{number} {way}")
        result[name] = failed(f"ws://127.0.0.{number}/")
    do("nft add rule inet f o ip6 daddr ::1 tcp dport 81 reject with icmpv6 type admin-prohibited")
    result["IPv6 admin-prohibited"] = failed("ws://[::1]:81/")
    do("nft add rule inet f o ip daddr 127.0.0.40 drop")
    result["drop"] = failed("ws://127.0.0.40/", **{"connect-timeout": 1})
    return result


def cut_connections() -> dict[str, Any]:
    """A connection that is open when the way is cut."""
    result = {}
    ways = {
        "reset": "nft add rule inet f o tcp dport {port} reject with tcp reset",
        "killed": "ss --kill --tcp dport = {port}",
    }
    do("nft add table inet f")
    do("nft add chain inet f o { type filter hook output priority 0; }")
    for name, way in ways.items():
        server = bad.BadServer(listening)
        waits = {"reconnect-min": 60, "reconnect-max": 60}
        with started(f"ws://127.0.0.1:{server.port}/", **waits) as node:
            foreign.wait_until(lambda: node.state.link)
            do(way.format(port=server.port))
            node.send("x")
            foreign.wait_until(lambda: node.state.phase == Phase.WAITING, 20, "the end")
            result[name] = {"message": node.state.message, "errno": node.state.system_error}
    return result


def scarcity() -> dict[str, Any]:
    """Source addresses, interfaces and descriptors that are not there."""
    do("ip link add v0 type veth peer name v1")
    names("127.0.0.1 known.plant\n")
    port = foreign.free_port()
    here = f"ws://127.0.0.1:{port}/"
    result = {
        "source": failed(here, **{"source-address": "192.0.2.9"}),
        "other version": failed(here, **{"source-address": "::1"}),
        "link-local source": failed("ws://[::1]/", **{"source-address": "fe80::1"}),
        "interface": failed(here, **{"bind-interface": "eth77"}),
        "interface down": failed("ws://192.0.2.7/", **{"bind-interface": "v0"}),
    }
    Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("50000 50001")
    server = bad.BadServer(listening)
    with contextlib.ExitStack() as kept:
        with contextlib.suppress(OSError):
            while True:
                kept.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        result["ports"] = failed(f"ws://127.0.0.1:{server.port}/")
        result["ports of a source"] = failed(
            f"ws://127.0.0.1:{server.port}/", **{"source-address": "127.0.0.1"})
    with started(here) as node, contextlib.ExitStack() as kept:
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

        def told(text: str) -> bool:
            """Takes what anybody freed meanwhile (the server's ends of what was closed, say), and looks again."""
            with contextlib.suppress(OSError):
                while True:
                    kept.enter_context(open("/dev/null"))
            return text in node.state.message

        foreign.wait_until(lambda: told("descriptors"), 10, "an attempt without descriptors")
        result["descriptors"] = {"message": node.state.message, "errno": node.state.system_error}
        node.configure({"url": f"ws://known.plant:{port}/", **QUICK})
        foreign.wait_until(lambda: told("Too many open files"), 30, "a look-up without descriptors")
        result["descriptors for names"] = {"message": node.state.message, "errno": node.state.system_error}
    return result


SCENES: dict[str, Callable[[], dict[str, Any]]] = {
    scene.__name__: scene
    for scene in (
        hanging_names, abandoned_names, new_name_servers, link_local_only, no_ipv6, second_address, dead_addresses,
        routes, firewall, cut_connections, scarcity,
    )
}

if __name__ == "__main__":
    do("ip link set lo up")
    print(json.dumps(SCENES[sys.argv[1]](), indent=1))
