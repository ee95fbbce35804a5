# SPDX-License-Identifier: Apache-2.0
"""`neuron-ws explain` knows every number of the header, every code of the gateway and every close code."""

from __future__ import annotations

import json
import re

import foreign
import pytest
import tool

HEADER = foreign.HEADER.read_text()
ABI = json.loads((foreign.ROOT / "Tests/Data/neuron-abi.json").read_text())


def explained(*words: object) -> list[dict[str, object]]:
    done = tool.run("explain", *words, "--json")
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def members(enumeration: str) -> dict[str, int]:
    inside = re.search(rf"NEURON_WS_ENUM\({enumeration}\){{(.*?)NEURON_WS_ENUM_END", HEADER, re.S)
    assert inside
    plain = re.sub(r"/\*.*?\*/", "", inside[1], flags=re.S)
    return {name: int(number) for name, number in re.findall(r"(NEURON_WS_\w+) = (\d+)", plain)}


ENUMERATIONS = ["status", "phase", "reason", "tls_failure", "outcome", "level"]


@pytest.mark.parametrize("enumeration", [f"neuron_ws_{name}" for name in ENUMERATIONS])
def test_the_headers_names_are_explained(enumeration: str) -> None:
    found = members(enumeration)
    assert len(found) > 4
    for name, number in found.items():
        (explanation,) = [one for one in explained(name) if one["name"] == name]
        assert explanation["number"] == number
        assert str(explanation["meaning"]).endswith(".") and str(explanation["advice"]).endswith(".")


def gateway_codes() -> dict[str, int]:
    codes = dict(re.findall(r'"(NEU_ERR_\w+)": (\d+)', json.dumps(ABI)))
    return {name: int(number) for name, number in codes.items() if not name.startswith("NEU_ERR_PLUGIN_ERROR_")}


def test_the_gateways_codes_are_explained() -> None:
    codes = gateway_codes()
    assert len(codes) > 100
    for name, number in list(codes.items()):
        if number in (0, 1001, 1022, 2003, 3002, 3015, 4007) or number % 10 == 3:
            assert name in [one.get("name") for one in explained(number)], number
            assert [one["number"] for one in explained(name) if one["name"] == name] == [number]


def test_close_codes_and_http_codes() -> None:
    for code in [*range(1000, 1004), *range(1005, 1016)]:
        assert "a close code of RFC 6455" in [one["kind"] for one in explained(code)], code
    for code in (401, 403, 404, 426, 429, 503):
        assert any("HTTP" in str(one["kind"]) for one in explained(code)), code
    assert any("server's own" in str(one["kind"]) for one in explained(4321))
    assert any("driver's own" in str(one["kind"]) for one in explained(12345))


@pytest.mark.parametrize("word", ["NEURON_WS_QUEUE_FULL", "queue_full", "queue-full", "Queue-Full"])
def test_names_are_found_however_they_are_written(word: str) -> None:
    done = tool.run("explain", word)
    assert done.returncode == 0
    assert done.stdout.startswith("7  NEURON_WS_QUEUE_FULL, a status of neuron_ws.h\n")


@pytest.mark.parametrize(
    "word, says", [("queue-ful", "did you mean queue_full?"), ("99999", "manual"), ("\x1b[31m", "\\u001b")])
def test_what_is_unknown_is_said_so(word: str, says: str) -> None:
    done = tool.run("explain", word)
    assert done.returncode == 1
    assert says in done.stderr and "\x1b" not in done.stderr


def test_two_meanings_are_told_both() -> None:
    shown = tool.run("explain", "1008").stdout
    assert "an error code of the gateway" in shown and "a close code of RFC 6455" in shown
