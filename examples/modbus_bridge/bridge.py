#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a Modbus TCP device at intervals, pushes what it reads to a WebSocket server, and writes what that asks for.

    python3 bridge.py settings.json

README.md explains the settings. Exit status: 0 stopped by a signal, 2 the settings are wrong.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from dataclasses import dataclass
from typing import Any

import neuron_ws
from device import Device, Tag
from modbus import Client
from neuron_ws import RequestKind, aio

# The gateway's codes.
PARAM_IS_WRONG = 1003
GROUP_NOT_EXIST = 2106
TAG_NOT_EXIST = 2201

PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (25, 5), (logging.INFO, 6), (0, 7))

log = logging.getLogger("modbus")


@dataclass(frozen=True)
class Group:
    """Tags that are read together, every ``interval`` seconds."""

    driver: str
    group: str
    interval: float
    tags: dict[str, Tag]

    @staticmethod
    def of(settings: dict[str, Any]) -> Group:
        tags = [Tag(**tag) for tag in settings["tags"]]
        group = Group(settings["driver"], settings["group"], settings["interval"], {tag.name: tag for tag in tags})
        if not group.interval > 0 or not tags or len(group.tags) < len(tags):
            raise ValueError(f"group {group.group!r} needs an interval above 0, and tags of different names")
        return group


class Bridge:
    """One device, one node. ValueError, KeyError and TypeError say what is wrong with the settings."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.groups = [Group.of(group) for group in settings["groups"]]
        self._device = Device(Client(**settings["modbus"]))
        name = settings.get("name", "modbus")
        self.node = aio.Node(name, settings["node"], on_request=self._answer, on_log=neuron_ws.log_to(name))

    async def run(self, stopping: asyncio.Event) -> None:
        """Reads and pushes until ``stopping`` is set; then what was read is sent on, for five seconds at most."""
        async with self.node:
            self.node.subscribe("*", "*")
            reading = [asyncio.create_task(self._read(group)) for group in self.groups]
            ended = asyncio.create_task(stopping.wait())
            try:
                await asyncio.wait([ended, *reading], return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (ended, *reading):
                    task.cancel()
                results = await asyncio.gather(*reading, return_exceptions=True)
                self._device.close()
            try:
                await self.node.flush(timeout=5)
            except neuron_ws.NeuronWSError as error:
                log.warning("what was not sent is lost: %s", error)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _read(self, group: Group) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            values, errors = await self._device.read(list(group.tags.values()))
            # Waits while the queue is full: then there are fewer readings, and those that there are stay whole.
            await self.node.put(group.driver, group.group, values, errors=errors)
            # The next that is due; those that were missed are not made up for.
            due = max(due + group.interval, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _answer(self, request: neuron_ws.Request) -> None:
        if request.kind not in (RequestKind.READ, RequestKind.WRITE):
            request.reply_error(PARAM_IS_WRONG, "a Modbus device has no actions")
            return
        named = (request.driver, request.group)
        group = next((one for one in self.groups if (one.driver, one.group) == named), None)
        if group is None:
            request.reply_error(GROUP_NOT_EXIST)
            return
        tags = [group.tags.get(tag.name) for tag in request.tags] or list(group.tags.values())
        known = [tag for tag in tags if tag is not None]
        if len(known) < len(tags):
            request.reply_error(TAG_NOT_EXIST)
        elif request.kind is RequestKind.READ:
            values, errors = await self._device.read(known)
            request.reply_values(values, errors=errors)
        else:
            await self._write(request, known)

    async def _write(self, request: neuron_ws.Request, tags: list[Tag]) -> None:
        # One after the other, as they stand in the request; the first that fails ends it.
        for tag, wanted in zip(tags, request.tags):
            try:
                if not isinstance(wanted.value, (bool, int, float)):
                    raise ValueError(f"tag {tag.name!r} takes a number, not {wanted.value!r}")
                code = await self._device.write(tag, wanted.value)
            except ValueError as error:
                request.reply_error(PARAM_IS_WRONG, str(error))
                return
            if code:
                request.reply_error(code, f"tag {tag.name!r} could not be written")
                return
        request.reply_error(0)


class JournalFormatter(logging.Formatter):
    """Lines with the priority as journald takes it from what a service writes; it adds the time and the name itself."""

    def format(self, record: logging.LogRecord) -> str:
        # syslog's: 2 critical, 3 error, 4 warning, 5 notice, 6 info, 7 debug.
        priority = next(number for level, number in PRIORITIES if record.levelno >= level)
        # A further line would be an entry of its own.
        return f"<{priority}>" + super().format(record).replace("\n", " | ")


async def main(path: str) -> int:
    handler = logging.StreamHandler()
    handler.setFormatter(JournalFormatter() if "JOURNAL_STREAM" in os.environ else None)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    try:
        with open(path, encoding="utf-8") as file:
            bridge = Bridge(json.load(file))
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.error("%s: %s", path, f"{error} is missing" if isinstance(error, KeyError) else error)
        return 2
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await bridge.run(stopping)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(asyncio.run(main(sys.argv[1])))
