"""Every decision with its default: the shape of agentreg.toml.

format = 1
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
[run.breaker]
open_seconds = 30.0                 # how long an agent that keeps failing is left alone
[run.retries]
token_ratio = 0.1                   # retries that a success pays for
[run.capacity]
memory_mib = 1024                   # what all running attempts together may need
[isolation]
plugins = ["pdf-agents"]            # their agents run in processes of their own
memory_mib = 2048                   # what each of these may take
[cli]
log_level = "WARNING"
output_format = "text"              # or "json"
auto_save = true                    # else commands that change a file only show how
[monitoring]
enabled = true                      # record runs
metrics_retention_days = 7          # then they are purged
performance_alerts = true
max_error_rate = 0.1                # of an agent's attempts; above it, an alert
max_p95_seconds = 30.0              # of an agent's attempts; above it, an alert
[ranking]
success = 0.3                       # how much an agent's success counts against the other factors
half_life_days = 7.0                # then what was measured counts half
[pipelines]
nightly = "pipelines/nightly.toml"  # from this file; run it by its name
[agents."text-agents/summarise"]
config = { max_words = 120, key = { provider = "openai.api_key" } }
[providers.openai]
api_key = { env = "OPENAI_API_KEY" }  # never the secret itself
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from registry_core.settings.choosing import PluginSettings, Trust
from registry_core.settings.limits import (
    BreakerPolicy,
    HostCapacity,
    IsolationPolicy,
    RetryBudgetPolicy,
)

if TYPE_CHECKING:
    from registry_core.text.toml import TomlValue
else:
    # What it is to a validator, too; a parser of TOML is for those who have some.
    TomlValue = object

__all__ = [
    "FORMAT",
    "AgentSettings",
    "CliSettings",
    "LogLevel",
    "MonitoringSettings",
    "OutputFormat",
    "PluginSettings",
    "RankingSettings",
    "RunSettings",
    "Settings",
    "Trust",
]

FORMAT: Literal[1] = 1
_REFUSE_UNKNOWN = {"extra": "forbid"}
_ABOVE_ZERO = {"above": 0}
_SHARE = {"least": 0, "most": 1}

LogLevel: TypeAlias = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
OutputFormat: TypeAlias = Literal["text", "json"]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How pipelines run.

    Attributes:
        middleware: Middleware that acts in every run, by ``distribution/name``.
        collectors: Collectors that hear every run, by ``distribution/name``.
        timeout_seconds: Longest attempt when neither the policy nor the agent says.
        breaker: When an agent that fails is left alone.
        retries: How many retries successes pay for.
        capacity: What all running attempts together may need.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = _REFUSE_UNKNOWN

    middleware: tuple[str, ...] = ()
    collectors: tuple[str, ...] = ()
    timeout_seconds: float = field(default=60.0, metadata=_ABOVE_ZERO)
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    retries: RetryBudgetPolicy = field(default_factory=RetryBudgetPolicy)
    capacity: HostCapacity = field(default_factory=HostCapacity)


@dataclass(frozen=True, slots=True)
class CliSettings:
    """How the command line behaves.

    Attributes:
        log_level: Least of what is told on standard error.
        output_format: ``text`` for people, ``json`` as if every command had ``--json``.
        auto_save: Whether commands that change a settings file write it; else they show the
            change, and write it with ``--save``.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = _REFUSE_UNKNOWN

    log_level: LogLevel = "WARNING"
    output_format: OutputFormat = "text"
    auto_save: bool = True


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """What is decided of one agent.

    Attributes:
        config: Goes under what a stage says, and over what the agent does by default; may
            refer to variables and providers.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = _REFUSE_UNKNOWN

    config: Mapping[str, TomlValue] = field(default_factory=dict[str, TomlValue])


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
    metrics_retention_days: int = field(default=7, metadata=_ABOVE_ZERO)
    performance_alerts: bool = True
    max_error_rate: float = field(default=0.1, metadata=_SHARE)
    max_p95_seconds: float = field(default=30.0, metadata=_ABOVE_ZERO)


@dataclass(frozen=True, slots=True)
class RankingSettings:
    """What counts how much when one of several agents is chosen.

    Attributes:
        capability: Weight of the score that it claims for the capability.
        success: Weight of the share of its calls that succeed.
        latency: Weight of how fast it answers.
        availability: Weight of whether it could answer now.
        half_life_days: Days after which what was measured counts half.
        typical_seconds: What an agent that nobody measured is taken to need; who needs as long
            gets half of what speed can give.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = _REFUSE_UNKNOWN

    capability: float = field(default=0.4, metadata=_SHARE)
    success: float = field(default=0.3, metadata=_SHARE)
    latency: float = field(default=0.15, metadata=_SHARE)
    availability: float = field(default=0.15, metadata=_SHARE)
    half_life_days: float = field(default=7.0, metadata=_ABOVE_ZERO)
    typical_seconds: float = field(default=1.0, metadata=_ABOVE_ZERO)


@dataclass(frozen=True, slots=True)
class Settings:
    """Every decision. Holds no secret: only the names of the variables that do.

    Attributes:
        format: Of the file; there is one so far.
        plugins: Which plugins take part.
        pins: Distribution that owns a contested short name, by that name.
        run: How pipelines run.
        isolation: Whose agents run in processes of their own.
        cli: How the command line behaves.
        monitoring: What is remembered of runs, and what is worth an alert.
        ranking: What counts how much when one of several agents is chosen.
        pipelines: File of each saved pipeline, absolute, by its name.
        agents: What is decided of single agents, by ``distribution/agent``, with or without
            a version.
        providers: What agents share to reach a service, by the name of the service.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = _REFUSE_UNKNOWN

    format: Literal[1] = FORMAT
    plugins: PluginSettings = field(default_factory=PluginSettings)
    pins: Mapping[str, str] = field(default_factory=dict[str, str])
    run: RunSettings = field(default_factory=RunSettings)
    isolation: IsolationPolicy = field(default_factory=IsolationPolicy)
    cli: CliSettings = field(default_factory=CliSettings)
    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)
    ranking: RankingSettings = field(default_factory=RankingSettings)
    pipelines: Mapping[str, str] = field(default_factory=dict[str, str])
    agents: Mapping[str, AgentSettings] = field(default_factory=dict[str, AgentSettings])
    providers: Mapping[str, Mapping[str, TomlValue]] = field(
        default_factory=dict[str, Mapping[str, TomlValue]]
    )
