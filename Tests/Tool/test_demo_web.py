# SPDX-License-Identifier: Apache-2.0
"""`neuron-ws demo --web`: a plant that lives on, seen from its page."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
import tool
from test_serve_command import PATIENCE
from test_serve_web import LIVE
from websockets.sync.client import ClientConnection, connect


@contextmanager
def demo(*words: object) -> Iterator[tuple[subprocess.Popen[str], int]]:
    with tool.start("demo", "--web", *words) as process:
        assert process.stdout
        first = process.stdout.readline()
        match = re.fullmatch(r"the page to watch: http://127\.0\.0\.1:(\d+)/; Ctrl-C ends it\n", first)
        assert match, first
        try:
            yield process, int(match[1])
        finally:
            process.kill()


@contextmanager
def page_of(port: int) -> Iterator[ClientConnection]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as client:
        client.request("GET", "/")
        token = re.search(r'content="([0-9a-f]{32})"', client.getresponse().read().decode())
    assert token
    with connect(f"ws://127.0.0.1:{port}{LIVE}?token={token[1]}", origin=f"http://127.0.0.1:{port}") as page:
        yield page


def texts(page: ClientConnection) -> Iterator[dict[str, Any]]:
    while True:
        message = json.loads(page.recv(PATIENCE))
        for one in message["list"] if message["type"] == "messages" else []:
            yield json.loads(one["text"])


def ask(page: ClientConnection, **members: Any) -> dict[str, Any]:
    """The answer to a request that goes to all gateways."""
    request = {"type": "send", "id": 1, "connection": None, "text": json.dumps(members)}
    page.send(json.dumps(request))
    return next(one for one in texts(page) if one.get("uuid") == members["uuid"])


def both_connected(page: ClientConnection) -> None:
    seen: set[str] = set()
    for one in texts(page):
        seen.add(one["node"])
        if {"press", "tank"} <= seen:
            return


def test_shows_devices_groups_and_values_of_every_kind() -> None:
    with demo() as (process, port), page_of(port) as page:
        values: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for one in texts(page):
            tags = one["tags"] if "tags" in one else [
                {"name": name, "value": value} for name, value in one["values"].items()] + [
                {"name": name, "error": code} for name, code in one["errors"].items()]
            for tag in tags:
                place = f"{one['node']}/{one['group']}/{tag['name']}"
                (errors if "error" in tag else values)[place] = tag.get("error", tag.get("value"))
            if len({place.split("/")[0] for place in values | errors}) == 5:
                break
        kinds = {type(value) for value in values.values()}
        assert kinds >= {int, float, bool, str, list}
        assert errors["chiller/main/temperature"] == 3002
        assert any(place.startswith("水泵/状态/") for place in values)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        assert process.stderr and process.stderr.read() == ""


def test_answers_what_the_page_asks() -> None:
    with demo() as (_, port), page_of(port) as page:
        both_connected(page)
        place = {"node": "tank", "group": "level"}
        assert ask(page, uuid="1", **place, tag="setpoint", value=80) == {"uuid": "1", "error": 0}
        answer = ask(page, uuid="2", **place, tags=["setpoint", "nothing"])
        assert answer["tags"] == [{"name": "setpoint", "value": 80}, {"name": "nothing", "error": 2201}]
        assert {tag["name"] for tag in ask(page, uuid="3", **place)["tags"]} == {"level", "flow", "setpoint", "label"}
        for uuid, (changes, error) in enumerate([
                ({"tag": "flow", "value": 1}, 3004), ({"tag": "setpoint", "value": "x"}, 3007),
                ({"tag": "setpoint", "value": 10**18}, 3020), ({"tag": "nothing", "value": 1}, 2201),
                ({"group": "other", "tag": "flow", "value": 1}, 2106),
                ({"node": "other", "tag": "x", "value": 1}, 2003),
                ({"tags": [{"tag": "label", "value": "ü"}, {"tag": "setpoint", "value": 81}]}, 0)]):
            assert ask(page, uuid=f"w{uuid}", **{**place, **changes})["error"] == error


def test_its_queues_fill_and_drain_while_it_is_unplugged() -> None:
    with demo() as (_, port), page_of(port) as page:
        both_connected(page)
        page.send('{"type":"unplug","seconds":1}')
        kinds, parts = [], []
        while not (kinds and len(parts) > 6):
            message = json.loads(page.recv(PATIENCE))
            if message["type"] == "unplugged":
                kinds.append(message["type"])
            for one in message["list"] if message["type"] == "messages" else []:
                said = json.loads(one["text"])
                if said.get("group") == "shift":
                    parts.append(said["values"]["parts"])
        # Nothing of what was read meanwhile is missing.
        assert parts[-6:] == list(range(parts[-6], parts[-6] + 6))


def test_count_and_timeout_end_it() -> None:
    done = tool.run("demo", "--web", "--count", 5)
    assert done.returncode == 0 and re.search(r"\n\d+ messages arrived\n$", done.stdout), done.stdout + done.stderr
    assert tool.run("demo", "--web", "--timeout", "0.2").returncode == 0
    done = tool.run("demo", "--web", "--timeout", "0.2", "--count", 100_000)
    assert done.returncode == 1 and done.stderr.endswith(" of 100,000 messages came\n")


@pytest.mark.parametrize("words", [["--port", "1"], ["--count", "1"], ["--timeout", "1"], ["--web", "--count", "0"]])
def test_what_the_demo_does_not_take(words: list[str]) -> None:
    done = tool.run("demo", *words)
    assert done.returncode == 2 and words[-2] in done.stderr


def test_a_port_that_is_taken() -> None:
    with demo() as (_, port):
        done = tool.run("demo", "--web", "--port", port)
        assert done.returncode == 1
        assert done.stderr == (
            f"neuron-ws: port {port}: Address already in use; choose another --port, or 0 for any free one\n")
