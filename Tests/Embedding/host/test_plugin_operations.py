# SPDX-License-Identifier: Apache-2.0
"""Operations of OpenGate: what of them reaches the drivers, and what the platform is answered."""

from __future__ import annotations

import json
from typing import Any, Optional

import pytest

from hosting import Host, foreign
from test_plugin_data import Server, begin
from test_plugin_requests import ask, asked

OPENGATE = {"format": 5, "device-id": "gateway1", "api-key": "k"}
NON_EXISTENT = {"resultCode": "NON_EXISTENT", "resultDescription": "No datastream found"}


def operate(server: Server, name: str, variables: object = None, device: Optional[str] = "driver") -> Any:
    request: dict[str, object] = {"id": "1", "name": name, "path": ["gateway1"]}
    if device is not None:
        request["deviceId"] = device
    if variables is not None:
        request["parameters"] = {"variableList": variables}
    answer = ask(server, {"operation": {"request": request}})[0]
    response = answer["operation"]["response"]
    assert (response["id"], response["name"], response["deviceId"]) == ("1", name, device or "gateway1")
    return response


def variables(response: Any) -> dict[str, Any]:
    (step,) = response["steps"]
    return {entry.pop("variableName"): entry for entry in step["response"]}


def write(name: str, value: object) -> dict[str, object]:
    return {"name": name, "value": value}


def test_variables_are_read_and_written(host: Host, server: Server) -> None:
    begin(host, server, **OPENGATE)
    response = operate(server, "GET_DEVICE_PARAMETERS", ["group/tag0", "group/tag1"])
    assert response["resultCode"] == "SUCCESSFUL"
    assert [entry["variableName"] for entry in response["steps"][0]["response"]] == ["group/tag0", "group/tag1"]
    response = operate(server, "SET_DEVICE_PARAMETERS", [write("each/a", 1), write("each/b", 2)])
    assert [entry["resultCode"] for entry in response["steps"][0]["response"]] == ["SUCCESS", "NON_EXISTENT"]
    response = operate(server, "SET_DEVICE_PARAMETERS", [write("group/a", 1)])
    assert response["steps"][0]["response"] == [{"variableName": "group/a", "resultCode": "SUCCESS"}]
    assert asked(
        host, "read driver group 2", "writes driver each 2 type 7 1", "write driver group a type 7 1")


def test_what_is_no_success_is_answered(host: Host, server: Server) -> None:
    begin(host, server, **OPENGATE)
    for name, names in (
        ("GET_DEVICE_PARAMETERS", ["group/tag0"]), ("SET_DEVICE_PARAMETERS", [write("g/a", 1)]),
        ("SET_DEVICE_PARAMETERS", [write("g/a", 1), write("g/b", 1)]),
    ):
        response = operate(server, name, names, device="nodriver")
        assert response["resultCode"] == "ERROR_PROCESSING"
        assert response["resultDescription"] == "Unable to send operation to lower levels"
    assert operate(server, "UPDATE")["resultCode"] == "NOT_SUPPORTED"


def test_a_group_that_is_not_there_costs_its_variables_alone(host: Host, server: Server) -> None:
    begin(host, server, **OPENGATE)
    response = operate(server, "GET_DEVICE_PARAMETERS", ["absent/x", "group/tag0", "nothing/y"])
    found = variables(response)
    assert found["group/tag0"]["resultCode"] == "SUCCESS"
    assert found["absent/x"] == NON_EXISTENT and found["nothing/y"] == NON_EXISTENT
    found = variables(operate(server, "SET_DEVICE_PARAMETERS", [write("absent/x", 1), write("group/y", 1)]))
    assert found["absent/x"]["resultCode"] == "NON_EXISTENT" and found["group/y"] == {"resultCode": "SUCCESS"}


def test_refresh_info_reads_all_subscribed_groups_and_publishes(host: Host, server: Server) -> None:
    begin(host, server, **OPENGATE)
    for driver, group in (("plc", "slow"), ("plc", "fast"), ("other", "fast")):
        assert host.do(f"subscribe {driver} {group}") == "0"
    before = len(server.messages)
    server.send(json.dumps({"operation": {"request": {"id": "1", "name": "REFRESH_INFO", "deviceId": "plc"}}}))
    answer, upload = (json.loads(text) for text in server.wait_for(before + 2)[before:])
    found = variables(answer["operation"]["response"])
    assert list(found) == ["tag0", "tag1", "tag2"]
    assert [(value["feed"], value["status"]) for value in found["tag1"]["variableValue"]] == [
        ("fast", "OK"), ("slow", "OK")]
    assert upload["device"] == "plc" and upload["path"] == ["gateway1"]
    streams = [(stream["feed"], stream["id"]) for stream in upload["datastreams"]]
    assert streams == [(group, f"tag{number}") for group in ("fast", "slow") for number in range(3)]
    assert asked(host, "read plc fast 0", "read plc slow 0")
    # Of the gateway itself, by its own name or by none.
    host.lines.clear()
    assert host.do("subscribe gateway1 own") == "0"
    assert variables(operate(server, "REFRESH_INFO", device=None))
    assert asked(host, "read gateway1 own 0")


def test_refresh_info_of_a_device_without_subscriptions_says_so(host: Host, server: Server) -> None:
    begin(host, server, **OPENGATE)
    for name, names in (("REFRESH_INFO", None), ("GET_DEVICE_PARAMETERS", ["tag0"])):
        response = operate(server, name, names, device="unknown")
        assert response["resultCode"] == "ERROR_PROCESSING" and "subscribed" in response["resultDescription"]
    assert asked(host)


def test_names_without_a_group_are_looked_for_in_the_subscribed_ones(host: Host, server: Server) -> None:
    begin(host, server, **OPENGATE)
    for group in ("a", "b"):
        assert host.do(f"subscribe plc {group}") == "0"
    response = operate(server, "GET_DEVICE_PARAMETERS", ["in-b-x", "both", "a/both", "in-c-z"], device="plc")
    found = variables(response)
    assert found["in-b-x"]["resultCode"] == found["a/both"]["resultCode"] == "SUCCESS"
    assert found["both"]["resultCode"] == "ERROR" and "a, b" in found["both"]["resultDescription"]
    assert found["in-c-z"] == NON_EXISTENT
    assert asked(host, "read plc a 4", "read plc b 3")
    host.lines.clear()
    writes = [write("in-b-x", 7), write("both", 1), write("in-c-z", 2), write("a/y", 3), write("in-a-v", 4)]
    found = variables(operate(server, "SET_DEVICE_PARAMETERS", writes, device="plc"))
    assert found["in-b-x"] == found["a/y"] == found["in-a-v"] == {"resultCode": "SUCCESS"}
    assert found["both"]["resultCode"] == "ERROR" and "group/tag" in found["both"]["resultDescription"]
    assert found["in-c-z"]["resultCode"] == "NON_EXISTENT" and "group/tag" in found["in-c-z"]["resultDescription"]
    assert asked(host, "read plc a 4", "read plc b 4", "writes plc a 2 type 7 4", "write plc b in-b-x type 7 7")


def test_in_the_only_subscribed_group_a_tag_need_not_be_looked_for(host: Host, server: Server) -> None:
    begin(host, server, **OPENGATE)
    assert host.do("subscribe plc one") == "0"
    found = variables(operate(server, "SET_DEVICE_PARAMETERS", [write("x", 1), write("two/y", 2)], device="plc"))
    assert set(map(str, found.values())) == {"{'resultCode': 'SUCCESS'}"}
    assert asked(host, "write plc one x type 7 1", "write plc two y type 7 2")


def test_one_variable_that_fails_is_found_out(host: Host, server: Server) -> None:
    """A driver that takes no lists, or answers a list with one error, is given one tag at a time."""
    begin(host, server, **OPENGATE)
    writes = [write("single/a", 1), write("single/bad", 2), write("single/c", 3)]
    response = operate(server, "SET_DEVICE_PARAMETERS", writes)
    assert response["resultCode"] == "SUCCESSFUL"
    found = variables(response)
    assert found["single/a"] == found["single/c"] == {"resultCode": "SUCCESS"}
    assert found["single/bad"] == {"resultCode": "ERROR", "resultDescription": "error 3004 of the gateway"}
    assert asked(
        host, "writes driver single 3 type 7 1", "write driver single a type 7 1", "write driver single bad type 7 2",
        "write driver single c type 7 3")
    # What the gateway itself cannot take is the variable's fault alone, too.
    found = variables(operate(server, "SET_DEVICE_PARAMETERS", [write("group/a", "x" * 300), write("group/b", 1)]))
    assert found["group/b"] == {"resultCode": "SUCCESS"}
    assert found["group/a"]["resultCode"] == "ERROR" and "300 bytes" in found["group/a"]["resultDescription"]


def test_an_operation_of_many_groups_and_variables(host: Host, server: Server) -> None:
    begin(host, server, **OPENGATE)
    names = [f"g{number % 50:02}/t{number}" for number in range(10_000)]
    found = variables(operate(server, "GET_DEVICE_PARAMETERS", names))
    assert list(found) == names and {entry["resultCode"] for entry in found.values()} == {"SUCCESS"}
    found = variables(operate(server, "SET_DEVICE_PARAMETERS", [write(name, 1) for name in names]))
    assert list(found) == names and {entry["resultCode"] for entry in found.values()} == {"SUCCESS"}


@pytest.mark.parametrize("name", ["GET_DEVICE_PARAMETERS", "SET_DEVICE_PARAMETERS"])
def test_odd_names_do_no_harm(name: str, host: Host, server: Server) -> None:
    begin(host, server, **OPENGATE)
    assert host.do("subscribe driver only") == "0"
    odd = ["/x", "x/", "/", "//", "g" * 200 + "/t", "t" * 300, "a/b/c", "ü/ü"]
    found = variables(operate(server, name, odd if name.startswith("GET") else [write(each, 1) for each in odd]))
    assert list(found) == odd and found["a/b/c"]["resultCode"] == "SUCCESS"


def test_operations_under_way_when_the_node_goes(program: Any) -> None:
    """Of a host that is slow, refuses some, forgets some: each is answered, refused or dropped, and nothing leaks."""
    with Server() as server, Host(program) as host:
        for _ in range(3):
            connections = server.connections
            begin(host, server, **OPENGATE)
            host.do("polite 0")
            for group in ("a", "b", "each", "single"):
                host.do(f"subscribe plc {group}")
            foreign.wait_until(lambda: server.connections == connections + 1)
            for number in range(60):
                request: dict[str, object] = {"id": str(number), "deviceId": "plc", "name": "REFRESH_INFO"}
                if number % 3 != 0:
                    writes = [write(each, 1) for each in ("x", "in-a-y", "each/v", "each/w", "single/u", "single/bad")]
                    request["name"] = "SET_DEVICE_PARAMETERS"
                    request["parameters"] = {"variableList": writes}
                server.send(json.dumps({"operation": {"request": request}}))
            foreign.wait_until(lambda: host.number("commands") > 20)
            host.do("delete")
