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
collectors = ["metrics-prometheus/collector"]
timeout_seconds = 60.0              # longest attempt when nobody else says
[monitoring]
enabled = true                      # record runs
metrics_retention_days = 7          # then they are purged
performance_alerts = true
max_error_rate = 0.1                # of an agent's attempts; above it, an alert
max_p95_seconds = 30.0              # of an agent's attempts; above it, an alert
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeAlias

__all__ = ["MonitoringSettings", "PluginSettings", "RunSettings", "Settings", "Trust"]

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
        collectors: Collectors that hear every run, by ``distribution/name``.
        timeout_seconds: Longest attempt when neither the policy nor the agent says.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = _REFUSE_UNKNOWN

    middleware: tuple[str, ...] = ()
    collectors: tuple[str, ...] = ()
    timeout_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class MonitoringSettings:
    """What is remembered of runs, and what is worth an alert.

    Attributes:
        enabled: Whether runs are recorded.
        metrics_retention_days: Days that records are kept.
        performance_alerts: Whether agents are held to the two limits below.
        max_error_rate: Highest share of an agent's attempts that may fail, 0 to 1.
        max_p95_seconds: Longest time within which 95 of 100 attempts must end.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = _REFUSE_UNKNOWN

    enabled: bool = True
    metrics_retention_days: int = 7
    performance_alerts: bool = True
    max_error_rate: float = 0.1
    max_p95_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Every decision.

    Attributes:
        plugins: Which plugins take part.
        pins: Distribution that owns a contested short name, by that name.
        run: How pipelines run.
        monitoring: What is remembered of runs, and what is worth an alert.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = _REFUSE_UNKNOWN

    plugins: PluginSettings = field(default_factory=PluginSettings)
    pins: Mapping[str, str] = field(default_factory=dict[str, str])
    run: RunSettings = field(default_factory=RunSettings)
    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)
