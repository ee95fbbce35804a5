# SPDX-License-Identifier: Apache-2.0
"""`neuron-ws serve` seen from outside: by the library's own node (push, connect, check), by the package websockets, and
by a raw socket."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import foreign
import pytest
import tool
from websockets.sync.client import connect

# So long may anything take on a machine that has much else to do.
PATIENCE = 50
STAMP = r"\d\d:\d\d:\d\d\.\d\d\d  #1 "
HANDSHAKE = (
    b"GET /raw HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")


class Served:
    """`neuron-ws serve` with the URL that it printed. Its output is read along, or it would come to a halt."""

    def __init__(self, *words: object, **more: Any) -> None:
        self.process = tool.start("serve", "--port", 0, *words, **more)
        assert self.process.stdout
        self.output: list[str] = [self.process.stdout.readline()]
        match = re.search(r"wss?://127\.0\.0\.1:(\d+)", self.output[0])
        assert match
        self.url = match.group()
        self.port = int(match[1])
        self.reader = threading.Thread(target=lambda: self.output.extend(self.process.stdout or []), daemon=True)
        self.reader.start()

    @property
    def text(self) -> str:
        return "".join(self.output)

    def wait_for(self, pattern: str) -> re.Match[str]:
        foreign.wait_until(lambda: re.search(pattern, self.text), PATIENCE, pattern)
        found = re.search(pattern, self.text)
        assert found
        return found

    def wait(self) -> int:
        """Its exit status, when it ends by itself."""
        status = self.process.wait(PATIENCE)
        self.reader.join(10)
        return status

    def said(self) -> str:
        """What it wrote to standard error, once it has ended."""
        assert self.process.stderr
        return self.process.stderr.read()

    def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(how)
        status = self.wait()
        assert self.said() == ""
        return status, self.text

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.reader.join(10)
        self.process.__exit__(None, None, None)  # waits and closes the pipes


class Raw:
    """A client that says exactly what it is told."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.sendall(HANDSHAKE)
        self.head = b""
        while not self.head.endswith(b"\r\n\r\n"):
            byte = self.socket.recv(1)
            if not byte:
                break
            self.head += byte

    def send(self, opcode: int, payload: bytes) -> None:
        # The mask is 0, so that the payload stays as it is.
        length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
        self.socket.sendall(bytes([0x80 | opcode]) + length + bytes(4) + payload)

    def receive(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                break
            data += piece
        return data

    def is_quiet(self, seconds: float) -> bool:
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(1) is None
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(PATIENCE)

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def line(number: int, node: str = "plc1", name: str = "fast") -> str:
    return json.dumps({"node": node, "group": name, "values": {"n": number}}) + "\n"


# What it prints, and when it ends


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_prints_what_it_gets_until_it_is_interrupted(how: signal.Signals) -> None:
    with Served() as served:
        with connect(served.url + "/data") as client:
            client.send('{"a":"\x1b[31m"}')
            client.send(b"\x00\xff")
        served.wait_for("ended")
        status, output = served.end(how)
    assert status == 0
    assert re.search(STAMP + r"opened  127\.0\.0\.1:\d+  /data", output)
    # What a terminal would obey is spelled out.
    assert re.search(STAMP + r'text, 13 bytes  {"a":"\\u001b\[31m"}', output)
    assert re.search(STAMP + r"binary, 2 bytes\n  00000000  00 ff ", output)
    assert re.search(STAMP + r"ended  2 messages", output)
    assert "2 messages of 15 bytes on 1 connection\n" in output


def test_under_nohup_it_outlives_its_terminal() -> None:
    process = subprocess.Popen(
        ["nohup", str(foreign.TOOL), "serve", "--port", "0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True)
    with process:
        assert process.stdout and process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_echoes() -> None:
    with Served("--echo") as served, connect(served.url, max_size=None) as client:
        for message in ("", "ü" * 100_000, b"\x00" * 200_000):
            client.send(message)
            assert client.recv(PATIENCE) == message


def test_says_goodbye_to_its_clients() -> None:
    with Served() as served, connect(served.url) as client:
        served.process.send_signal(signal.SIGTERM)
        with pytest.raises(Exception) as closed:
            client.recv(PATIENCE)
        assert getattr(closed.value, "rcvd", None) is not None
        assert closed.value.rcvd.code == 1001  # type: ignore[attr-defined]
        assert served.wait() == 0


def test_a_client_that_never_answers_the_close_does_not_hold_it_up() -> None:
    with Served() as served, Raw(served.port) as client:
        served.wait_for("opened")
        served.process.send_signal(signal.SIGTERM)
        assert client.receive(4) == b"\x88\x02\x03\xe9"
        assert served.wait() == 0
        assert "closed by us, and not by the client" in served.text


def test_count_ends_it_with_exactly_so_many_messages() -> None:
    with Served("--count", 3) as served:
        done = tool.run("push", served.url, text="".join(map(line, range(20))))
        assert served.wait() == 0
        assert served.said() == ""
    shown = re.findall(r'"n":(\d+)', served.text)
    assert shown == ["0", "1", "2"]
    assert "accepted" in done.stdout


def test_count_over_several_connections() -> None:
    with Served("--count", 40) as served:
        def push() -> None:
            with connect(served.url) as client:
                for number in range(20):
                    client.send(line(number))

        threads = [threading.Thread(target=push) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert served.wait() == 0
    assert len(re.findall(r'"n": ?\d+', served.text)) == 40
    assert "40 messages" in served.text


def test_a_count_that_is_not_reached_in_time_is_a_failure() -> None:
    done = tool.run("serve", "--port", 0, "--count", 2, "--timeout", "0.3")
    assert done.returncode == 1
    assert done.stderr == "neuron-ws: 0 of 2 messages came\n"


def test_a_count_that_is_interrupted_is_a_failure() -> None:
    with Served("--count", 2) as served:
        assert served.end(signal.SIGINT)[0] == 1


def test_timeout_alone_is_no_failure() -> None:
    done = tool.run("serve", "--port", 0, "--timeout", "0.2")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("0 messages of 0 bytes on 0 connections\n")


def test_a_signal_of_somebody_elses_does_not_end_it() -> None:
    with Served("--count", 1) as served:
        served.process.send_signal(signal.SIGUSR1)
        tool.run("push", served.url, text=line(1))
        assert served.wait() == 0


def test_pretty_indents_json_and_leaves_the_rest() -> None:
    with Served("--pretty", "--count", 2) as served, connect(served.url) as client:
        client.send('{"a":{"b":[1,2.5]}}')
        client.send("no json")
        assert served.wait() == 0
    assert '\n  {\n    "a": {\n      "b": [\n        1,\n        2.5\n      ]\n    }\n  }\n' in served.text
    assert re.search(STAMP + "text, 7 bytes  no json\n", served.text)


def test_json_tells_each_event_to_a_program() -> None:
    with Served("--json") as served:
        with connect(served.url + "/p") as client:
            client.send('quote " and \x1b')
            client.send(b"\x00" * 10_000)
        served.wait_for("ended")
        status, output = served.end()
    assert status == 0
    events = [json.loads(one) for one in output.splitlines()]
    assert [one["event"] for one in events] == ["listening", "opened", "message", "message", "ended", "summary"]
    assert events[0]["url"] == served.url
    assert events[1]["path"] == "/p" and events[1]["connection"] == 1
    assert (events[2]["kind"], events[2]["text"]) == ("text", 'quote " and \x1b')
    assert (events[3]["kind"], events[3]["hex"]) == ("binary", "00" * 10_000)
    assert (events[4]["code"], events[4]["messages"]) == (1000, 2)
    assert {name: events[5][name] for name in ("messages", "bytes", "connections", "shown")} == {
        "messages": 2, "bytes": 10_013, "connections": 1, "shown": 2}


# --filter


def test_filters_show_their_groups_alone() -> None:
    with Served("--filter", "plc1/*", "--filter", "*/slow", "--count", 3, "--json") as served:
        with connect(served.url) as client:
            for text in ("no json", '{"values":{}}', line(1), line(2, "plc2"), line(3, "plc2", "slow"), line(4)):
                client.send(text)
            assert served.wait() == 0
    events = [json.loads(one) for one in served.output]
    shown = [json.loads(one["text"])["values"]["n"] for one in events if one["event"] == "message"]
    assert shown == [1, 3, 4]
    assert events[-1]["shown"] == 3 and events[-1]["messages"] == 6


def test_a_filter_sees_the_messages_of_each_format_that_names_the_group() -> None:
    with Served("--filter", "p l/c/1", "--count", 2) as served:
        for format in (0, 1):
            done = tool.run("push", served.url, "--set", f"format={format}", text=line(1, "p l", "c/1") + line(2))
            assert done.returncode == 0, done.stderr
            served.wait_for(rf"(?s)({STAMP[:-3]}#{format + 1} text.*)")
        assert served.wait() == 0


def test_a_filter_that_matched_nothing_says_so() -> None:
    with Served("--filter", "plc1/Fast") as served:
        assert tool.run("push", served.url, text=line(1)).returncode == 0
        served.wait_for("ended")
        served.process.terminate()
        assert served.wait() == 0
        assert served.said() == (
            "neuron-ws: --filter plc1/Fast matched no group; names are case-sensitive; what else came: plc1/fast\n")
    assert "text" not in served.text and "; 0 shown" in served.text


# --tls


def authority_of(served: Served) -> Path:
    return Path(served.wait_for(r"its CA, .*: (/.*/ca\.pem)\n")[1])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_tls_with_a_certificate_made_on_the_spot(host: str) -> None:
    if host == "[::1]" and not socket.has_ipv6:
        pytest.skip("no IPv6")
    with Served("--tls", "--echo") as served:
        ca = authority_of(served)
        assert served.url.startswith("wss://")
        url = served.url.replace("127.0.0.1", host)
        checked = tool.run("check", url, "--ca", ca, "--wait", "0.1")
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert "neuron-ws serve CA" in checked.stdout
        # Nobody else trusts it.
        assert tool.run("check", url, "--wait", "0").returncode == 1
        with foreign.SecureClient(url, ssl.create_default_context(cafile=str(ca))) as client:
            client.send("x" * 1_000_000)
            assert client.recv(PATIENCE) == "x" * 1_000_000
        assert served.end()[0] == 0
        assert not ca.exists() and not ca.parent.exists()


def test_the_ca_lies_where_only_this_user_can_enter(tmp_path: Path) -> None:
    with Served("--tls", "--json", env=tool.environment(TMPDIR=str(tmp_path))) as served:
        ca = Path(json.loads(served.output[0])["ca"])
        assert ca.parent.parent == tmp_path and ca.parent.stat().st_mode & 0o777 == 0o700
        assert [file.name for file in ca.parent.iterdir()] == ["ca.pem"]
        assert "PRIVATE KEY" not in ca.read_text()
        assert served.end()[0] == 0
    assert list(tmp_path.iterdir()) == []


def test_the_ca_is_removed_however_it_ends(tmp_path: Path) -> None:
    environment = tool.environment(TMPDIR=str(tmp_path))
    for words in (["--timeout", "0"], ["--count", "1", "--timeout", "0.1"]):
        tool.run("serve", "--port", 0, "--tls", *words, env=environment)
        assert list(tmp_path.iterdir()) == []
    # A port that is taken.
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert tool.run("serve", "--port", taken.getsockname()[1], "--tls", env=environment).returncode == 1
    assert list(tmp_path.iterdir()) == []
    # Output that nobody reads.
    process = tool.start("serve", "--port", 0, "--tls", env=environment)
    with process:
        assert process.stdout
        port = int(re.findall(r":(\d+);", process.stdout.readline())[0])
        assert "ca.pem" in process.stdout.readline()
        process.stdout.close()
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        # It ends when it would tell of the connection, which may be before the handshake is through.
        with contextlib.suppress(Exception), foreign.SecureClient(f"wss://127.0.0.1:{port}", context) as client:
            client.send("who reads this?")
        assert process.wait(PATIENCE) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named() -> None:
    done = tool.run("serve", "--port", 0, "--tls", env=tool.environment(TMPDIR="/no/such/folder"))
    assert done.returncode == 1
    assert "/no/such/folder/neuron-ws-serve-" in done.stderr and "TMPDIR" in done.stderr


def test_tls_with_a_certificate_of_ones_own(authority: foreign.Authority) -> None:
    context = ssl.create_default_context(cafile=str(authority.ca))
    with Served("--cert", authority.cert, "--key", authority.key, "--echo") as served:
        assert served.url.startswith("wss://")
        with foreign.SecureClient(served.url, context) as client:
            client.send("x" * 1_000_000)
            assert client.recv(PATIENCE) == "x" * 1_000_000


# --fault


def faulty(*faults: str, more: tuple[str, ...] = ("--echo",)) -> Served:
    return Served(*more, *(word for fault in faults for word in ("--fault", fault)))


QUICKLY = ("--set", "reconnect-min=0.1", "--set", "reconnect-max=0.2")


def test_a_close_comes_behind_its_message() -> None:
    with faulty("close=1008@2") as served, Raw(served.port) as client:
        client.send(1, b"one")
        assert client.receive(5) == b"\x81\x03one"
        client.send(1, b"two")
        assert client.receive(5) == b"\x81\x03two"
        assert client.receive(11) == b"\x88\x09\x03\xf0--fault"
        client.send(8, b"\x03\xf0")
        assert client.receive(1) == b""


def test_a_close_at_once_is_found_by_check() -> None:
    with faulty("close=4001@0") as served:
        done = tool.run("check", served.url, "--wait", PATIENCE)
    assert done.returncode == 1
    assert "code 4001: --fault" in done.stdout


def test_messages_are_counted_anew_for_each_connection() -> None:
    with faulty("reset@2", more=()) as served:
        for number in (1, 2):
            with Raw(served.port) as client:
                client.send(1, b"one")
                client.send(1, b"two")
                with pytest.raises(ConnectionResetError):
                    client.receive(1)
            served.wait_for(rf"#{number} ended  2 messages  reset by us")


def test_a_node_sees_the_reset_and_comes_back() -> None:
    with faulty("reset@1") as served:
        with tool.start("connect", served.url, *QUICKLY, stdin=subprocess.PIPE) as process:
            assert process.stdin and process.stderr
            process.stdin.write("one\n")
            process.stdin.flush()
            served.wait_for("#1 ended  1 message  reset by us")
            served.wait_for("#2 opened")
            process.terminate()
            assert "reset the connection" in process.stderr.read()


def test_a_stall_neither_reads_nor_answers() -> None:
    with faulty("stall@1") as served, Raw(served.port) as client:
        client.send(1, b"one")
        client.send(9, b"ping")
        client.send(1, b"two")
        assert client.receive(5) == b"\x81\x03one"
        served.wait_for("#1 stalled")
        assert client.is_quiet(0.5)
        # It takes some, and then no more: the kernel's buffers of both sides are full.
        client.socket.settimeout(1)
        with pytest.raises(TimeoutError):
            for _ in range(100_000):
                client.send(2, bytes(65_000))
        assert "two" not in served.text


def test_a_node_notices_a_stall_by_its_pings() -> None:
    with faulty("stall@0") as served:
        done = tool.run(
            "connect", served.url, "--no-reconnect", "--set", "ping-interval=1", "--set", "ping-timeout=1",
            "--timeout", PATIENCE, text="", stdin=None)
        assert done.returncode == 1, done.stderr
        served.wait_for("#1 stalled")


def test_a_slow_server_reads_no_faster() -> None:
    start = time.monotonic()
    with faulty("slow=2000", more=("--count", "10")) as served:
        done = tool.run("push", served.url, text="".join(line(number, "x" * 250) for number in range(10)))
        assert served.wait() == 0
        # 10 messages of more than 300 bytes, of which 200 are free.
        assert time.monotonic() - start > 1.2
        assert re.findall(r'"n":(\d+)', served.text) == [str(number) for number in range(10)], done.stderr


def test_a_slow_server_holds_its_client_up() -> None:
    with faulty("slow=1000/S", more=()) as served, Raw(served.port) as client:
        client.socket.settimeout(1)
        with pytest.raises(TimeoutError):
            for _ in range(100_000):
                client.send(2, bytes(65_000))
        # And it does not hold up the end.
        assert served.end()[0] == 0


@pytest.mark.parametrize("faults, head", [
    (["status=503"], b"HTTP/1.1 503 Service Unavailable\r\n"),
    (["status=401"], b"HTTP/1.1 401 Unauthorized\r\n"),
    (["retry-after=7"], b"HTTP/1.1 503 Service Unavailable\r\n"),
    (["status=429", "retry-after=7"], b"HTTP/1.1 429 Too Many Requests\r\n"),
])
def test_the_handshake_is_refused(faults: list[str], head: bytes) -> None:
    with faulty(*faults) as served:
        with Raw(served.port) as client:
            assert client.head.startswith(head)
            assert (b"\r\nRetry-After: 7\r\n" in client.head) == ("retry-after=7" in faults)
        done = tool.run("check", served.url)
        assert done.returncode == 1
        status = head.split()[1].decode()
        assert f"HTTP status {status}" in done.stdout
        assert ("asks to wait 7 s" in done.stdout) == ("retry-after=7" in faults)
        served.wait_for(f"#2 ended  0 messages  refused with {status}")


def test_only_the_first_are_rejected() -> None:
    with faulty("reject-first=2,status=403") as served:
        for expected in (b"HTTP/1.1 403 ", b"HTTP/1.1 403 ", b"HTTP/1.1 101 ", b"HTTP/1.1 101 "):
            with Raw(served.port) as client:
                assert client.head.startswith(expected)


def test_a_node_gets_through_after_the_rejected_ones() -> None:
    with faulty("reject-first=2,retry-after=0", more=("--count", "1")) as served:
        done = tool.run("push", served.url, *QUICKLY, text=line(1))
        assert "HTTP status 503" in done.stderr
        assert served.wait() == 0
        assert "#3 text" in served.text


def test_pings_are_not_answered() -> None:
    with faulty("no-pong") as served:
        with Raw(served.port) as client:
            client.send(9, b"ping")
            client.send(1, b"text")
            assert client.receive(6) == b"\x81\x04text"
            client.send(8, b"\x03\xe8")
            # Nor when the connection is closed.
            assert client.receive(4) == b"\x88\x02\x03\xe8"
        done = tool.run("check", served.url, "--wait", "0.2")
        assert re.search("ping +WARN +no Pong within", done.stdout)


def test_pings_are_answered_wrong() -> None:
    with faulty("wrong-pong") as served:
        with Raw(served.port) as client:
            client.send(9, b"\x00\x01")
            assert client.receive(4) == b"\x8a\x02\xff\xfe"
            client.send(9, b"")
            assert client.receive(3) == b"\x8a\x01\xff"
        done = tool.run("check", served.url, "--wait", "0.2")
        assert re.search("ping +WARN +no Pong within", done.stdout)


def test_faults_come_together() -> None:
    with faulty("reject-first=1,status=502", "no-pong,close=1013@1") as served:
        with Raw(served.port) as client:
            assert client.head.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
        with Raw(served.port) as client:
            client.send(9, b"ping")
            client.send(1, b"text")
            assert client.receive(17) == b"\x81\x04text" + b"\x88\x09\x03\xf5--fault"


def test_faults_over_tls() -> None:
    with faulty("slow=100000,close=1008@2", more=("--tls",)) as served:
        ca = authority_of(served)
        with foreign.SecureClient(served.url, ssl.create_default_context(cafile=str(ca))) as client:
            client.send("one")
            client.send("x" * 20_000)
            with pytest.raises(Exception) as closed:
                client.recv(PATIENCE)
            assert closed.value.rcvd.code == 1008  # type: ignore[attr-defined]


def test_the_last_message_during_the_farewell_does_not_kill_it() -> None:
    with Served("--count", 1) as served, Raw(served.port) as client:
        served.wait_for("opened")
        served.process.send_signal(signal.SIGTERM)
        assert client.receive(4) == b"\x88\x02\x03\xe9"
        # It waits for the answer to its Close frame now, and gets the message that was to end it.
        client.send(1, b"late")
        served.wait_for("text, 4 bytes  late")
        client.send(8, b"\x03\xe9")
        assert served.wait() == 0
        assert "1 message of 4 bytes" in served.text


# Bad input


@pytest.mark.parametrize("words, told", [
    (["--count", "0"], '--count takes a whole number from 1 to 9223372036854775807, not "0"'),
    (["--count", "-1"], '--count takes a whole number from 1 to 9223372036854775807, not "-1"'),
    (["--count", "9" * 40], f'--count takes a whole number from 1 to 9223372036854775807, not "{"9" * 40}"'),
    (["--count", "1.5"], "--count takes a whole number"),
    (["--count"], "--count needs a value: --count N"),
    (["--timeout", "-1"], "--timeout takes a number of seconds from 0 to 31536000"),
    (["--timeout", "soon"], "--timeout takes a number of seconds from 0 to 31536000"),
    (["--timeout", "1e99"], "--timeout takes a number of seconds from 0 to 31536000"),
    (["--filter", "plc1"], '--filter takes DRIVER/GROUP, * for all, not "plc1"'),
    (["--filter", "*"], '--filter takes DRIVER/GROUP, * for all, not "*"'),
    (["--filter", ""], '--filter takes DRIVER/GROUP, * for all, not ""'),
    (["--filter", "/x"], '--filter takes DRIVER/GROUP, * for all, not "/x"'),
    (["--pretty", "--json"], "--pretty and --json exclude each other"),
    (["--tls", "--cert", "c", "--key", "k"], "leave one of them out"),
    (["--cert", "c"], "--cert and --key belong together"),
    (["--fualt", "no-pong"], "serve has no option --fualt; did you mean --fault?"),
    (["--fault"], "--fault needs a value: --fault FAULT"),
    (["--fault", "clsoe=1008@3"], 'is no fault; did you mean close=CODE@N? It takes a close code that may be sent'),
    (["--fault", "\x1b[31m"], '--fault "\\u001b[31m" is no fault. The faults are close=CODE@N, reset@N, stall@N'),
    (["--fault", ""], '--fault "" is no fault'),
    (["--fault", "close=1005@1"], "(1000 to 1003, 1007 to 1014, 3000 to 4999)"),
    (["--fault", "slow=0"], 'takes a number of bytes a second from 1 to 1000000000, not "slow=0"'),
    (["--fault", "no-pong", "--fault", "no-pong"], "--fault no-pong was given twice"),
    (["--fault", "no-pong,wrong-pong"], "exclude each other"),
    (["--fault", "status=503,reset@1"], "add reject-first=N"),
])
def test_bad_input_is_told(words: list[str], told: str) -> None:
    done = tool.run("serve", "--port", 0, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_that_is_taken(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        taken = socket.create_server((host, 0), family=family)
    except OSError:
        pytest.skip("no IPv6")
    with taken:
        port = taken.getsockname()[1]
        done = tool.run("serve", "--port", port)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"port {port}: Address already in use; choose another --port, or 0 for any free one" in done.stderr


def test_a_flood_of_bytes_that_are_no_handshake_and_no_frame() -> None:
    with Served("--filter", "*/*", "--pretty") as served:
        with socket.create_connection(("127.0.0.1", served.port)) as client:
            client.sendall(b"\x00" * 4096 + b"\r\n\r\n")
        with Raw(served.port) as client:
            client.send(1, b"\xff\xfe")
            # RFC 6455 §8.1: text that is no UTF-8 fails the connection with 1007.
            assert client.receive(4)[2:] == b"\x03\xef"
        with Raw(served.port) as client:
            client.send(1, b"[" * 60_000)
            client.send(1, line(7).encode())
        served.wait_for(r'"n": 7')
        assert served.end()[0] == 0
