"""Operations of OpenGate: what of them reaches the drivers, and what the platform is answered."""

from __future__ import annotations

from typing import Any

from hosting import Host
from test_plugin_data import Server, begin
from test_plugin_requests import ask, asked

OPENGATE = {"format": 5, "device-id": "gateway1", "api-key": "k"}


def operate(server: Server, name: str, variables: object = None, device: str = "driver") -> Any:
    request: dict[str, object] = {"id": "1", "name": name, "deviceId": device, "path": ["gateway1"]}
    if variables is not None:
        request["parameters"] = {"variableList": variables}
    (answer,) = ask(server, {"operation": {"request": request}})
    response = answer["operation"]["response"]
    assert (response["id"], response["name"], response["deviceId"]) == ("1", name, device)
    return response


def test_variables_are_read_and_written(host: Host, server: Server) -> None:
    begin(host, server, **OPENGATE)
    response = operate(server, "GET_DEVICE_PARAMETERS", ["group/tag0", "group/tag1"])
    assert response["resultCode"] == "SUCCESSFUL"
    assert [entry["variableName"] for entry in response["steps"][0]["response"]] == ["group/tag0", "group/tag1"]
    writes = [{"name": "each/a", "value": 1}, {"name": "each/b", "value": 2}]
    response = operate(server, "SET_DEVICE_PARAMETERS", writes)
    assert [entry["resultCode"] for entry in response["steps"][0]["response"]] == ["SUCCESS", "NON_EXISTENT"]
    response = operate(server, "SET_DEVICE_PARAMETERS", [{"name": "group/a", "value": 1}])
    assert response["steps"][0]["response"] == [{"variableName": "group/a", "resultCode": "SUCCESS"}]
    assert asked(
        host, "read driver group 2", "writes driver each 2 type 7 1", "writes driver group 1 type 7 1")


def test_what_is_no_success_is_answered(host: Host, server: Server) -> None:
    begin(host, server, **OPENGATE)
    response = operate(server, "GET_DEVICE_PARAMETERS", ["group/tag0"], device="nodriver")
    assert response["resultCode"] == "ERROR_PROCESSING"
    assert response["resultDescription"] == "Unable to send operation to lower levels"
    for variables in (["tag0"], ["a/x", "b/x"], ["/x"], ["x/"]):
        response = operate(server, "GET_DEVICE_PARAMETERS", variables)
        assert response["resultCode"] == "ERROR_IN_PARAM" and "group/tag" in response["resultDescription"]
    assert operate(server, "UPDATE")["resultCode"] == "NOT_SUPPORTED"
