# SPDX-License-Identifier: Apache-2.0
"""The tool at a pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from typing import Optional

import foreign
import tool


class Terminal:
    """A process whose standard streams are a terminal of `columns`, and what it has shown."""

    def __init__(
        self, *words: object, columns: int = 80, environment: Optional[dict[str, str]] = None,
        output: Optional[int] = None, program: object = foreign.TOOL,
    ) -> None:
        self.master, slave = pty.openpty()
        self.resize(columns, quietly=True)
        variables = tool.environment(TERM="xterm", LC_ALL="C.UTF-8")
        variables.pop("NO_COLOR", None)
        variables.update(environment or {})
        self.process = subprocess.Popen(
            [str(program), *map(str, words)], stdin=slave, stdout=output or slave, stderr=slave, env=variables,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0) and None,
        )
        os.close(slave)
        self.shown = ""
        self.seen = 0

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)

    def resize(self, columns: int, rows: int = 24, quietly: bool = False) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if not quietly:
            self.process.send_signal(signal.SIGWINCH)

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def read(self, seconds: float) -> bool:
        """Takes what is shown within that time; False: nothing, or the end."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)

    def wait_for(self, text: str, seconds: float = 60) -> str:
        """Reads until `text` stands in what was not waited for before; returns all that was shown."""
        deadline = time.monotonic() + seconds
        while (found := self.shown.find(text, self.seen)) < 0:
            assert time.monotonic() < deadline, self.shown[-2000:]
            if not self.read(0.2) and self.process.poll() is not None and not self.read(0.2):
                found = self.shown.find(text, self.seen)
                assert found >= 0, self.shown[-2000:]
                break
        self.seen = found + len(text)
        return self.shown

    def wait(self, seconds: float = 60) -> int:
        """The exit status; what is shown meanwhile is read, or the process would wait for that."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.shown[-2000:]
            self.read(0.1)
        while self.read(0):
            pass
        return self.process.returncode
