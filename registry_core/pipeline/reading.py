"""A file that somebody may have edited becomes a document, or all its faults with their lines."""

from __future__ import annotations

import json
import math
import tomllib
from typing import TYPE_CHECKING, TypeVar, cast

from registry_core.definitions.validating import parse_json
from registry_core.errors import ConfigError, Fault, ManifestError, PipelineError
from registry_core.pipeline.documents import load
from registry_core.pipeline.lines import has_long_key, json_lines, line_of, steps_of, toml_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.pipeline.lines import Lines

__all__ = ["MAX_FILE_BYTES", "fault_at", "read_document"]

MAX_FILE_BYTES = 1 << 20
_MAX_PARTS = 32

DocumentT = TypeVar("DocumentT")


def read_document(subject: str, content: bytes, kind: type[DocumentT]) -> tuple[DocumentT, Lines]:
    """Return the *kind* of document that a file holds, and the line of each of its values.

    Args:
        subject: Name of the file; TOML when it ends in ``.toml``, else JSON.
        content: Its bytes, at most 1 MiB.
        kind: What it has to be.

    Raises:
        ConfigError: If it is none; all faults at once, each with its line and its path.
    """
    if subject.endswith(".toml"):
        text, lines = _from_toml(subject, content)
    else:
        text, lines = _from_json(subject, content)
    try:
        return load(kind, text), lines
    except PipelineError as error:
        faults = [fault_at(lines, fault) for fault in error.faults]
        raise ConfigError(subject, faults) from None


def fault_at(lines: Lines, fault: Fault, path: str = "") -> Fault:
    """Return *fault* with the line where it stands.

    Args:
        lines: Of the file.
        fault: What is wrong.
        path: Where it stands in the file, if that is not what the fault says.
    """
    line = line_of(lines, steps_of(path or fault.path))
    return Fault(f"line {line}: {fault.path}" if fault.path else f"line {line}", fault.message)


def _from_json(subject: str, content: bytes) -> tuple[str, Lines]:
    try:
        document = parse_json(subject, content)
    except ManifestError as error:
        raise ConfigError(subject, error.faults) from None
    return json.dumps(document), json_lines(content.decode())


def _from_toml(subject: str, content: bytes) -> tuple[str, Lines]:
    if len(content) > MAX_FILE_BYTES:
        raise ConfigError(subject, [Fault("", "is larger than 1 MiB")])
    try:
        text = content.decode("utf-8")
        # tomllib takes quadratic time and memory over the parts of one dotted key.
        if has_long_key(text, _MAX_PARTS):
            raise ConfigError(subject, [Fault("", "a key has too many parts")])
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise ConfigError(subject, [Fault(f"byte {error.start}", "is not UTF-8")]) from None
    except ValueError as error:
        raise ConfigError(subject, [Fault("", str(error))]) from None
    except RecursionError:
        raise ConfigError(subject, [Fault("", "is nested too deeply")]) from None
    lines = toml_lines(text.replace("\r\n", "\n"))
    if faults := [fault_at(lines, fault) for fault in _unlike_json(document, "")]:
        raise ConfigError(subject, faults)
    return json.dumps(document), lines


def _unlike_json(value: object, path: str) -> Iterator[Fault]:
    """Yield a fault for each value that TOML has and JSON has not."""
    match value:
        case dict():
            for key, part in cast("dict[str, object]", value).items():
                yield from _unlike_json(part, f"{path}.{key}" if path else key)
        case list():
            for place, part in enumerate(cast("list[object]", value)):
                yield from _unlike_json(part, f"{path}[{place}]")
        case float() if not math.isfinite(value):
            yield Fault(path, "must be a finite number")
        case str() | bool() | int() | float():
            pass
        case _:
            yield Fault(path, "must be text: write dates and times in quotes")
