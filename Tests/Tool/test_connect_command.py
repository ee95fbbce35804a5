# SPDX-License-Identifier: Apache-2.0
"""`neuron-ws connect` at a pseudo-terminal, in pipes, and with input that is none."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from ctypes.util import find_library

import foreign
import pytest
import tool
from terminal import Terminal
from test_endings import serving
from websockets.sync.server import ServerConnection

CTRL_C, CTRL_D, UP = "\x03", "\x04", "\x1b[A"
STAMP = r"\d\d:\d\d:\d\d\.\d\d\d  "


@pytest.fixture
def echo() -> Iterator[foreign.Server]:
    with foreign.Server(echo=True) as server:
        yield server


# In pipes


def test_each_line_is_sent_and_each_message_printed(echo: foreign.Server) -> None:
    done = tool.run("connect", echo.url, text='hello\r\n\n{"a":1}')
    assert done.returncode == 0, done.stderr
    assert echo.wait_for(3) == ["hello", "", '{"a":1}']
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert re.fullmatch(STAMP + r"text, 5 bytes  hello", lines[0])
    assert re.fullmatch(STAMP + r'text, 7 bytes  {"a":1}', lines[2])
    assert done.stderr == f"neuron-ws: connected to {echo.url} at 127.0.0.1:{echo.port}\n"


def test_what_a_terminal_would_obey_is_spelled_out(echo: foreign.Server) -> None:
    done = tool.run("connect", echo.url, text="\x1b[31mred\n")
    assert "\x1b" not in done.stdout and "\\u001b[31mred" in done.stdout


def test_json_holds_nothing_that_a_terminal_would_obey(echo: foreign.Server) -> None:
    """C1 and DEL beside C0, marks of direction, tags: escaped, so that what it says is the same."""
    word = "red \x9b31m \x7f \u202e \U000E0041 é 温 😀 \\"
    done = tool.run("connect", "--json", echo.url, text=word + "\n")
    assert done.returncode == 0 and json.loads(done.stdout)["text"] == word, done
    assert not [sign for sign in done.stdout if sign in "\x9b\x7f\u202e\U000E0041"], done.stdout
    assert "é 温 😀" in done.stdout and "\\u009b" in done.stdout and "\\udb40\\udc41" in done.stdout


def test_one_question_one_answer() -> None:
    def handler(connection: ServerConnection) -> None:
        for question in connection:
            connection.send(f"{question}, answered")
            connection.send("and more")

    with serving(handler) as url:
        done = tool.run("connect", url, "--one", "--raw", text="first\nsecond\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "first, answered\n"


def test_one_without_an_answer_fails_in_time(server: foreign.Server) -> None:
    done = tool.run("connect", server.url, "--one", "--timeout", "0.3", text="hello?\n")
    assert done.returncode == 1
    assert "0 of 1 message came" in done.stderr


def test_one_without_a_question_fails(echo: foreign.Server) -> None:
    done = tool.run("connect", echo.url, "--one", "--timeout", "1", text="")
    assert done.returncode == 1
    assert "holds no line" in done.stderr


def test_count_ends_it(echo: foreign.Server) -> None:
    done = tool.run("connect", echo.url, "--count", 2, "--json", text="a\nb\nc\nd\n")
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["kind"], one["text"]) for one in told] == [("text", "a"), ("text", "b")]


def test_a_count_that_is_not_reached_is_a_failure(echo: foreign.Server) -> None:
    done = tool.run("connect", echo.url, "--count", 2, "--timeout", "0.5", text="a\n")
    assert done.returncode == 1
    assert re.search(r"[01] of 2 messages came", done.stderr)


def test_a_count_is_not_waited_for_when_nothing_could_be_asked(echo: foreign.Server) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"\xff\n\xfe\n")
        file.seek(0)
        done = subprocess.run(
            [str(foreign.TOOL), "connect", echo.url, "--count", "1"], stdin=file, capture_output=True, text=True,
            timeout=120)
    assert done.returncode == 1
    assert "2 of 2 lines could not be sent" in done.stderr
    assert "0 of 1 message came" in done.stderr


def test_standard_input_that_cannot_be_read_ends_it(echo: foreign.Server) -> None:
    folder = os.open("/", os.O_RDONLY)
    try:
        done = subprocess.run(
            [str(foreign.TOOL), "connect", echo.url, "--count", "1"], stdin=folder, capture_output=True, text=True,
            timeout=120)
    finally:
        os.close(folder)
    assert done.returncode == 1
    assert "standard input cannot be read" in done.stderr


def test_bad_lines_do_not_fill_the_screen(echo: foreign.Server) -> None:
    done = subprocess.run(
        [str(foreign.TOOL), "connect", echo.url], input=b"\xff\n" * 1000, capture_output=True, timeout=120)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) < 40
    assert b"1,000 of 1,000 lines could not be sent" in done.stderr


def test_binary_goes_out_and_comes_back_as_a_dump(echo: foreign.Server) -> None:
    done = tool.run("connect", echo.url, "--binary", "--count", 1, text="hi ü\x01\n")
    assert done.returncode == 0, done.stderr
    assert echo.wait_for(1) == ["hi ü\x01".encode()]
    assert re.search(r"binary, 6 bytes\n  00000000  68 69 20 c3 bc 01 +\|hi \.\.\.\|\n", done.stdout)


def test_pretty_indents_json_and_leaves_the_rest(echo: foreign.Server) -> None:
    done = tool.run("connect", echo.url, "--pretty", "--count", 2, text='{"a":{"b":[1,2.5]}}\nno json\n')
    assert done.returncode == 0, done.stderr
    assert '\n  {\n    "a": {\n      "b": [\n        1,\n        2.5\n      ]\n    }\n  }\n' in done.stdout
    assert "no json" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_trace_has_the_handshake_and_each_frame_without_secrets(echo: foreign.Server) -> None:
    done = tool.run(
        "connect", echo.url + "?key=s3cret", "--trace", "--one", "--raw", "--token", "s3cret", "--header",
        "X-Key: s3cret", text="hello\n")
    assert (done.returncode, done.stdout) == (0, "hello\n"), done.stderr
    lines = done.stderr.splitlines()
    assert "> GET /?… HTTP/1.1" in lines and "> Authorization: …" in lines and "> X-Key: …" in lines
    assert "< HTTP/1.1 101 Switching Protocols" in lines
    assert "> text, 5 bytes: hello" in lines and "< text, 5 bytes: hello" in lines
    assert any(line.startswith("> close, 2 bytes: 1001") for line in lines)
    assert "s3cret" not in done.stderr


def test_an_end_is_told_under_the_url_of_its_server(echo: foreign.Server) -> None:
    """The next server of the list is tried, and has let us in, before there is time to say it."""
    with serving(lambda connection: connection.close(1008, "not you")) as url:
        done = tool.run("connect", "--set", f'url=["{url}","{echo.url}"]', "--timeout", 3, text="")
    assert done.returncode == 0 and f"connected to {echo.url}" in done.stderr, done.stderr
    lines = [line for line in done.stderr.splitlines() if "connected to" not in line]
    assert [line.startswith(f"neuron-ws: {url}: ") for line in lines] == [True], done.stderr
    assert "Connecting to" not in lines[0] and echo.url not in lines[0]


def test_pings_are_counted(server: foreign.Server) -> None:
    # The longer one for a machine that is slow.
    for seconds in (2.5, 30):
        done = tool.run("connect", server.url, "--ping", "--timeout", seconds, text="")
        assert done.returncode == 0, done.stderr
        if re.search(r"pings: \d+ sent, \d+ answered, last [\d.]+ ms, min/avg/max", done.stderr):
            return
    pytest.fail(done.stderr)


def test_a_server_that_is_not_there_and_no_reconnect() -> None:
    url = f"ws://127.0.0.1:{foreign.free_port()}/"
    done = tool.run("connect", url, "--no-reconnect", text="x\n")
    assert done.returncode == 1
    assert done.stderr.count(url) == 1
    assert "connection refused" in done.stderr and "Attempt" not in done.stderr
    assert "1 message could not be sent" in done.stderr


@pytest.mark.parametrize("code, status", [(1000, 0), (1001, 0), (1008, 1), (1011, 1)])
def test_without_reconnect_the_servers_close_ends_it(code: int, status: int) -> None:
    with serving(lambda connection: connection.close(code, "bye now")) as url:
        process = tool.start("connect", url, "--no-reconnect", stdin=subprocess.PIPE)
        # Its input stays open: the server alone ends it.
        assert process.wait(tool.TIMEOUT) == status
        assert process.stderr
        said = process.stderr.read()
        process.communicate()
    assert "bye now" in said and str(code) in said


def test_it_connects_again_and_goes_on() -> None:
    connections: list[ServerConnection] = []

    def handler(connection: ServerConnection) -> None:
        connections.append(connection)
        connection.send(f"connection {len(connections)}")
        if len(connections) == 1:
            connection.close(1012, "")
        with contextlib.suppress(Exception):
            connection.recv(30)

    with serving(handler) as url:
        done = tool.run(
            "connect", url, "--count", 2, "--timeout", 50, "--raw", "--set", "reconnect-min=0.1", "--set",
            "reconnect-max=0.2", text="")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "connection 1\nconnection 2\n"
    assert done.stderr.count("connected to") == 2


# Bad input


def test_bytes_that_are_no_text_are_refused_by_line(echo: foreign.Server) -> None:
    process = subprocess.run(
        [str(foreign.TOOL), "connect", echo.url], input=b"good\n\xff\xfe\x00\ngood again\n", capture_output=True,
        timeout=tool.TIMEOUT)
    assert process.returncode == 1
    assert echo.wait_for(2) == ["good", "good again"]
    assert b"line 2: " in process.stderr and b"--binary" in process.stderr


def test_closed_standard_input(echo: foreign.Server) -> None:
    done = subprocess.run(
        ["bash", "-c", '"$0" connect "$1" <&-', str(foreign.TOOL), echo.url], capture_output=True, text=True,
        timeout=tool.TIMEOUT)
    assert done.returncode == 1
    assert "standard input cannot be read" in done.stderr


def test_a_line_of_64_megabytes() -> None:
    size = 64 << 20
    lengths: list[int] = []

    def handler(connection: ServerConnection) -> None:
        for message in connection:
            lengths.append(len(message))
            connection.send("got it")

    from websockets.sync.server import serve

    with serve(handler, "127.0.0.1", 0, compression=None, max_size=None) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        done = subprocess.run(
            [str(foreign.TOOL), "connect", url, "--count", "2", "--timeout", "200", "--set",
             f"queue-max-bytes={size * 2}"],
            input=b"x" * size + b"\nshort\n", capture_output=True, timeout=300)
        server.shutdown()
    assert done.returncode == 0, done.stderr[-300:]
    assert lengths == [size, 5]


def test_raw_is_not_for_a_terminal(echo: foreign.Server) -> None:
    with Terminal("connect", echo.url, "--raw") as terminal:
        terminal.wait_for("--raw writes bytes")
        assert terminal.wait() == 2


def test_settings_do_not_come_by_the_input_that_is_sent(echo: foreign.Server) -> None:
    done = tool.run("connect", "--settings", "-", text="{}")
    assert done.returncode == 2
    assert "standard input is for what is to be sent" in done.stderr


# At a terminal


def ends_properly(terminal: Terminal, closes: list[int]) -> None:
    assert terminal.wait() == 0, terminal.shown
    deadline = time.monotonic() + 30
    while not closes and time.monotonic() < deadline:
        time.sleep(0.02)
    assert closes == [1001]


@contextlib.contextmanager
def talking() -> Iterator[tuple[str, list[str], list[int]]]:
    """An echo that remembers what it got, and with which code its clients closed."""
    messages: list[str] = []
    closes: list[int] = []

    def handler(connection: ServerConnection) -> None:
        with contextlib.suppress(Exception):
            for message in connection:
                messages.append(str(message))
                connection.send(f"echo of {message}")
        closes.append(connection.close_code or 0)

    with serving(handler) as url:
        yield url, messages, closes


@pytest.mark.parametrize("end", [CTRL_C, CTRL_D])
def test_typing_and_the_end(end: str) -> None:
    with talking() as (url, messages, closes), Terminal("connect", url) as terminal:
        terminal.wait_for("connected to")
        terminal.type("hello\r")
        terminal.wait_for("echo of hello")
        terminal.type("Grüße 世界\r")
        terminal.wait_for("echo of Grüße 世界")
        terminal.type(end)
        ends_properly(terminal, closes)
        assert messages == ["hello", "Grüße 世界"]


def test_sigterm_closes_properly() -> None:
    with talking() as (url, _, closes), Terminal("connect", url) as terminal:
        terminal.wait_for("connected to")
        terminal.process.send_signal(signal.SIGTERM)
        ends_properly(terminal, closes)


@pytest.mark.parametrize("times", [1, 2])
def test_a_terminal_that_goes_away_closes_properly(times: int) -> None:
    """SIGHUP comes from the system and from the shell."""
    with talking() as (url, _, closes), Terminal("connect", url) as terminal:
        terminal.wait_for("connected to")
        for _ in range(times):
            terminal.process.send_signal(signal.SIGHUP)
        ends_properly(terminal, closes)


@pytest.mark.parametrize("how", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_push_ends_however_early_the_signal_comes(server: foreign.Server, how: signal.Signals) -> None:
    """Just before it reads its input, too: then the signal does not end the read."""
    for number in range(1, 6):
        with Terminal("push", server.url) as terminal:
            foreign.wait_until(lambda: server.connections == number, 60)
            terminal.process.send_signal(how)
            assert terminal.wait() == 1
        foreign.wait_until(lambda: server.close_codes == [1001] * number, 60)


def test_under_nohup_it_talks_on(echo: foreign.Server) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with subprocess.Popen(
        [str(foreign.TOOL), "connect", echo.url, "--count", "1", "--raw"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=ignore,
    ) as process:
        assert process.stdin is not None and process.stderr is not None
        assert "connected to" in process.stderr.readline()
        process.send_signal(signal.SIGHUP)
        assert process.communicate("still here\n", timeout=60)[0] == "still here\n"
        assert process.returncode == 0


needs_libedit = pytest.mark.skipif(find_library("edit") is None, reason="libedit is not installed")


@needs_libedit
def test_lines_are_edited_and_remembered() -> None:
    with talking() as (url, messages, closes), Terminal("connect", url) as terminal:
        terminal.wait_for("> ")
        terminal.type("helo\x02l\r")  # one to the left, then the letter that was left out
        terminal.wait_for("echo of hello")
        terminal.type(UP + "!\r")
        terminal.wait_for("echo of hello!")
        terminal.type(CTRL_D)
        ends_properly(terminal, closes)
        assert messages == ["hello", "hello!"]


@needs_libedit
def test_a_message_does_not_tear_the_line_that_is_typed() -> None:
    go = threading.Event()
    messages: list[str] = []

    def handler(connection: ServerConnection) -> None:
        go.wait(60)
        connection.send("in between")
        with contextlib.suppress(Exception):
            messages.append(str(connection.recv(60)))
            connection.send("thanks")
            connection.recv(60)

    with serving(handler) as url, Terminal("connect", url) as terminal:
        terminal.wait_for("connected to")
        terminal.type("half a li")
        terminal.wait_for("half a li")
        go.set()
        terminal.wait_for("in between")
        # The line comes back below it.
        terminal.wait_for("> half a li")
        terminal.type("ne\r")
        terminal.wait_for("thanks")
        terminal.type(CTRL_D)
        assert terminal.wait() == 0
    assert messages == ["half a line"]


def test_twenty_columns_and_a_window_that_changes() -> None:
    line = "a line that is much longer than the terminal is wide, and then some"
    with talking() as (url, messages, closes), Terminal("connect", url, columns=20) as terminal:
        terminal.wait_for("connected to")
        terminal.type(line[:30])
        terminal.resize(60)
        terminal.type(line[30:])
        terminal.resize(20)
        terminal.type("\r")
        terminal.wait_for("echo of")
        terminal.type(CTRL_D)
        ends_properly(terminal, closes)
        assert messages == [line]


def test_without_an_editor_the_terminal_edits() -> None:
    """With output in a pipe libedit is not used; lines come as the terminal gives them."""
    with talking() as (url, messages, closes), Terminal("connect", url, output=subprocess.PIPE) as terminal:
        assert terminal.process.stdout
        terminal.type("plain\r")
        assert b"echo of plain" in terminal.process.stdout.readline()
        terminal.type(CTRL_D)
        assert terminal.wait() == 0
        assert messages == ["plain"]


def test_colours_and_a_running_line_of_pings(echo: foreign.Server) -> None:
    with Terminal("connect", echo.url, "--pretty", "--ping") as terminal:
        terminal.wait_for("connected to")
        terminal.type('{"a":true}\r')
        terminal.wait_for("\x1b[36m\"a\"")
        terminal.wait_for("answered, last")
        terminal.type(CTRL_C)
        assert terminal.wait() == 0


@needs_libedit
def test_a_dumb_terminal_edits_itself(echo: foreign.Server) -> None:
    with Terminal("connect", echo.url, environment={"TERM": "dumb"}) as terminal:
        terminal.wait_for("connected to")
        terminal.type("hello\r")
        terminal.wait_for("5 bytes  hello")
        terminal.type(CTRL_D)
        assert terminal.wait() == 0
        assert "\x1b" not in terminal.shown
