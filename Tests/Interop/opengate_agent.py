# SPDX-License-Identifier: Apache-2.0
"""A gateway that answers a platform such as OpenGate, and a session of both."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import foreign
import neuron_ws
from neuron_ws import LogEvent, Request, RequestKind
from opengate import JSON, Platform

NOW = 1650006388943
KEY = "k&e+y=1%?/ü"
STEPS = ["BEGINUPDATE", "DOWNLOADFILE", "BEGININSTALL", "ENDINSTALL", "ENDUPDATE"]


class Agent:
    """A gateway with two sensors and an actuator, and a lower device that it reaches."""

    def __init__(self, platform: Platform, **settings: object) -> None:
        self.log: list[str] = []
        self.seen: list[Request] = []
        self.values: dict[str, Any] = {"temperature": 21.5, "pressure": 3, "valve": False}
        self.requests = True
        own = {"url": platform.url, "format": "opengate", "device-id": "gateway1", "api-key": KEY,
               "allow-requests": "all", "reconnect-min": 0.05, "reconnect-max": 0.2, "log-level": "debug"}
        self.node = neuron_ws.Node(
            "agent", {**own, **settings}, on_request=self.asked, on_log=self.logged, on_state=lambda state: None)
        self.node.subscribe("*", "*")
        self.node.start()
        foreign.wait_until(self.is_open, 30, "the session")

    def is_open(self) -> bool:
        self.node.poll()
        return bool(self.node.state.link)

    def logged(self, event: LogEvent) -> None:
        self.log.append(event.text)

    def asked(self, request: Request) -> None:
        self.seen.append(request)
        assert request.kind is RequestKind.OPERATION
        if request.action == "GET_DEVICE_PARAMETERS":
            known = {tag.name: self.values[tag.name] for tag in request.tags if tag.name in self.values}
            request.reply_values(known)
        elif request.action == "SET_DEVICE_PARAMETERS":
            tags = []
            for tag in request.tags:
                if tag.name == "valve":
                    self.values["valve"] = tag.value
                    tags.append({"name": tag.name, "error": 0})
                else:
                    tags.append({"name": tag.name, "error": 3002, "reason": "it is a sensor"})
            request.reply({"tags": tags})
        elif request.action == "REFRESH_INFO":
            request.reply({"timestamp": NOW, "tags": [
                {"name": name, "group": "fast", "value": value} for name, value in self.values.items()]})
        elif request.action in ("SET_CLOCK_EQUIPMENT", "SYNCHRONIZE_CLOCK", "DISCOVER"):
            request.reply_error(0)
        elif request.action == "UPDATE":
            request.reply_steps([step(name) for name in STEPS])
        elif request.action == "broken":
            request.reply_steps(code="ERROR_PROCESSING", description="the machine is broken")
        elif request.action == "unknown":
            request.reply_steps(code="NOT_SUPPORTED")

    def pump(self) -> None:
        self.node.poll(0.01)


def step(name: str, result: str = "SUCCESSFUL", description: str = "") -> dict[str, object]:
    return {"name": name, "result": result, "description": description}


def variable(name: str, **members: object) -> JSON:
    return {"variableName": name, **members}


@contextlib.contextmanager
def session(**settings: object) -> Iterator[tuple[Platform, Agent]]:
    with Platform(reduced=settings.get("reduced") is True) as platform:
        agent = Agent(platform, **settings)
        # The platform knows of the session a moment later.
        foreign.wait_until(lambda: platform.keys, 60, "a session")
        try:
            yield platform, agent
        finally:
            agent.node.close()
