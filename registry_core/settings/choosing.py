"""Which plugins take part, and who owns what several claim: the settings that discovery asks.

By itself, so that a start without a cache makes the classes of no other decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from typing import Protocol

    class Choosing(Protocol):
        """Settings, or the part of them that is in here."""

        @property
        def plugins(self) -> PluginSettings:
            """Which plugins take part."""
            ...

        @property
        def pins(self) -> Mapping[str, str]:
            """Distribution that owns a contested short name, by that name."""
            ...


__all__ = ["Defaults", "PluginSettings", "Trust"]

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

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}

    allow: tuple[str, ...] = ()
    block: tuple[str, ...] = ()
    trust: Trust = "installed"
    lock: str = ""


class Defaults(NamedTuple):
    """What discovery goes by where nothing was decided, as in ``Settings()``."""

    plugins: PluginSettings = PluginSettings()
    pins: Mapping[str, str] = MappingProxyType({})
