# SPDX-License-Identifier: Apache-2.0
"""Whole sessions with a platform such as OpenGate: every operation in every outcome, and operations across sessions.
The platform holds each document that comes against the contract."""

from __future__ import annotations

import http
import json
from typing import Any, Callable, Optional

import foreign
import neuron_ws
import pytest
from neuron_ws import Request
from opengate import JSON, Platform
from opengate_agent import NOW, STEPS, Agent, session, step, variable

pytestmark = pytest.mark.usefixtures("no_leaks")

LOWER = "Unable to send operation to lower levels"
PARAMETERS: dict[str, Any] = {
    "REFRESH_INFO": None, "GET_DEVICE_PARAMETERS": {"variableList": ["t", "u"]},
    "SET_DEVICE_PARAMETERS": {"variableList": [{"name": "t", "value": 1}, {"name": "u", "value": "x"}]},
    "SET_CLOCK_EQUIPMENT": {"datetime": {"date": "2026-01-01", "time": "10:00", "timezone": 1, "dst": 0}},
    "SYNCHRONIZE_CLOCK": {"source": "ntp"}, "DISCOVER": None, "REBOOT_EQUIPMENT": None,
    "UPDATE": {"bundleName": "b", "bundleVersion": "1", "deploymentElements": []},
    "anything else": {"x": [1, {"y": None}]}}
DEVICES: list[JSON] = [{}, {"deviceId": "", "path": None}, {"deviceId": "gateway1", "path": []},
                       {"deviceId": "plc1", "path": ["gateway1"]}]


def done(name: str) -> tuple[JSON, list[JSON]]:
    """What a host answers that has done it, and the steps that the platform gets."""
    if name == "GET_DEVICE_PARAMETERS":
        return {"tags": [{"name": "t", "value": 1.5}]}, [{**step(name), "response": [
            variable("t", variableValue=1.5, resultCode="SUCCESS", resultDescription="SUCCESS"),
            variable("u", resultCode="NON_EXISTENT", resultDescription="No datastream found")]}]
    if name == "SET_DEVICE_PARAMETERS":
        return {"tags": [{"name": "t", "error": 0}, {"name": "u", "error": 3, "reason": "no"}]}, [{
            **step(name), "response": [variable("t", resultCode="SUCCESS"),
                                       variable("u", resultCode="ERROR", resultDescription="no")]}]
    if name == "REFRESH_INFO":
        value = {"datastreamId": "t", "feed": "f", "status": "OK", "at": NOW, "value": 2}
        return {"groups": [{"group": "f", "timestamp": NOW, "tags": [{"name": "t", "value": 2}]}]}, [{
            **step(name), "response": [
                variable("t", variableValue=[value], resultCode="SUCCESS", resultDescription="SUCCESS")]}]
    if name == "UPDATE":
        return {"steps": [step(each) for each in STEPS]}, [step(each) for each in STEPS]
    return {"error": 0}, [step(name)]


def outcomes(name: str) -> list[tuple[JSON, str, str, list[JSON]]]:
    """Answers of a host, and what the platform gets: the code, its description, the steps."""
    answer, steps = done(name)
    not_supported = "Operation not supported by the device"
    own = [] if name == "anything else" else [step(name, "ERROR", "why")]
    return [
        (answer, "SUCCESSFUL", "No Error.", steps),
        ({"resultCode": "NOT_SUPPORTED"}, "NOT_SUPPORTED", not_supported, []),
        ({"resultCode": "ERROR_IN_PARAM", "resultDescription": "no"}, "ERROR_IN_PARAM", "no", []),
        ({"resultCode": "ERROR_PROCESSING", "resultDescription": "why"}, "ERROR_PROCESSING", "why", own),
        ({"error": 3002, "reason": "off"}, "ERROR_PROCESSING", "off", [step(name, "ERROR", "off")]),
        ({"error": 2003}, "ERROR_PROCESSING", LOWER, [step(name, "ERROR", LOWER)]),
        ({"resultCode": "ALREADY_IN_PROGRESS", "steps": [step("x", "SKIPPED"), step("y", "NOT_EXECUTED")]},
         "ALREADY_IN_PROGRESS", "ALREADY_IN_PROGRESS", [step("x", "SKIPPED"), step("y", "NOT_EXECUTED")])]


def test_a_whole_session() -> None:
    with session() as (platform, agent):
        for device in ("gateway1", "plc1"):
            agent.node.push(device, "fast", {"t": 1.5}, errors={"u": 2014}, timestamp=NOW)
        answers: list[JSON] = []
        agent.node.on_request = lambda request: request.reply(answers[-1])
        for name, parameters in PARAMETERS.items():
            for place, (answer, code, description, steps) in enumerate(outcomes(name)):
                answers.append(answer)
                members = DEVICES[place % len(DEVICES)]
                number = platform.ask(name, parameters, **members)
                assert platform.answer(number, agent.pump) == {
                    "id": number, "deviceId": members.get("deviceId") or "gateway1", "path": members.get("path") or [],
                    "name": name, "resultCode": code, "resultDescription": description, "steps": steps}
        foreign.wait_until(lambda: len(platform.uploads()) == 3, 30)
        assert [upload["device"] for upload in platform.uploads()] == ["gateway1", "plc1", "gateway1"]
        assert [upload.get("path") for upload in platform.uploads()] == [None, ["gateway1"], None]
        assert len(platform.messages) == 3 + len(answers) and len(answers) == 63


@pytest.mark.parametrize("document", [
    {"operation": {"request": {"name": "REFRESH_INFO", "parameters": [], "id": "5e6c7200-8831"}}},
    {"operation": {"request": {"name": "GET_DEVICE_PARAMETERS", "id": "3571cebe-8a8a", "parameters": [
        {"name": "variableList", "value": {"array": [{"variableName": "device.cpu.usage"}]}}]}}}])
def test_operations_as_oda_s_own_samples_have_them(document: JSON) -> None:
    with session() as (platform, agent):
        agent.values["device.cpu.usage"] = 7
        platform.send(document)
        request = document["operation"]["request"]
        answer = platform.answer(request["id"], agent.pump)
        assert (answer["deviceId"], answer["path"], answer["resultCode"]) == ("gateway1", [], "SUCCESSFUL")
        found = {entry["variableName"]: entry for entry in answer["steps"][0]["response"]}
        assert found["device.cpu.usage"]["resultCode"] == "SUCCESS"


# ----------------------------------------------------------------------------------------------------------------------
# Across sessions


def held(platform: Platform, agent: Agent, name: str, **members: object) -> tuple[str, Request]:
    agent.node.on_request = agent.seen.append
    count = len(agent.seen)
    number = platform.ask(name, **members)
    foreign.wait_until(lambda: agent.pump() or len(agent.seen) > count, 60)
    return number, agent.seen[-1]


def go_away(platform: Platform, agent: Agent) -> int:
    """The platform takes no sessions. How many there were."""
    platform.is_away = True
    count = len(platform.resources)
    platform.close_session()
    foreign.wait_until(lambda: not agent.is_open(), 60)
    return count


def come_back(platform: Platform, agent: Agent, count: int) -> None:
    platform.is_away = False
    foreign.wait_until(lambda: agent.pump() or len(platform.resources) > count, 60, "another session")


def test_all_steps_come_though_the_platform_was_away() -> None:
    with session() as (platform, agent):
        number, request = held(platform, agent, "UPDATE")
        request.progress([step(STEPS[0])])
        foreign.wait_until(lambda: len(platform.responses(number)) == 1, 60)
        count = go_away(platform, agent)
        for place in range(1, 5):
            request.progress([step(name) for name in STEPS[:place + 1]])
        come_back(platform, agent, count)
        request.reply_steps([step(name) for name in STEPS])
        platform.answer(number, agent.pump)
        partial = [len(response["steps"]) for response in platform.responses(number)]
        assert partial == [1, 2, 3, 4, 5, 5]


def test_hundreds_of_steps_keep_their_order_while_the_platform_is_away() -> None:
    with session() as (platform, agent):
        number, request = held(platform, agent, "UPDATE")
        count = go_away(platform, agent)
        for place in range(500):
            request.progress([step(str(place))])
        request.reply_steps([step("end")])
        come_back(platform, agent, count)
        platform.answer(number, agent.pump)
        names = [response["steps"][0]["name"] for response in platform.responses(number)]
        assert names == [*map(str, range(500)), "end"]


def test_what_was_answered_while_the_platform_was_away_is_not_done_again() -> None:
    with session() as (platform, agent):
        number, request = held(platform, agent, "UPDATE")
        count = go_away(platform, agent)
        request.reply_steps([step("done")])
        # It asks again first thing.
        platform.greetings = [{"operation": {"request": {"id": number, "name": "UPDATE"}}}]
        come_back(platform, agent, count)
        foreign.wait_until(lambda: agent.pump() or any("asked for again" in line for line in agent.log), 60)
        platform.answer(number, agent.pump)
        assert len(agent.seen) == 1 and {str(each) for each in platform.responses(number)} == {
            str(platform.answer(number))}


def test_another_operation_of_an_id_that_waits_is_answered_with_an_error() -> None:
    with session() as (platform, agent):
        number, request = held(platform, agent, "UPDATE")
        platform.ask("DISCOVER", id=number)
        foreign.wait_until(lambda: agent.pump() or platform.responses(number), 60)
        (error,) = platform.responses(number)
        assert (error["name"], error["resultCode"]) == ("DISCOVER", "ERROR_PROCESSING")
        assert error["steps"][0]["result"] == "ERROR" and "another operation with this id" in str(error)
        assert [each.action for each in agent.seen] == ["UPDATE"]
        request.reply_steps([step("done")])
        foreign.wait_until(lambda: agent.pump() or len(platform.responses(number)) == 2, 60)
        last = platform.responses(number)[1]
        assert (last["name"], last["resultCode"]) == ("UPDATE", "SUCCESSFUL")


def test_what_is_over_is_answered_as_before_in_another_session_and_done_anew_in_its_own() -> None:
    with session() as (platform, agent):
        number, request = held(platform, agent, "UPDATE")
        request.reply_steps([step("first")])
        platform.answer(number, agent.pump)
        count = go_away(platform, agent)
        come_back(platform, agent, count)
        platform.ask("UPDATE", id=number)
        foreign.wait_until(lambda: agent.pump() or len(platform.responses(number)) == 2, 60)
        assert len(agent.seen) == 1 and platform.responses(number)[0] == platform.responses(number)[1]
        # Of the same id, and another operation.
        held(platform, agent, "DISCOVER", id=number)[1].reply_steps()
        foreign.wait_until(lambda: agent.pump() or len(platform.responses(number)) == 3, 60)
        # Twice in one session is twice wanted.
        held(platform, agent, "DISCOVER", id=number)[1].reply_steps([step("second")])
        foreign.wait_until(lambda: agent.pump() or len(platform.responses(number)) == 4, 60)
        assert [each.action for each in agent.seen] == ["UPDATE", "DISCOVER", "DISCOVER"]


def test_what_was_answered_by_id_after_a_restart_is_not_done_again() -> None:
    with Platform() as platform:
        agent = Agent(platform)
        agent.node.on_request = agent.seen.append
        number, request = held(platform, agent, "REBOOT_EQUIPMENT")
        request.drop()
        agent.node.close()
        restarted = Agent(platform)
        restarted.node.on_request = restarted.seen.append
        restarted.node.reply({"id": number, "name": "REBOOT_EQUIPMENT", "error": 0})
        answer = platform.answer(number, restarted.pump)
        platform.ask("REBOOT_EQUIPMENT", id=number)
        foreign.wait_until(lambda: restarted.pump() or len(platform.responses(number)) == 2, 60)
        assert platform.responses(number) == [answer, answer] and not restarted.seen
        restarted.node.close()


def test_values_by_id_after_a_restart() -> None:
    with Platform() as platform:
        agent = Agent(platform)
        agent.node.reply({"id": "g", "name": "GET_DEVICE_PARAMETERS", "deviceId": "plc1", "path": ["gateway1"],
                          "tags": [{"name": "t", "value": 1}]})
        agent.node.reply({"id": "r", "name": "REFRESH_INFO", "tags": [{"name": "t", "group": "f", "value": 1}]})
        assert platform.answer("g", agent.pump)["steps"][0]["response"][0]["variableValue"] == 1
        assert platform.answer("r", agent.pump)["deviceId"] == "gateway1"
        foreign.wait_until(platform.uploads, 60)
        agent.node.close()


@pytest.mark.parametrize("written", [r'"a\/b"', r'"\u0061/b"', '"a/b"'])
def test_an_id_is_the_same_however_it_is_written(written: str) -> None:
    with session(**{"request-timeout": 1}) as (platform, agent):
        agent.node.on_request = agent.seen.append
        platform.send('{"operation":{"request":{"name":"x","id":' + written + '}}}')
        foreign.wait_until(lambda: agent.pump() or agent.seen, 60)
        platform.send('{"operation":{"request":{"name":"x","id":"a/b"}}}')
        foreign.wait_until(lambda: agent.pump() or agent.node.metrics.requests_received == 2, 60)
        agent.node.reply({"id": "a/b", "name": "x", "error": 0})
        platform.answer("a/b", agent.pump)
        # The time of what was answered is not over a second time.
        number = platform.ask("later")
        platform.answer(number, agent.pump)
        assert [request.action for request in agent.seen] == ["x", "later"]
        assert [each["resultCode"] for each in platform.responses("a/b")] == ["SUCCESSFUL"]


# ----------------------------------------------------------------------------------------------------------------------
# Hosts and platforms that err


@pytest.mark.parametrize(("name", "wrong"), [
    ("custom", {"resultCode": "FINE"}), ("custom", {"steps": [{"name": "x"}]}), ("custom", {}), ("custom", "[]"),
    ("GET_DEVICE_PARAMETERS", {"error": 0}), ("GET_DEVICE_PARAMETERS", {"tags": 5}),
    ("REFRESH_INFO", {"groups": [{"tags": []}]}), ("custom", "no JSON")])
def test_a_wrong_answer_is_refused_and_the_request_still_waits(name: str, wrong: Any) -> None:
    with session() as (platform, agent):
        agent.node.on_request = agent.seen.append
        number = platform.ask(name, PARAMETERS.get(name))
        foreign.wait_until(lambda: agent.pump() or agent.seen, 60)
        with pytest.raises((neuron_ws.InvalidArgument, neuron_ws.InvalidJSON)):
            agent.seen[0].reply(wrong)
        assert not platform.responses(number)
        agent.seen[0].reply_steps(code="CANCELLED")
        assert platform.answer(number, agent.pump)["resultCode"] == "CANCELLED"


def test_a_variable_is_taken_from_the_group_that_it_names() -> None:
    with session() as (platform, agent):
        agent.node.on_request = lambda request: request.reply(
            {"tags": [{"name": "t", "group": "a", "value": 1}, {"name": "t", "group": "b", "value": 2}]})
        answer = platform.answer(
            platform.ask("GET_DEVICE_PARAMETERS", {"variableList": ["a/t", "b/t", "t"]}), agent.pump)
        first, second, third = answer["steps"][0]["response"]
        assert (first["variableValue"], second["variableValue"], third["resultCode"]) == (1, 2, "ERROR")
        assert "a, b" in third["resultDescription"]


@pytest.mark.parametrize("send", [
    lambda text: text.encode(), lambda text: "\ufeff \r\n" + text + "\n", lambda text: "[" + text + "]"])
def test_operations_in_other_clothes(send: Callable[[str], Any]) -> None:
    """In a binary frame, behind a byte order mark and blanks, in an array."""
    with session() as (platform, agent):
        platform.send(send('{"operation":{"request":{"id":"1","name":"DISCOVER"}}}'))
        assert platform.answer("1", agent.pump)["resultCode"] == "SUCCESSFUL"


def test_a_session_that_ends_in_the_middle_of_an_operations_document() -> None:
    with session() as (platform, agent):
        count = len(platform.resources)
        platform.send_beginning('{"operation":{"request":{"id":"half","name":"DISC')
        foreign.wait_until(lambda: agent.pump() or len(platform.resources) > count, 60)
        number = platform.ask("DISCOVER")
        assert platform.answer(number, agent.pump)["resultCode"] == "SUCCESSFUL"
        assert not platform.responses("half") and len(agent.seen) == 1


@pytest.mark.parametrize("status", [http.HTTPStatus.FOUND, http.HTTPStatus.FORBIDDEN])
def test_a_server_that_repeats_the_key_does_not_make_us_tell_it(status: http.HTTPStatus) -> None:
    """As a redirect to another address does, or a page that says what was wrong with which request."""
    with Platform() as platform:
        platform.refusal = lambda path: (status, f"http://other.example{path}")
        key = "s3cr=t key"
        log: list[str] = []
        settings = {"url": platform.url, "format": "opengate", "device-id": "g", "api-key": key, "log-level": "debug",
                    "reconnect-min": 0.05, "reconnect-max": 0.05}
        with neuron_ws.Node("n", settings, on_log=lambda event: log.append(event.text)) as node:
            node.start()
            foreign.wait_until(lambda: node.poll(0.01) or len(platform.refused) > 1, 60)
            foreign.wait_until(lambda: node.poll(0.01) or any(str(int(status)) in line for line in log), 60)
            state = node.state
            told = [*log, state.message, state.url, node.metrics_text()]
        assert any("s3cr%3Dt" in path for path in platform.refused)
        assert not [text for text in told if "s3cr" in text], told


@pytest.mark.parametrize("path", ["gateway1", [1], ["gateway1", None], [{"a": 2}], {}])
def test_a_path_that_is_none_is_not_repeated(path: object) -> None:
    with session() as (platform, agent):
        answer = platform.answer(platform.ask("DISCOVER", path=path), agent.pump)
        assert (answer["resultCode"], answer["path"]) == ("ERROR_IN_PARAM", []) and not agent.seen
        assert '"path"' in answer["resultDescription"]


def test_answers_and_uploads_have_the_message_type_of_the_settings() -> None:
    for kind, expected in (("text", {str}), ("binary", {bytes})):
        with session(**{"message-type": kind}) as (platform, agent):
            agent.node.push("plc1", "fast", {"t": 1})
            platform.answer(platform.ask("REFRESH_INFO"), agent.pump)
            foreign.wait_until(lambda: len(platform.messages) == 3, 60)
            assert platform.kinds == expected


@pytest.mark.parametrize("missing", [None, "parameters", "variableList"])
def test_null_parameters_are_as_none(missing: Optional[str]) -> None:
    with session() as (platform, agent):
        request: JSON = {"id": "1", "name": "GET_DEVICE_PARAMETERS"}
        if missing == "parameters":
            request["parameters"] = None
        elif missing == "variableList":
            request["parameters"] = {"variableList": None}
        platform.send({"operation": {"request": request}})
        answer = platform.answer("1", agent.pump)
        assert answer["resultCode"] == "ERROR_IN_PARAM" and "variableList" in answer["resultDescription"]
        platform.send({"operation": {"request": {**request, "id": "2", "name": "DISCOVER", "deviceId": None,
                                                 "path": None, "timestamp": None}}})
        assert platform.answer("2", agent.pump)["resultCode"] == "SUCCESSFUL"


def test_refresh_info_is_published_at_once_whatever_is_gathered() -> None:
    with session(**{"opengate-publish": {"*": 600}}) as (platform, agent):
        assert agent.node.push("gateway1", "fast", {"temperature": 20}, timestamp=NOW) == 0
        platform.answer(platform.ask("REFRESH_INFO"), agent.pump)
        foreign.wait_until(platform.uploads, 60)
        assert [stream["datapoints"][0]["value"] for stream in platform.uploads()[0]["datastreams"]] == [21.5, 3, False]
        # What was gathered is older, and comes when its time does.
        agent.node.flush(timeout=60)
        foreign.wait_until(lambda: len(platform.uploads()) == 2, 60)


def test_what_another_gateway_is_asked_goes_to_it_alone() -> None:
    """Two gateways in one process, at one platform: each answers by its own session."""
    with Platform() as platform:
        first = Agent(platform)
        # The platform asks the session that came last, and hears of one a moment after the gateway does.
        foreign.wait_until(lambda: len(platform.resources) == 1, 60)
        second = Agent(platform, **{"device-id": "gateway2"})
        foreign.wait_until(lambda: len(platform.resources) == 2, 60)
        number = platform.ask("DISCOVER")
        answer = platform.answer(number, lambda: (first.pump(), second.pump()))
        assert answer["deviceId"] == "gateway2" and not first.seen
        first.node.close()
        second.node.close()


def test_the_uploads_of_a_host_that_never_waits_come_between_the_answers() -> None:
    with session() as (platform, agent):
        numbers = []
        for place in range(50):
            agent.node.push("plc1", "fast", {"t": place}, timestamp=NOW + place)
            numbers.append(platform.ask("GET_DEVICE_PARAMETERS", {"variableList": ["temperature"]}))
        for number in numbers:
            assert platform.answer(number, agent.pump)["resultCode"] == "SUCCESSFUL"
        values = [upload["datastreams"][0]["datapoints"][0]["value"] for upload in platform.uploads()]
        assert values == list(range(50))


def test_a_request_of_the_gateways_own_kind_is_answered_in_its_own_form() -> None:
    with session() as (platform, agent):
        agent.node.on_request = lambda request: request.reply_values({"t": 1})
        platform.send(json.dumps({"uuid": "1", "node": "plc1", "group": "fast"}))
        # To the platform it is no document of its own.
        foreign.wait_until(lambda: agent.pump() or platform.faults, 60)
        assert '"uuid":"1","tags":' in platform.faults.pop()
