# SPDX-License-Identifier: Apache-2.0
"""`neuron-ws selftest`: each trial is told, and a wrong line is refused."""

from __future__ import annotations

import tool

TRIALS = ["release and acquire", "one order for all", "atomic addition", "compare and exchange", "mutex",
          "reference counts", "nodes and their threads"]


def test_each_trial_ends_as_it_must() -> None:
    done = tool.run("selftest", "--rounds", "2000", "--threads", "8")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "8 threads, 2,000 rounds" in lines[0] and lines[-1] == "All right."
    assert [line[2:28].rstrip() for line in lines[1:-1]] == TRIALS
    assert all(line.endswith("  right") for line in lines[1:-1]), done.stdout


def test_one_thread_alone_tries_nothing() -> None:
    done = tool.run("selftest", "--threads", "1")
    assert done.returncode == 2 and "--threads" in done.stderr
