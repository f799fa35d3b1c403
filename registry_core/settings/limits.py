"""How much the host takes upon itself: when it stops asking, retrying and letting in.

And whom it does not take upon itself at all: whose agents run in processes of their own.

Plain values with a default each, so that they may stand in agentreg.toml:

[run.breaker]
failure_rate = 0.5                  # of the last window_calls, from which an agent is left alone
[run.retries]
token_ratio = 0.1                   # retries that a success pays for
[run.capacity]
memory_mib = 1024                   # what all running attempts together may need
[isolation]
plugins = ["pdf-agents"]            # their agents run in processes of their own
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from registry_core.errors import ConfigError, Fault, InvalidNameError
from registry_core.names import PluginName

__all__ = ["BreakerPolicy", "HostCapacity", "IsolationPolicy", "RetryBudgetPolicy"]

_REFUSE_UNKNOWN = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When an agent that fails is left alone, and when it is tried again.

    Attributes:
        failure_rate: Share of failures among the last *window_calls* from which it is left
            alone, above 0 and at most 1.
        minimum_calls: Calls that must have ended since it closed before the share counts.
        window_calls: How many of the last calls are looked at.
        open_seconds: How long it is left alone.
        probes: Calls that are then let through, and must all succeed.
        probe_seconds: How long a probe may keep its place; after that another call may probe.

    Raises:
        ConfigError: If a value is out of range; all faults at once.

    >>> BreakerPolicy(probes=0)
    Traceback (most recent call last):
    registry_core.errors.ConfigError: configuration run.breaker cannot be used: probes: must be a \
whole number, at least 1
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = _REFUSE_UNKNOWN

    failure_rate: float = 0.5
    minimum_calls: int = 10
    window_calls: int = 50
    open_seconds: float = 30.0
    probes: int = 1
    probe_seconds: float = 60.0

    def __post_init__(self) -> None:
        """Refuse what could not be carried out."""
        _refuse(
            "run.breaker",
            (
                ("failure_rate", _is_share(self.failure_rate), "must be above 0 and at most 1"),
                ("minimum_calls", _is_count(self.minimum_calls), _COUNT),
                ("window_calls", _is_count(self.window_calls), _COUNT),
                ("open_seconds", _is_positive(self.open_seconds), _TIME),
                ("probes", _is_count(self.probes), _COUNT),
                ("probe_seconds", _is_positive(self.probe_seconds), _TIME),
            ),
        )


@dataclass(frozen=True, slots=True)
class RetryBudgetPolicy:
    """How many retries an agent's successes pay for.

    Attributes:
        max_tokens: Tokens of a healthy agent; half of them may be spent in one go.
        token_ratio: Tokens that a success gives back, at most 1; a failed attempt takes one.

    Raises:
        ConfigError: If a value is out of range; all faults at once.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = _REFUSE_UNKNOWN

    max_tokens: int = 100
    token_ratio: float = 0.1

    def __post_init__(self) -> None:
        """Refuse what could not be carried out."""
        _refuse(
            "run.retries",
            (
                ("max_tokens", _is_count(self.max_tokens), _COUNT),
                ("token_ratio", _is_share(self.token_ratio), "must be above 0 and at most 1"),
            ),
        )


@dataclass(frozen=True, slots=True)
class HostCapacity:
    """What all running attempts of this process together may need, and how long others queue.

    Attributes:
        memory_mib: Memory, in MiB; None does not count it.
        cpu_cores: Processor cores; None does not count them.
        queue_limit: Attempts of one agent that may queue; one more is refused at once.
        queue_seconds: How long one may queue.

    Raises:
        ConfigError: If a value is out of range; all faults at once.
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = _REFUSE_UNKNOWN

    memory_mib: int | None = None
    cpu_cores: float | None = None
    queue_limit: int = 1000
    queue_seconds: float = 60.0

    def __post_init__(self) -> None:
        """Refuse what could not be carried out."""
        memory, cores = self.memory_mib, self.cpu_cores
        queue = _is_count(self.queue_limit) or self.queue_limit == 0
        _refuse(
            "run.capacity",
            (
                (
                    "memory_mib",
                    memory is None or _is_count(memory),
                    "must be a whole number above 0",
                ),
                ("cpu_cores", cores is None or _is_positive(cores), "must be finite and above 0"),
                ("queue_limit", queue, "must be a whole number, at least 0"),
                ("queue_seconds", _is_positive(self.queue_seconds), _TIME),
            ),
        )


@dataclass(frozen=True, slots=True)
class IsolationPolicy:
    """Whose agents run in processes of their own, and what such a process may take.

    A plugin is meant by its distribution (``pdf-agents``), or by its entry point as well
    (``pdf-agents:pdf``).

    Attributes:
        plugins: The plugins.
        workers: Processes of one plugin at the same time.
        memory_mib: Memory that one may take, in MiB.
        start_seconds: How long one may take to start.
        environment: Variables of the host that they see, beside those that no program does
            without.

    Raises:
        ConfigError: If a value is out of range; all faults at once.

    >>> IsolationPolicy(plugins=("PDF_Agents",)).holds("pdf-agents", "pdf")
    True
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = _REFUSE_UNKNOWN

    plugins: tuple[str, ...] = ()
    workers: int = 4
    memory_mib: int = 2048
    start_seconds: float = 30.0
    environment: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what could not be carried out."""
        words = all(name.isascii() and name.isidentifier() for name in self.environment)
        _refuse(
            "isolation",
            (
                ("plugins", None not in map(_normal, self.plugins), "must be names of plugins"),
                ("workers", _is_count(self.workers), _COUNT),
                ("memory_mib", _is_count(self.memory_mib), _COUNT),
                ("start_seconds", _is_positive(self.start_seconds), _TIME),
                ("environment", words, "must be names of variables"),
            ),
        )

    def holds(self, distribution: str, plugin: str) -> bool:
        """Return whether the agents of *plugin* run in processes of their own."""
        names = set(map(_normal, self.plugins))
        return distribution in names or f"{distribution}:{plugin}" in names


def _normal(name: str) -> str | None:
    """Return *name* with its distribution in normal form, or None if it names no plugin."""
    distribution, colon, plugin = name.partition(":")
    try:
        return PluginName.parse(distribution) + colon + plugin
    except InvalidNameError:
        return None


_COUNT = "must be a whole number, at least 1"
_TIME = "must be a finite number of seconds above 0"


def _refuse(subject: str, checks: Iterable[tuple[str, bool, str]]) -> None:
    faults = [Fault(name, message) for name, holds, message in checks if not holds]
    if faults:
        raise ConfigError(subject, faults)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_positive(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and value > 0


def _is_share(value: float) -> bool:
    return _is_positive(value) and value <= 1
