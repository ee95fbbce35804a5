# SPDX-License-Identifier: Apache-2.0
"""What the tests outside Swift share: where the built things are, and a foreign WebSocket server to talk to."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar, Union

import websockets
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.extensions import ServerExtensionFactory
from websockets.typing import Origin

if TYPE_CHECKING:
    import neuron_ws

Result = TypeVar("Result")

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = Path(os.environ.get("NEURON_WS_LIBRARY") or ROOT / ".build/release/libneuron_ws.so")
TOOL = Path(os.environ.get("NEURON_WS_TOOL") or ROOT / ".build/release/neuron-ws")
HEADER = ROOT / "include/neuron_ws.h"
BINDING = ROOT / "bindings/python"

# A library of another processor is tested under an emulator: NEURON_WS_TRIPLET names its compiler as Debian does,
# aarch64-linux-gnu; NEURON_WS_SYSROOT is a root of its packages.
TRIPLET = os.environ.get("NEURON_WS_TRIPLET", "")
SYSROOT = os.environ.get("NEURON_WS_SYSROOT", "")


def compiler(name: str) -> list[str]:
    """gcc or g++ for the processor under test."""
    return [f"{TRIPLET}-{name}", f"--sysroot={SYSROOT}"] if TRIPLET else [name]


def emulator() -> list[str]:
    """What stands before a program of the processor under test."""
    return [f"qemu-{TRIPLET.partition('-')[0]}-static", "-L", SYSROOT] if TRIPLET else []


def use_binding() -> None:
    """Makes `import neuron_ws` take the package of this tree and the library under test."""
    os.environ["NEURON_WS_LIBRARY"] = str(LIBRARY)
    if str(BINDING) not in sys.path:
        sys.path.insert(0, str(BINDING))


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether something on 127.0.0.1 accepts connections at this port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition: Callable[[], object], timeout: float = 10.0, what: str = "") -> None:
    """Waits until the condition holds. AssertionError after `timeout` seconds."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, f"not within {timeout} s: {what or condition}"
        time.sleep(0.01)


def failure(node: neuron_ws.Node) -> neuron_ws.State:
    """The state between two attempts, behind one that has failed."""
    from neuron_ws import Phase, Reason

    states: list[neuron_ws.State] = []

    def waits() -> bool:
        states[:] = [node.state]
        return states[0].phase is Phase.WAITING and states[0].reason not in (Reason.NONE, Reason.STOPPED)

    wait_until(waits, 60, "a failure")
    return states[0]


class SecureClient:
    """A client over TLS, used from a thread that may block.

    `websockets.sync` reads and writes one TLS connection from two threads, which Python's ssl does not keep apart:
    under load a handshake in a few hundred is lost that way. Here one thread does both.
    """

    def __init__(self, url: str, context: ssl.SSLContext, *, origin: Optional[str] = None) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        try:
            self._client = self._wait(self._connected(url, context, origin))
        except BaseException:
            self._end()
            raise

    async def _connected(self, url: str, context: ssl.SSLContext, origin: Optional[str]) -> ClientConnection:
        return await connect(url, ssl=context, origin=Origin(origin) if origin else None, proxy=None)

    def _wait(self, work: Coroutine[Any, Any, Result], timeout: Optional[float] = None) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def send(self, message: str) -> None:
        self._wait(self._client.send(message))

    def recv(self, timeout: float) -> Union[str, bytes]:
        return self._wait(self._client.recv(), timeout)

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> SecureClient:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._wait(self._client.close())
        finally:
            self._end()


class Authority:
    """A certificate authority made by the openssl tool, and one server certificate for localhost and 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        self.ca = folder / "ca.pem"
        self.cert = folder / "server.pem"
        self.key = folder / "server.key"
        ca_key, request, extensions = folder / "ca.key", folder / "server.csr", folder / "server.ext"
        extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
        new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

        def openssl(*words: object) -> None:
            subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)

        openssl(*new, "-x509", "-days", 2, "-subj", "/CN=Test CA", "-keyout", ca_key, "-out", self.ca)
        openssl(*new, "-subj", "/CN=localhost", "-keyout", self.key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key, "-CAcreateserial", "-days", 2,
                "-extfile", extensions, "-out", self.cert)

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context


class Server:
    """PyPI's `websockets` on a thread of its own. Keeps what it receives, in order; `echo` sends it back."""

    def __init__(
        self, port: int = 0, *, tls: Optional[ssl.SSLContext] = None, echo: bool = False, keep: bool = True,
        extensions: Sequence[ServerExtensionFactory] = (), host: str = "127.0.0.1",
    ) -> None:
        self.messages: list[Union[str, bytes]] = []
        self.connections = 0
        self.close_codes: list[Optional[int]] = []
        self.requests: list[tuple[str, Headers]] = []
        self.peers: list[str] = []
        self._host = host
        self._keep = keep
        self._extensions = extensions
        self._echo = echo
        self._tls = tls
        self._changed = threading.Condition()
        self._open: set[ServerConnection] = set()
        self._started = threading.Event()
        self._failure: Optional[BaseException] = None
        self.port = port
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._started.wait(10)
        if self._failure is not None:
            raise self._failure

    @property
    def url(self) -> str:
        return f"{'wss' if self._tls else 'ws'}://127.0.0.1:{self.port}/"

    def wait_for(self, count: int, timeout: float = 20.0) -> list[Union[str, bytes]]:
        """The messages, once there are `count` of them."""
        with self._changed:
            reached = self._changed.wait_for(lambda: len(self.messages) >= count, timeout)
            assert reached, f"{len(self.messages)} of {count} messages within {timeout} s"
            return list(self.messages)

    def send(self, message: Union[str, bytes]) -> None:
        """Sends to every open connection."""
        async def to_all() -> None:
            for connection in list(self._open):
                await connection.send(message)

        asyncio.run_coroutine_threadsafe(to_all(), self._loop).result(10)

    def close(self, code: int, reason: str) -> None:
        """Closes every open connection and waits for the answers."""
        async def all_of_them() -> None:
            for connection in list(self._open):
                await connection.close(code, reason)

        asyncio.run_coroutine_threadsafe(all_of_them(), self._loop).result(20)

    def stop(self, *, abort: bool = False) -> None:
        """Ends the server; with `abort` its connections end without a Close frame."""
        if self._thread.is_alive():
            self._abort = abort
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(10)
            assert not self._thread.is_alive()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _handle(self, connection: ServerConnection) -> None:
        self._open.add(connection)
        assert connection.request is not None
        with self._changed:
            self.requests.append((connection.request.path, connection.request.headers))
            self.peers.append(":".join(map(str, connection.remote_address[:2])))
            self.connections += 1
            self._changed.notify_all()
        try:
            async for message in connection:
                if not self._keep:
                    continue
                with self._changed:
                    self.messages.append(message)
                    self._changed.notify_all()
                if self._echo:
                    await connection.send(message)
        except websockets.ConnectionClosed:
            pass
        finally:
            self._open.discard(connection)
            self.close_codes.append(connection.close_code)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._abort = False
        try:
            server = await serve(
                self._handle, self._host, self.port, ssl=self._tls, max_size=None, compression=None,
                ping_interval=None, extensions=self._extensions,
            )
        except OSError as error:
            self._failure = error
            self._started.set()
            return
        async with server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            self._started.set()
            await self._stopping.wait()
            if self._abort:
                for connection in list(self._open):
                    connection.transport.abort()
