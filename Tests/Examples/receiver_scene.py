#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Three receivers behind nginx, a JetStream server, and a node, all of which but the last are killed in turn; and then
a node with a cache on disk in a process that is killed too, on a rough network.

    receiver_scene.py SECONDS [SEED]

Fails if a message that was called delivered, or stored, is missing in the stream, or is there twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / folder) for folder in ("Interop", "Cache")]

import foreign  # noqa: E402

foreign.use_binding()

import nats  # noqa: E402
import neuron_ws  # noqa: E402
from proof import Writer  # noqa: E402
from rough_proxy import RoughProxy  # noqa: E402

RECEIVER = foreign.ROOT / "examples/receiver/receiver.py"
NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 256; }}
http {{
    access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    upstream receivers {{ {servers} }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://receivers; proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
            proxy_read_timeout 1h; proxy_connect_timeout 1s;
        }}
    }}
}}
"""


class Service:
    """A process that is killed and started again."""

    def __init__(self, *command: object, port: int = 0) -> None:
        self._command = [str(word) for word in command]
        self._port = port
        self.kills = 0
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait(self) -> None:
        foreign.wait_until(lambda: foreign.listens(self._port), 60, " ".join(self._command))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)
        self.kills += 1


@contextlib.contextmanager
def services() -> Iterator[tuple[int, int, Service, list[Service]]]:
    """nginx's port and NATS's, the server and the receivers."""
    folder = Path(tempfile.mkdtemp(prefix="neuron-ws-receiver-"))
    started: list[Service] = []

    def start(*command: object, port: int) -> Service:
        started.append(Service(*command, port=port))
        return started[-1]

    try:
        store, front = foreign.free_port(), foreign.free_port()
        server = start("nats-server", "-js", "-a", "127.0.0.1", "-p", store, "-sd", folder / "js", port=store)
        ports = [foreign.free_port() for _ in range(3)]
        receivers = [
            start(
            sys.executable, RECEIVER, "--listen", f"127.0.0.1:{port}", "--nats", f"nats://127.0.0.1:{store}", port=port)
            for port in ports
        ]
        servers = " ".join(f"server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;" for port in ports)
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, servers=servers, port=front))
        proxy = start("nginx", "-c", config, "-p", folder, port=front)
        for service in [server, *receivers, proxy]:
            service.wait()
        yield front, store, server, receivers
    finally:
        for service in reversed(started):
            service.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                service.process.wait(10)
            service.process.kill()
            service.process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


async def stored(port: int) -> list[dict[str, Any]]:
    """All messages of the stream."""
    client = await nats.connect(f"nats://127.0.0.1:{port}")
    jetstream = client.jetstream()
    count = (await jetstream.stream_info("NEURON")).state.messages
    reader = await jetstream.pull_subscribe("neuron.>", stream="NEURON")
    found: list[dict[str, Any]] = []
    while len(found) < count:
        for one in await reader.fetch(min(500, count - len(found)), timeout=30):
            await one.ack()  # or the consumer gets no more than 1,000
            found.append(json.loads(one.data))
    await client.close()
    return found


def run(seconds: float, seed: int) -> dict[str, int]:
    """What happened, counted. AssertionError where a promise is broken."""
    chance = random.Random(seed)
    delivered: set[int] = set()
    others: list[neuron_ws.DeliveryEvent] = []

    def told(event: neuron_ws.DeliveryEvent) -> None:
        if event.outcome == neuron_ws.Outcome.DELIVERED:
            assert event.level == neuron_ws.Level.APP_ACKED and not delivered & set(event.ids)
            delivered.update(event.ids)
        else:
            others.append(event)

    with services() as (front, store, server, receivers):
        document = {
            "url": f"ws://127.0.0.1:{front}/", "delivery": "app-acked", "reconnect-min": 0.05, "reconnect-max": 0.2,
            "ping-interval": 1, "ping-timeout": 2,
        }
        with neuron_ws.Node("plant", document, on_delivery=told) as node:
            pushed, victim = 0, 0
            end = time.monotonic() + seconds
            next_kill = time.monotonic() + 0.5
            while time.monotonic() < end:
                # No more on the way than a slow machine makes good afterwards.
                while pushed - len(delivered) < 300:
                    node.send(json.dumps({"value": pushed + 1}))
                    pushed += 1
                node.poll(0.01)
                if time.monotonic() < next_kill:
                    continue
                killed = [*receivers, server][victim % 4]
                victim += 1
                killed.kill()
                down = time.monotonic() + chance.uniform(0, 0.3)
                while time.monotonic() < down:
                    node.poll(0.01)
                killed.start()
                next_kill = time.monotonic() + chance.uniform(0.2, 1.0)
            finishing = time.monotonic() + 120
            while len(delivered) < pushed:
                assert time.monotonic() < finishing, (len(delivered), pushed, node.state.message)
                node.poll(0.05)
            resent = node.metrics.messages_resent
        found = Counter((one["stream"], one["seq"]) for one in asyncio.run(stored(store)))
        kills = sum(service.kills for service in [server, *receivers])
    assert not others
    numbers = {number for _, number in found}
    assert not delivered - numbers, f"acknowledged and missing: {sorted(delivered - numbers)[:10]}"
    assert not [one for one, count in found.items() if count > 1], "some are there twice"
    assert len(delivered) == pushed == len(found)
    return {"pushed": pushed, "stored": len(found), "sent again": resent, "kills": kills}


def run_killed(seconds: float, seed: int) -> dict[str, int]:
    """The same of a writer with its cache on disk, which is killed as well, behind a proxy that cuts and stalls."""
    chance = random.Random(seed)
    settings = json.dumps({"delivery": "app-acked"})
    told: dict[int, int] = {}
    with services() as (front, store, server, receivers), tempfile.TemporaryDirectory() as folder:
        proxy = RoughProxy(front, seed)
        url, data = f"ws://127.0.0.1:{proxy.port}", Path(folder) / "data"
        end = time.monotonic() + seconds
        # However slow the machine is, each of the others is killed once.
        while time.monotonic() < end or len(told) < 4:
            writer = Writer(url, data, len(told) + 1, settings)
            foreign.wait_until(lambda: writer.last or writer.process.poll() is not None, 60, "a word of the writer")
            killed = [*receivers, server][len(told) % 4]
            killed.kill()
            time.sleep(chance.uniform(0, 0.5))
            killed.start()
            time.sleep(chance.uniform(0, 0.5))
            assert writer.process.poll() is None, writer.end()
            writer.kill()
            told[writer.life] = writer.stored
        proxy.is_rough = False
        last = Writer(url, data, 0, settings)
        errors = last.end(330)
        assert last.process.returncode == 0, errors
        assert json.loads(last.last) == {"queued": 0, "bytes": 0, "lost": 0}, last.last
        proxy.close()
        found = Counter((one["life"], one["number"]) for one in asyncio.run(stored(store)))
    promised = {(life, number) for life, count in told.items() for number in range(1, count + 1)}
    assert not promised - set(found), f"stored and missing: {sorted(promised - set(found))[:10]}"
    assert not [one for one, count in found.items() if count > 1], "some are there twice"
    return {"told as stored": len(promised), "in the stream": len(found), "writers killed": len(told)}


if __name__ == "__main__":
    length = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    for scene in (run, run_killed):
        print(", ".join(f"{count:,} {what}" for what, count in scene(length, seed).items()), flush=True)
