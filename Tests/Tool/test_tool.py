# SPDX-License-Identifier: Apache-2.0
"""The tool's commands from end to end: their output, their exit status, and what foreign servers see of them."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import foreign
import pytest
import tool


def group(number: int, name: str = "fast") -> dict[str, Any]:
    return {"node": "plc1", "group": name, "timestamp": 1, "values": {"counter": number}}


def counters(messages: list[Any]) -> list[int]:
    return [json.loads(message)["values"]["counter"] for message in messages]


# Help and wrong use


COMMANDS = re.findall(r"^  (\w+)  ", tool.run("help").stdout, re.M)


def test_the_overview_names_the_commands() -> None:
    assert {"demo", "check", "connect", "push", "serve", "explain", "completion", "version"} < set(COMMANDS)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "help"])
def test_each_command_has_its_help(command: str) -> None:
    done = tool.run(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"neuron-ws {command}")
    assert tool.run("help", command).stdout == done.stdout


@pytest.mark.parametrize(
    "words, says",
    [
        ([], "COMMAND"),
        (["psuh"], "did you mean push?"),
        (["push", "--ulr", "ws://x"], "did you mean --url?"),
        (["push"], "neuron-ws push ws://127.0.0.1:8080/"),
        (["conect"], "did you mean connect?"),
        (["push", "ws://127.0.0.1:1/", "--subscribbe", "*/*"], "did you mean --subscribe?"),
        (["push", "ws://127.0.0.1:1/", "ws://127.0.0.1:2/"], "does not take"),
        (["push", "ws://127.0.0.1:1/", "--url", "ws://127.0.0.1:2/"], "twice"),
        (["push", "--url", "http://127.0.0.1/"], "--url"),
        (["push", "--url", "ws://127.0.0.1:1/", "--subscribe", "plc1"], "--subscribe"),
        (["push", "--url", "ws://127.0.0.1:1/", "--timeout", "soon"], "--timeout"),
        (["push", "--settings", "/nowhere/at.all"], "--settings"),
        (["serve"], "--port"),
        (["serve", "--port", "70000"], "--port"),
        (["serve", "--port", "0", "--cert", "x"], "--key"),
        (["check"], "--settings"),
        (["bench", "ws://127.0.0.1:1/"], "COUNT"),
        (["bench", "ws://127.0.0.1:1/", "many", "64"], "COUNT"),
        (["bench", "ws://127.0.0.1:1/", "1", "64", "1", "x"], "x"),
        (["bench", "ws://127.0.0.1:1/", "1", "64", "--rate", "0"], "--rate"),
    ],
)
def test_wrong_use_exits_with_2_and_names_the_argument(words: list[str], says: str) -> None:
    done = tool.run(*words)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stdout == ""


def test_version_and_schema() -> None:
    assert re.fullmatch(r"neuron-ws \d+\.\d+\.\d+\S* \(ABI 1\)\n", tool.run("version").stdout)
    assert isinstance(json.loads(tool.run("schema").stdout), dict)


def test_a_reader_that_leaves_ends_the_tool_quietly() -> None:
    process = tool.start("encode", stdin=subprocess.PIPE)
    assert process.stdin and process.stdout and process.stderr
    process.stdout.close()
    line = tool.lines({"format": "values", "input": {**group(1), "tags": []}})
    with contextlib.suppress(BrokenPipeError), process.stdin:
        for _ in range(10_000):
            process.stdin.write(line)
    process.stdin = None
    assert process.wait(10) == 1
    with process.stderr:
        assert process.stderr.read() == ""


@pytest.mark.parametrize("words", [["push", "ws://127.0.0.1:1/", "--timeout", "1"], ["encode"]])
def test_a_standard_input_that_is_closed_is_said_so(words: list[str]) -> None:
    """Another file of the tool's must not take its place."""
    done = subprocess.run(
        ["bash", "-c", '"$0" "$@" <&-', str(foreign.TOOL), *words], capture_output=True, text=True,
        timeout=tool.TIMEOUT)
    assert done.returncode == 1
    assert "standard input cannot be read" in done.stderr


# demo


def test_demo_ends_well_and_in_time() -> None:
    begin = time.monotonic()
    done = tool.run("demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - begin < 20
    for title in ("values-format", "tags-format", "ECP-format", "custom format"):
        assert f"{title}: 80 messages arrived" in done.stdout
    assert "\x1b" not in done.stdout
    assert len(re.findall(r" 160 +160 +160 +yes ", done.stdout)) == 4
    assert re.search(r"A sender stores \d+ readings and is killed: \d+ lie on disk", done.stdout), done.stdout
    assert "Nothing that was stored is lost." in done.stdout, done.stdout


# push


def test_push_brings_every_line_in_order(server: foreign.Server) -> None:
    done = tool.run("push", "--url", server.url, text=tool.lines(*(group(n) for n in range(5000))))
    assert done.returncode == 0, done.stderr
    assert counters(server.wait_for(5000)) == list(range(5000))
    assert done.stdout == "5,000 messages accepted, 5,000 sent\n"
    assert done.stderr == ""


def test_push_reports_bad_lines_by_number_and_goes_on(server: foreign.Server) -> None:
    text = tool.lines(group(1), "{", "", {"node": "plc1"}, group(2))
    done = tool.run("push", "--url", server.url, text=text)
    assert done.returncode == 1
    assert counters(server.wait_for(2)) == [1, 2]
    assert re.findall(r"line (\d+): ", done.stderr) == ["2", "4"]
    assert "line 1" not in done.stderr
    assert "2 bad lines" in done.stdout


def test_push_counts_bad_lines_past_the_first(server: foreign.Server) -> None:
    done = tool.run("push", "--url", server.url, text="{\n" * 1000)
    assert done.returncode == 1
    assert re.findall(r"line (\d+): ", done.stderr) == [str(n) for n in (*range(1, 21), 40, 80, 160, 320, 640)]
    assert "1,000 bad lines" in done.stdout


def test_push_sends_only_what_is_subscribed(server: foreign.Server) -> None:
    text = tool.lines(group(1, "fast"), group(2, "slow"), group(3, "fast"))
    done = tool.run("push", "--url", server.url, "--subscribe", "plc1/fast", text=text)
    assert done.returncode == 0, done.stderr
    assert counters(server.wait_for(2)) == [1, 3]
    assert "1 not subscribed" in done.stdout


@pytest.mark.parametrize("subscriptions", [["plc1/Fast"], ["plc1/fast", "plc1/slwo"]])
def test_push_fails_when_a_subscription_matches_nothing(server: foreign.Server, subscriptions: list[str]) -> None:
    words = [word for subscription in subscriptions for word in ("--subscribe", subscription)]
    done = tool.run("push", server.url, *words, text=tool.lines(group(1, "fast"), group(2, "slow")))
    assert done.returncode == 1
    assert f"--subscribe {subscriptions[-1]} matched no group; names are case-sensitive" in done.stderr
    assert "what else came: plc1/" in done.stderr
    assert done.stderr.count("matched no group") == 1


def test_push_reports_as_json(server: foreign.Server) -> None:
    done = tool.run("push", server.url, "--json", text=tool.lines(group(1), "{"))
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["lines"], told["accepted"], told["sent"], told["bad-lines"]) == (2, 1, 1, 1)


def test_push_takes_its_settings_from_a_file(server: foreign.Server, tmp_path: Path) -> None:
    file = tool.settings(tmp_path, params={"url": server.url, "format": 1})
    done = tool.run("push", "--settings", file, text=tool.lines(group(7)))
    assert done.returncode == 0, done.stderr
    assert json.loads(server.wait_for(1)[0])["tags"] == [{"name": "counter", "value": 7}]


def test_push_says_at_once_that_nobody_listens_and_gives_up_in_time() -> None:
    url = f"ws://127.0.0.1:{foreign.free_port()}/"
    begin = time.monotonic()
    done = tool.run("push", "--url", url, "--timeout", 2, text=tool.lines(group(1)))
    assert done.returncode == 1
    assert time.monotonic() - begin < 10
    assert "1 not sent" in done.stdout
    # One trouble, one line, however many attempts; the other says why it ended.
    assert len(done.stderr.splitlines()) == 2


def test_push_waits_for_a_server_that_comes_late() -> None:
    port = foreign.free_port()
    process = tool.start("push", "--url", f"ws://127.0.0.1:{port}/", stdin=subprocess.PIPE)
    assert process.stdin and process.stderr
    process.stdin.write(tool.lines(group(1), group(2)))
    process.stdin.flush()
    assert process.stderr.readline()
    with foreign.Server(port) as server:
        assert counters(server.wait_for(2)) == [1, 2]
        process.communicate(timeout=20)
    assert process.returncode == 0
