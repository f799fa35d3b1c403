"""Plans for a goal: the catalog's agents as a problem, and its solutions as pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.composer.drafting import Feed, draft, title
from registry_core.composer.index import Operation, OperationIndex, TypeId
from registry_core.composer.problem import Problem
from registry_core.composer.search import solve
from registry_core.composer.solution import Blocked, Exceeded, Solution, Unreachable
from registry_core.errors import NoPlanError
from registry_core.names import AgentId, SchemaId
from registry_core.pipeline.plan import Plan, PlanSearch
from registry_core.schemas.verdict import Fits, Misfit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.catalog.catalog import Catalog
    from registry_core.catalog.entry import CatalogEntry
    from registry_core.composer.goal import Goal

__all__ = ["find_plans"]

_NEAR_MISSES = 5


def find_plans(
    catalog: Catalog,
    goal: Goal,
    *,
    limit: int = 1,
    time_budget_seconds: float | None = 5.0,
) -> PlanSearch:
    """Return the best plans from what the goal has to what it wants.

    Args:
        catalog: What there is; agents of contested plugins take no part.
        goal: A goal without capabilities.
        limit: Most plans to return.
        time_budget_seconds: Longest time for improving and proving.

    Raises:
        NoPlanError: If there is none, with how far the search got and what is missing.
    """
    problem = _problem(catalog, goal)
    result = solve(
        problem, objective=goal.objective, limit=limit, time_budget_seconds=time_budget_seconds
    )
    match result:
        case Unreachable():
            raise _no_plan(catalog, goal, result)
        case Exceeded(lower_bound=bound, proved=proved):
            reason = f"needs at least {bound} stages, and at most {goal.max_stages} were allowed"
            raise NoPlanError(
                have=_names(goal.have),
                want=_names(goal.want),
                reason=reason if proved else f"none was found in time; it {reason}",
            )
        case _:
            plans = tuple(_plan(catalog, goal, solution) for solution in result.solutions)
            return PlanSearch(plans, complete=result.complete)


def _problem(catalog: Catalog, goal: Goal) -> Problem:
    entries = [entry for entry in catalog if not entry.contested or entry.id in goal.require]
    given = {entry.definition.output for entry in entries} | set(goal.have)
    taken = {need for entry in entries for need in _needs(entry)} | set(goal.want)
    satisfies: dict[TypeId, list[TypeId]] = {
        schema: [need for need in sorted(taken) if isinstance(catalog.fits(schema, need), Fits)]
        for schema in sorted(given)
    }
    return Problem(
        index=OperationIndex((_operation(entry) for entry in entries), satisfies=satisfies),
        have=goal.have,
        want=goal.want,
        excluded=frozenset(goal.exclude),
        required=frozenset(goal.require),
        max_operations=goal.max_stages,
    )


def _operation(entry: CatalogEntry) -> Operation:
    return Operation(
        id=entry.id,
        needs=_needs(entry),
        gives=(entry.definition.output,),
        cost=entry.definition.cost,
    )


def _needs(entry: CatalogEntry) -> tuple[SchemaId, ...]:
    return tuple(item.schema for item in entry.definition.inputs if item.required)


def _plan(catalog: Catalog, goal: Goal, solution: Solution) -> Plan:
    feeds: list[Feed] = []
    for binding in solution.bindings:
        takes = SchemaId(str(binding.need))
        if binding.consumer is None:
            consumer, label = None, str(takes.name)
        else:
            consumer = AgentId(binding.consumer)
            required = [i for i in catalog.definition(consumer).inputs if i.required]
            label = required[binding.position].name
        source = AgentId(binding.source) if binding.source else None
        feeds.append(Feed(consumer, label, source, SchemaId(str(binding.given)), takes))
    agents = [AgentId(operation) for operation in solution.operations]
    pipeline, edges = draft(catalog, agents, feeds, name=title(goal.want), have=goal.have)
    return Plan(
        pipeline=pipeline,
        have=goal.have,
        want=goal.want,
        edges=edges,
        objective=goal.objective,
        value=solution.value,
        lower_bound=solution.lower_bound,
        proved=solution.proved,
        depth=solution.depth,
        cost=solution.cost,
    )


def _no_plan(catalog: Catalog, goal: Goal, result: Unreachable) -> NoPlanError:
    reached = sorted({SchemaId(str(n)) for n in result.needs} | set(goal.have))
    missing = [*_names(SchemaId(str(need)) for need in result.missing), *result.absent]
    near = [line for item in result.blocked for line in _near(catalog, item, reached)]
    return NoPlanError(
        have=_names(goal.have),
        want=_names(goal.want),
        reached=sorted(set(_names(reached))),
        missing=missing,
        near=near[:_NEAR_MISSES],
    )


def _near(catalog: Catalog, blocked: Blocked, reached: Iterable[SchemaId]) -> Iterable[str]:
    need = SchemaId(str(blocked.need))
    available = list(reached)
    for giver in blocked.givers:
        required = [i.schema for i in catalog.definition(giver).inputs if i.required]
        lacking = _names(schema for schema in required if schema not in available)
        yield f"{giver} would give {need.name}, and lacks {', '.join(dict.fromkeys(lacking))}"
    if blocked.givers:
        return
    for schema in available:
        verdict = catalog.fits(schema, need)
        if isinstance(verdict, Misfit) and verdict.pointer:
            yield f"{schema.name} is no {need.name}: {verdict.reason} at {verdict.pointer}"


def _names(schemas: Iterable[SchemaId]) -> tuple[str, ...]:
    return tuple(schema.name for schema in schemas)
