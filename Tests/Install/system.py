# SPDX-License-Identifier: Apache-2.0
"""A Debian root, and what is done in it."""

from __future__ import annotations

import subprocess
from pathlib import Path


class System:
    """A Debian root, entered with /proc and /dev of its own."""

    def __init__(self, folder: Path, architecture: str) -> None:
        self.folder = folder
        self.architecture = architecture

    def _entered(self) -> list[str]:
        mounts = f"mount -t proc proc {self.folder}/proc && mount --rbind /dev {self.folder}/dev && "
        inside = f"exec chroot {self.folder} /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root " \
                 f"LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive /bin/sh -ec \"$COMMAND\""
        return ["unshare", "--mount", "--propagation", "private", "sh", "-ec", mounts + inside]

    def run(self, command: str, check: bool = True) -> str:
        result = subprocess.run(
            self._entered(), env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "COMMAND": command},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        if check and result.returncode != 0:
            raise AssertionError(f"{command}\n{result.stdout[-3000:]}\nexit status {result.returncode}")
        return result.stdout

    def start(self, command: str) -> subprocess.Popen[str]:
        """Runs it beside, with pipes; a command that begins with exec is the process itself."""
        return subprocess.Popen(
            self._entered(), env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "COMMAND": command}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, errors="replace")

    def packages(self, *names: str) -> list[str]:
        """Ours by their names, among those of all architectures and their debug symbols."""
        return [f"/packages/{name}_*_{'all' if name.startswith('python3-') else self.architecture}.deb"
                for name in names]

    def install(self, *names: str) -> str:
        return self.run("apt-get install -y -q --no-install-recommends " + " ".join(names))

    def files(self) -> set[str]:
        """All that packages put there; what apt and ldconfig keep for themselves is none of it."""
        out = self.run("find / -xdev \\( -path /proc -o -path /dev -o -path /tmp -o -path /root -o -path /packages"
                       " -o -path /var/lib/apt -o -path /var/cache -o -path /var/log -o -path /var/lib/dpkg"
                       " -o -path /etc/ld.so.cache \\) -prune -o -print")
        return set(out.splitlines())

    def put(self, path: str, text: str, mode: int = 0o644) -> None:
        """A file of the root; the folders above it are made."""
        file = self.folder / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
