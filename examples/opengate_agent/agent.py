# SPDX-License-Identifier: Apache-2.0
"""An OpenGate agent: two sensors, an actuator, and what the platform may ask of them."""

import sys
import time

import neuron_ws

STEPS = ["BEGINUPDATE", "DOWNLOADFILE", "BEGININSTALL", "ENDINSTALL", "ENDUPDATE"]
values = {"temperature": 21.5, "pressure": 1013.25, "valve": False}


def update(request: neuron_ws.Request) -> None:
    done: list[dict[str, object]] = []
    for name in STEPS:
        time.sleep(0.1)  # here the step is done
        done.append({"name": name, "result": "SUCCESSFUL", "description": ""})
        request.progress(done[-1:])
    request.reply_steps(done)


def asked(request: neuron_ws.Request) -> None:
    if request.action == "GET_DEVICE_PARAMETERS":
        request.reply_values({tag.name: values[tag.name] for tag in request.tags if tag.name in values})
    elif request.action == "SET_DEVICE_PARAMETERS":
        known = {tag.name: tag.value for tag in request.tags if tag.name == "valve"}
        values.update(known)
        request.reply({"tags": [
            {"name": tag.name, "error": 0 if tag.name in known else 1, "reason": "no actuator"}
            for tag in request.tags]})
    elif request.action == "REFRESH_INFO":
        request.reply({"tags": [{"name": name, "group": "fast", "value": value} for name, value in values.items()]})
    elif request.action == "UPDATE":
        update(request)
    else:
        request.reply_steps(code="NOT_SUPPORTED")


settings = neuron_ws.settings_from_oda(sys.argv[1], on_remark=print)
with neuron_ws.Node("agent", {**settings, "allow-requests": "all"}, on_request=asked) as node:
    node.subscribe("*", "*")
    end = time.monotonic() + float(sys.argv[2])
    while time.monotonic() < end:
        node.push(settings["device-id"], "fast", values)
        node.run(1)
    node.flush()
