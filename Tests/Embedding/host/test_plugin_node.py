# SPDX-License-Identifier: Apache-2.0
"""What the host sees of a node: settings, link, log lines, metrics, and calls that never wait."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from pathlib import Path

from hosting import FLAGS, HERE, NEURON, Host, foreign
from test_plugin_data import Server, begin, last

# Long past what the calls may take together, and far below each of the settings' timeouts.
PROMPT_SECONDS = 20


def test_refused_settings_say_why_and_the_old_ones_stay(host: Host, server: Server) -> None:
    begin(host, server)
    host.do("subscribe driver group")
    for settings, reason in {
        '{"params":{"url":"http://x"}}': "url",
        '{"params":{"url":"ws://x","nonsense":1}}': "nonsense",
        '{"params":{"url":"ws://x","ping-interval":-1}}': "ping-interval",
        '{"params":{"url":"wss://x","ca":"no PEM"}}': "ca",
        '{"params":{}}': "url",
        "{": "refused",
        "": "refused",
    }.items():
        assert host.number(f"setting {settings}") != 0
        line = host.do("log 100")
        assert reason in line and "the old ones stay" in line
    assert host.number("nosetting") != 0
    assert host.number("link") == 1
    host.do("data driver group 1")
    assert last(server, 1)["values"] == {"tag0": 1} and server.connections == 1


def test_a_secret_in_refused_settings_is_not_logged(host: Host) -> None:
    host.do("create secret")
    assert host.number('setting {"params":{"url":"ws://x","keypass":7,"token":"hunter2","password":["hunter2"]}}') != 0
    assert "hunter2" not in host.do("log 20")


def test_new_settings_move_the_connection_and_others_do_not(host: Host, server: Server) -> None:
    begin(host, server)
    host.do("subscribe driver group")
    assert host.number(f'setting {{"params":{{"url":"{server.url}","format":1}}}}') == 0
    host.do("data driver group 1")
    assert last(server, 1)["tags"] == [{"name": "tag0", "value": 1}] and server.connections == 1
    with Server() as other:
        assert host.number(f'setting {{"params":{{"url":"{other.url}"}}}}') == 0
        foreign.wait_until(lambda: other.connections == 1)
        host.do("data driver group 1")
        assert last(other, 1)["values"] == {"tag0": 1}


def test_the_forms_own_values_are_taken(host: Host, server: Server) -> None:
    form = json.loads((NEURON / "websocket.json").read_text(encoding="utf-8"))
    values = {key: field.get("default", "") for key, field in form.items()}
    host.do("create form")
    assert host.number("setting " + json.dumps({"params": {**values, "url": server.url}})) == 0, host.do("log 100")
    assert host.number("start") == 0 and host.number("linked") == 1


def test_log_lines_go_to_the_nodes_category_also_after_a_rename(host: Host, server: Server) -> None:
    begin(host, server, name="before")
    assert host.do("log 60") != ""
    host.do("rename after")
    host.do("subscribe driver group")
    assert "driver/group" in host.do("log 60")


def test_while_the_nodes_category_takes_debug_lines_the_library_writes_all(host: Host, server: Server) -> None:
    begin(host, server, **{"log-level": "error"})
    assert "connected to" not in host.do("logged 60")

    def connected_line() -> bool:
        assert host.number("stop") == 0 and host.number("start") == 0 and host.number("linked") == 1
        # The plugin's own lines at this level come too; the library's are those of the connection.
        return "connected" in host.do("logged 60") and "127.0.0.1" in host.do("logged 60")

    assert not connected_line()
    host.do("level 20")
    foreign.wait_until(connected_line, 20, "the library's line")


def test_metrics_under_the_gateways_names(host: Host, server: Server) -> None:
    begin(host, server)
    host.do("subscribe driver group")
    for _ in range(5):
        host.do("data driver group 2")
    messages = server.wait_for(5)
    server.send("hello")
    foreign.wait_until(lambda: host.number("metric recv_msgs_total") == 1, 10, "recv_msgs_total")
    assert host.number("metric send_msgs_total") == 5 and host.number("metric send_msg_errors_total") == 0
    sent = sum(len(message) for message in messages)
    for span in (5, 30, 60):
        assert host.number(f"metric last_{span}s_trans_data_msgs") == 5
        assert host.number(f"metric last_{span}s_send_bytes") == sent
        assert host.number(f"metric last_{span}s_recv_bytes") == 5
        assert host.number(f"metric last_{span}s_recv_msgs") == 1
    assert host.number("metric cached_msgs") == 0
    server.stop(abort=True)
    for span in (60, 600, 1800):
        foreign.wait_until(lambda: host.number(f"metric last_{span}s_disconnections") == 1, 10, "a disconnection")
    for _ in range(3):
        host.do("data driver group 2")
    foreign.wait_until(lambda: host.number("metric cached_msgs") == 3, 10, "cached_msgs")


def test_a_full_queue_is_counted_and_logged(program: Path) -> None:
    with Host(program, environment={"HOST_LOG": "1"}) as host:
        host.do("create full")
        settings = {"url": f"ws://127.0.0.1:{foreign.free_port()}/", "queue-max-messages": 2}
        assert host.number("setting " + json.dumps({"params": settings})) == 0 and host.number("start") == 0
        host.do("subscribe driver group")
        for _ in range(5):
            host.do("data driver group 1")
        foreign.wait_until(lambda: host.number("metric send_msg_errors_total") == 3, 10, "errors")
        foreign.wait_until(lambda: "driver/group is not sent" in host.errors, 10, "a line")
        assert host.errors.count("is not sent") == 1


def test_no_call_waits_for_a_server_that_does_not_answer(program: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        begun = time.monotonic()
        with Host(program) as host:
            host.do("create silent")
            settings = {"url": f"wss://127.0.0.1:{silent.getsockname()[1]}/", "connect-timeout": 600}
            for _ in range(3):
                assert host.number("setting " + json.dumps({"params": settings})) == 0
                assert host.number("start") == 0 and host.number("link") == 0
                host.do("subscribe driver group")
                host.do("data driver group 1")
                assert host.number("stop") == 0
            assert host.number("start") == 0
            host.do("delete")
        assert time.monotonic() - begun < PROMPT_SECONDS


def test_over_tls_with_the_hosts_own_openssl_in_front(host: Host, tmp_path: Path) -> None:
    authority = foreign.Authority(tmp_path)
    with Server(tls=authority.server_context()) as server:
        begin(host, server, ca=str(authority.ca))
        host.do("subscribe driver group")
        host.do("types driver group")
        assert last(server, 1)["values"]["type10"] == 2.5
    assert host.number("foreign") == 0


def test_the_gateway_outlives_a_plugin_whose_metrics_it_still_names(program: Path, tmp_path: Path) -> None:
    # The gateway keeps the names that the first plugin registered, and unloads that plugin with its last node.
    mqtt = tmp_path / "libplugin-mqtt.so"
    source = HERE.parent / "mqtt" / "plugin.c"
    subprocess.run([*FLAGS, "-DNEURON_VERSION_MINOR=15", "-fPIC", "-shared", source, "-o", mqtt], check=True)
    with Host(program) as host:
        for _ in range(3):
            host.do(f"other {mqtt}")
            host.do("create ws")
            host.do("unload")
            assert host.number("statistics") > 100
            host.do("delete")
            assert host.number("statistics") > 100
