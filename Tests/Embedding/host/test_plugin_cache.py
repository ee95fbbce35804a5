# SPDX-License-Identifier: Apache-2.0
"""What an application has on disk: it stays over stop, start and the gateway's end, and goes with the application."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from hosting import Host, foreign

Server = foreign.Server


def begin(host: Host, url: str, folder: Path, name: str = "app") -> None:
    host.do(f"create {name}")
    settings = {
        "url": url, "offline-cache": True, "cache-mem-size": 1, "cache-disk-size": 2, "data-dir": str(folder),
        "sync-interval": 0.05, "reconnect-min": 0.05, "reconnect-max": 0.2, "log-level": "notice",
    }
    assert host.number("setting " + json.dumps({"params": settings})) == 0
    host.do("subscribe driver group")


def give(host: Host, first: int, count: int) -> None:
    """Values that number themselves, one after the other."""
    for number in range(first, first + count):
        before = host.number("delivered")
        host.do(f"text driver group number {number}")
        foreign.wait_until(lambda: host.number("delivered") > before, 10, "the plugin takes it")


def waits(host: Host, count: int) -> None:
    foreign.wait_until(lambda: host.number("metric cached_msgs") == count, 30, f"{count} messages in the cache")


def keep_five(host: Host, url: str, folder: Path, name: str = "app") -> None:
    begin(host, url, folder, name)
    assert host.number("start") == 0
    give(host, 1, 5)
    waits(host, 5)


def stored(folder: Path) -> int:
    listed = subprocess.run(
        [*foreign.emulator(), foreign.TOOL, "cache", "stat", "--data-dir", folder, "--json"], stdout=subprocess.PIPE,
        check=True, text=True)
    return sum(json.loads(line)["messages"] for line in listed.stdout.splitlines())


@pytest.fixture
def nowhere() -> str:
    return f"ws://127.0.0.1:{foreign.free_port()}/"


def numbers(server: Server, count: int) -> list[int]:
    return [int(json.loads(text)["values"]["number"]) for text in server.wait_for(count)]


def test_stop_and_start_keep_what_waits(host: Host, server: Server, nowhere: str, tmp_path: Path) -> None:
    begin(host, nowhere, tmp_path)
    assert host.number("start") == 0
    give(host, 1, 20)
    waits(host, 20)
    for _ in range(3):
        assert host.number("stop") == 0 and host.number("start") == 0
    waits(host, 20)
    # New settings keep it too; these name a server that takes it.
    settings = {"url": server.url, "offline-cache": True, "cache-disk-size": 2, "data-dir": str(tmp_path)}
    assert host.number("setting " + json.dumps({"params": settings})) == 0
    assert numbers(server, 20) == list(range(1, 21))


def test_the_end_and_the_next_start_of_the_gateway_keep_it(
        program: Path, server: Server, nowhere: str, tmp_path: Path) -> None:
    for life in range(2):
        with Host(program) as host:
            # Uninit and init within a life, and the whole process's end behind it.
            for part in range(2):
                begin(host, nowhere, tmp_path)
                assert host.number("start") == 0
                waits(host, life * 10 + part * 5)
                give(host, life * 10 + part * 5 + 1, 5)
                waits(host, life * 10 + part * 5 + 5)
                host.do("end")
                assert stored(tmp_path) == life * 10 + part * 5 + 5
    with Host(program) as host:
        begin(host, server.url, tmp_path)
        assert host.number("start") == 0
        assert numbers(server, 20) == list(range(1, 21))


def test_what_a_deleted_application_has_on_disk_is_deleted(
        program: Path, nowhere: str, tmp_path: Path) -> None:
    with Host(program, environment={"HOST_LOG": "1"}) as host:
        keep_five(host, nowhere, tmp_path, "old line")
        # As users do it: in the midst of its work, and by the name that it was given while it ran.
        host.do("rename new line")
        host.do("delete")
        assert list(tmp_path.glob("*.nwsc*")) == []
        foreign.wait_until(lambda: "what it had on disk is deleted" in host.errors, 10, "the last line")
        assert 'this application was "old line" when it got its settings' in host.errors
        begin(host, nowhere, tmp_path, "old line")
        assert host.number("start") == 0
        waits(host, 0)


@pytest.mark.parametrize("database", ["fails", "no rows", "cut"])
def test_a_database_that_cannot_be_read_deletes_nothing(
        program: Path, nowhere: str, tmp_path: Path, database: str) -> None:
    with Host(program, environment={"HOST_DATABASE": database}) as host:
        keep_five(host, nowhere, tmp_path)
        # Not deleted: where rows cannot be read it looks so.
        host.do("end")
        assert stored(tmp_path) == 5


def test_what_an_application_leaves_at_the_end_is_named_and_the_tool_deletes_it(
        program: Path, nowhere: str, tmp_path: Path) -> None:
    with Host(program, environment={"HOST_LOG": "1"}) as host:
        keep_five(host, nowhere, tmp_path, "old line")
        host.do("end")
        assert stored(tmp_path) == 5
        file = next(tmp_path.glob("*.nwsc"))
        foreign.wait_until(lambda: f"5 messages lie in its cache {file}" in host.errors, 10, "the last line")
        assert "neuron-ws cache drop" in host.errors
        which = ["--data-dir", tmp_path, "--node", "old line"]
        drop = [*foreign.emulator(), foreign.TOOL, "cache", "drop", *which, "--yes"]
        subprocess.run([str(word) for word in drop], check=True, stdout=subprocess.PIPE)
        assert not file.exists()
        begin(host, nowhere, tmp_path, "old line")
        assert host.number("start") == 0
        waits(host, 0)
