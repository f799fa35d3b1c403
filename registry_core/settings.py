"""What the user decided: the only reader of the environment and of agentreg.toml.

[plugins]
allow = ["web-agents"]              # only these distributions; empty means all
block = ["evil-agents"]             # never these
[pins]
summarise = "text-agents"           # who owns a contested short name
[run]
middleware = ["middleware-cache/cache"]
timeout_seconds = 60.0              # longest attempt when nobody else says
"""

from __future__ import annotations

import difflib
import json
import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import ClassVar

from registry_core.errors import ConfigError, Fault

__all__ = [
    "CONFIG_VARIABLE",
    "PluginSettings",
    "RunSettings",
    "Settings",
    "load_settings",
    "user_config_file",
]

CONFIG_VARIABLE = "AGENTREG_CONFIG"
_MAX_BYTES = 1 << 20
_MAX_PARTS = 32
_REFUSE_UNKNOWN = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class PluginSettings:
    """Which plugins take part.

    Attributes:
        allow: Distributions that may; empty means all.
        block: Distributions that may not; wins over *allow*.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = _REFUSE_UNKNOWN

    allow: tuple[str, ...] = ()
    block: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How pipelines run.

    Attributes:
        middleware: Middleware that acts in every run, by ``distribution/name``.
        timeout_seconds: Longest attempt when neither the policy nor the agent says.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = _REFUSE_UNKNOWN

    middleware: tuple[str, ...] = ()
    timeout_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Every decision, with its default; the shape of agentreg.toml.

    Attributes:
        plugins: Which plugins take part.
        pins: Distribution that owns a contested short name, by that name.
        run: How pipelines run.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = _REFUSE_UNKNOWN

    plugins: PluginSettings = field(default_factory=PluginSettings)
    pins: Mapping[str, str] = field(default_factory=dict[str, str])
    run: RunSettings = field(default_factory=RunSettings)


def user_config_file() -> Path:
    """Return the place of the user's own file, whether or not it exists."""
    home = os.environ.get("XDG_CONFIG_HOME")
    return Path(home or Path("~/.config").expanduser(), "agentreg", "agentreg.toml")


def load_settings(path: str | os.PathLike[str] | None = None) -> Settings:
    """Return the settings of *path*, else of ``AGENTREG_CONFIG``, else of the user's file.

    A file in the current directory is never read by itself: a folder that one merely stands
    in decides nothing.

    Raises:
        ConfigError: If the named file is missing, or the file cannot be used as it stands;
            all faults at once, with their lines.
    """
    named = path if path is not None else os.environ.get(CONFIG_VARIABLE)
    try:
        file = Path(named) if named else user_config_file()
        if not named and not file.is_file():
            return Settings()
        with file.open("rb") as stream:
            raw = stream.read(_MAX_BYTES + 1)
    except (OSError, RuntimeError) as error:  # RuntimeError: there is no home directory
        if not named:
            return Settings()
        raise ConfigError(str(named), [Fault("", str(error))]) from error
    text = _decoded(str(file), raw)
    return _checked(str(file), text, _parsed(str(file), text))


def _decoded(file: str, raw: bytes) -> str:
    if len(raw) > _MAX_BYTES:
        raise ConfigError(file, [Fault("", "is larger than 1 MiB")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(file, [Fault(f"byte {error.start}", "is not UTF-8")]) from error
    # tomllib takes quadratic time and memory over the parts of one dotted key.
    for number, line in enumerate(text.splitlines(), start=1):
        if line.partition("=")[0].count(".") >= _MAX_PARTS:
            raise ConfigError(file, [Fault(f"line {number}", "a key has too many parts")])
    return text


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
    if not (math.isfinite(settings.run.timeout_seconds) and settings.run.timeout_seconds > 0):
        where = f"line {_line_of(text, ['run', 'timeout_seconds'])}: run.timeout_seconds"
        raise ConfigError(file, [Fault(where, "must be a finite number above 0")])
    return settings


def _suggestion(keys: list[str]) -> str:
    owner = {"plugins": PluginSettings, "run": RunSettings}.get(keys[0]) if keys[1:] else Settings
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
