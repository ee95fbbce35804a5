# SPDX-License-Identifier: Apache-2.0
"""The proof that nothing is lost: a writer that is killed again and again, a proxy that cuts, stalls and resets, and a
server that keeps what it reads. `proof.py [MINUTES] [KILLS] [DATA-DIR]` runs it at length."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from rough_proxy import RoughProxy
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, order=True)
class Came:
    """A message as it came: which it is, and what it says of itself."""

    life: int
    number: int
    identity: tuple[str, int] = field(compare=False)
    is_marked: bool = field(compare=False)


class Receiver:
    """What has come, by connection, in the order of the connections."""

    def __init__(self) -> None:
        self.came: list[list[Came]] = []
        self.faults: list[str] = []
        self.server = serve(self._read, "127.0.0.1", 0, compression=None, max_size=None)
        self.port: int = self.server.socket.getsockname()[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _read(self, connection: ServerConnection) -> None:
        mine: list[Came] = []
        self.came.append(mine)
        try:
            for message in connection:
                document = json.loads(message)
                identity = (document["stream"], document["seq"])
                mine.append(Came(document["life"], document["number"], identity, document.get("resent", False)))
        except ConnectionClosed:
            pass
        except Exception as error:  # noqa: BLE001 - whatever it is, the proof fails by it
            self.faults.append(repr(error))


class Writer:
    """One life of the writing process."""

    def __init__(self, url: str, directory: Path, life: int, settings: str = "{}") -> None:
        self.life = life
        self.stored = 0
        self.notes: list[str] = []
        self.last = ""
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "writer.py"), url, str(directory), str(life), settings],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.last = line
            if line.endswith("\n") and line.strip().isdigit():
                self.stored = int(line)
            elif line.startswith("#"):
                self.notes.append(line)

    def kill(self) -> None:
        self.process.kill()
        self.end()

    def end(self, timeout: Optional[float] = None) -> str:
        self.process.wait(timeout)
        self.reader.join()
        assert self.process.stderr is not None and self.process.stdout is not None
        errors = self.process.stderr.read()
        self.process.stderr.close()
        self.process.stdout.close()
        return errors


def judge(receiver: Receiver, stored: dict[int, int], lost_allowed: bool = False) -> dict[str, int]:
    """Whether all that was stored has come, in order but for what was sent again and says so."""
    assert not receiver.faults, receiver.faults[:3]
    arrived: dict[Came, tuple[str, int]] = {}
    identities: set[tuple[str, int]] = set()
    nothing = Came(0, 0, ("", 0), False)
    newest = nothing
    again = 0
    for connection in receiver.came:
        last = nothing
        for message in connection:
            # On one connection nothing comes twice, and nothing out of order.
            assert message > last, f"{message} behind {last}"
            last = message
            if message in arrived:
                assert message.is_marked, f"{message} came before, and does not say so"
                assert message.identity == arrived[message], f"{message} was {arrived[message]} before"
                again += 1
                continue
            assert message > newest, f"{message} came first behind {newest}"
            assert message.identity not in identities, f"{message} has the number of another"
            newest = message
            arrived[message] = message.identity
            identities.add(message.identity)
    came = {(message.life, message.number) for message in arrived}
    missing = [
        (life, number) for life, count in stored.items() for number in range(1, count + 1) if (life, number) not in came
    ]
    if not lost_allowed:
        assert not missing, f"{len(missing)} stored messages are missing, the first {missing[:5]}"
    return {"arrived": len(arrived), "again": again, "stored": sum(stored.values()), "missing": len(missing)}


def prove(seconds: float, kills_min: int, directory: Path, seed: int, settings: str = "{}") -> dict[str, int]:
    chance = random.Random(seed)
    receiver = Receiver()
    proxy = RoughProxy(receiver.port, seed)
    url = f"ws://127.0.0.1:{proxy.port}"
    stored: dict[int, int] = {}
    kills = 0
    began = time.monotonic()
    # However slow the machine is, a life gets as far as a word of its own.
    while time.monotonic() - began < seconds or kills < kills_min:
        writer = Writer(url, directory, kills + 1, settings)
        patience = time.monotonic() + 30
        while not writer.last and time.monotonic() < patience and writer.process.poll() is None:
            time.sleep(0.01)
        time.sleep(chance.random() * 1.2)
        assert writer.process.poll() is None, f"the writer ended by itself: {writer.end()} {writer.last}"
        writer.kill()
        kills += 1
        stored[kills] = writer.stored
    proxy.is_rough = False
    last = Writer(url, directory, 0, settings)
    errors = last.end(330)
    assert last.process.returncode == 0, errors
    left = json.loads(last.last)
    assert left == {"queued": 0, "bytes": 0, "lost": 0}, left
    proxy.close()
    receiver.server.shutdown()
    return {**judge(receiver, stored), "kills": kills, "connections": proxy.connections, "told": sum(
        1 for count in stored.values() if count)}


def main() -> None:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 10
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    seed = int(time.time())
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(sys.argv[3]) if len(sys.argv) > 3 else Path(folder) / "data"
        print(prove(minutes * 60, kills, directory, seed))


if __name__ == "__main__":
    main()
