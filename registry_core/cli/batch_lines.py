"""JSON lines in, JSON lines out: what a batch reads and what it writes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from registry_core.definitions.validating import parse_json
from registry_core.errors import ManifestError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from registry_core.definitions.schema import JsonValue
    from registry_core.results.batch import ItemRecord
    from registry_core.results.outcomes import ErrorRecord

__all__ = ["Line", "Lines", "lines_of", "row_of"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank, as it was read.

    Attributes:
        number: Which line of the file, from 1.
        raw: Its bytes.
    """

    number: int
    raw: bytes

    def value(self) -> JsonValue:
        """Return what the line says.

        Raises:
            ManifestError: If it is not JSON.
        """
        return parse_json(f"of line {self.number}", self.raw)

    def key(self, field: str) -> str:
        """Return a field of the line as the item's name; empty where there is none.

        A line that is no JSON gets no name, and fails when it is run.
        """
        try:
            value = self.value()
        except ManifestError:
            return ""
        named = value.get(field) if isinstance(value, dict) else None
        return named if isinstance(named, str) else json.dumps(named) if named is not None else ""


class Lines(Iterable[Line]):
    """The lines of something that is read once, as they are asked for, and closed then."""

    def __init__(self, stream: BinaryIO) -> None:
        """Read from *stream*."""
        self._stream = stream

    def __iter__(self) -> Iterator[Line]:
        """Yield the lines that are not blank."""
        with self._stream:
            for number, raw in enumerate(self._stream, start=1):
                if raw.strip():
                    yield Line(number, raw)


class CountedLines(Lines, Sized):
    """The lines of a file, which can be counted before they are read."""

    def __init__(self, stream: BinaryIO) -> None:
        """Count the lines of *stream*, and be back at its begin."""
        super().__init__(stream)
        self._count = sum(1 for raw in stream if raw.strip())
        stream.seek(0)

    def __len__(self) -> int:
        """How many lines are not blank."""
        return self._count


def lines_of(file: Path) -> Lines:
    """Return the lines of *file*, or of standard input where it is ``-``.

    Raises:
        click.BadParameter: If it cannot be opened.
    """
    if str(file) == "-":
        # Not sys.stdin: a thread that still waits in it makes the interpreter fail at its exit.
        return Lines(os.fdopen(os.dup(0), "rb"))
    try:
        stream = file.open("rb")
    except OSError as error:
        raise click.BadParameter(f"{file}: {error.strerror}", param_hint="FILE") from error
    return CountedLines(stream) if file.is_file() else Lines(stream)


def row_of(record: ItemRecord) -> str:
    """Return *record* as a line of JSON; its output is JSON already."""
    row: dict[str, object] = {"index": record.index}
    if record.key:
        row["key"] = record.key
    row["status"] = record.status
    if record.status == "succeeded":
        row["output"] = record.output
    if record.error is not None:
        row["error"] = _error(record.error)
    row["attempts"] = record.attempts
    row["seconds"] = round(record.run_seconds, 6)
    return json.dumps(row, ensure_ascii=False, allow_nan=False)


def _error(error: ErrorRecord) -> dict[str, str]:
    facts = {
        "code": error.code,
        "type": error.type,
        "message": error.message,
        "stage": error.stage_id,
    }
    return {name: fact for name, fact in facts.items() if fact}
