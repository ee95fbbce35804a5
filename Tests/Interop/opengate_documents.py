# SPDX-License-Identifier: Apache-2.0
"""What a platform such as OpenGate takes: each document that a gateway sends, held against the contract."""

from __future__ import annotations

from typing import Any

JSON = dict[str, Any]

CODES = {
    "SUCCESSFUL", "ERROR_IN_PARAM", "NOT_SUPPORTED", "ERROR_PROCESSING", "ERROR_CREATING", "ALREADY_EXISTS",
    "OPERATION_PENDING", "ALREADY_IN_PROGRESS", "ERROR_TIMEOUT", "TIMEOUT_CANCELLED", "CANCELLED", "CANCELLED_INTERNAL"}
RESULTS = {"SUCCESSFUL", "ERROR", "SKIPPED", "NOT_EXECUTED"}
VARIABLES = {"SUCCESS", "ERROR", "NON_EXISTENT"}


def members(what: str, document: Any, must: list[str], may: list[str]) -> None:
    """It is an object of these members, in their order, none of them null; of those that may lack any."""
    assert isinstance(document, dict), f"{what} is no object: {document}"
    order = [name for name in may if name in document]
    assert list(document) == order and not set(must) - set(order), f"{what} has {list(document)}"
    assert all(document[name] is not None for name in document if name != "value"), f"{what} has a null: {document}"


def text(what: str, value: Any) -> None:
    assert isinstance(value, str), f"{what} is no text: {value!r}"


def integer(what: str, value: Any) -> None:
    assert isinstance(value, int) and not isinstance(value, bool), f"{what} is no integer: {value!r}"


def check(document: Any, reduced: bool = False) -> None:
    """Raises AssertionError with what is wrong."""
    if isinstance(document, dict) and "operation" in document:
        members("an answer", document, ["version", "operation"], ["version", "operation"])
        members("operation", document["operation"], ["response"], ["response"])
        check_response(document["operation"]["response"])
    else:
        check_upload(document, reduced)
    assert document["version"] == "9.0"


def check_upload(upload: Any, reduced: bool) -> None:
    must = ["version", "datastreams"] + ([] if reduced else ["device"])
    members("an upload", upload, must, ["version", "device", "path", "datastreams", "errors"])
    assert not (reduced and "path" in upload), "reduced, and has a path"
    for hop in upload.get("path", ["-"]):
        text("a hop of path", hop)
    assert upload["datastreams"] or upload.get("errors"), "an upload of nothing"
    seen = set()
    for stream in upload["datastreams"]:
        members("a datastream", stream, ["id", "datapoints"], ["id", "feed", "datapoints"])
        seen.add((stream["id"], stream.get("feed")))
        assert stream["datapoints"]
        for point in stream["datapoints"]:
            members("a datapoint", point, ["value"] + ([] if reduced else ["at"]), ["at", "value"])
            assert not reduced or "at" not in point
            if "at" in point:
                integer("at", point["at"])
    assert len(seen) == len(upload["datastreams"]), "a datastream twice"
    for error in upload.get("errors", []):
        members("an error", error, ["id", "error"], ["id", "error"])
        integer("error", error["error"])


def check_response(response: Any) -> None:
    is_partial = isinstance(response, dict) and "resultCode" not in response
    may = ["id", "deviceId", "path", "name", "resultCode", "resultDescription", "steps"]
    must = ["id", "steps"] + ([] if is_partial else ["deviceId", "path", "resultCode", "resultDescription"])
    members("a response", response, must, may)
    assert is_partial or response["resultCode"] in CODES, response["resultCode"]
    assert not is_partial or "resultDescription" not in response
    if is_partial:
        has_no_device = response["name"] == "REBOOT_EQUIPMENT"
        assert ("deviceId" not in response) == ("path" not in response) == has_no_device
    if "deviceId" in response:
        text("deviceId", response["deviceId"])
        assert isinstance(response["path"], list)
        for hop in response["path"]:
            text("a hop of path", hop)
    if response.get("resultCode") in ("NOT_SUPPORTED", "ERROR_IN_PARAM"):
        assert response["steps"] == []
    for step in response["steps"]:
        members("a step", step, ["name", "result", "description"], ["name", "result", "description", "response"])
        assert step["result"] in RESULTS
        for variable in step.get("response", []):
            check_variable(variable, response["name"])


def check_variable(variable: Any, operation: str) -> None:
    may = ["variableName", "variableValue", "resultCode", "resultDescription"]
    members("a variable", variable, ["variableName", "resultCode"], may)
    code = variable["resultCode"]
    assert code in VARIABLES
    if operation == "SET_DEVICE_PARAMETERS":
        assert "variableValue" not in variable
        assert ("resultDescription" in variable) == (code != "SUCCESS")
        return
    text("resultDescription", variable.get("resultDescription"))
    if operation == "GET_DEVICE_PARAMETERS":
        assert ("variableValue" in variable) == (code == "SUCCESS")
        return
    for value in variable["variableValue"]:
        may = ["datastreamId", "feed", "status", "at", "value", "error"]
        members("a value", value, ["datastreamId", "status", "at"], may)
        integer("at", value["at"])
        assert value["status"] in ("OK", "PROCESSING_ERROR") and ("value" in value) == (value["status"] == "OK")
