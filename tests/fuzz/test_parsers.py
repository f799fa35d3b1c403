"""A short run of the fuzzer, where it is installed; the long one is taken by hand."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.parsers import PARSERS, parse

ROOT = Path(__file__).parents[2]
SEEDS = [
    b"[registry_core.plugins]\na = b\n",
    b"Name: a\nVersion: 1.0\nRequires-Dist: b>=1; python_version > '3'\n\n",
    b"a.py,sha256=x,1\n",
    b'{"format": 1, "host_api": ">=1", "agents": []}',
    b"[plugins]\nallow = ['a']\n",
]


@pytest.mark.parametrize("number", range(len(PARSERS)))
@pytest.mark.parametrize("seed", SEEDS)
def test_no_parser_raises_on_the_food_of_another(tmp_path: Path, number: int, seed: bytes) -> None:
    """The seeds of the fuzzer, each through every parser."""
    parse(bytes([number]) + seed, tmp_path)


@pytest.mark.fault("F12", "F13", "F91")
def test_the_fuzzer_finds_nothing_in_ten_thousand_runs() -> None:
    """A crash here is a plugin that stops every command."""
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed")

    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.parsers", "-runs=10000", "-verbosity=0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-2000:]
