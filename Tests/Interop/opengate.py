"""A platform such as OpenGate, made with Python's websockets: it takes sessions, asks, and keeps what comes."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from typing import Any, Callable, Optional

import foreign
from websockets.asyncio.server import ServerConnection, serve

JSON = dict[str, Any]


class Platform:
    """Runs on a thread of its own, at the same port as long as it lives."""

    def __init__(self) -> None:
        self.resources: list[str] = []
        self.keys: list[Optional[str]] = []
        self.messages: list[JSON] = []
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

    async def _run(self) -> None:
        async with serve(self._serve, "127.0.0.1", 0, max_size=None, close_timeout=1) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            self._ready.set()
            await self._stop.wait()

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.resources.append(connection.request.path)
        self.keys.append(connection.request.headers.get("X-ApiKey"))
        self._session = connection
        async for message in connection:
            self.messages.append(json.loads(message))

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/south/v80/sessions"

    def send(self, message: object) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        # The other end knows of the session a moment before this one.
        foreign.wait_until(lambda: self._session is not None, 60, "a session")
        session = self._session
        assert session is not None
        asyncio.run_coroutine_threadsafe(session.send(text), self._loop).result(30)

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
