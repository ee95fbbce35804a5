# SPDX-License-Identifier: Apache-2.0
"""Where to connect: the URL as a word, files, single settings and short forms, the same for each command."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import foreign
import pytest
import tool
from websockets.sync.server import ServerConnection

from test_endings import serving

COMMANDS = ["check", "push", "connect", "bench"]


def words(command: str, *more: object) -> list[object]:
    """A command line of `command` that is over quickly."""
    rest: dict[str, list[object]] = {
        "check": ["--wait", "0"], "push": ["--timeout", "1"], "connect": ["--timeout", "0.3"], "bench": [],
    }
    counts = [1, 64] if command == "bench" else []
    return [command, *more, *counts, *rest[command]]


def handshakes(*more: object, command: str = "check") -> dict[str, str]:
    """The headers that a command sends with these words."""
    seen: list[dict[str, str]] = []

    def handler(connection: ServerConnection) -> None:
        assert connection.request
        seen.append(dict(connection.request.headers.raw_items()))
        for _ in connection:
            pass

    with serving(handler) as url:
        tool.run(*words(command, url, *more), text="")
    return seen[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_url_is_the_first_word(server: foreign.Server, command: str) -> None:
    done = tool.run(*words(command, server.url), text="")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_url_and_settings_file_do_as_well(server: foreign.Server, command: str, tmp_path: Path) -> None:
    assert tool.run(*words(command, "--url", server.url), text="").returncode == 0
    file = tool.settings(tmp_path, params={"url": server.url, "format": 1})
    assert tool.run(*words(command, "--settings", file), text="").returncode == 0
    assert tool.run(*words(command, "--set", f"url={server.url}"), text="").returncode == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_each_help_names_the_same_options(command: str) -> None:
    help = tool.run(command, "--help").stdout
    (section,) = [part for part in help.split("\n\n") if part.startswith("Where to connect")]
    assert section == [part for part in tool.run("check", "--help").stdout.split("\n\n") if part.startswith("Where")][0]


def test_settings_come_by_standard_input(server: foreign.Server) -> None:
    done = tool.run("check", "--settings", "-", "--wait", "0", text=json.dumps({"url": server.url}))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("command", ["push", "connect"])
def test_where_standard_input_holds_the_data_it_holds_no_settings(command: str) -> None:
    done = tool.run(command, "--settings", "-", text="{}")
    assert done.returncode == 2
    assert "--settings -: standard input is for" in done.stderr


def test_the_line_goes_before_the_file(server: foreign.Server, tmp_path: Path) -> None:
    file = tool.settings(tmp_path, host="127.0.0.1", port=1, path="x", token="of the file", headers='{"X-A":"file"}')
    done = tool.run(
        "check", server.url, "--settings", file, "--user", "u:p:q", "--header", "x-a: line", "--wait", "0", "--json")
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["url"] == server.url


@pytest.mark.parametrize(
    "options, header, value",
    [
        (["--token", "12345"], "Authorization", "Bearer 12345"),
        (["--set", "token=12345"], "Authorization", "Bearer 12345"),
        (["--user", "u:p:q"], "Authorization", "Basic " + base64.b64encode(b"u:p:q").decode()),
        (["--header", "X-A: 1: 2", "--header", "X-B:3", "--header", "x-a: 4"], "x-a", "4"),
        (["--header", "X-A: 1: 2"], "X-A", "1: 2"),
        (["--set", 'headers={"X-C":"5"}'], "X-C", "5"),
        (["--subprotocol", "a", "--subprotocol", "b"], "Sec-WebSocket-Protocol", "a, b"),
        (["--set", "user-agent=me"], "User-Agent", "me"),
        (["--set", "user-agent=me", "--set", "user-agent=you"], "User-Agent", "you"),
    ],
)
def test_short_forms_and_settings_reach_the_server(options: list[str], header: str, value: str) -> None:
    assert handshakes(*options).get(header) == value


def test_the_certificates_by_short_forms(authority: foreign.Authority) -> None:
    with foreign.Server(tls=authority.server_context()) as server:
        assert tool.run("check", server.url, "--wait", "0").returncode == 1
        assert tool.run("check", server.url, "--ca", authority.ca, "--wait", "0").returncode == 0
        done = tool.run("check", server.url, "--insecure", "--wait", "0")
        assert done.returncode == 0
        assert "NOT verified" in done.stdout


@pytest.mark.parametrize(
    "option, says",
    [
        ("ping-intervall=3", 'did you mean "ping-interval"?'),
        ("ping-interval=x", '"ping-interval" is "x", a text; it takes a number of seconds'),
        ("tls-verify=3", '"tls-verify" is 3'),
        ("ping-interval", "--set takes KEY=VALUE"),
        ("=3", '--set takes KEY=VALUE, for example ping-interval=5, not "=3"'),
        ("url={}", '"url"'),
        ("headers=[1]", '"headers"'),
    ],
)
def test_a_setting_that_is_none_is_named(option: str, says: str) -> None:
    done = tool.run("push", "ws://127.0.0.1:1/", "--set", option, text="")
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "--set" in done.stderr


@pytest.mark.parametrize(
    "words, says",
    [
        (["--header", "no colon"], "--header takes 'NAME: VALUE'"),
        (["--user", "nobody"], "--user takes NAME:PASSWORD"),
        (["--subprotocol", "a b"], '"subprotocols"'),
        (["--ca", "/no/such/file"], '"ca"'),
        (["--inscure"], "did you mean --insecure?"),
    ],
)
def test_short_forms_that_make_no_sense(words: list[str], says: str) -> None:
    done = tool.run("push", "ws://127.0.0.1:1/", *words, text="")
    assert done.returncode == 2, done.stderr
    assert says in done.stderr


@pytest.mark.parametrize(
    "url, says",
    [
        ("ws://a b/", "it holds a space"),
        ("ws://user:hunter2@127.0.0.1:1/", "give them as username and password instead"),
        ("127.0.0.1:8080", "it has to begin with ws:// or wss://"),
        ("http://127.0.0.1/", "ws://"),
    ],
)
def test_a_url_that_is_none(url: str, says: str) -> None:
    for command in COMMANDS:
        done = tool.run(*words(command, url), text="")
        # check says it as its first step, which fails.
        assert done.returncode == (1 if command == "check" and "space" not in says else 2)
        assert says in done.stdout + done.stderr
        assert "hunter2" not in done.stdout + done.stderr


def settings_files(folder: Path) -> dict[str, tuple[Any, str]]:
    return {
        "folder": (None, "Is a directory"), "empty": (b"", ""), "large": (b" " * (100 << 20), "is larger than 4 MiB"),
        "list": (b"[1]", "object"), "broken": (b'{"url":', ""), "latin1": (b'{"url":"ws://\xff/"}', ""),
    }


@pytest.mark.parametrize("kind", list(settings_files(Path())))
def test_a_settings_file_that_is_none(kind: str, tmp_path: Path) -> None:
    content, says = settings_files(tmp_path)[kind]
    file = tmp_path / "settings.json"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    # With something of the line's, the tool reads the file itself.
    for more in ([], ["--set", "format=1"]):
        done = tool.run("push", "--settings", file, *more, text="")
        assert done.returncode == 2, done.stderr
        assert "--settings" in done.stderr and says in done.stderr


def test_a_settings_file_with_a_byte_order_mark(server: foreign.Server, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps({"url": server.url}).encode())
    for more in ([], ["--set", "format=1"]):
        assert tool.run("check", "--settings", file, "--wait", "0", *more).returncode == 0


CONNECTOR = "es.amplia.oda.connector.websocket.cfg"
DEVICE = "es.amplia.oda.datastreams.deviceinfofx30.cfg"
DISPATCHER = "es.amplia.oda.dispatcher.opengate.cfg"


def oda(folder: Path, url: str) -> Path:
    host, port = url.split("/")[2].split(":")
    (folder / CONNECTOR).write_text(f"host={host}\nport={port}\npath=/south/v80/sessions\nspare=1\n")
    (folder / DEVICE).write_text("deviceId=gw/1\napikey=k&1\nserial=x.sh\n")
    (folder / DISPATCHER).write_text("reducedOutput=true\n")
    return folder


def test_oda_s_directory_says_where_and_who(tmp_path: Path) -> None:
    seen: list[str] = []
    got: list[Any] = []

    def handler(connection: ServerConnection) -> None:
        assert connection.request
        seen.append(connection.request.path)
        got.extend(json.loads(message) for message in connection)

    with serving(handler) as url:
        folder = oda(tmp_path, url)
        line = json.dumps({"node": "gw/1", "group": "fast", "values": {"t": 1}})
        pushed = tool.run("push", "--oda", folder, "--timeout", "10", text=line + "\n")
        assert pushed.returncode == 0, pushed.stderr
        checked = tool.run("check", "--oda", folder, "--wait", "0")
        assert checked.returncode == 0, checked.stdout
    assert seen == ["/south/v80/sessions/gw%2F1?X-ApiKey=k%261"] * 2
    assert got == [
        {"version": "9.0", "datastreams": [{"id": "t", "feed": "fast", "datapoints": [{"value": 1}]}]}]
    for done in (pushed, checked):
        assert done.stderr.count("not ours") == 2 and "serial" in done.stderr and "k&1" not in done.stderr
        assert "k&1" not in done.stdout and "k%261" not in done.stdout


def test_oda_s_connector_alone_takes_the_rest_from_the_line(server: foreign.Server, tmp_path: Path) -> None:
    file = oda(tmp_path, server.url) / CONNECTOR
    alone = tool.run(*words("check", "--oda", file))
    assert alone.returncode != 0 and '"device-id" is missing' in alone.stdout + alone.stderr
    whole = tool.run(*words("check", "--oda", file, "--set", "device-id=d", "--set", "api-key=12"))
    assert whole.returncode == 0, whole.stdout + whole.stderr


def test_what_is_wrong_with_oda_s_files_is_said(tmp_path: Path) -> None:
    nothing = tool.run(*words("check", "--oda", tmp_path / "nothing"))
    assert nothing.returncode == 2 and "no such file" in nothing.stderr
    empty = tool.run(*words("check", "--oda", tmp_path))
    assert empty.returncode == 2 and CONNECTOR in empty.stderr
    (tmp_path / CONNECTOR).write_text("host=h\ngeneralPath=/x\nport=no\n")
    wrong = tool.run(*words("check", "--oda", tmp_path))
    assert wrong.returncode == 2 and '"generalPath" is no key' in wrong.stderr and '"port" is "no"' in wrong.stderr
    both = tool.run(*words("check", "--oda", tmp_path, "--settings", tmp_path / "x"))
    assert both.returncode == 2 and "--settings" in both.stderr
