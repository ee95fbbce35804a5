# SPDX-License-Identifier: Apache-2.0
"""encode() against json: what the library writes, json reads back as the values that went in."""

from __future__ import annotations

import ctypes
import json
import math
import random
from datetime import datetime, timezone
from typing import Any

import neuron_ws
import pytest
from neuron_ws import Format, Type

NOW = 1_650_006_388_943


def values_of(**tags: object) -> Any:
    return json.loads(neuron_ws.encode("values", "plc1", "fast", tags, timestamp=NOW))["values"]


def test_values_format_is_exactly_this_text() -> None:
    text = neuron_ws.encode("values", "modbus", "grp", {"tag0": 123}, errors={"tag1": 2014}, timestamp=NOW)
    assert text == (
        '{"node":"modbus","group":"grp","timestamp":1650006388943,'
        '"values":{"tag0":123},"errors":{"tag1":2014},"metas":{}}'
    )


def test_tags_format_is_exactly_this_text() -> None:
    text = neuron_ws.encode("tags-format", "modbus", "grp", {"tag0": 123}, errors={"tag1": 2014}, timestamp=NOW)
    assert text == (
        '{"node":"modbus","group":"grp","timestamp":1650006388943,'
        '"tags":[{"name":"tag0","value":123},{"name":"tag1","error":2014}]}'
    )


def test_ecp_format_carries_ecp_types() -> None:
    tags = {"b": True, "i": 1, "f": 1.5, "s": "x"}
    message = json.loads(neuron_ws.encode(Format.ECP, "m", "g", tags, timestamp=NOW))
    assert [(tag["name"], tag["value"], tag["type"]) for tag in message["tags"]] == [
        ("b", True, 1), ("i", 1, 2), ("f", 1.5, 3), ("s", "x", 4),
    ]


def test_custom_format_fills_its_template() -> None:
    schema = {"at": "${timestamp}", "who": "${node}/${group}", "v": "${tag_values}", "s": "${static_tag_values}"}
    text = neuron_ws.encode(
        "custom", "m", "g", {"a": 1}, timestamp=NOW, schema=schema, static_tags={"site": "A"}
    )
    assert json.loads(text) == {"at": NOW, "who": "m/g", "v": {"a": 1}, "s": {"site": "A"}}


def test_an_unknown_name_in_a_template_is_named() -> None:
    with pytest.raises(neuron_ws.SettingsError, match="nope"):
        neuron_ws.encode("custom", "m", "g", {"a": 1}, schema={"a": "${nope}"})


def test_a_group_as_json_becomes_the_same_message() -> None:
    group = {"node": "plc1", "group": "fast", "timestamp": 1, "tags": [{"name": "t", "value": 1.5, "type": "FLOAT"}]}
    expected = neuron_ws.encode("tags", "plc1", "fast", {"t": 1.5}, timestamp=1, types={"t": "FLOAT"})
    for document in (group, json.dumps(group), json.dumps(group).encode()):
        assert neuron_ws.encode_json("tags", document) == expected
    custom = neuron_ws.encode_json("custom", group, schema={"n": "${node}"}, static_tags={"a": 1})
    assert custom == '{"n":"plc1"}'
    with pytest.raises(neuron_ws.InvalidJSON):
        neuron_ws.encode_json("tags", "{")
    with pytest.raises(neuron_ws.InvalidGroup):
        neuron_ws.encode_json("tags", '{"node":"","group":"g","values":{"t":1}}')


def test_states_need_no_group() -> None:
    states = [{"node": "modbus-tcp", "link": 1, "running": 3}]
    text = neuron_ws.encode(Format.STATES, options={"timestamp": NOW, "states": states})
    assert json.loads(text) == {"timestamp": NOW, "states": states}


def test_python_types_become_tag_types() -> None:
    assert values_of(
        b=True, i=-5, u=2**63, top=2**64 - 1, d=1.5, whole=2.0, s='é"\\\n', raw=b"\x00\xff", o={"a": [1, None]},
        ints=[1, -2], unsigned=[1, 2**63], floats=[1, 2.5], bools=(True, False), texts=["x", "é"], none=[],
    ) == {
        "b": True, "i": -5, "u": 2**63, "top": 2**64 - 1, "d": 1.5, "whole": 2.0, "s": 'é"\\\n', "raw": [0, 255],
        "o": {"a": [1, None]}, "ints": [1, -2], "unsigned": [1, 2**63], "floats": [1.0, 2.5], "bools": [True, False],
        "texts": ["x", "é"], "none": [],
    }
    assert isinstance(values_of(whole=2.0)["whole"], float)


@pytest.mark.parametrize("kind, low, high", [
    ("INT8", -128, 127), ("UINT8", 0, 255), ("INT16", -(2**15), 2**15 - 1), ("UINT16", 0, 2**16 - 1),
    ("INT32", -(2**31), 2**31 - 1), ("UINT32", 0, 2**32 - 1), ("INT64", -(2**63), 2**63 - 1),
    ("UINT64", 0, 2**64 - 1), ("BIT", 0, 1), ("WORD", 0, 2**16 - 1), ("DWORD", 0, 2**32 - 1), ("LWORD", 0, 2**64 - 1),
])
def test_integer_types_take_their_range_and_no_more(kind: str, low: int, high: int) -> None:
    for value in (low, high):
        text = neuron_ws.encode("values", "m", "g", {"t": value}, types={"t": kind})
        assert json.loads(text)["values"] == {"t": value}
    for value in (low - 1, high + 1):
        with pytest.raises(OverflowError, match="'t'"):
            neuron_ws.encode("values", "m", "g", {"t": value}, types={"t": kind})


@pytest.mark.parametrize("kind, value", [
    ("ARRAY_INT8", [-128, 127]), ("ARRAY_UINT8", [0, 255]), ("ARRAY_INT16", [-(2**15)]), ("ARRAY_UINT16", [2**16 - 1]),
    ("ARRAY_INT32", [-(2**31)]), ("ARRAY_UINT32", [2**32 - 1]), ("ARRAY_INT64", [-(2**63)]),
    ("ARRAY_UINT64", [2**63 - 1]), ("ARRAY_DOUBLE", [0.1, -1e300]), ("ARRAY_BOOL", [True]), ("ARRAY_STRING", ["", "x"]),
    ("ARRAY_CHAR", "text"), ("PTR", "long" * 1000), ("TIME", "12:00"), ("DATA_AND_TIME", "2024-01-01"),
])
def test_every_array_and_text_type_is_written(kind: str, value: object) -> None:
    assert json.loads(neuron_ws.encode("values", "m", "g", {"t": value}, types={"t": kind}))["values"] == {"t": value}


def test_a_float_is_the_shortest_text_of_32_bits() -> None:
    text = neuron_ws.encode("values", "m", "g", {"t": 0.1, "a": [0.1]}, types={"t": Type.FLOAT, "a": "array_float"})
    assert '"t":0.1,' in text and '"a":[0.1]' in text


def test_precision_is_the_number_of_decimals() -> None:
    assert '"t":21.50' in neuron_ws.encode("values", "m", "g", {"t": 21.5}, precision=2)
    text = neuron_ws.encode("values", "m", "g", {"t": 21.5, "u": 0.25}, precision={"t": 3})
    assert '"t":21.500' in text and '"u":0.25' in text
    with pytest.raises(ValueError, match="'t'"):
        neuron_ws.encode("values", "m", "g", {"t": 1.0}, precision=18)


def test_nan_and_infinities_carry_error_3008() -> None:
    message = json.loads(neuron_ws.encode("values", "m", "g", {"n": math.nan, "i": math.inf, "ok": 1.5}))
    assert message["values"] == {"ok": 1.5}
    assert message["errors"] == {"n": 3008, "i": 3008}
    assert values_of(a=[1.5, math.nan]) == {"a": [1.5, None]}


def test_metas_stand_with_their_tag() -> None:
    metas = {"t": {"quality": 192, "unit": "°C"}}
    values = json.loads(neuron_ws.encode("values", "m", "g", {"t": 1, "u": 2}, metas=metas))
    assert values["metas"] == metas
    tags = json.loads(neuron_ws.encode("tags", "m", "g", {"t": 1}, metas=metas))
    assert tags["tags"] == [{"name": "t", "value": 1, "quality": 192, "unit": "°C"}]


def test_a_lone_surrogate_loses_no_tag() -> None:
    value = values_of(t="a\udc00b")["t"]
    assert value[0] == "a" and value[-1] == "b" and set(value[1:-1]) == {"\ufffd"}


def test_a_nul_inside_text_and_names_is_kept() -> None:
    assert json.loads(neuron_ws.encode("values", "m", "g", {"a\0b": "c\0d"}))["values"] == {"a\0b": "c\0d"}
    with pytest.raises(ValueError, match="NUL"):
        neuron_ws.encode("values", "m\0", "g", {"a": 1})


@pytest.mark.parametrize("value, error", [
    (2**64, OverflowError), (-(2**63) - 1, OverflowError), (None, TypeError), ([1, "x"], TypeError),
    ([-1, 2**63], OverflowError), (object(), TypeError), ({1, 2}, TypeError), ({"a": {1}}, TypeError),
    ({"a": math.nan}, ValueError),
])
def test_what_no_tag_can_hold_is_refused(value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        neuron_ws.encode("values", "m", "g", {"t": value})


@pytest.mark.parametrize("arguments", [
    {"errors": {"t": 1}}, {"errors": {"e": 0}}, {"metas": {"x": {}}}, {"types": {"x": "INT8"}},
    {"types": {"t": "NONE"}}, {"types": {"t": 99}},
])
def test_contradictions_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        neuron_ws.encode("values", "m", "g", {"t": 1}, **arguments)


def test_nothing_to_send_is_skipped() -> None:
    with pytest.raises(neuron_ws.Skipped) as caught:
        neuron_ws.encode("values", "m", "g", {})
    assert caught.value.status_name == "NEURON_WS_SKIPPED"
    with pytest.raises(neuron_ws.Skipped):
        neuron_ws.encode("values", "m", "g", {}, errors={"e": 1}, upload_err=False)


def test_a_group_needs_its_names() -> None:
    for names in (("", "g"), ("m", "")):
        with pytest.raises(neuron_ws.InvalidGroup):
            neuron_ws.encode("values", *names, {"t": 1})
    with pytest.raises(ValueError, match="name"):
        neuron_ws.encode("values", "m", "g", {"": 1})


def test_a_custom_value_is_one_json_document() -> None:
    text = neuron_ws.encode("values", "m", "g", {"t": '{"a":[1,2]}'}, types={"t": "CUSTOM"})
    assert json.loads(text)["values"] == {"t": {"a": [1, 2]}}
    with pytest.raises(neuron_ws.InvalidJSON):
        neuron_ws.encode("values", "m", "g", {"t": "{oops"}, types={"t": "CUSTOM"})


def test_timestamps_are_ms_or_datetimes_or_now() -> None:
    for timestamp in (NOW, datetime.fromtimestamp(NOW / 1000, timezone.utc)):
        assert json.loads(neuron_ws.encode("tags", "m", "g", {"t": 1}, timestamp=timestamp))["timestamp"] == NOW
    now = datetime.now().timestamp() * 1000
    assert abs(json.loads(neuron_ws.encode("tags", "m", "g", {"t": 1}))["timestamp"] - now) < 60_000


def test_opengate_takes_the_gateways_id() -> None:
    options = {"device-id": "gw"}
    message = json.loads(neuron_ws.encode("opengate", "m", "g", {"t": 1}, timestamp=NOW, options=options))
    datastreams = [{"id": "t", "feed": "g", "datapoints": [{"at": NOW, "value": 1}]}]
    assert message == {"version": "9.0", "device": "m", "path": ["gw"], "datastreams": datastreams}


def random_value(choice: random.Random) -> object:
    letters = ["a", '"', "\\", "/", "\n", "\x01", "é", "漢", "😀"]
    text = "".join(choice.choice(letters) for _ in range(choice.randrange(9)))
    return choice.choice([
        choice.random() < 0.5,
        choice.randrange(-(2**63), 2**64),
        choice.uniform(-1, 1) * 10.0 ** choice.randrange(-300, 300),
        text,
        choice.randbytes(choice.randrange(5)),
        [choice.randrange(-(2**63), 2**63) for _ in range(choice.randrange(4))],
        [choice.uniform(-1e9, 1e9) for _ in range(choice.randrange(1, 4))],
        [choice.random() < 0.5 for _ in range(choice.randrange(1, 4))],
        [text] * choice.randrange(1, 3),
        {"k": text, "n": [None, 1, {"x": 2.5}]},
    ])


def test_random_groups_read_back_as_they_went_in() -> None:
    choice = random.Random(6455)
    for _ in range(500):
        values = {f"tag{n}": random_value(choice) for n in range(choice.randrange(1, 30))}
        errors = {f"bad{n}": choice.randrange(1, 2**31) for n in range(choice.randrange(3))}
        expected = {name: list(value) if isinstance(value, bytes) else value for name, value in values.items()}
        message = json.loads(neuron_ws.encode("values", "plc1", "fast", values, errors=errors, timestamp=NOW))
        assert message == {
            "node": "plc1", "group": "fast", "timestamp": NOW, "values": expected, "errors": errors, "metas": {},
        }
        assert list(message["values"]) == list(values)
        tags = json.loads(neuron_ws.encode("tags", "plc1", "fast", values, errors=errors, timestamp=NOW))["tags"]
        assert {tag["name"]: tag["value"] for tag in tags if "value" in tag} == expected
        assert {tag["name"]: tag["error"] for tag in tags if "error" in tag} == errors


def test_a_large_group_grows_the_buffer() -> None:
    values = {f"tag{n}": n for n in range(100_000)}
    assert json.loads(neuron_ws.encode("values", "m", "g", values))["values"] == values


def test_the_settings_form_is_json() -> None:
    form = json.loads(neuron_ws.settings_schema())
    assert "url" in json.dumps(form) and isinstance(form, dict)


def test_values_from_foreign_number_types() -> None:
    from decimal import Decimal

    assert values_of(i=ctypes.c_int(5).value, d=Decimal("1.5")) == {"i": 5, "d": 1.5}
