"""Which agents do worse than the user allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from registry_core.names import AgentId

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.settings.values import MonitoringSettings
    from registry_core.store.evidence import AgentEvidence

__all__ = ["MIN_CALLS", "Alert", "alerts_of"]

MIN_CALLS = 5


@dataclass(frozen=True, slots=True)
class Alert:
    """One agent beyond one limit.

    Attributes:
        agent: The agent.
        kind: Which limit.
        value: What was measured: a share from 0 to 1, or seconds.
        limit: What the settings allow.
        calls: How many attempts that is taken from.
    """

    agent: AgentId
    kind: Literal["error_rate", "p95_seconds"]
    value: float
    limit: float
    calls: int

    def __str__(self) -> str:
        """As a line of a log."""
        if self.kind == "error_rate":
            said = f"{self.value:.0%} of its attempts failed, {self.limit:.0%} may"
        else:
            said = f"p95 is {self.value:.3g} s, and {self.limit:g} s is allowed"
        return f"agent {self.agent}: {said} (last {self.calls} attempts)"


def alerts_of(evidence: Iterable[AgentEvidence], limits: MonitoringSettings) -> tuple[Alert, ...]:
    """Return an alert for each limit that an agent is beyond.

    Fewer than :data:`MIN_CALLS` attempts say nothing: one failure of two is no rate.
    """
    if not limits.performance_alerts:
        return ()
    alerts: list[Alert] = []
    for one in evidence:
        if one.calls < MIN_CALLS:
            continue
        if one.error_rate > limits.max_error_rate:
            rate, allowed = one.error_rate, limits.max_error_rate
            alerts.append(Alert(one.agent, "error_rate", rate, allowed, one.calls))
        if one.p95_seconds > limits.max_p95_seconds:
            p95, longest = one.p95_seconds, limits.max_p95_seconds
            alerts.append(Alert(one.agent, "p95_seconds", p95, longest, one.calls))
    return tuple(alerts)
