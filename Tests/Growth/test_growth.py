# SPDX-License-Identifier: Apache-2.0
"""No call takes more than twice as long, and a logarithm, for twice the input: counted in instructions, not timed."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import growth  # noqa: E402

PAGE = growth.foreign.ROOT / "docs" / "limits.md"


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[growth.Case]:
    return growth.cases(growth.build(tmp_path_factory.mktemp("growth")))


def test_twice_the_input_costs_twice_as_much_at_most(cases: list[growth.Case]) -> None:
    # Instructions are as many whatever else the machine does.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        measured = list(pool.map(growth.measure, cases))
    too_much = []
    for case, (once, twice) in zip(cases, measured):
        if twice / once > growth.RATIO_MAX[case.kind]:
            too_much.append(f"{case.name}: {once:,} instructions for {case.size}, {twice:,} for twice that")
    assert not too_much, "\n".join(too_much)


def test_the_page_lists_what_is_measured(cases: list[growth.Case]) -> None:
    rows = [line.split("|")[1].strip() for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    for case in cases:
        assert case.grows_with in rows, f"docs/limits.md has no row for {case.name}"
