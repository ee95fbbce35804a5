# SPDX-License-Identifier: Apache-2.0
"""A process that is stopped (SIGSTOP, a suspended machine, a debugger) and goes on when all its times are over: clocks
have gone on, the server has given up, and nobody looked. `test_stopped_process.py SECONDS` stops it for so long."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import foreign
import pytest
import websockets
from websockets.asyncio.server import ServerConnection, serve

PINGS = 1.0
RECONNECT_MAX = 1.0
SETTINGS: dict[str, Any] = {
    "ping-interval": PINGS, "ping-timeout": PINGS, "connect-timeout": 5, "reconnect-min": 0.2,
    "reconnect-max": RECONNECT_MAX, "delivery": "peer-parsed", "heartbeat": {"message": "beat", "interval": 0.2},
}
# More than ping-interval + ping-timeout and reconnect-max together, some times over.
STOPPED = 8.0


class Watchful:
    """A server that pings its clients and gives up those that do not answer. Knows when what came."""

    def __init__(self) -> None:
        self.opened: list[float] = []
        self.close_codes: list[int] = []
        self.numbers: list[int] = []
        self.beats: list[float] = []
        self.commands: dict[int, int] = {}
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._started.wait(20)

    def __enter__(self) -> Watchful:
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(20)

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        async with serve(
            self._handle, "127.0.0.1", 0, compression=None, ping_interval=PINGS, ping_timeout=PINGS, close_timeout=0.5,
        ) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            self._started.set()
            await self._stopping.wait()

    async def _handle(self, connection: ServerConnection) -> None:
        self.opened.append(time.monotonic())
        later: set[asyncio.Task[None]] = set()
        with contextlib.suppress(websockets.ConnectionClosed):
            async for message in connection:
                if message == "beat":
                    self.beats.append(time.monotonic())
                elif message[:1] != "{":
                    self.numbers.append(int(message))
                else:
                    later.add(asyncio.ensure_future(self._command(connection, json.loads(message))))
        self.close_codes.append(connection.protocol.close_sent.code if connection.protocol.close_sent else 0)
        for task in later:
            task.cancel()

    async def _command(self, connection: ServerConnection, command: dict[str, Any]) -> None:
        number = command["id"]
        self.commands[number] = self.commands.get(number, 0) + 1
        if command["do"] == "late":
            # While the process is stopped and the server has not given it up yet.
            await asyncio.sleep(0.3)
            await connection.send(json.dumps({"id": number, "late": True}))
        elif command["do"] == "second" and self.commands[number] == 2:
            await connection.send(json.dumps({"id": number}))


class Shut:
    """A server that takes TCP and ends it. Knows when."""

    def __init__(self) -> None:
        self.tried: list[float] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.tried.append(time.monotonic())
                connection.close()

    def __enter__(self) -> Shut:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextlib.contextmanager
def build() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        built, library = Path(folder) / "stopped", Path(folder) / "libneuron_ws.so.1"
        library.symlink_to(foreign.LIBRARY.resolve())
        source = Path(__file__).resolve().parent / "stopped.c"
        subprocess.run([*foreign.compiler("gcc"), "-std=c11", "-Wall", "-Wextra", "-Werror", "-g", "-pthread",
                        f"-I{foreign.HEADER.parent}", "-o", built, source, library, f"-Wl,-rpath,{folder}"], check=True)
        subprocess.run([*foreign.compiler("gcc"), "-std=c11", "-shared", "-fPIC", "-o", Path(folder) / "set_clock.so",
                        source.parents[1] / "Cache/set_clock.c", "-ldl"], check=True)
        yield built


@pytest.fixture(scope="module")
def program() -> Iterator[Path]:
    with build() as built:
        yield built


class Host:
    """The program, a line at a time."""

    def __init__(self, program: Path, port: int, **environment: str) -> None:
        settings = json.dumps({"url": f"ws://127.0.0.1:{port}/", **SETTINGS})
        self._process = subprocess.Popen(
            [*foreign.emulator(), str(program), settings], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            # A session of its own: a stopped process whose group loses its parent is let go on by the kernel.
            env={**os.environ, **environment}, start_new_session=True)

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.kill()
        self._process.wait(10)
        self._process.stdin.close()
        self._process.stdout.close()

    def say(self, word: str) -> str:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def stop_for(self, seconds: float) -> float:
        """Returns when it goes on."""
        self._process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self._process.send_signal(signal.SIGCONT)
        return time.monotonic()


def within(times: list[float], begin: float, seconds: float) -> int:
    return len([one for one in times if begin <= one < begin + seconds])


def scene(program: Path, seconds: float) -> dict[str, Any]:
    """A connected node is stopped in the middle of what it sends and asks."""
    with Watchful() as server, Host(program, server.port) as host:
        assert host.say("open") == "open"
        foreign.wait_until(lambda: len(server.numbers) > 30, 20)
        assert host.say("ask") == "asked"
        foreign.wait_until(lambda: len(server.commands) == 40, 20)
        before = json.loads(host.say("look"))
        began = time.monotonic()
        on = host.stop_for(seconds)
        meanwhile = within(server.opened, began, on - began)
        foreign.wait_until(lambda: len(server.opened) > 1, 20, "another connection")
        back = server.opened[1] - on
        time.sleep(2)
        after = json.loads(host.say("look"))
        looked = time.monotonic() - on
        last = json.loads(host.say("end"))
        firsts = list(dict.fromkeys(server.numbers))
        return {
            "back": back, "meanwhile": meanwhile, "opened": len(server.opened), "beats": within(server.beats, on, 1),
            "pings": after["pings"] - before["pings"], "looked": looked, "last": last,
            "missing": sorted(set(range(last["sent"])) - set(firsts)), "in order": firsts == sorted(firsts),
            "twice": len(server.numbers) - len(firsts), "close_codes": list(map(int, server.close_codes)),
        }


def check(got: dict[str, Any]) -> None:
    last = got["last"]
    # By itself, at once or after one wait, and once.
    assert got["back"] < RECONNECT_MAX + 2 and got["meanwhile"] == 0, got
    assert got["opened"] == last["opened"] == 2, got
    # Neither the heartbeats nor the pings of all that time come now.
    assert got["beats"] <= 1 / 0.2 + 2, got
    assert got["pings"] <= got["looked"] / PINGS + 3, got
    # Each number has come, in order; what was on its way perhaps twice.
    assert last["flushed"] == "NEURON_WS_OK", got
    assert got["missing"] == [] and got["in order"], got
    # Each command has one end, and the counters say the same.
    assert last["least"] == last["most"] == 1 and last["counted"] == 40, got
    never, late, retried, second, lost = last["kinds"]
    assert never["TIMEOUT"] + never["LINK_LOST"] == 8 and late["TIMEOUT"] + late["OK"] + late["LINK_LOST"] == 8, got
    assert retried["OK"] == 0 and retried["TIMEOUT"] + retried["LINK_LOST"] == 8, got
    assert second["OK"] == 8 and lost["LINK_LOST"] == 8, got


def test_a_connected_process_that_was_stopped_for_long_goes_on(program: Path) -> None:
    check(scene(program, STOPPED))


def test_one_that_waits_to_connect_makes_up_for_no_attempt(program: Path) -> None:
    with Shut() as server, Host(program, server.port) as host:
        foreign.wait_until(lambda: len(server.tried) > 6, 20)
        began = time.monotonic()
        on = host.stop_for(STOPPED)
        # One that was on its way may just have come.
        assert within(server.tried, began + 0.5, on - began - 0.5) == 0
        foreign.wait_until(lambda: server.tried[-1] > on, 5, "an attempt")
        time.sleep(2)
        # Waits are between nothing and reconnect-max; some sixteen were over meanwhile.
        assert within(server.tried, on, 1) <= 8, [each - on for each in server.tried if each > on]
        tried = [each for each in server.tried if each > on]
        assert max(second - first for first, second in zip([on, *tried], tried)) < RECONNECT_MAX + 1
        assert host.say("look").startswith('{"link":0')


YEAR = 365 * 86_400


@pytest.mark.skipif(bool(foreign.TRIPLET), reason="nothing is preloaded under an emulator")
@pytest.mark.parametrize("years", [10, -10])
def test_a_clock_that_is_set_ends_and_delays_nothing(years: int, program: Path, tmp_path: Path) -> None:
    """The clock that nobody sets is the one by which pings, heartbeats, commands and waits are timed."""
    ahead = tmp_path / "ahead"
    ahead.write_text("0")
    preload = {"LD_PRELOAD": str(program.parent / "set_clock.so"), "SET_CLOCK_FILE": str(ahead)}
    with Watchful() as server, Host(program, server.port, **preload) as host:
        assert host.say("open") == "open"
        assert host.say("ask") == "asked"
        ahead.write_text(str(years * YEAR))
        begin = time.monotonic()
        time.sleep(2)
        assert len(server.opened) == 1 and within(server.beats, begin, 2) in range(4, 12)
        foreign.wait_until(lambda: len(server.numbers) > 100, 20)
        assert json.loads(host.say("look"))["opened"] == 1
    ahead.write_text("0")
    with Shut() as shut, Host(program, shut.port, **preload):
        foreign.wait_until(lambda: len(shut.tried) > 3, 20)
        ahead.write_text(str(years * YEAR))
        begin = time.monotonic()
        time.sleep(3)
        # Waits of half a second at the median.
        assert 2 <= within(shut.tried, begin, 3) <= 16


if __name__ == "__main__":
    with build() as built:
        came = scene(built, float(sys.argv[1]))
    print(json.dumps(came, indent=1))
    check(came)
