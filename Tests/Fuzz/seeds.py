# SPDX-License-Identifier: Apache-2.0
"""The seed corpus: what the tests hold as literals, as the targets read it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
ACCEPT = "s3pPLBMxaQ9kYGzzhZRbK+xOo="  # of the RFC's "the sample nonce"
HEX = re.compile(r'hex\w*(?:\(|: )"([0-9a-fA-F ]+)"')
RAW = re.compile(r'#"(.*?)"#')
PLAIN = re.compile(r'(?<!#)"((?:[^"\\\n]|\\.)*)"')
BLOCK = re.compile(r'"""\n(.*?)"""', re.S)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", '"': '"', "\\": "\\"}


def unescaped(literal: str) -> str:
    """A Swift literal's text; what is interpolated becomes 1."""
    text = re.sub(r"\\\([^()]*(?:\([^()]*\)[^()]*)*\)", "1", literal)
    text = re.sub(r"\\u\{([0-9a-fA-F]+)\}", lambda found: chr(int(found[1], 16)), text)
    return re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), text)


def sources(*patterns: str) -> Iterator[str]:
    for pattern in patterns:
        for path in sorted(TESTS.glob(pattern)):
            yield path.read_text()


def texts(*patterns: str) -> Iterator[str]:
    for source in sources(*patterns):
        yield from RAW.findall(source)
        yield from (unescaped(literal) for literal in PLAIN.findall(source))
        yield from (unescaped(literal) for literal in BLOCK.findall(source))


def bytes_in_hex(*patterns: str) -> Iterator[bytes]:
    for source in sources(*patterns):
        for digits in HEX.findall(source):
            if len(digits.replace(" ", "")) % 2 == 0:
                yield bytes.fromhex(digits)


def documents(*patterns: str) -> Iterator[bytes]:
    """What begins like a JSON document, good or bad."""
    for text in texts(*patterns):
        if text[:1] in ("{", "[", '"') or text in ("null", "true", "1"):
            yield text.encode()


def frames() -> Iterator[bytes]:
    for data in bytes_in_hex("WebSocketCoreTests/**/*.swift"):
        for choices in (b"\0\x03", b"\x01\x05", b"\x02\x03", b"\x04\x40"):
            yield choices + data


def handshakes() -> Iterator[bytes]:
    for text in texts("WebSocketCoreTests/**/*Handshake*.swift", "WebSocketCoreTests/**/Deflate*.swift"):
        if "HTTP/" in text or ":" in text:
            fields = text if "HTTP/" in text else f"HTTP/1.1 101 Switching Protocols\r\n{text}"
            yield b"\x07" + fields.replace("\n", "\r\n").replace("\r\r", "\r").encode() + b"\r\n\r\n"
    yield (
        "\x07HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        f"{ACCEPT}\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    ).encode()
    yield (
        b"\x03GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )


def urls() -> Iterator[bytes]:
    patterns = ["WebSocketCoreTests/**/*URL*.swift", "NodeCoreTests/Settings/**/*URL*.swift"]
    return (text.encode() for text in texts(*patterns) if ":" in text)


def groups() -> Iterator[bytes]:
    yield from documents("NodeCoreTests/Documents/**/*.swift", "NodeCoreTests/Encoding/**/*.swift")
    for text in texts("NodeCoreTests/Documents/**/*.swift"):
        if text.startswith("{"):
            yield b'{"node":"n","group":"g","tags":[' + text.encode() + b"]}"
    for case in json.loads((TESTS / "Data/encode-vectors.json").read_text()):
        yield json.dumps(case, separators=(",", ":")).encode()[:4096]


def extensions() -> Iterator[bytes]:
    patterns = ["WebSocketCoreTests/**/Deflate*.swift", "WebSocketCoreTests/**/ExtensionList*.swift"]
    for text in texts(*patterns):
        yield text.encode()
        yield b"permessage-deflate; " + text.encode()


def compressed() -> Iterator[bytes]:
    choices = [b"\0\x3f\xff", b"\x03\x3f\x02", b"\x04\x09\x08"]
    for data in bytes_in_hex("NodeCoreTests/Compression/**/*.swift", "WebSocketCoreTests/**/*.swift"):
        yield from (choice + data for choice in choices)
    for data in documents("NodeCoreTests/Encoding/**/*.swift"):
        yield choices[0] + data * 8


def responses() -> Iterator[bytes]:
    """An order, a pointer, a value, a message."""
    pointers = ["id", "/a/id", "/foo/0", "/a~1b", "/m~0n", "/", "/0", "/01", "/a~", ""]
    messages = list(documents("NodeCoreTests/Commands/**/*.swift", "NodeCoreTests/JSON/**/JSONPointerTests.swift"))
    for number, message in enumerate(messages):
        pointer = pointers[number % len(pointers)]
        yield bytes([number % 16]) + pointer.encode() + b"\0" + b"1\0" + message
        name = re.search(rb'"(\w+)"\s*:', message)
        yield bytes([number % 16]) + (name[1] if name else b"a") + b"\0" + b"7\0" + message


CORPORA = {
    "frames": frames,
    "handshake": handshakes,
    "url": urls,
    "settings": lambda: documents("NodeCoreTests/Settings/**/*.swift", "NodeCoreTests/Subscriptions/**/*.swift"),
    "push_json": groups,
    "template": lambda: documents("NodeCoreTests/Encoding/**/*.swift", "NodeCoreTests/Settings/**/*.swift"),
    "requests": lambda: documents("NodeCoreTests/Requests/**/*.swift"),
    "responses": responses,
    "deflate_parameters": extensions,
    "deflate_stream": compressed,
}

# Words that a mutation would hardly hit on; the settings' come from the table of settings.
WORDS = {
    "handshake": ["HTTP/1.1 101", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: " + ACCEPT,
                  "Sec-WebSocket-Extensions: permessage-deflate", "Retry-After: 1", "Location: ws://x"],
    "url": ["ws://", "wss://", "[::1]", "%25eth0", ":65535", "?a=b", "127.0.0.1"],
    "push_json": ["node", "group", "timestamp", "tags", "values", "errors", "metas", "name", "value", "type", "error",
                  "precision", "ARRAY_INT64", "CUSTOM", "DOUBLE", "18446744073709551615", "\\u0000u64:", "1e308"],
    "template": ["${timestamp}", "${node}", "${group}", "${tags}", "${tag_values}", "${tag_errors}",
                 "${tag_error_values}", "${static_tags}", "${static_tag_values}"],
    "requests": ["uuid", "node", "group", "tag", "tags", "name", "value", "action", "operation", "timestamp", "path",
                 "transferPrecision", "ack"],
    "responses": ["/", "~0", "~1", "/0", "/a/b", '"id":', "\\u0041", "\\ud83d\\ude00", "[[", "{}", "null"],
    "deflate_parameters": ["permessage-deflate", "server_no_context_takeover", "client_no_context_takeover",
                           "server_max_window_bits=", "client_max_window_bits=", "15", "8", ";", ","],
}


def words(target: str) -> Iterable[str]:
    if target == "settings":
        source = (TESTS.parent / "Sources/NodeCore/Settings/Table/SettingKey.swift").read_text()
        return [*re.findall(r'= "([\w-]+)"', source), "params", "url", "host", "port", "ws://127.0.0.1/", "true"]
    return WORDS.get(target, [])


def write_corpus(target: str, folder: Path) -> int:
    """Writes the seeds of a target, and its dictionary beside the folder. How many seeds there are."""
    folder.mkdir(parents=True, exist_ok=True)
    seeds = sorted({seed for seed in CORPORA[target]() if 0 < len(seed) <= 8192})
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number:04}").write_bytes(seed)
    lines = ('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words(target))
    folder.with_suffix(".dict").write_text("\n".join(lines) + "\n")
    return len(seeds)
