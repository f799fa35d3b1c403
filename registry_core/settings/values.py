"""Every decision with its default: the shape of agentreg.toml.

[plugins]
allow = ["web-agents"]              # only these; empty means all
block = ["evil-agents"]             # never these
trust = "locked"                    # only what the lock file has the digests of
lock = "agentreg.lock"              # beside this file
[pins]
summarise = "text-agents"           # who owns a contested short name
[run]
middleware = ["middleware-cache/cache"]
timeout_seconds = 60.0              # longest attempt when nobody else says
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeAlias

__all__ = ["PluginSettings", "RunSettings", "Settings", "Trust"]

_REFUSE_UNKNOWN = {"extra": "forbid"}

Trust: TypeAlias = Literal["installed", "locked"]


@dataclass(frozen=True, slots=True)
class PluginSettings:
    """Which plugins take part.

    A plugin is meant by its distribution (``web-agents``), by its entry point
    (``web-agents:web``), or by one of its agents (``web-agents/html_to_text``, with or without
    a version), which lets in or keeps out that agent alone.

    Attributes:
        allow: Who may; empty means all.
        block: Who may not; wins over *allow*.
        trust: ``installed`` takes what is installed, ``locked`` only what *lock* knows.
        lock: The lock file, absolute.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = _REFUSE_UNKNOWN

    allow: tuple[str, ...] = ()
    block: tuple[str, ...] = ()
    trust: Trust = "installed"
    lock: str = ""


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
    """Every decision.

    Attributes:
        plugins: Which plugins take part.
        pins: Distribution that owns a contested short name, by that name.
        run: How pipelines run.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = _REFUSE_UNKNOWN

    plugins: PluginSettings = field(default_factory=PluginSettings)
    pins: Mapping[str, str] = field(default_factory=dict[str, str])
    run: RunSettings = field(default_factory=RunSettings)
