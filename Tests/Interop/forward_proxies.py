# SPDX-License-Identifier: Apache-2.0
"""Proxies that lead to a server: tinyproxy, squid, dante and microsocks as Debian has them, and one that misbehaves."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import foreign

USER, PASSWORD = "plant", "pa:ss@word"
"""As they stand in a URL: PASSWORD_IN_URL."""
PASSWORD_IN_URL = "pa%3Ass%40word"
PLAIN_PASSWORD = "plain.secret"
"""tinyproxy takes nothing else in its configuration."""

SQUID = """
http_port 127.0.0.1:{port}
https_port 127.0.0.1:{tls_port} tls-cert={cert} tls-key={key}
auth_param digest program /usr/lib/squid/digest_file_auth {folder}/users
auth_param digest realm plant
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
cache deny all
pid_filename {folder}/squid.pid
cache_log {folder}/cache.log
access_log none
coredump_dir {folder}
shutdown_lifetime 0 seconds
pinger_enable off
netdb_filename none
"""


@contextlib.contextmanager
def running(*words: object, port: int) -> Iterator[None]:
    program = shutil.which(str(words[0])) or f"/usr/sbin/{words[0]}"
    process = subprocess.Popen([program, *map(str, words[1:])], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        foreign.wait_until(lambda: foreign.listens(port) or process.poll() is not None, 60, f"{words[0]} listens")
        assert process.poll() is None, f"{words[0]} ended with {process.returncode}"
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def tinyproxy(folder: Path, *, authenticates: bool = True) -> Iterator[int]:
    port = foreign.free_port()
    configuration = folder / "tinyproxy.conf"
    lines = [f"Port {port}", "Listen 127.0.0.1", "Allow 127.0.0.1", "MaxClients 20", "Timeout 600",
             f'LogFile "{folder}/tinyproxy.log"']
    if authenticates:
        lines.append(f"BasicAuth {USER} {PLAIN_PASSWORD}")
    configuration.write_text("\n".join(lines) + "\n")
    with running("tinyproxy", "-d", "-c", configuration, port=port):
        yield port


@contextlib.contextmanager
def squid(authority: foreign.Authority) -> Iterator[tuple[int, int]]:
    """Asks for Digest. Its port, and the one where it speaks TLS."""
    with tempfile.TemporaryDirectory(prefix="squid-") as name:
        folder = Path(name)
        # It gives up root's rights before it reads and writes here.
        folder.chmod(0o777)
        port, tls_port = foreign.free_port(), foreign.free_port()
        for source, target in ((authority.cert, "cert.pem"), (authority.key, "key.pem")):
            shutil.copy(source, folder / target)
            (folder / target).chmod(0o644)
        (folder / "users").write_text(f"{USER}:{PASSWORD.replace(':', '')}\n")
        configuration = folder / "squid.conf"
        configuration.write_text(SQUID.format(
            port=port, tls_port=tls_port, folder=folder, cert=folder / "cert.pem", key=folder / "key.pem"))
        with running("squid", "-N", "-f", configuration, port=port):
            foreign.wait_until(lambda: foreign.listens(tls_port), 60, "squid's TLS port")
            yield port, tls_port


SQUID_PASSWORD_IN_URL = PASSWORD_IN_URL.replace("%3A", "")


@contextlib.contextmanager
def microsocks(*, authenticates: bool = True) -> Iterator[int]:
    port = foreign.free_port()
    words = ["-u", USER, "-P", PASSWORD] if authenticates else []
    with running("microsocks", "-i", "127.0.0.1", "-p", port, *words, port=port):
        yield port


DANTE = """
logoutput: {folder}/dante.log
internal: 127.0.0.1 port = {port}
external: lo
user.privileged: {user}
user.unprivileged: {user}
clientmethod: none
socksmethod: {method}
client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}
socks block {{ from: 127.0.0.0/8 to: 0.0.0.0/0 port = {blocked} command: connect }}
socks pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 command: connect }}
"""


@contextlib.contextmanager
def dante(folder: Path, *, authenticates: bool = False, blocked: int = 9) -> Iterator[int]:
    """Knows the host's users alone: nobody gets in where it asks. Its rules let nobody to the port `blocked`."""
    port = foreign.free_port()
    configuration = folder / "danted.conf"
    configuration.write_text(DANTE.format(
        folder=folder, port=port, user=pwd.getpwuid(os.getuid()).pw_name, blocked=blocked,
        method="username" if authenticates else "none"))
    with running("danted", "-f", configuration, "-p", folder / "danted.pid", port=port):
        yield port


class Answering:
    """Answers each connection with these bytes once something has come, then holds it or ends it."""

    def __init__(self, answer: bytes, *, ends: bool = False) -> None:
        self.heard: list[bytes] = []
        self._answer, self._ends = answer, ends
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Answering:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)
        for held in self._held:
            held.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._held.append(connection)
            try:
                self.heard.append(connection.recv(65536))
                connection.sendall(self._answer)
            except OSError:
                pass
            if self._ends:
                connection.close()
