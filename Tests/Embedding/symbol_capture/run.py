#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the host and runs it: the same as pytest on this folder."""

import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", str(Path(__file__).resolve().parent)]))
