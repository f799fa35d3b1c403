"""Pairs of schemas with the known answer to "is every value of the first one of the second?"."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from registry_core.definitions.schema import JsonObject

__all__ = ["FILES", "Case", "find_file", "load_cases"]

FILES = ("pydantic_pairs", "is_json_schema_subset", "jsoncompat_backcompat")

_OWN = Path(__file__).parents[1] / "data" / "subschema"
_NEIGHBOURS = Path(__file__).parents[3] / "shared" / "data" / "subschema"


@dataclass(frozen=True, slots=True)
class Case:
    """Two schemas, and whether the first is contained in the second."""

    id: str
    producer: JsonObject
    consumer: JsonObject
    fits: bool


def find_file(name: str) -> Path | None:
    """Return where the cases called *name* are, or None if they are not on this machine."""
    candidates = (folder / f"{name}.json" for folder in (_OWN, _NEIGHBOURS))
    return next((path for path in candidates if path.exists()), None)


def load_cases(path: Path) -> list[Case]:
    """Return all cases of one file."""
    cases: list[JsonObject] = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return [_read(case) for case in cases]


def _read(case: JsonObject) -> Case:
    producer, consumer = cast("JsonObject", case["s1"]), cast("JsonObject", case["s2"])
    return Case(str(case["id"]), producer, consumer, fits=case["truth"] is True)
