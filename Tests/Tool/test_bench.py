# SPDX-License-Identifier: Apache-2.0
"""`neuron-ws bench`: the one line that it prints, and the messages that a foreign server gets from it."""

from __future__ import annotations

import json
import time
from typing import Any

import foreign
import tool


def bench(*words: object) -> dict[str, Any]:
    done = tool.run("bench", *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    result: dict[str, Any] = json.loads(done.stdout)
    return result


KEYS = ["peer", "version", "seconds", "cpu_seconds", "max_rss_kb"]


def test_bench_prints_one_line(server: foreign.Server) -> None:
    result = bench(server.url, 2000, 64)
    assert list(result) == KEYS
    assert result["peer"] == "neuron_ws"
    assert result["seconds"] > 0 and result["cpu_seconds"] > 0 and result["max_rss_kb"] > 0
    assert set(server.wait_for(2000)) == {'{"seq":         0,"t":                  0,"p":"abcdefghijklmno"}'}


def test_bench_counts(server: foreign.Server) -> None:
    bench(server.url, 1500, 1700, "--seq")
    messages = server.wait_for(1500)
    assert {len(message) for message in messages} == {1700}
    assert [json.loads(message)["seq"] for message in messages] == list(range(1500))


def test_bench_leaves_the_number_to_the_node_that_numbers(server: foreign.Server) -> None:
    bench(server.url, 300, 64, "--seq", "--set", "sequence=true")
    for number, message in enumerate(server.wait_for(300)):
        members = json.loads(message, object_pairs_hook=list)
        assert [name for name, _ in members] == ["seq", "stream", "num", "t", "p"]
        assert dict(members)["seq"] == number + 1 and dict(members)["num"] == number


def test_bench_deals_to_its_connections_in_turn(server: foreign.Server) -> None:
    bench(server.url, 300, 64, 3, "--seq")
    assert sorted(json.loads(message)["seq"] for message in server.wait_for(300)) == list(range(300))
    assert server.connections == 3
    # An orderly end: a Close frame on each.
    foreign.wait_until(lambda: len(server.close_codes) == 3)
    assert set(server.close_codes) == {1001}


def test_bench_sends_groups(server: foreign.Server) -> None:
    bench(server.url, 50, 0, "--tags", 6)
    documents = [json.loads(message) for message in server.wait_for(50)]
    for document in documents:
        assert list(document) == ["node", "group", "timestamp", "values", "errors", "metas"]
        assert list(document["values"]) == [f"tag{n}" for n in range(6)]
        assert [type(v) for v in document["values"].values()] == [int, float] * 3
    for before, after in zip(documents, documents[1:]):
        assert all(before["values"][f"tag{n}"] != after["values"][f"tag{n}"] for n in range(6))


def test_bench_keeps_its_pace_and_tells_the_time(server: foreign.Server) -> None:
    before = time.monotonic_ns()
    result = bench(server.url, 100, 64, "--rate", 200)
    after = time.monotonic_ns()
    assert result["seconds"] >= 99 / 200
    times = [json.loads(message)["t"] for message in server.wait_for(100)]
    assert before < times[0] and times[-1] < after
    assert times == sorted(times)
    assert times[-1] - times[0] >= 98 / 200 * 1e9


def test_bench_idle(server: foreign.Server) -> None:
    result = bench(server.url, 0, 0, 20, "--idle")
    assert list(result) == ["peer", "version", "conns", "rss_kb", "threads"]
    assert result["conns"] == 20
    assert result["rss_kb"] > 0 and result["threads"] >= 1
    assert server.connections == 20


def test_bench_insecure(authority: foreign.Authority) -> None:
    with foreign.Server(tls=authority.server_context()) as server:
        assert list(bench(server.url, 10, 64, "--insecure")) == KEYS
        assert len(server.wait_for(10)) == 10


def test_bench_without_a_server_fails() -> None:
    process = tool.start("bench", f"ws://127.0.0.1:{foreign.free_port()}/", 1, 64)
    try:
        output, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 1
    assert (output, bool(errors)) == ("", True)
