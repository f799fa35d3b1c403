"""Which agents may take part in plans for a goal, and what bars the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from registry_core.catalog.catalog import Catalog
    from registry_core.catalog.entry import CatalogEntry
    from registry_core.composer.expectation import Expect
    from registry_core.composer.goal import Goal

__all__ = ["Barred", "Limited", "OverBudget", "barrier", "describe_barrier", "eligible"]

Limited: TypeAlias = Literal["cost", "memory_mib", "latency_seconds"]


@dataclass(frozen=True, slots=True)
class Barred:
    """A decision of the caller or the settings keeps it out.

    Attributes:
        by: Excluded, of a plugin whose name is shared, or not of the versions asked for.
        detail: The versions asked for, where they are what bars it.
    """

    by: Literal["exclude", "contested", "version"]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OverBudget:
    """It needs more than a whole plan may.

    Attributes:
        limit: What is limited.
        value: What it needs.
        most: What a plan may need.
    """

    limit: Limited
    value: float
    most: float


def eligible(catalog: Catalog, goal: Goal, expect: Expect) -> list[CatalogEntry]:
    """Return the agents that may take part."""
    return [e for e in catalog.entries.values() if barrier(goal, e, expect) is None]


def barrier(goal: Goal, entry: CatalogEntry, expect: Expect) -> Barred | OverBudget | None:
    """Return what keeps an agent out of all plans for *goal*, or None."""
    if entry.id in goal.exclude:
        return Barred("exclude")
    if entry.contested and entry.id not in goal.require:
        return Barred("contested")
    if goal.limits.cost is not None and entry.definition.cost > goal.limits.cost:
        return OverBudget("cost", entry.definition.cost, goal.limits.cost)
    memory = entry.definition.resources.memory_mib
    if goal.limits.memory_mib is not None and memory > goal.limits.memory_mib:
        return OverBudget("memory_mib", memory, goal.limits.memory_mib)
    if goal.limits.latency_seconds is not None:
        latency = expect(entry).latency_seconds
        if latency > goal.limits.latency_seconds:
            return OverBudget("latency_seconds", latency, goal.limits.latency_seconds)
    return None


def describe_barrier(reason: Barred | OverBudget) -> str:
    """Return *reason* in words.

    >>> describe_barrier(OverBudget("memory_mib", 2048, 512))
    'needs 2048 MiB, where 512 MiB is the most'
    """
    match reason:
        case Barred("exclude"):
            return "is excluded"
        case Barred("contested"):
            return "shares its plugin's name: require it by its id"
        case Barred(detail=versions):
            return f"is not version {versions}"
        case OverBudget("cost", value, most):
            return f"costs {value:g}, where {most:g} is the most"
        case OverBudget("memory_mib", value, most):
            return f"needs {value:g} MiB, where {most:g} MiB is the most"
        case OverBudget(value=value, most=most):
            return f"takes {value:g} s, where {most:g} s is the most"
