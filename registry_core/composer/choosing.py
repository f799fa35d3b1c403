"""Plans by what was measured: whoever cannot answer now is planned around, where that can be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from registry_core.composer.expectation import declared
from registry_core.composer.planning import find_plans
from registry_core.composer.ranking import expecting
from registry_core.errors import NoPlanError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.catalog.catalog import Catalog
    from registry_core.composer.goal import Goal
    from registry_core.composer.ranking import Evidence
    from registry_core.names import AgentId
    from registry_core.pipeline.plan import PlanSearch
    from registry_core.settings.values import RankingSettings

__all__ = ["choose_plans"]


def choose_plans(
    catalog: Catalog,
    goal: Goal,
    *,
    evidence: Evidence | None,
    weights: RankingSettings,
    away: Iterable[AgentId] = (),
    limit: int = 1,
) -> PlanSearch:
    """Return the best plans for *goal*, by evidence.

    Agents that are left alone take part only where they are required, or where there is no
    plan without them.

    Args:
        catalog: What there is.
        goal: What is asked.
        evidence: What was measured; None to go by what agents declare.
        weights: What counts how much.
        away: Agents that cannot answer now, beside those of which the evidence says so.
        limit: Most plans to return.

    Raises:
        NoPlanError: If there is none, with how far the search got and what is missing.
    """
    expect = declared if evidence is None else expecting(evidence, weights)
    unwell = {*away, *(evidence.away() if evidence else ())}
    if absent := unwell - goal.require - goal.exclude:
        try:
            around = replace(goal, exclude=goal.exclude | absent)
            return find_plans(catalog, around, limit=limit, expect=expect)
        except NoPlanError:
            pass  # what fails perhaps is better than nothing
    return find_plans(catalog, goal, limit=limit, expect=expect)
