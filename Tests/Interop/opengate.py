# SPDX-License-Identifier: Apache-2.0
"""A platform such as OpenGate, made with Python's websockets: it takes sessions, asks, keeps what comes, and holds each
document that comes against the contract."""

from __future__ import annotations

import asyncio
import contextlib
import http
import itertools
import json
import threading
from collections.abc import AsyncIterator
from typing import Any, Callable, Optional, Union

import foreign
import opengate_documents
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

JSON = dict[str, Any]


class Platform:
    """Runs on a thread of its own, at the same port as long as it lives."""

    def __init__(self, reduced: bool = False) -> None:
        self.reduced = reduced
        # Sessions are refused meanwhile.
        self.is_away = False
        # Answers handshakes of a path with a status and a text, which is the location too.
        self.refusal: Optional[Callable[[str], tuple[http.HTTPStatus, str]]] = None
        self.refused: list[str] = []
        # What each new session is sent at once.
        self.greetings: list[object] = []
        # What was wrong with documents; nothing, when it ends.
        self.faults: list[str] = []
        self.resources: list[str] = []
        self.keys: list[Optional[str]] = []
        self.messages: list[JSON] = []
        # Of the frames that came: str, bytes.
        self.kinds: set[type] = set()
        self.port = 0
        self._session: Optional[ServerConnection] = None
        self._numbers = itertools.count(1)
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))

    def __enter__(self) -> Platform:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()
        assert not self.faults, "\n".join(self.faults[:5])

    async def _run(self) -> None:
        async with serve(
            self._serve, "127.0.0.1", 0, max_size=None, close_timeout=1, process_request=self._admit
        ) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            self._ready.set()
            await self._stop.wait()

    def _admit(self, connection: ServerConnection, request: Request) -> Optional[Response]:
        if self.is_away:
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "away\n")
        if self.refusal is None:
            return None
        self.refused.append(request.path)
        status, text = self.refusal(request.path)
        response = connection.respond(status, text + "\n")
        response.headers["Location"] = text
        return response

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.resources.append(connection.request.path)
        self.keys.append(connection.request.headers.get("X-ApiKey"))
        self._session = connection
        for greeting in self.greetings:
            await connection.send(json.dumps(greeting))
        with contextlib.suppress(ConnectionClosed):
            async for message in connection:
                self._take(message)

    def _take(self, message: Union[str, bytes]) -> None:
        document = json.loads(message)
        self.kinds.add(type(message))
        try:
            opengate_documents.check(document, self.reduced)
        except (AssertionError, KeyError, TypeError) as fault:
            self.faults.append(f"{fault!r} in {str(message)[:2000]}")
        self.messages.append(document)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/south/v80/sessions"

    def send(self, message: object) -> None:
        text = message if isinstance(message, (str, bytes)) else json.dumps(message)
        # The other end knows of the session a moment before this one.
        foreign.wait_until(lambda: self._session is not None, 60, "a session")
        session = self._session
        assert session is not None
        asyncio.run_coroutine_threadsafe(session.send(text), self._loop).result(30)

    def send_beginning(self, text: str) -> None:
        """The first frame of a message, and then nothing: the connection is cut off."""
        session = self._session
        assert session is not None
        self._session = None

        async def cut() -> None:
            async def pieces() -> AsyncIterator[str]:
                yield text
                session.transport.abort()
                yield text

            with contextlib.suppress(ConnectionClosed):
                await session.send(pieces())

        asyncio.run_coroutine_threadsafe(cut(), self._loop).result(30)

    def close_session(self) -> None:
        session, self._session = self._session, None
        assert session is not None
        asyncio.run_coroutine_threadsafe(session.close(1011, "gone"), self._loop).result(30)

    # ------------------------------------------------------------------------------------------------------------------

    def ask(self, name: Optional[str], parameters: object = None, **members: object) -> str:
        """Asks for an operation; its id."""
        number = f"op-{next(self._numbers)}"
        request: JSON = {"id": number, "timestamp": 1650006388000, "name": name, **members}
        if name is None:
            del request["name"]
        if parameters is not None:
            request["parameters"] = parameters
        self.send({"operation": {"request": request}})
        return str(request["id"])

    def responses(self, number: object) -> list[JSON]:
        found = [message["operation"]["response"] for message in list(self.messages) if "operation" in message]
        return [response for response in found if response["id"] == number]

    def answer(self, number: object, poll: Optional[Callable[[], object]] = None) -> JSON:
        """The final answer to an operation; `poll` is called until it is there."""
        def is_there() -> bool:
            if poll is not None:
                poll()
            return any("resultCode" in response for response in self.responses(number))

        foreign.wait_until(is_there, 60, f"the answer to {number}")
        return next(response for response in self.responses(number) if "resultCode" in response)

    def uploads(self) -> list[JSON]:
        return [message for message in list(self.messages) if "datastreams" in message]
