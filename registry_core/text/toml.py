"""TOML that anybody may have written, read in linear time, with the line of each value.

Python's parser takes quadratic time and memory over a dotted key, recurses over what is nested
and lets numbers through that JSON cannot say; what would cost that is refused before or after.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

from registry_core.errors import ConfigError, Fault
from registry_core.text.lines import Lines, has_long_key, line_of, steps_of, toml_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    TomlValue: TypeAlias = "bool | int | float | str | list[TomlValue] | dict[str, TomlValue]"
    TomlTable: TypeAlias = dict[str, TomlValue]
else:
    # Validators resolve these; anything that TOML and JSON share passes.
    TomlValue = object
    TomlTable = dict

__all__ = ["MAX_FILE_BYTES", "Toml", "TomlTable", "TomlValue", "fault_at", "read_toml"]

MAX_FILE_BYTES = 1 << 20
_MAX_PARTS = 32
_MAX_DEPTH = 64
_INTEGERS = range(-(1 << 63), 1 << 63)


@dataclass(frozen=True, slots=True)
class Toml:
    """A TOML text that holds nothing that JSON has not.

    Attributes:
        text: As it was written, without a byte order mark.
        document: What it holds.
        lines: Where each value of it stands.
    """

    text: str
    document: TomlTable
    lines: Lines


def read_toml(subject: str, content: bytes) -> Toml:
    r"""Return what *content* holds.

    Args:
        subject: Name of the file, for messages.
        content: Its bytes, at most 1 MiB; it does not matter who wrote them.

    Raises:
        ConfigError: If they cannot be read as TOML, or hold what JSON has not; all faults of
            that kind at once, each with its line and its path. No value is repeated in it.

    >>> read_toml("a.toml", b"[run]\nmiddleware = []").document
    {'run': {'middleware': []}}
    """
    if len(content) > MAX_FILE_BYTES:
        raise ConfigError(subject, [Fault("", "is larger than 1 MiB")])
    try:
        text = content.decode("utf-8-sig")
        if has_long_key(text, _MAX_PARTS):
            raise ConfigError(subject, [Fault("", "a key has too many parts")])
        document = cast("TomlTable", tomllib.loads(text))
    except UnicodeDecodeError as error:
        raise ConfigError(subject, [Fault(f"byte {error.start}", "is not UTF-8")]) from None
    except ValueError as error:
        raise ConfigError(subject, [Fault("", str(error))]) from None
    except RecursionError:
        raise ConfigError(subject, [Fault("", "is nested too deeply")]) from None
    if _is_deep(document):
        raise ConfigError(subject, [Fault("", "is nested too deeply")])
    lines = toml_lines(text.replace("\r\n", "\n"))
    if faults := [fault_at(lines, fault) for fault in _unlike_json(document, "")]:
        raise ConfigError(subject, faults)
    return Toml(text, document, lines)


def fault_at(lines: Lines, fault: Fault, path: str = "") -> Fault:
    """Return *fault* with the line where it stands.

    Args:
        lines: Of the file.
        fault: What is wrong.
        path: Where it stands in the file, if that is not what the fault says.
    """
    line = line_of(lines, steps_of(path or fault.path))
    return Fault(f"line {line}: {fault.path}" if fault.path else f"line {line}", fault.message)


def _is_deep(document: TomlTable) -> bool:
    # Not recursive: dotted keys nest deeper than the parser recurses.
    level: list[TomlValue] = [document]
    for _ in range(_MAX_DEPTH):
        level = [part for value in level for part in _parts(value)]
        if not level:
            return False
    return True


def _parts(value: TomlValue) -> list[TomlValue]:
    match value:
        case dict():
            return [*value.values()]
        case list():
            return value
        case _:
            return []


def _unlike_json(value: object, path: str) -> Iterator[Fault]:
    """Yield a fault for each value that TOML has and JSON has not."""
    match value:
        case dict():
            for key, part in cast("TomlTable", value).items():
                yield from _unlike_json(part, f"{path}.{key}" if path else key)
        case list():
            for place, part in enumerate(cast("list[TomlValue]", value)):
                yield from _unlike_json(part, f"{path}[{place}]")
        case float() if not math.isfinite(value):
            yield Fault(path, "must be a finite number")
        case int() if value not in _INTEGERS:
            yield Fault(path, "must be a number of 64 bits")
        case str() | bool() | int() | float():
            pass
        case _:
            yield Fault(path, "must be text: write dates and times in quotes")
