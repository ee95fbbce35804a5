# SPDX-License-Identifier: Apache-2.0
"""`neuron-ws completion`: the scripts as the shells themselves use them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import foreign
import pytest
import tool
from terminal import Terminal

COMMANDS = re.findall(r"^  (\w+)  ", tool.run("help").stdout, re.M)


def completed(*words: str) -> list[str]:
    """What bash offers for the last word."""
    line = " ".join(f"'{word}'" for word in words)
    script = tool.run("completion", "bash").stdout + (
        f"\nCOMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _neuron_ws; printf '%s\\n' \"${{COMPREPLY[@]}}\"\n")
    done = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, timeout=tool.TIMEOUT, check=True)
    return done.stdout.split()


def test_commands() -> None:
    assert set(completed("neuron-ws", "")) == set(COMMANDS)
    assert completed("neuron-ws", "con") == ["connect"]


@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "help"])
def test_options_are_those_of_the_help(command: str) -> None:
    help = set(re.findall(r"^  (--[\w-]+)", tool.run(command, "--help").stdout, re.M))
    assert set(completed("neuron-ws", command, "--")) == help


def test_values() -> None:
    assert "ping-interval=" in completed("neuron-ws", "check", "--set", "ping-")
    assert completed("neuron-ws", "completion", "f") == ["fish"]
    assert completed("neuron-ws", "plugin", "i") == ["install"]
    assert completed("neuron-ws", "help", "enc") == ["encode"]


def test_bash_completes_names_with_blanks(tmp_path: Path) -> None:
    (tmp_path / "my ca.pem").write_text("")
    (tmp_path / "script").write_text(tool.run("completion", "bash").stdout)
    path = {"TERM": "dumb", "PATH": f"{foreign.TOOL.parent}:{os.environ['PATH']}"}
    with Terminal("--norc", "--noprofile", "-i", columns=200, environment=path, program="bash") as terminal:
        terminal.type(f"cd '{tmp_path}'; . ./script; echo rea''dy\r")
        terminal.wait_for("ready")
        terminal.type("neuron-ws check --ca my\t")
        terminal.wait_for("my\\ ca.pem")


@pytest.mark.parametrize("shell, check", [("bash", ["-n"]), ("zsh", ["-n"]), ("fish", ["--no-execute"])])
def test_the_script_is_one_of_its_shell(shell: str, check: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    file = tmp_path_factory.mktemp("completion") / "script"
    file.write_text(tool.run("completion", shell).stdout)
    done = subprocess.run([shell, *check, str(file)], capture_output=True, text=True, timeout=tool.TIMEOUT)
    assert (done.returncode, done.stderr) == (0, "")


def test_fish_offers_what_bash_offers() -> None:
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    script = tool.run("completion", "fish").stdout
    done = subprocess.run(
        ["fish", "--no-config", "-c", script + "\ncomplete -C 'neuron-ws check --'"], capture_output=True, text=True,
        timeout=tool.TIMEOUT)
    offered = {line.split("\t")[0] for line in done.stdout.splitlines()}
    assert {"--wait", "--settings", "--insecure"} <= offered


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_offers_it_at_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "_neuron-ws").write_text(tool.run("completion", "zsh").stdout)
    (tmp_path / "neuron-ws").symlink_to(foreign.TOOL)
    path = {"TERM": "dumb", "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    with Terminal("-f", "-i", columns=200, environment=path, program="zsh") as terminal:
        terminal.type(f"fpath=({tmp_path} $fpath); autoload -Uz compinit; compinit -u -D; print rea''dy\r")
        terminal.wait_for("ready")
        for typed, offered in (("con\t", "connect "), ("check --wa\t", "--wait "), ("completion f\t", "fish ")):
            terminal.type(f"neuron-ws {typed}")
            terminal.wait_for(offered)
            terminal.type("\x15")


def test_a_shell_that_is_none() -> None:
    done = tool.run("completion", "bsh")
    assert done.returncode == 2
    assert "did you mean bash?" in done.stderr
