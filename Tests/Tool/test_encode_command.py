# SPDX-License-Identifier: Apache-2.0
"""`neuron-ws encode` over the vectors of the contract, and over lines that are none."""

from __future__ import annotations

import json
import struct
from decimal import Decimal
from typing import Any

import foreign
import pytest
import tool

VECTORS = json.loads((foreign.ROOT / "Tests/Data/encode-vectors.json").read_text())


def ordered(text: str) -> Any:
    """JSON with the order of members, and with numbers as they are written."""
    return json.loads(text, object_pairs_hook=lambda pairs: ("object", pairs), parse_float=Decimal)


def as_float32(number: Any) -> float:
    return struct.unpack("f", struct.pack("f", float(number)))[0]


def same(ours: Any, expected: Any, *, single: bool) -> bool:
    """Whether two JSON values are equal, order included; `single`: reals are compared as float32."""
    if isinstance(ours, bool) or isinstance(expected, bool) or ours is None or expected is None:
        return ours is expected
    if isinstance(ours, (int, Decimal)) and isinstance(expected, (int, Decimal)):
        if isinstance(ours, int) and isinstance(expected, int):
            return ours == expected
        return as_float32(ours) == as_float32(expected) if single else float(ours) == float(expected)
    if type(ours) is not type(expected):
        return False
    if isinstance(ours, (list, tuple)):
        return len(ours) == len(expected) and all(same(a, b, single=single) for a, b in zip(ours, expected))
    return bool(ours == expected)


def types_of(vector: dict[str, Any]) -> set[str]:
    return {tag.get("type", "") for tag in vector["input"].get("tags", [])}


@pytest.fixture(scope="module")
def answers() -> list[dict[str, Any]]:
    """What the tool says to all vectors, in one run."""
    asked = [{"format": v["format"], "input": v["input"]} for v in VECTORS]
    done = tool.run("encode", text=tool.lines(*asked))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_there_is_one_answer_for_each_line(answers: list[dict[str, Any]]) -> None:
    assert len(answers) == len(VECTORS) == 81


@pytest.mark.parametrize("index", range(len(VECTORS)), ids=[v["name"] for v in VECTORS])
def test_vector(answers: list[dict[str, Any]], index: int) -> None:
    vector, answer = VECTORS[index], answers[index]
    assert list(answer) == [vector["expect"]], answer
    if vector["expect"] == "message":
        message = answer["message"]
        expected = ordered(json.dumps(vector["message"]))
        single = bool(types_of(vector) & {"FLOAT", "ARRAY_FLOAT"})
        assert same(ordered(message), expected, single=single), message
        for text in vector.get("contains", []):
            assert text in message
    if "names ${" in vector["rule"]:
        assert "${nope}" in answer["rejected"]


def value(type_name: str, value: Any, **more: Any) -> dict[str, Any]:
    tag = {"name": "t", "type": type_name, "value": value, **more}
    return {"format": "values", "input": {"node": "n", "group": "g", "timestamp": 1, "tags": [tag]}}


def encode(*documents: Any) -> list[dict[str, Any]]:
    done = tool.run("encode", text=tool.lines(*documents))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_bad_lines_are_answered_in_their_place() -> None:
    good = value("INT32", 1)
    answers = encode(good, "{", good, "", "[]", good)
    assert ["message" in a for a in answers] == [True, False, True, False, False, True]
    assert answers[1]["rejected"].startswith("line is not JSON: ")
    assert answers[3]["rejected"].startswith("line is not JSON: ")
    assert "input" in answers[4]["rejected"]


@pytest.mark.parametrize(
    "type_name, bad",
    [
        ("INT8", 128), ("UINT8", -1), ("INT16", "0x8000"), ("UINT32", 2**32), ("UINT64", "18446744073709551616"),
        ("INT64", 1.5), ("BOOL", 2), ("DOUBLE", "many"), ("STRING", 1), ("BYTES", [256]), ("ARRAY_INT8", [1, 128]),
        ("ARRAY_STRING", ["a", 1]), ("STRINGS", "x"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_its_type_is_rejected(type_name: str, bad: Any) -> None:
    (answer,) = encode(value(type_name, bad))
    assert answer["rejected"].startswith('tag "t": ')


def test_a_group_in_values_format_is_taken_as_push_takes_it() -> None:
    (answer,) = encode({"format": "tags", "input": {"node": "n", "group": "g", "timestamp": 1, "values": {"t": 2.5}}})
    assert json.loads(answer["message"])["tags"] == [{"name": "t", "value": 2.5}]


def test_an_unknown_format_is_rejected() -> None:
    (answer,) = encode({**value("INT8", 1), "format": "xml"})
    assert answer == {"rejected": 'there is no format "xml"'}


@pytest.mark.parametrize("name", ["values", "values-format", "tags", "tags-format", "ecp", "ECP-format"])
def test_formats_have_short_and_long_names(name: str) -> None:
    (answer,) = encode({**value("INT8", 1), "format": name})
    assert "message" in answer


def test_custom_values_keep_their_numbers_and_their_order() -> None:
    document = {"z": 0.1, "a": [1, 2.5, 1e300, None, True], "m": {"x": "ü"}}
    (answer,) = encode(value("CUSTOM", document))
    expected = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    assert expected.replace("1e+300", "1e300") in answer["message"].replace("1e+300", "1e300")


def test_raw_bytes_in_a_text_become_replacement_characters() -> None:
    (answer,) = encode(value("STRING", [97, 255, 98]))
    assert json.loads(answer["message"])["values"] == {"t": "a\ufffdb"}


def test_a_message_larger_than_any_buffer_comes_whole() -> None:
    text = "x" * 1_000_000
    (answer,) = encode(value("STRING", text))
    assert json.loads(answer["message"])["values"] == {"t": text}


def test_the_answer_comes_before_the_next_question() -> None:
    """A program that talks line by line must not wait for a buffer to fill."""
    process = tool.start("encode", stdin=-1)
    assert process.stdin and process.stdout
    for _ in range(3):
        process.stdin.write(tool.lines(value("INT8", 1)))
        process.stdin.flush()
        assert "message" in json.loads(process.stdout.readline())
    process.communicate(timeout=10)
    assert process.returncode == 0
