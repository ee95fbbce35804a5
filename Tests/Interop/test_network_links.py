# SPDX-License-Identifier: Apache-2.0
"""A node whose cable, addresses and routes change under it; the networks are in network_links.py."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import foreign
import namespaces
from network_links import INTERVAL, TIMEOUT

play = functools.partial(namespaces.play, "network_links.py")
# What a busy machine may take to look.
SLACK = 2.0


def test_packets_that_are_dropped_in_the_middle_are_noticed_within_the_bound() -> None:
    got = play("dropped")
    assert got["noticed"] < INTERVAL + TIMEOUT + SLACK, got
    assert got["reason"] == "PING_TIMEOUT" and got["all"], got


def test_a_black_hole_of_ipv6_costs_less_than_a_second() -> None:
    got = play("black_hole")
    assert got["peer"].startswith("10.7.0.2:")
    # 250 ms of it are RFC 8305's; the quickest counts, on a machine that does other things.
    assert min(got["times"]) < 1, got


def test_an_interface_that_goes_down_and_up() -> None:
    got = play("interface")
    assert got["noticed"] < INTERVAL + TIMEOUT + SLACK and got["all"], got


def test_another_address() -> None:
    got = play("address")
    assert got["noticed"] < INTERVAL + TIMEOUT + SLACK and got["all"], got
    assert {peer.split(":")[0] for peer in got["peers"]} == {"10.7.0.1", "10.7.0.9"}


def test_a_link_that_loses_and_delays_is_slow_and_not_dead() -> None:
    got = play("lossy")
    assert got["all"] and got["opened"] == 1, got


STOPPED = """
import sys, time, foreign
foreign.use_binding()
import neuron_ws
settings = {"url": sys.argv[1], "ping-interval": 0.5, "ping-timeout": 0.5, "connect-timeout": 2, "reconnect-min": 0.1,
            "reconnect-max": 0.3, "delivery": "peer-parsed"}
with neuron_ws.Node("stopped", settings) as node:
    foreign.wait_until(lambda: node.state.link, 20, node.state.message)
    node.send("before")
    print("open", flush=True)
    sys.stdin.readline()
    begin = time.monotonic()
    node.send("after")
    node.flush(timeout=20, level=neuron_ws.Level.PEER_PARSED)
    print(time.monotonic() - begin, node.metrics.connections_opened, flush=True)
"""


def test_a_process_that_was_stopped_for_long_goes_on() -> None:
    """SIGSTOP for ten times what its timeouts allow: the clock has gone on, and nobody looked."""
    environment = {**os.environ, "PYTHONPATH": f"{foreign.BINDING}:{Path(__file__).resolve().parent}"}
    with foreign.Server() as server:
        child = subprocess.Popen([sys.executable, "-c", STOPPED, server.url], env=environment, stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
        assert child.stdin is not None and child.stdout is not None
        try:
            assert child.stdout.readline() == "open\n"
            child.send_signal(signal.SIGSTOP)
            time.sleep(10)
            child.send_signal(signal.SIGCONT)
            child.stdin.write("go on\n")
            child.stdin.flush()
            took, opened = child.stdout.readline().split()
            assert child.wait(20) == 0
        finally:
            child.kill()
            child.wait(10)
            child.stdin.close()
            child.stdout.close()
        assert float(took) < 10 and int(opened) <= 2
        assert list(dict.fromkeys(server.messages)) == ["before", "after"]
