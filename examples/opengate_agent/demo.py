# SPDX-License-Identifier: Apache-2.0
"""A session between agent.py and a small platform of its own, on loopback: uploads, and an operation of each kind.

    PYTHONPATH=bindings/python python3 examples/opengate_agent/demo.py

Nothing but Python is needed: the platform's few frames of WebSocket (RFC 6455) are written by hand.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import pathlib
import sys
import tempfile
import textwrap
from typing import Any

AGENT = pathlib.Path(__file__).resolve().parent / "agent.py"
ASKED: list[tuple[str, Any]] = [
    ("GET_DEVICE_PARAMETERS", {"variableList": ["temperature", "humidity"]}),
    ("SET_DEVICE_PARAMETERS", {"variableList": [{"name": "valve", "value": True}, {"name": "pressure", "value": 17}]}),
    ("REFRESH_INFO", None),
    ("UPDATE", {"bundleName": "firmware", "bundleVersion": "2", "deploymentElements": []}),
    ("DISCOVER", None),
    ("GET_DEVICE_PARAMETERS", {"variableList": []}),
]


def show(arrow: str, document: Any) -> None:
    text = json.dumps(document, separators=(", ", ":"))
    print(textwrap.fill(
        text, 110, initial_indent=f"  {arrow} ", subsequent_indent="    ", break_on_hyphens=False,
        break_long_words=False))


class Session:
    """The platform's end of a WebSocket connection: texts of less than 64 KiB, in one frame each."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def open(self) -> str:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
        guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1((fields["sec-websocket-key"] + guid).encode()).digest()).decode()
        self.writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        return head[0].split()[1]

    def send(self, document: Any) -> None:
        text = json.dumps(document).encode()
        size = bytes([len(text)]) if len(text) < 126 else b"\x7e" + len(text).to_bytes(2, "big")
        self.writer.write(b"\x81" + size + text)

    async def receive(self) -> Any:
        """The next text; None at the end."""
        while True:
            try:
                first, second = await self.reader.readexactly(2)
                length = second & 0x7F
                if length >= 126:
                    length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8), "big")
                mask = await self.reader.readexactly(4)
                payload = await self.reader.readexactly(length)
            except (asyncio.IncompleteReadError, ConnectionError):
                return None
            text = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
            if first & 0x0F == 8:
                self.writer.write(b"\x88" + bytes([len(text)]) + text)
                return None
            if first & 0x0F == 1:
                return json.loads(text)


async def converse(session: Session) -> None:
    print(f"A session: {await session.open()}\n\nUploads come by themselves")
    show("<", await session.receive())
    for number, (name, parameters) in enumerate(ASKED, 1):
        request = {"id": f"op-{number}", "name": name, **({} if parameters is None else {"parameters": parameters})}
        print(f"\n{name}")
        show(">", {"operation": {"request": request}})
        session.send({"operation": {"request": request}})
        uploads = 1 if name == "REFRESH_INFO" else 0
        answered = False
        while not answered or uploads > 0:
            document = await session.receive()
            assert document is not None, "the agent is gone"
            if "operation" in document:
                answered = "resultCode" in document["operation"]["response"]
            elif answered:
                uploads -= 1
            else:
                continue  # what comes once a second
            show("<", document)


async def main() -> int:
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await converse(Session(reader, writer))
        writer.close()
        over.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "es.amplia.oda.connector.websocket.cfg").write_text(
            f"host=127.0.0.1\nport={port}\npath=/south/v80/sessions\n")
        (place / "es.amplia.oda.datastreams.deviceinfo.cfg").write_text("deviceId=gateway1\napiKey=a+b&c\n")
        print(f"OpenGate: agent.py, started with ODA's own files, and a platform on 127.0.0.1:{port}\n")
        agent = await asyncio.create_subprocess_exec(sys.executable, str(AGENT), folder, "600")
        try:
            await asyncio.wait_for(over.wait(), 60)
        finally:
            agent.kill()
            await agent.wait()
    print("\nEach operation was answered.")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
