"""What the command line knows of how agents did."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry_core.composer.ranking import Evidence, Score
    from registry_core.definitions.schema import JsonValue
    from registry_core.names import AgentId, CapabilityName
    from registry_core.registry import Registry

__all__ = ["evidence_of", "measured_of", "score_of", "score_value"]


def measured_of(registry: Registry) -> Evidence | None:
    """Return what the kept runs say of agents, or None where nothing is kept."""
    from datetime import UTC, datetime

    from registry_core.cli.kept import own_store
    from registry_core.composer.ranking import MeasuredEvidence
    from registry_core.errors import StoreError

    if not registry.settings.monitoring.enabled:
        return None
    try:
        with own_store() as store:
            measured = store.evidence()
    except StoreError:  # `agentreg runs` says what is wrong with it; plans can be made without
        return None
    now = datetime.fromtimestamp(time.time(), UTC)
    return MeasuredEvidence(measured, now) if measured else None


def evidence_of(registry: Registry) -> Evidence:
    """Return what was measured of the agents in *registry*, if anything was."""
    from registry_core.composer.ranking import NoEvidence

    return measured_of(registry) or NoEvidence()


def score_of(registry: Registry, agent: AgentId, capability: CapabilityName | None = None) -> Score:
    """Return how good an agent is for *capability*, or for the best that it claims."""
    from registry_core.composer.ranking import rank

    evidence, weights = evidence_of(registry), registry.settings.ranking
    (ranked,) = rank(registry.catalog, [agent], evidence, weights, capability=capability)
    return ranked.score


def score_value(score: Score) -> dict[str, JsonValue]:
    """Return *score* as JSON."""
    return {
        "total": round(score.total, 6),
        "factors": [
            {"name": f.name, "value": round(f.value, 6), "weight": round(f.weight, 6), "why": f.why}
            for f in score.factors
        ],
    }
