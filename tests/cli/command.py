"""Run ``agentreg`` inside this process and see what a user would see."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pytest

from registry_core.cli.app import run

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonObject, JsonValue

__all__ = ["Typed", "typing_in"]


@dataclass(frozen=True, slots=True)
class Typed:
    """What a command left behind: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    def value(self) -> JsonValue:
        """Standard output as the one JSON value that it must be."""
        return cast("JsonValue", json.loads(self.out))

    def facts(self) -> JsonObject:
        """Standard output as a JSON object."""
        return cast("JsonObject", json.loads(self.out))

    def rows(self) -> list[JsonObject]:
        """Standard output as a JSON list of objects."""
        return cast("list[JsonObject]", json.loads(self.out))


def typing_in(capfd: pytest.CaptureFixture[str], *words: str) -> Typed:
    """Return what ``agentreg`` with these words leaves behind."""
    with pytest.raises(SystemExit) as exit_:
        run(words)
    captured = capfd.readouterr()
    code = exit_.value.code
    return Typed(code if isinstance(code, int) else 1, captured.out, captured.err)
