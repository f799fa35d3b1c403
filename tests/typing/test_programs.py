"""The types are part of the interface: what they refuse, and what they let pass."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

from registry_core import Pipeline, Registry, agent
from registry_core.errors import SchemaMismatchError

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted(set(Path(__file__).parent.glob("*.py")) - {Path(__file__)})


class Text(BaseModel):
    """What is read."""

    text: str


class Count(BaseModel):
    """What is counted, under a name that something else has."""

    text: int


@agent
def count(number: int) -> Count:
    """Return how much there is."""
    return Count(text=number)


@agent
def shout(text: Text) -> str:
    """Return *text* in capitals."""
    return text.text.upper()


def crossed() -> Pipeline:
    """Return a chain whose ends do not meet."""
    return Pipeline("p").stage(count).stage(shout)  # type: ignore[arg-type]


CHECKERS = (("mypy", "--no-error-summary"), ("pyright", "--warnings"))


@pytest.mark.requirement("R6")
@pytest.mark.parametrize("checker", CHECKERS, ids=lambda words: words[0])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_type_checker_agrees_with_every_line(program: Path, checker: tuple[str, ...]) -> None:
    """A mistake should turn red in the author's editor, not in a user's run."""
    command = [sys.executable, "-m", *checker, str(program)]

    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout


@pytest.mark.requirement("R6")
def test_what_a_checker_refuses_is_refused_by_binding_with_an_example() -> None:
    """Who runs no type checker learns the same, before anything runs."""
    with pytest.raises(SchemaMismatchError) as caught:
        Registry().bind(crossed())

    error = caught.value
    assert (error.path, error.producer, error.consumer) == ("stages.shout.text", "Count", "Text")
    assert (error.pointer, error.witness) == ("/text", {"text": 0})
    assert error.__notes__ == ['choose another source: sources={"text": …}']
