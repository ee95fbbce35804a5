# SPDX-License-Identifier: Apache-2.0
"""The Modbus bridge's client, cancelled at every moment and answered with everything that is no answer."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from contextlib import suppress

import foreign
import pytest
from modbus_device import Device

sys.path.insert(0, str(foreign.ROOT / "examples/modbus_bridge"))

from modbus import Client  # noqa: E402


@pytest.mark.parametrize("is_there", [True, False])
def test_a_cancellation_is_never_lost(is_there: bool) -> None:
    """However many turns of the loop came before it: wait_for loses one where the device refuses at that moment."""

    async def main() -> None:
        with Device() as device:
            device.banks[3][0] = 7
            port = device.port if is_there else foreign.free_port()
            for turns in range(30):
                client = Client("127.0.0.1", port)
                task = asyncio.create_task(client.read_registers(3, 0, 1))
                for _ in range(turns):
                    await asyncio.sleep(0)
                was_done = task.done()
                task.cancel()
                (ended,) = await asyncio.gather(task, return_exceptions=True)
                assert was_done or isinstance(ended, asyncio.CancelledError), (turns, ended)
                client.close()

    asyncio.run(asyncio.wait_for(main(), 120))


@pytest.mark.parametrize("answer", [
    b"", b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"\0\x09\0\0\0\5\1\3\2\0\7",  # of another transaction
    b"\0\1\0\1\0\5\1\3\2\0\7",  # of another protocol
    b"\0\1\0\0\0\5\1\4\2\0\7",  # of another function
    b"\0\1\0\0\0\7\1\3\4\0\7\0\7",  # longer than what was asked for
    b"\0\1\0\0\0\1\1", b"\0\1\0\0\0\2\1\x83", b"\0\1\0\0\0\5\1\3",
])
def test_what_is_no_answer_ends_the_connection(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(12)
                        connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()

        async def main() -> None:
            client = Client("127.0.0.1", listener.getsockname()[1])
            for _ in range(2):
                with pytest.raises(ConnectionError):
                    await client.read_registers(3, 0, 1)

        try:
            asyncio.run(asyncio.wait_for(main(), 120))
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_an_answer_of_one_register_is_taken() -> None:
    async def main() -> None:
        with Device() as device:
            device.banks[3][5] = 7
            client = Client("127.0.0.1", device.port)
            assert list(await client.read_registers(3, 5, 1)) == [7]
            client.close()

    asyncio.run(asyncio.wait_for(main(), 120))
