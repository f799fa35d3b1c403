"""From what was written to settings, or to everything that is wrong with it."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from registry_core.errors import ConfigError, Fault
from registry_core.settings.sources import MAX_BYTES, SettingsSource, user_config_file
from registry_core.settings.values import (
    MonitoringSettings,
    PluginSettings,
    RunSettings,
    Settings,
    Trust,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

__all__ = ["load_settings", "read_settings"]

_MAX_PARTS = 32
_LOCK = "agentreg.lock"
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|\'[^\']*\'')


def load_settings(path: str | os.PathLike[str] | None = None) -> Settings:
    """Return the settings of *path*, else of ``AGENTREG_CONFIG``, else of the user's file.

    Raises:
        ConfigError: If the named file is missing, or the file cannot be used as it stands;
            all faults at once, with their lines.
    """
    return read_settings(SettingsSource(path))


def read_settings(source: SettingsSource) -> Settings:
    """Return the settings that are written in *source*; a flag goes over the file.

    Raises:
        ConfigError: If they cannot be used as they stand; all faults at once.
    """
    settings = Settings()
    if source.file:
        text = _decoded(source.file, source.content)
        settings = _checked(source.file, text, _parsed(source.file, text))
    written = settings.plugins
    trust = _trust(source.trust) if source.trust else written.trust
    lock = Path(source.lock) if source.lock else _beside(source.file, written.lock)
    plugins = PluginSettings(
        allow=source.allow or written.allow,
        block=tuple(dict.fromkeys((*written.block, *source.block))),
        trust=trust,
        lock=str(lock) if trust == "locked" else "",
    )
    return replace(settings, plugins=plugins)


def _trust(word: str) -> Trust:
    known: tuple[Trust, ...] = get_args(Trust)
    for choice in known:
        if word == choice:
            return choice
    reason = f"is {word!a}, and must be one of: {', '.join(known)}"
    raise ConfigError("of flags and environment", [Fault("trust", reason)])


def _beside(file: str, lock: str) -> Path:
    return Path(file or user_config_file()).absolute().parent / (lock or _LOCK)


def _decoded(file: str, raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise ConfigError(file, [Fault("", "is larger than 1 MiB")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(file, [Fault(f"byte {error.start}", "is not UTF-8")]) from error
    # tomllib takes quadratic time and memory over the parts of one dotted key.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") >= _MAX_PARTS and _has_long_key(line):
            raise ConfigError(file, [Fault(f"line {number}", "a key has too many parts")])
    return text


def _has_long_key(line: str) -> bool:
    # Keys stand before "=", in a table's header, and inside inline tables: cut at what ends one.
    line = _STRING.sub("", line)
    for end in "={},[]":
        line = line.replace(end, "\0")
    return any(part.count(".") >= _MAX_PARTS for part in line.split("\0"))


def _parsed(file: str, text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(file, [Fault("", str(error))]) from error
    except RecursionError as error:
        raise ConfigError(file, [Fault("", "is nested too deeply")]) from error


def _checked(file: str, text: str, document: dict[str, object]) -> Settings:
    from pydantic import TypeAdapter, ValidationError

    faults: list[Fault] = []
    try:
        plain = json.dumps(document, default=str, allow_nan=False)
        settings = TypeAdapter(Settings).validate_json(plain, strict=True)
    except ValueError as error:
        if not isinstance(error, ValidationError):
            raise ConfigError(file, [Fault("", "holds a number that is not finite")]) from error
        for detail in error.errors(include_input=False, include_url=False, include_context=False):
            keys = [str(part) for part in detail["loc"]]
            unknown = detail["type"] == "unexpected_keyword_argument"
            message = f"is unknown{_suggestion(keys)}" if unknown else detail["msg"]
            faults.append(Fault(f"line {_line_of(text, keys)}: {'.'.join(keys)}", message))
        raise ConfigError(file, faults) from None
    faults = [
        Fault(f"line {_line_of(text, key.split('.'))}: {key}", reason)
        for key, reason in _out_of_bounds(settings)
    ]
    if faults:
        raise ConfigError(file, faults)
    return settings


def _out_of_bounds(settings: Settings) -> Iterator[tuple[str, str]]:
    watched = settings.monitoring
    if not settings.run.timeout_seconds > 0:
        yield "run.timeout_seconds", "must be above 0"
    if not watched.metrics_retention_days > 0:
        yield "monitoring.metrics_retention_days", "must be above 0"
    if not 0 <= watched.max_error_rate <= 1:
        yield "monitoring.max_error_rate", "must be between 0 and 1"
    if not watched.max_p95_seconds > 0:
        yield "monitoring.max_p95_seconds", "must be above 0"


def _suggestion(keys: list[str]) -> str:
    tables = {"plugins": PluginSettings, "run": RunSettings, "monitoring": MonitoringSettings}
    owner = tables.get(keys[0]) if keys[1:] else Settings
    known = [item.name for item in fields(owner)] if owner else []
    close = difflib.get_close_matches(keys[-1], known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"


def _line_of(text: str, keys: list[str]) -> int:
    wanted = [key for key in keys if not key.isdigit()]
    line = 0
    for number, content in enumerate(text.splitlines(), start=1):
        if wanted and wanted[0] in content:
            line = number
            wanted.pop(0)
    return line
