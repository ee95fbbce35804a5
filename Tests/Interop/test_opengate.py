# SPDX-License-Identifier: Apache-2.0
"""Whole sessions with a platform such as OpenGate: uploads and every operation in every outcome."""

from __future__ import annotations

import json
from typing import Any, Optional

import foreign
import neuron_ws
import pytest
from opengate import JSON, Platform
from opengate_agent import NOW, STEPS, Agent, session, step, variable

pytestmark = pytest.mark.usefixtures("no_leaks")


def response(number: str, name: str, steps: list[JSON], **members: Any) -> JSON:
    return {"id": number, "deviceId": "gateway1", "path": [], "name": name, "resultCode": "SUCCESSFUL",
            "resultDescription": "No Error.", "steps": steps, **members}


# ----------------------------------------------------------------------------------------------------------------------
# Access and uploads


def test_id_and_key_are_percent_encoded_and_the_key_is_told_nowhere() -> None:
    odd = "a/b&c=d+e%f?gü"
    with session(**{"device-id": odd}) as (platform, agent):
        assert platform.resources == [
            "/south/v80/sessions/a%2Fb%26c%3Dd%2Be%25f%3Fg%C3%BC?X-ApiKey=k%26e%2By%3D1%25%3F%2F%C3%BC"]
        agent.node.poll()
        state = agent.node.state
        told = [*agent.log, state.message, state.url, agent.node.metrics_text()]
        assert not [text for text in told if "k&e" in text or "k%26e" in text]
        assert state.url.endswith("?X-ApiKey=…"), state.url


def test_the_key_goes_as_a_header() -> None:
    with session(**{"api-key-in": "header", "api-key": "plain"}) as (platform, _):
        assert platform.resources == ["/south/v80/sessions/gateway1"] and platform.keys == ["plain"]


@pytest.mark.parametrize("reduced", [False, True])
def test_uploads_of_the_gateway_and_of_a_lower_device(reduced: bool) -> None:
    with session(reduced=reduced) as (platform, agent):
        for device in ("gateway1", "plc1"):
            agent.node.push(device, "fast", {"t": 1.5}, errors={"u": 2014}, timestamp=NOW)
        foreign.wait_until(lambda: len(platform.uploads()) == 2, 30)
    point = {"value": 1.5} if reduced else {"at": NOW, "value": 1.5}
    rest = {"datastreams": [{"id": "t", "feed": "fast", "datapoints": [point]}], "errors": [{"id": "u", "error": 2014}]}
    lower: JSON = {"device": "plc1"} if reduced else {"device": "plc1", "path": ["gateway1"]}
    own: JSON = {} if reduced else {"device": "gateway1"}
    assert platform.uploads() == [{"version": "9.0", **own, **rest}, {"version": "9.0", **lower, **rest}]


def test_values_with_a_publishing_time_are_gathered() -> None:
    with session(**{"opengate-publish": {"t": 0.3, "slow": 600}}) as (platform, agent):
        for number in range(3):
            agent.node.push("plc1", "fast", {"t": number, "now": number, "slow": number}, timestamp=NOW + number)

        def streams() -> dict[str, list[JSON]]:
            found: dict[str, list[JSON]] = {}
            for upload in platform.uploads():
                for stream in upload["datastreams"]:
                    found.setdefault(stream["id"], []).extend(stream["datapoints"])
            return found

        points = [{"at": NOW + number, "value": number} for number in range(3)]
        foreign.wait_until(lambda: streams().get("t") == points and streams().get("now") == points, 30)
        assert "slow" not in streams()
        assert agent.node.push("plc1", "fast", {"slow": 3}, timestamp=NOW + 3) == 0
        # A flush waits until all that was pushed before has gone.
        agent.node.flush(timeout=30)
        foreign.wait_until(lambda: len(streams().get("slow", [])) == 4, 30)
        assert [len(upload["datastreams"]) for upload in platform.uploads()][:3] == [1, 1, 1]


# ----------------------------------------------------------------------------------------------------------------------
# Operations

NEW_GET = {"variableList": ["temperature", "nothing", "temperature"]}
OLD_GET = [{"name": "variableList", "value": {"array": [
    {"variableName": "temperature"}, {"variableName": "nothing"}, {"variableName": "temperature"}]}}]


@pytest.mark.parametrize("parameters", [NEW_GET, OLD_GET])
def test_get_answers_each_variable_once(parameters: object) -> None:
    with session() as (platform, agent):
        number = platform.ask("GET_DEVICE_PARAMETERS", parameters)
        variables = [
            variable("temperature", variableValue=21.5, resultCode="SUCCESS", resultDescription="SUCCESS"),
            variable("nothing", resultCode="NON_EXISTENT", resultDescription="No datastream found")]
        assert platform.answer(number, agent.pump) == response(number, "GET_DEVICE_PARAMETERS", [
            {**step("GET_DEVICE_PARAMETERS"), "response": variables}])
        assert platform.messages[-1]["version"] == "9.0"


NEW_SET = {"variableList": [{"name": "valve", "value": True}, {"name": "pressure", "value": 17}]}
OLD_SET = [{"name": "variableList", "value": {"array": [
    {"variableName": "valve", "variableValue": True}, {"variableName": "pressure", "variableValue": 17}]}}]


@pytest.mark.parametrize("parameters", [NEW_SET, OLD_SET])
def test_set_says_of_each_variable_what_became_of_it(parameters: object) -> None:
    with session() as (platform, agent):
        number = platform.ask("SET_DEVICE_PARAMETERS", parameters, deviceId="plc1", path=["gateway1"])
        variables = [
            variable("valve", resultCode="SUCCESS"),
            variable("pressure", resultCode="ERROR", resultDescription="it is a sensor")]
        assert platform.answer(number, agent.pump) == response(
            number, "SET_DEVICE_PARAMETERS", [{**step("SET_DEVICE_PARAMETERS"), "response": variables}],
            deviceId="plc1", path=["gateway1"])
        assert agent.values["valve"] is True and agent.seen[0].driver == "plc1"


@pytest.mark.parametrize("parameters", [None, [], {}])
def test_refresh_info_answers_and_publishes(parameters: object) -> None:
    with session() as (platform, agent):
        number = platform.ask("REFRESH_INFO", parameters)
        answer = platform.answer(number, agent.pump)
        assert answer["resultCode"] == "SUCCESSFUL" and len(answer["steps"][0]["response"]) == 3
        assert answer["steps"][0]["response"][0] == variable(
            "temperature", variableValue=[
                {"datastreamId": "temperature", "feed": "fast", "status": "OK", "at": NOW, "value": 21.5}],
            resultCode="SUCCESS", resultDescription="SUCCESS")
        foreign.wait_until(lambda: len(platform.uploads()) == 1, 30)
        assert platform.uploads()[0] == {"version": "9.0", "device": "gateway1", "datastreams": [
            {"id": name, "feed": "fast", "datapoints": [{"at": NOW, "value": value}]}
            for name, value in agent.values.items()]}


@pytest.mark.parametrize(("name", "parameters"), [
    ("SET_CLOCK_EQUIPMENT", {"datetime": {"date": "2026-01-01", "time": "10:00", "timezone": 1, "dst": 0}}),
    ("SYNCHRONIZE_CLOCK", {"source": "ntp"}), ("DISCOVER", None),
])
def test_handed_over_ones_are_answered_by_the_host(name: str, parameters: object) -> None:
    with session() as (platform, agent):
        number = platform.ask(name, parameters)
        assert platform.answer(number, agent.pump) == response(number, name, [step(name)])
        if parameters is not None:
            assert json.loads(agent.seen[0].json)["operation"]["request"]["parameters"] == parameters


def test_outcomes_that_are_no_success() -> None:
    with session() as (platform, agent):
        number = platform.ask("unknown")
        assert platform.answer(number, agent.pump) == response(
            number, "unknown", [], resultCode="NOT_SUPPORTED",
            resultDescription="Operation not supported by the device")
        number = platform.ask("broken", {"any": "object"})
        assert platform.answer(number, agent.pump) == response(
            number, "broken", [], resultCode="ERROR_PROCESSING", resultDescription="the machine is broken")
        number = platform.ask("later", deviceId="plc9", path=["gateway1"])
        foreign.wait_until(lambda: agent.pump() or agent.seen[-1].action == "later", 30)
        agent.seen[-1].reply_error(2003)
        lower = "Unable to send operation to lower levels"
        assert platform.answer(number) == response(
            number, "later", [step("later", "ERROR", lower)], resultCode="ERROR_PROCESSING", resultDescription=lower,
            deviceId="plc9", path=["gateway1"])


def test_steps_go_out_one_by_one_across_a_reconnection() -> None:
    with session() as (platform, agent):
        agent.node.on_request = agent.seen.append
        number = platform.ask("UPDATE", {"bundleName": "b", "bundleVersion": "1", "deploymentElements": []})
        foreign.wait_until(lambda: agent.pump() or agent.seen, 30)
        request = agent.seen[0]
        request.progress([step(STEPS[0])])
        foreign.wait_until(lambda: len(platform.responses(number)) == 1, 30)
        platform.close_session()
        request.progress([step(name) for name in STEPS[:2]])
        foreign.wait_until(lambda: agent.pump() or len(platform.resources) == 2, 30)
        # It asks again after the reconnection: the operation is not begun twice.
        foreign.wait_until(lambda: len(platform.responses(number)) >= 2, 30)
        platform.ask("UPDATE", {"bundleName": "b"}, id=number)
        foreign.wait_until(lambda: agent.pump() or any("asked for again" in line for line in agent.log), 30)
        assert len(agent.seen) == 1
        with pytest.raises(neuron_ws.InvalidArgument):
            request.progress([{"name": "x", "result": "FINE"}])
        request.reply_steps([step(name) for name in STEPS])
        assert platform.answer(number, agent.pump) == response(number, "UPDATE", [step(name) for name in STEPS])
        partial = platform.responses(number)[0]
        assert partial == {
            "id": number, "deviceId": "gateway1", "path": [], "name": "UPDATE", "steps": [step(STEPS[0])]}


def test_a_reboots_partial_names_no_device_and_its_end_comes_by_id() -> None:
    with Platform() as platform:
        agent = Agent(platform)
        agent.node.on_request = agent.seen.append
        number = platform.ask("REBOOT_EQUIPMENT")
        foreign.wait_until(lambda: agent.pump() or agent.seen, 30)
        agent.seen[0].progress([step("REBOOT_EQUIPMENT")])
        foreign.wait_until(lambda: platform.responses(number), 30)
        assert platform.responses(number) == [
            {"id": number, "name": "REBOOT_EQUIPMENT", "steps": [step("REBOOT_EQUIPMENT")]}]
        agent.seen[0].drop()
        agent.node.close()
        agent = Agent(platform)
        agent.node.reply({"id": number, "name": "REBOOT_EQUIPMENT", "resultCode": "SUCCESSFUL"})
        assert platform.answer(number) == response(number, "REBOOT_EQUIPMENT", [step("REBOOT_EQUIPMENT")])
        with pytest.raises(neuron_ws.InvalidArgument, match="name"):
            agent.node.reply({"id": number, "resultCode": "SUCCESSFUL"})
        agent.node.close()


def test_an_answer_by_id_settles_the_request_that_waits() -> None:
    with session() as (platform, agent):
        agent.node.on_request = agent.seen.append
        number = platform.ask("custom")
        foreign.wait_until(lambda: agent.pump() or agent.seen, 30)
        agent.node.reply({"id": number, "name": "custom", "error": 0})
        assert platform.answer(number)["resultCode"] == "SUCCESSFUL"
        with pytest.raises(neuron_ws.NotFound):
            agent.seen[0].reply_steps()


# ----------------------------------------------------------------------------------------------------------------------
# Bad input


def test_a_host_that_never_answers_and_one_that_answers_too_late() -> None:
    with session(**{"request-timeout": 1}) as (platform, agent):
        agent.node.on_request = agent.seen.append
        number = platform.ask("custom")
        answer = platform.answer(number, agent.pump)
        reason = "the gateway did not answer in time (setting request-timeout)"
        assert answer == response(
            number, "custom", [step("custom", "ERROR", reason)], resultCode="ERROR_PROCESSING",
            resultDescription=reason)
        with pytest.raises(neuron_ws.NotFound):
            agent.seen[0].reply_steps()


@pytest.mark.parametrize(("name", "parameters", "says"), [
    (None, None, "name"),
    ("GET_DEVICE_PARAMETERS", None, "variableList"),
    ("GET_DEVICE_PARAMETERS", {"variableList": []}, "at least one"),
    ("GET_DEVICE_PARAMETERS", {"variableList": "x"}, "an array"),
    ("GET_DEVICE_PARAMETERS", {"variableList": [None]}, "name"),
    ("SET_DEVICE_PARAMETERS", {"variableList": ["x"]}, "an object"),
    ("SET_DEVICE_PARAMETERS", {"variableList": [{"name": "x"}]}, "value"),
    ("SET_DEVICE_PARAMETERS", {"variableList": [{"name": "x", "value": None}]}, "null"),
    ("custom", 5, "an object"),
])
def test_what_makes_no_sense_is_answered_with_a_reason(
    name: Optional[str], parameters: object, says: str
) -> None:
    with session() as (platform, agent):
        answer = platform.answer(platform.ask(name, parameters), agent.pump)
        assert answer["resultCode"] == "ERROR_IN_PARAM" and answer["steps"] == []
        assert says in answer["resultDescription"] and not agent.seen


def test_documents_that_are_none() -> None:
    with session() as (platform, agent):
        nested = "[" * 200 + "]" * 200
        for text in (
            '{"operation":{"request":{"id":"a","name":"custom","parameters":{"x":' + nested + "}}}}",
            '{"operation":{"request":{"id":"b","name":"custom",}}}',
            '{"operation":{"request":{"id":"c","name":"custom"',
            '{"operation":{"request":{"id":7,"name":"custom"}}}',
        ):
            platform.send(text)
        for number in ("a", "b", "c", 7):
            assert platform.answer(number, agent.pump)["resultCode"] == "ERROR_IN_PARAM"
        malformed = agent.node.metrics.requests_malformed
        for text in (
            '{"operation":{"request":{"name":"custom"}}}', '{"operation":{"request":{"id":null,"name":"custom"}}}',
            '{"operation":null}', '{"operation":{}}', '{"operation":{"request":[]}}',
        ):
            platform.send(text)
        foreign.wait_until(lambda: agent.pump() or agent.node.metrics.requests_malformed == malformed + 5, 30)
        # Our own answers, sent back, start no dialogue.
        for message in list(platform.messages):
            platform.send(message)
        number = platform.ask("DISCOVER")
        platform.answer(number, agent.pump)
        assert agent.node.metrics.requests_malformed == malformed + 5


def test_ten_thousand_variables() -> None:
    with session() as (platform, agent):
        names = [f"v{number}" for number in range(10_000)]
        number = platform.ask("GET_DEVICE_PARAMETERS", {"variableList": names + names})
        variables = platform.answer(number, agent.pump)["steps"][0]["response"]
        assert len(variables) == 10_000 and variables[-1]["variableName"] == "v9999"
        writes = [{"name": name, "value": 1} for name in names]
        number = platform.ask("SET_DEVICE_PARAMETERS", {"variableList": writes})
        variables = platform.answer(number, agent.pump)["steps"][0]["response"]
        assert len(variables) == 10_000 and {entry["resultCode"] for entry in variables} == {"ERROR"}


def test_the_same_id_twice_at_once_is_done_once() -> None:
    with session() as (platform, agent):
        agent.node.on_request = agent.seen.append
        platform.ask("custom", id="same")
        platform.ask("custom", id="same")
        foreign.wait_until(lambda: agent.pump() or agent.node.metrics.requests_received == 2, 30)
        agent.seen[0].reply_steps()
        assert platform.answer("same", agent.pump)["resultCode"] == "SUCCESSFUL" and len(agent.seen) == 1


@pytest.mark.parametrize(("policy", "taken"), [("none", []), ("read", ["DISCOVER"]), ("all", ["DISCOVER", "UPDATE"])])
def test_the_policy_holds_for_operations(policy: str, taken: list[str]) -> None:
    with session(**{"allow-requests": policy}) as (platform, agent):
        for name in ("DISCOVER", "UPDATE"):
            answer = platform.answer(platform.ask(name), agent.pump)
            assert answer["resultCode"] == ("SUCCESSFUL" if name in taken else "ERROR_PROCESSING")
            if name not in taken:
                assert "allow-requests" in answer["resultDescription"]
        assert [request.action for request in agent.seen] == taken


def test_a_host_that_takes_nothing_answers_not_supported() -> None:
    with Platform() as platform:
        settings = {"url": platform.url, "format": 5, "device-id": "g", "api-key": "k", "allow-requests": "all"}
        with neuron_ws.Node("silent", settings) as node:
            foreign.wait_until(lambda: node.state.link, 30)
            number = platform.ask("DISCOVER")
            assert platform.answer(number)["resultCode"] == "NOT_SUPPORTED"
