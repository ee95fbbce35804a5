# SPDX-License-Identifier: Apache-2.0
"""The form, held to the checks that the gateway's dashboard makes of what it shows.

A number field: an integer without sign, in its range, never empty. A text field: a text, no longer than its length. A
field with a condition is shown, and checked, while the field that it names has a value or matches an expression. What a
user leaves empty is submitted as its default.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

import foreign
from hosting import NEURON, Host

FORM: dict[str, dict[str, Any]] = json.loads((NEURON / "websocket.json").read_text(encoding="utf-8"))
EMPTY = {"int": None, "string": "", "bool": None, "map": "", "file": ""}
# What people need; the rest is shown by "advanced".
NEEDED = ["format", "url", "allow-requests", "token", "username", "password", "upload_err", "advanced",
          "offline-cache"]


def initial() -> dict[str, Any]:
    """What the dashboard fills in."""
    return {key: field.get("default", EMPTY[field["type"]]) for key, field in FORM.items()}


def is_shown(key: str, values: dict[str, Any]) -> bool:
    condition = FORM[key].get("condition")
    if condition is None:
        return True
    value = values[condition["field"]]
    if "regex" in condition:
        return re.search(condition["regex"], "undefined" if value is None else str(value)) is not None
    return value == condition["value"] and type(value) is type(condition["value"])


def fault(key: str, value: Any) -> str:
    """What the dashboard says of a value; "" if it takes it."""
    field = FORM[key]
    valid, required = field["valid"], field["attribute"] == "required"
    if required and value in (None, ""):
        return "is required"
    if field["type"] == "int":
        if not re.fullmatch(r"[0-9]\d*", re.sub(r"\s", "", "null" if value is None else str(value))):
            return f"{value} is no decimal number"
        if not valid.get("min", 0) <= float(value) <= valid.get("max", float("inf")):
            return f"{value} is out of range"
    if field["type"] == "string":
        if not isinstance(value, str):
            return "is no text"
        if len(value) > valid.get("length", float("inf")):
            return "is too long"
        if "regex" in valid and value and not re.search(valid["regex"][1:-1], value):
            return "does not match"
    return ""


def submitted(values: dict[str, Any]) -> dict[str, Any]:
    result = {}
    for key, value in values.items():
        if value in (None, ""):
            if "default" in FORM[key]:
                result[key] = FORM[key]["default"]
        else:
            result[key] = value
    return result


def setting(host: Host, values: dict[str, Any]) -> tuple[int, str]:
    status = host.number("setting " + json.dumps({"params": submitted(values)}))
    return status, host.do("log 80") if status else ""


@pytest.mark.parametrize("key", FORM)
def test_a_field_is_as_the_dashboard_wants_it(key: str) -> None:
    field = FORM[key]
    assert field["type"] in EMPTY and field["attribute"] in ("required", "optional")
    valid = field["valid"]
    if field["type"] == "int":
        assert type(valid["min"]) is int and type(valid["max"]) is int and 0 <= valid["min"] < valid["max"]
        # A number field is never empty, so each has a default that the dashboard takes.
        assert type(field["default"]) is int and fault(key, field["default"]) == ""
    elif field["type"] == "bool":
        assert type(field["default"]) is bool and valid == {}
    elif field["type"] == "map":
        values = [entry["value"] for entry in valid["map"]]
        assert field["default"] in values and len(set(values)) == len(values)
        assert all(type(value) is int and entry["key"] for value, entry in zip(values, valid["map"]))
    elif field["type"] == "string":
        assert field.get("default", "") == "" and valid["length"] > 0
    else:
        assert field.get("default", "") == "" and valid == {}
    if "condition" in field:
        condition = field["condition"]
        other = FORM[condition["field"]]
        assert set(condition) in ({"field", "value"}, {"field", "regex"})
        if "value" in condition:
            assert type(condition["value"]) is {"bool": bool, "map": int}[other["type"]]


def test_the_nine_that_people_need_are_always_there_and_the_rest_is_asked_for() -> None:
    values = {**initial(), "url": "ws://h"}
    assert [key for key in FORM if is_shown(key, values)] == NEEDED
    secure = {**values, "url": "ws://h, wss://i"}
    assert [key for key in FORM if is_shown(key, secure) and key not in NEEDED] == ["ca", "cert", "key", "keypass"]
    custom = {**values, "format": 3}
    assert [key for key in FORM if is_shown(key, custom) and key not in NEEDED] == ["schema"]
    everything = {**secure, "format": 3, "advanced": True, "compression": 1, "upload_drv_state": True,
                  "offline-cache": True}
    opengate = {**values, "format": 5}
    own = ["device-id", "api-key", "api-key-in", "reduced", "opengate-publish"]
    assert [key for key in FORM if is_shown(key, opengate) and key not in NEEDED] == own
    assert [key for key in FORM if not is_shown(key, everything)] == own
    # What is asked for stands behind what asks for it.
    order = list(FORM)
    assert all(order.index(field["condition"]["field"]) < order.index(key)
               for key, field in FORM.items() if field.get("condition", {}).get("field") in ("advanced", "compression"))


@pytest.mark.parametrize("advanced", [False, True])
def test_the_form_can_be_submitted_as_it_is(advanced: bool, host: Host) -> None:
    values = {**initial(), "url": "ws://127.0.0.1:1/x", "advanced": advanced}
    faults = {key: fault(key, value) for key, value in values.items() if is_shown(key, values)}
    assert {key: text for key, text in faults.items() if text} == {}
    host.do("create app")
    assert setting(host, values) == (0, "")


def test_every_limit_of_a_number_is_taken(host: Host) -> None:
    host.do("create app")
    base = {**initial(), "url": "ws://127.0.0.1:1/x", "advanced": True}
    # reconnect-min and -max, message and frame go in pairs.
    pairs = {"reconnect-min": "reconnect-max"}
    for key, field in FORM.items():
        if field["type"] != "int":
            continue
        for limit in (field["valid"]["min"], field["valid"]["max"]):
            values = {**base, key: limit}
            if key in pairs:
                values[pairs[key]] = max(values[pairs[key]], limit)
            if key == "reconnect-max":
                values["reconnect-min"] = min(values["reconnect-min"], limit)
            assert fault(key, limit) == ""
            assert setting(host, values) == (0, ""), f"{key}: {limit}"


@pytest.mark.parametrize(
    "key, text",
    [
        ("url", "ws://127.0.0.1:1/a ws://127.0.0.1:2/b"),
        ("url", "ws://127.0.0.1:1/a, ws://127.0.0.1:2/b"),
        ("url", '["ws://127.0.0.1:1/a","ws://127.0.0.1:2/b"]'),
        ("subprotocols", "a, b"),
        ("subprotocols", '["a","b"]'),
        ("headers", '{"X-Line":"1"}'),
        ("static_tags", '{"line":1}'),
        ("tls-alpn", "http/1.1"),
    ],
)
def test_what_is_no_text_is_taken_as_one(key: str, text: str, host: Host) -> None:
    values = {**initial(), "url": "ws://127.0.0.1:1/x", key: text}
    assert fault(key, text) == ""
    host.do("create app")
    assert setting(host, values) == (0, "")


def test_servers_with_credentials_of_their_own_are_set_by_the_rest_interface(host: Host, server: Any) -> None:
    """As docs/neuron.md has it: an array with objects; in the form's one text they are refused."""
    host.do("create app")
    urls = [{"url": "ws://127.0.0.1:1/", "token": "of-the-first"},
            {"url": server.url, "username": "gateway", "password": "of-the-second"}]
    values = {**initial(), "url": urls}
    code, _ = setting(host, {**values, "url": json.dumps(urls)})
    assert code != 0
    assert setting(host, values) == (0, "") and host.number("start") == 0
    assert host.number("linked") == 1
    foreign.wait_until(lambda: server.requests, 20, "the server's handshake")
    assert server.requests[0][1]["Authorization"] == "Basic Z2F0ZXdheTpvZi10aGUtc2Vjb25k"


def test_servers_in_turn_can_be_set_from_the_form(host: Host, server: Any) -> None:
    host.do("create app")
    values = {**initial(), "url": f"ws://127.0.0.1:1/, {server.url}"}
    assert setting(host, values) == (0, "") and host.number("start") == 0
    # The server counts a connection on a thread of its own.
    assert host.number("linked") == 1
    foreign.wait_until(lambda: server.connections == 1, 20, "the server's count")
