# SPDX-License-Identifier: Apache-2.0
"""What servers see when nodes begin and end: none of a node that is left stopped, and a Close frame at the end."""

from __future__ import annotations

import json
import time
from pathlib import Path

from hosting import Host, foreign
from test_plugin_data import begin


def test_a_node_left_stopped_does_not_connect_at_boot(program: Path) -> None:
    # The gateway starts each node that has settings, and then stops those that were stopped.
    with foreign.Server() as server, Host(program) as host:
        for _ in range(10):
            host.do("create ws")
            settings = json.dumps({"params": {"url": server.url}})
            assert host.number(f"setting {settings}") == 0
            assert host.number("start") == 0 and host.number("stop") == 0
            host.do("delete")
        time.sleep(1)
        assert server.connections == 0


def test_the_server_sees_a_close_frame_when_a_node_goes(program: Path) -> None:
    for last_word in ("delete", "stop", None):
        with foreign.Server() as server:
            with Host(program) as host:
                begin(host, server)
                host.do("subscribe driver group")
                host.do("data driver group 3")
                server.wait_for(1)
                begun = time.monotonic()
                if last_word is not None:
                    host.do(last_word)
                assert time.monotonic() - begun < 2
            foreign.wait_until(lambda: server.close_codes, 5, "the end of the connection")
            assert server.close_codes == [1001], f"{last_word}: {server.close_codes}"
