# SPDX-License-Identifier: Apache-2.0
"""Puts the built library into the wheel, so that `pip install` is all there is to do.

NEURON_WS_BUNDLE names the library that is put in; "none" leaves it out, for systems that have it already (Debian's
package). Without it the library of the source tree is taken where `make build` has made it, and none from elsewhere: a
source distribution uses the system's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SONAME = "libneuron_ws.so.1"


class LibraryHook(BuildHookInterface):  # type: ignore[type-arg,misc]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        library = self.library()
        if library is None:
            return
        build_data["force_include"][str(self.stripped(library))] = f"neuron_ws/{SONAME}"
        build_data["pure_python"] = False
        # Of any Python 3, as it is called by ctypes; of this system, as it is its library.
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = os.environ.get("NEURON_WS_WHEEL_TAG") or f"py3-none-{platform}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if self.scratch is not None:
            self.scratch.cleanup()

    scratch: tempfile.TemporaryDirectory[str] | None = None

    def stripped(self, library: Path) -> Path:
        """Without the debug symbols, where this machine can take them away: a third of the size. The tree may belong
        to somebody else: nothing is written into it."""
        strip = shutil.which(os.environ.get("STRIP") or "strip")
        if strip is None:
            return library
        self.scratch = tempfile.TemporaryDirectory(prefix="neuron_ws-")
        small = Path(self.scratch.name) / SONAME
        done = subprocess.run([strip, "-o", small, library], stderr=subprocess.DEVNULL)
        return small if done.returncode == 0 else library

    def library(self) -> Path | None:
        named = os.environ.get("NEURON_WS_BUNDLE", "")
        if named == "none":
            return None
        if named:
            path = Path(named).resolve()
            if not path.is_file():
                raise FileNotFoundError(f"NEURON_WS_BUNDLE names {path}, which is not there: build it (make build)")
            return path
        tree = Path(self.root).resolve().parents[1]
        built = tree / ".build/release/libneuron_ws.so"
        return built.resolve() if (tree / "include/neuron_ws.h").is_file() and built.is_file() else None
