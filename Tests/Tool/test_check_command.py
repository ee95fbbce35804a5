# SPDX-License-Identifier: Apache-2.0
"""`neuron-ws check`: its steps, its facts, and what it says of servers that are not what they should be."""

from __future__ import annotations

import contextlib
import http.server
import json
import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import foreign
import pytest
import tool
from websockets.sync.server import ServerConnection

from test_endings import serving


def failed_step(output: str) -> str:
    (line,) = [line for line in output.splitlines() if " FAILED " in line]
    return line.split()[0]


def test_check_tells_what_was_negotiated(server: foreign.Server, tmp_path: Path) -> None:
    done = tool.run("check", "--settings", tool.settings(tmp_path, url=server.url))
    assert done.returncode == 0, done.stdout
    steps = [line.split()[0] for line in done.stdout.splitlines() if " ok " in line]
    assert steps == ["settings", "resolve", "connect", "handshake", "ping", "stay"]
    assert f"connected to  {server.url} at 127.0.0.1:{server.port} (IPv4)" in done.stdout
    # Each step but the first has its time.
    assert len(re.findall(r"^\w+ +ok +\d+\.\d\d ms  ", done.stdout, re.M)) == 5


def test_check_tells_the_facts_of_tls(authority: foreign.Authority, tmp_path: Path) -> None:
    with foreign.Server(tls=authority.server_context()) as server:
        file = tool.settings(tmp_path, url=server.url, ca=authority.ca.read_text())
        done = tool.run("check", "--settings", file)
    assert done.returncode == 0, done.stdout
    assert "TLSv1.3" in done.stdout
    assert "(verified)" in done.stdout


def test_check_names_the_setting_that_is_wrong(tmp_path: Path) -> None:
    done = tool.run("check", "--settings", tool.settings(tmp_path, url="ws://127.0.0.1:1/", formatt=1))
    assert done.returncode == 1
    assert failed_step(done.stdout) == "settings"
    assert "formatt" in done.stdout


def test_check_names_every_setting_that_is_wrong(tmp_path: Path) -> None:
    file = tool.settings(tmp_path, url="http://127.0.0.1:1/", formatt=1, ca="/nowhere/ca.pem")
    done = tool.run("check", "--settings", file, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"]) == (1, False)
    assert [(step["step"], step["verdict"], step["key"]) for step in told["steps"]] == [
        ("settings", "FAILED", key) for key in ("formatt", "url", "ca")
    ]


def test_check_of_a_file_that_is_not_json(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text("{")
    done = tool.run("check", "--settings", file)
    assert done.returncode == 1
    assert failed_step(done.stdout) == "settings"


def test_check_of_a_closed_port(tmp_path: Path) -> None:
    file = tool.settings(tmp_path, url=f"ws://127.0.0.1:{foreign.free_port()}/")
    done = tool.run("check", "--settings", file)
    assert done.returncode == 1
    assert failed_step(done.stdout) == "connect"
    assert "nothing listens on port" in done.stdout


def test_check_tries_each_url_of_a_list(server: foreign.Server, tmp_path: Path) -> None:
    file = tool.settings(tmp_path, url=[f"ws://127.0.0.1:{foreign.free_port()}/", server.url])
    done = tool.run("check", "--settings", file)
    assert done.returncode == 0, done.stdout
    assert failed_step(done.stdout) == "connect"
    assert f"connected to  {server.url}" in done.stdout


def failures(output: str) -> list[tuple[str, str]]:
    """Which step failed, and what is told of it."""
    words = [line.split(None, 4) for line in output.splitlines() if " FAILED " in line]
    return [(word[0], word[4]) for word in words]


def test_what_each_server_of_a_list_does_is_told_under_its_own_url(server: foreign.Server, tmp_path: Path) -> None:
    def rejects(connection: ServerConnection, _: object) -> object:
        return connection.respond(404, "not here")

    from websockets.sync.server import serve

    with serve(lambda _: None, "127.0.0.1", 0, process_request=rejects) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        wrong = f"ws://127.0.0.1:{web.socket.getsockname()[1]}/wrong"
        closed = f"ws://127.0.0.1:{foreign.free_port()}/"
        done = tool.run("check", "--settings", tool.settings(tmp_path, url=[wrong, closed]))
        both = failures(done.stdout)
        whole = tool.run("check", "--settings", tool.settings(tmp_path, url=[wrong, closed, server.url]), "--json")
        web.shutdown()
    assert (done.returncode, [step for step, _ in both]) == (1, ["handshake", "connect"])
    assert both[0][1].startswith(f"{wrong}: ") and "404" in both[0][1] and closed not in both[0][1]
    assert both[1][1].startswith(f"{closed}: ") and "refused" in both[1][1] and "404" not in both[1][1]
    # Neither the next attempt nor the one before.
    assert not [text for _, text in both if "Connecting to" in text or "Before that" in text]
    told = json.loads(whole.stdout)
    assert (whole.returncode, told["url"]) == (0, server.url), whole.stdout
    steps = [(step["url"], step["step"], step["verdict"]) for step in told["steps"] if "url" in step]
    assert steps == [
        (wrong, "resolve", "ok"), (wrong, "connect", "ok"), (wrong, "handshake", "FAILED"), (closed, "resolve", "ok"),
        (closed, "connect", "FAILED"), (server.url, "resolve", "ok"), (server.url, "connect", "ok"),
        (server.url, "handshake", "ok")]


def test_servers_that_fail_in_the_same_way_are_told_each(tmp_path: Path) -> None:
    """In the first step, for the same reason: phase and reason stay what they are from one to the next."""
    urls = [f"ws://127.0.0.1:9/{name}" for name in "abc"]
    done = tool.run("check", "--settings", tool.settings(tmp_path, url=urls, **{"ip-version": 6}))
    assert done.returncode == 1
    told = failures(done.stdout)
    assert [step for step, _ in told] == ["resolve"] * 3
    assert [text.split(": ")[0] for _, text in told] == urls


def test_check_of_an_ordinary_web_server(tmp_path: Path) -> None:
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    web.RequestHandlerClass.log_message = lambda *_: None  # type: ignore[method-assign, assignment]
    threading.Thread(target=web.serve_forever, daemon=True).start()
    try:
        file = tool.settings(tmp_path, url=f"ws://127.0.0.1:{web.server_address[1]}/nothing-here")
        done = tool.run("check", "--settings", file)
    finally:
        web.shutdown()
        web.server_close()
    assert done.returncode == 1
    assert failed_step(done.stdout) == "handshake"
    assert "404" in done.stdout
    assert "path" in done.stdout


def test_check_of_a_server_whose_authority_is_unknown(authority: foreign.Authority, tmp_path: Path) -> None:
    with foreign.Server(tls=authority.server_context()) as server:
        done = tool.run("check", "--settings", tool.settings(tmp_path, url=server.url))
    assert done.returncode == 1
    assert failed_step(done.stdout) == "TLS"
    assert re.search(r"\bca\b", done.stdout)


def test_check_takes_the_url_as_a_word(server: foreign.Server) -> None:
    done = tool.run("check", server.url, "--wait", "0.2")
    assert done.returncode == 0, done.stdout
    assert failed_steps(done.stdout) == []


def failed_steps(output: str) -> list[str]:
    return [line.split()[0] for line in output.splitlines() if " FAILED " in line]


def test_check_reports_as_json(authority: foreign.Authority) -> None:
    with foreign.Server(tls=authority.server_context()) as server:
        done = tool.run("check", server.url, "--ca", authority.ca, "--json", "--wait", "0.2")
    assert done.returncode == 0, done.stdout
    told = json.loads(done.stdout)
    assert told["ok"] is True
    assert [step["step"] for step in told["steps"]] == [
        "settings", "resolve", "connect", "TLS", "handshake", "ping", "stay"]
    assert told["family"] == "IPv4" and told["tls-verified"] is True and told["chain"] >= 1
    assert told["days-left"] >= 0 and told["issuer"]


def test_check_tells_the_certificates_facts(authority: foreign.Authority) -> None:
    with foreign.Server(tls=authority.server_context()) as server:
        done = tool.run("check", server.url, "--ca", authority.ca, "--wait", "0.1")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^  issuer +\S", done.stdout, re.M)
    assert re.search(r"^  valid +until \d{4}-\d\d-\d\d, \d+ days? left", done.stdout, re.M)
    assert re.search(r"^  chain +\d certificate", done.stdout, re.M)


@pytest.mark.parametrize("days, warns", [(3, True), (90, False)])
def test_check_warns_of_a_certificate_that_ends_soon(days: int, warns: bool, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", str(days), "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with foreign.Server(tls=context) as server:
        done = tool.run("check", server.url, "--ca", certificate, "--wait", "0.1")
    assert done.returncode == 0, done.stdout
    assert ("WARN, renew it soon" in done.stdout) == warns


def test_check_prints_what_the_server_says_meanwhile() -> None:
    def handler(connection: ServerConnection) -> None:
        connection.send('{"error":1008}')
        with contextlib.suppress(Exception):
            connection.recv(20)

    with serving(handler) as url:
        done = tool.run("check", url)
    assert done.returncode == 0, done.stdout
    assert re.search(r'^message +WARN +the server sends text, 14 bytes: {"error":1008}$', done.stdout, re.M)


def test_a_failure_names_the_url_once() -> None:
    url = f"ws://127.0.0.1:{foreign.free_port()}/some/path"
    done = tool.run("check", url)
    assert done.returncode == 1
    assert (done.stdout + done.stderr).count(url) == 1
    assert failed_step(done.stdout) == "connect"


def test_a_close_meanwhile_names_the_url_and_the_code() -> None:
    with serving(lambda connection: connection.close(1008, "token expired")) as url:
        done = tool.run("check", url, "--wait", "20")
    assert done.returncode == 1
    assert failed_step(done.stdout) == "stay"
    (line,) = [line for line in done.stdout.splitlines() if " FAILED " in line]
    assert url in line and "1008" in line and "token expired" in line


@contextlib.contextmanager
def deaf_server() -> Iterator[str]:
    """Shakes hands and answers nothing after it."""
    from websockets.server import ServerProtocol

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            peer, _ = listener.accept()
            protocol = ServerProtocol()
            while True:
                protocol.receive_data(peer.recv(4096))
                for event in protocol.events_received():
                    protocol.send_response(protocol.accept(event))
                    for data in protocol.data_to_send():
                        peer.sendall(data)
                    while peer.recv(4096):
                        pass
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/"


def test_a_server_without_pongs_is_warned_of() -> None:
    with deaf_server() as url:
        done = tool.run("check", url, "--wait", "0.3")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^ping +WARN +no Pong within 0\.3 s", done.stdout, re.M)


def test_the_family_of_the_address_is_told() -> None:
    from websockets.sync.server import serve

    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("there is no IPv6 here")
    with serve(lambda connection: connection.recv(20), sock=listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = tool.run("check", f"ws://[::1]:{listener.getsockname()[1]}/", "--wait", "0.1")
        server.shutdown()
    assert done.returncode == 0, done.stdout
    assert "(IPv6)" in done.stdout


def test_compression_and_subprotocol_are_told() -> None:
    from websockets.sync.server import serve

    with serve(lambda connection: connection.recv(20), "127.0.0.1", 0, subprotocols=["b"]) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        done = tool.run(
            "check", url, "--set", "compression=on", "--subprotocol", "a", "--subprotocol", "b", "--wait", "0.1")
        server.shutdown()
    assert done.returncode == 0, done.stdout
    assert re.search(r"^  subprotocol +b$", done.stdout, re.M)
    assert re.search(r"^  compression +permessage-deflate", done.stdout, re.M)


def test_while_it_waits_it_says_for_what_and_how_long_at_most() -> None:
    from terminal import Terminal

    with socket.create_server(("127.0.0.1", 0), backlog=1) as silent:
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}/"
        with Terminal("check", url, "--set", "connect-timeout=7") as terminal:
            shown = terminal.wait_for("s of at most 7 s")
            assert "Connecting to 127.0.0.1:" in shown
            terminal.wait_for("FAILED", seconds=60)
            assert terminal.wait() == 1


def test_no_progress_and_no_colour_off_a_terminal() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as silent:
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}/"
        done = tool.run("check", url, "--set", "connect-timeout=1")
    assert done.returncode == 1
    assert "\x1b" not in done.stdout + done.stderr and "\r" not in done.stdout + done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("variable, coloured", [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colours_are_for_terminals_that_want_them(
    server: foreign.Server, variable: dict[str, str], coloured: bool
) -> None:
    from terminal import Terminal

    with Terminal("check", server.url, "--wait", "0.1", environment=variable) as terminal:
        shown = terminal.wait_for("keeps the connection open")
        assert terminal.wait() == 0
    assert ("\x1b[32m" in shown) == coloured


@pytest.mark.parametrize("variable", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
@pytest.mark.parametrize("words", [["check", "--wait", "0.5"], ["connect", "--ping", "--timeout", "1.5"]])
def test_a_plain_terminal_gets_nothing_but_lines(
    server: foreign.Server, variable: dict[str, str], words: list[str]
) -> None:
    from terminal import Terminal

    command, *rest = words
    with Terminal(command, server.url, *rest, environment=variable) as terminal:
        assert terminal.wait() == 0
    running = [line for line in re.split(r"[\r\n]+", terminal.shown) if re.search(r"ping \d|^waiting|onnecting", line)]
    assert running == []
    if command == "check" or "TERM" in variable:
        assert "\x1b" not in terminal.shown


def test_a_running_line_stays_in_its_row_however_narrow_the_terminal(server: foreign.Server) -> None:
    """What would go on in the next row stayed there. DECAWM off (\\e[?7l) lets the terminal leave it out."""
    from terminal import Terminal

    with Terminal("check", server.url, "--wait", "0.4", columns=20) as terminal:
        assert terminal.wait() == 0
    running = re.findall(r"\r\x1b\[K([^\r]+)(?=\r\x1b\[K)", terminal.shown)
    assert any("waiting whether the server keeps the connection, 0.4 s" in line for line in running)
    assert [line for line in running if not re.fullmatch(r"\x1b\[\?7l[^\x1b]*\x1b\[\?7h", line)] == []


def test_check_goes_on_to_the_next_server_as_a_node_would(server: foreign.Server, tmp_path: Path) -> None:
    """The first lets it in and turns it away (1013): a node passes it over."""
    def turns_away(connection: ServerConnection) -> None:
        connection.close(1013, "full")

    with serving(turns_away) as full:
        urls = [full, server.url]
        done = tool.run("check", "--settings", tool.settings(tmp_path, url=urls))
        alone = tool.run("check", "--settings", tool.settings(tmp_path, url=urls[0]))
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    (failure,) = [index for index, line in enumerate(lines) if " FAILED " in line]
    assert lines[failure].startswith("stay") and "1013" in lines[failure] and urls[0] in lines[failure]
    assert [line.split()[0] for line in lines[failure:] if " ok " in line][-1] == "stay"
    assert f"connected to  {server.url}" in done.stdout
    assert alone.returncode == 1 and failed_step(alone.stdout) == "stay"
