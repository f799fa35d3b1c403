"""How agents did: calls, failures and latency, from what the kept stages say of their attempts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from registry_core.names import AgentId

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

__all__ = [
    "LATEST",
    "LATEST_STAGES",
    "AgentEvidence",
    "FailureCount",
    "failures_of",
    "quantile",
    "read_evidence",
]

LATEST = 200
LATEST_STAGES = 20_000

# An attempt that was cancelled, or that found no room, says nothing of its agent.
_LATEST_OF_EACH = (
    "SELECT agent, status, seconds, started_at FROM (SELECT agent, status, seconds, started_at,"
    " row_number() OVER (PARTITION BY agent ORDER BY started_at DESC) AS age FROM attempts"
    " WHERE step > (SELECT max(id) - ? FROM steps) AND status NOT IN ('cancelled', 'rejected'))"
    " WHERE age <= ? ORDER BY agent"
)
_FAILURES = (
    "SELECT agent, stage, code, type, count(*), max(started_at) FROM attempts"
    " WHERE status IN ('failed', 'timed_out') AND ? IN ('', agent)"
    " GROUP BY agent, stage, code, type ORDER BY max(started_at) DESC"
)


@dataclass(frozen=True, slots=True)
class AgentEvidence:
    """How one agent did in its latest attempts, at most :data:`LATEST`.

    Those that count are of the latest :data:`LATEST_STAGES` stages of all runs.

    Attributes:
        agent: The agent.
        calls: How many attempts are counted.
        failures: How many of them failed or took too long.
        mean_seconds: Of those that succeeded or took too long, as the next two; 0 without any.
        p50_seconds: Half of them were over by then.
        p95_seconds: Nineteen in twenty of them were over by then.
        last_seen_at: Beginning of the latest one, UTC in ISO 8601.
    """

    agent: AgentId
    calls: int
    failures: int
    mean_seconds: float
    p50_seconds: float
    p95_seconds: float
    last_seen_at: str

    @property
    def error_rate(self) -> float:
        """Share of the attempts that failed, from 0 to 1."""
        return self.failures / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class FailureCount:
    """How often an agent failed in one way in one stage, and when last.

    Attributes:
        code: An ``ErrorCode``.
        type: Qualified class name of the exception, or empty.
        last_at: Beginning of the latest such attempt, UTC in ISO 8601.
    """

    agent: AgentId
    stage_id: str
    code: str
    type: str
    count: int
    last_at: str


def read_evidence(connection: sqlite3.Connection) -> dict[AgentId, AgentEvidence]:
    """Return how each agent did in the latest stages of all runs, by agent.

    Raises:
        sqlite3.Error: If the database cannot be read.
    """
    rows = connection.execute(_LATEST_OF_EACH, (LATEST_STAGES, LATEST))
    found = (
        _evidence(AgentId(agent), [(status, seconds, at) for _, status, seconds, at in attempts])
        for agent, attempts in groupby(rows, key=itemgetter(0))
    )
    return {one.agent: one for one in found}


def failures_of(connection: sqlite3.Connection, agent: str) -> tuple[FailureCount, ...]:
    """Return which failures an agent had, or all agents when *agent* is empty.

    Raises:
        sqlite3.Error: If the database cannot be read.
    """
    rows = connection.execute(_FAILURES, (agent,))
    return tuple(FailureCount(AgentId(name), *rest) for name, *rest in rows)


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value that *share* of the *ordered* ones do not exceed; 0 when there is none.

    >>> quantile([1.0, 2.0, 3.0, 4.0], 0.5), quantile([1.0, 2.0, 3.0, 4.0], 0.95)
    (2.0, 4.0)
    """
    if not ordered:
        return 0.0
    rank = -(-len(ordered) * share // 1)
    return ordered[max(int(rank), 1) - 1]


def _evidence(agent: AgentId, attempts: Sequence[tuple[str, float, str]]) -> AgentEvidence:
    failures = sum(status != "succeeded" for status, _, _ in attempts)
    # What failed at once says nothing of how long the work takes.
    timed = sorted(seconds for status, seconds, _ in attempts if status != "failed")
    return AgentEvidence(
        agent=agent,
        calls=len(attempts),
        failures=failures,
        mean_seconds=sum(timed) / len(timed) if timed else 0.0,
        p50_seconds=quantile(timed, 0.5),
        p95_seconds=quantile(timed, 0.95),
        last_seen_at=max(at for _, _, at in attempts),
    )
