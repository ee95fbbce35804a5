# SPDX-License-Identifier: Apache-2.0
"""Building and running the programs: the C sources of this folder, the sink, the clients."""

import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SOURCES = HERE / "c"

COMPILE = ["gcc", "-std=gnu11", "-O3", "-march=native", "-Wall", "-Wextra", f"-I{ROOT / 'include'}"]
CLIENT_SECONDS_MAX = 60
SINK_SECONDS_MAX = 30


class Failure(Exception):
    """Something could not be run; the text says what."""


def command(arguments: list, timeout: float = CLIENT_SECONDS_MAX) -> str:
    """Runs a program to its end and returns what it printed."""
    arguments = [str(argument) for argument in arguments]
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise Failure(f"{arguments[0]} is missing") from error
    except subprocess.TimeoutExpired as error:
        raise Failure(f"`{_shown(arguments)}` was not done after {timeout:.0f} s") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        why = said[-1] if said else "nothing said"
        raise Failure(f"`{_shown(arguments)}` ended with {done.returncode}: {why}")
    return done.stdout


def last_json(text: str, program: str) -> dict:
    """The JSON object of the last line."""
    lines = text.strip().splitlines()
    try:
        return json.loads(lines[-1])
    except (IndexError, ValueError) as error:
        raise Failure(f"{program} printed no JSON line") from error


def _shown(arguments: list) -> str:
    return " ".join([os.path.basename(arguments[0]), *arguments[1:]])


class Programs:
    """The compiled programs, each built when it is first asked for, and the files they need."""

    LINK = {
        "sink": (["sink.c", "sink_frames.c"], ["-lssl", "-lcrypto"]),
        "limit": (["limit.c"], ["-ljansson", "-lssl", "-lcrypto"]),
        "peer_lws": (["peer_lws.c"], ["-lwebsockets", "-ljansson", "-lpthread"]),
        "encode": (["encode.c"], ["-ljansson"]),
        "push": (["push.c"], ["-ljansson"]),
        "levels": (["levels.c"], []),
        "cache": (["cache.c"], []),
        "load": (["load.c"], ["-ldl"]),
    }
    OURS = {"encode", "push", "levels", "cache"}

    def __init__(self, folder: Path, library: Path, tool: Path) -> None:
        self.folder = folder
        self.library = library
        self.tool = tool
        self._built: dict[str, Path] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        if name not in self._built:
            self._built[name] = self._build(name)
        return self._built[name]

    def neuron_ws(self) -> Path:
        if not os.access(self.tool, os.X_OK):
            raise Failure(f"the tool is not there: {self.tool} (make build)")
        return self.tool

    def shared_library(self) -> Path:
        if not self.library.is_file():
            raise Failure(f"the library is not there: {self.library} (make build)")
        return self.library

    def certificate(self) -> tuple[Path, Path]:
        """A self-signed certificate for loopback, and its key."""
        certificate, key = self.folder / "certificate.pem", self.folder / "key.pem"
        if "certificate" not in self._built:
            command(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                     "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
                     "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
            self._built["certificate"] = certificate
        return certificate, key

    def stripped_size(self) -> int:
        """Bytes of the library as it would be shipped."""
        stripped = self.folder / "stripped.so"
        command(["strip", "--strip-all", "-o", stripped, self.shared_library()])
        size = stripped.stat().st_size
        stripped.unlink()
        return size

    def _build(self, name: str) -> Path:
        sources, libraries = self.LINK[name]
        target = self.folder / name
        link: list = []
        if name in self.OURS:
            # The loader asks for the soname, which the file itself need not have.
            beside = self.folder / "lib"
            beside.mkdir(exist_ok=True)
            soname = beside / "libneuron_ws.so.1"
            soname.unlink(missing_ok=True)
            soname.symlink_to(self.shared_library().resolve())
            link = [soname, f"-Wl,-rpath,{beside}"]
        command([*COMPILE, *[SOURCES / source for source in sources], "-o", target, *link, *libraries], timeout=120)
        return target


class Sink:
    """The measuring server, running; one line of it for each run."""

    def __init__(
        self, programs: Programs, tls: bool = False, latency: bool = False, acknowledges: bool = False
    ) -> None:
        self._arguments = [str(programs.path("sink"))]
        if tls:
            certificate, key = programs.certificate()
            self._arguments += ["--cert", str(certificate), "--key", str(key)]
        if latency:
            self._arguments.append("--latency")
        if acknowledges:
            self._arguments.append("--ack")
        self._scheme = "wss" if tls else "ws"
        self._process: subprocess.Popen | None = None
        self._pending = b""
        self.url = ""

    def start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._pending = b""
        self._process = subprocess.Popen(self._arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.url = f"{self._scheme}://127.0.0.1:{self._line()['port']}"

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._process = None

    def measure(self, client) -> tuple[dict, str]:
        """Lets `client(url)` run against this sink. Returns the sink's line and what the client returned."""
        self.start()
        try:
            said = client(self.url)
            return self._line(), said
        except Failure:
            # A run that went wrong may still say its line later, and it must not be taken for the next one's.
            self.stop()
            raise

    def _line(self) -> dict:
        deadline = time.monotonic() + SINK_SECONDS_MAX
        while b"\n" not in self._pending:
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([self._process.stdout], [], [], left)[0]
            part = os.read(self._process.stdout.fileno(), 65536) if ready else b""
            if not part:
                raise Failure("the sink ended" if ready else "the sink saw no end of the run")
            self._pending += part
        line, _, self._pending = self._pending.partition(b"\n")
        return json.loads(line)


def missing_commands() -> list[str]:
    return [name for name in ("gcc", "openssl", "strip") if shutil.which(name) is None]
