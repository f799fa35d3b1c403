"""The types are part of the interface: what they refuse, and what they let pass."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted(set(Path(__file__).parent.glob("*.py")) - {Path(__file__)})


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_type_checker_agrees_with_every_line(program: Path) -> None:
    """A mistake should turn red in the author's editor, not in a user's run."""
    command = [sys.executable, "-m", "mypy", "--no-error-summary", str(program)]

    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (checked.stdout, checked.returncode) == ("", 0)
