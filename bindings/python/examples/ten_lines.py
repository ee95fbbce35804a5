# SPDX-License-Identifier: Apache-2.0
"""Ten lines: python3 ten_lines.py ws://127.0.0.1:8080/data"""

import sys

import neuron_ws

with neuron_ws.Node("ten-lines", {"url": sys.argv[1]}) as node:
    node.subscribe("*", "*")
    node.push("plc1", "fast", {"temperature": 21.5, "running": True}, errors={"pressure": 2014})
    node.flush(timeout=5)
    print(node.state.message)
