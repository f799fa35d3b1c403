"""Plans for a goal: the catalog's agents as a problem, and its solutions as pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.composer.drafting import Feed, draft, title
from registry_core.composer.index import Operation, OperationIndex
from registry_core.composer.problem import Problem
from registry_core.composer.search import solve
from registry_core.composer.shortfall import no_plan, upstream
from registry_core.composer.solution import Binding, Exceeded, Found, Solution, Unreachable
from registry_core.composer.spare import in_layers, spread
from registry_core.errors import NoPlanError
from registry_core.names import AgentId, SchemaId
from registry_core.pipeline.plan import Plan, PlanSearch

if TYPE_CHECKING:
    from registry_core.catalog.catalog import Catalog
    from registry_core.catalog.entry import CatalogEntry
    from registry_core.composer.goal import Goal

__all__ = ["find_plans", "index_for"]


def find_plans(
    catalog: Catalog,
    goal: Goal,
    *,
    limit: int = 1,
    time_budget_seconds: float | None = 5.0,
) -> PlanSearch:
    """Return the best plans from what the goal has to what it wants.

    Args:
        catalog: What there is; agents of contested plugins take part where they are required.
        goal: A goal without capabilities.
        limit: Most plans to return.
        time_budget_seconds: Longest time for improving and proving.

    Raises:
        NoPlanError: If there is none, with how far the search got and what is missing.
    """
    if not goal.want and not goal.require:
        raise _refusal(goal, "nothing is wanted")
    index = index_for(catalog, goal)
    problem = Problem(
        index=index,
        have=goal.have,
        want=goal.want,
        required=frozenset(goal.require),
        max_operations=goal.max_stages,
    )
    match solve(
        problem, objective=goal.objective, limit=limit, time_budget_seconds=time_budget_seconds
    ):
        case Unreachable() as result:
            raise no_plan(catalog, goal, result)
        case Exceeded(lower_bound=bound, proved=proved):
            reason = f"at least {bound} stages are needed, and {goal.max_stages} were allowed"
            raise _refusal(goal, reason if proved else f"none was found in time; {reason}")
        case Found(solutions=solutions, complete=complete):
            plans = tuple(_plan(catalog, goal, solution) for solution in solutions)
    if not plans[0].pipeline.stages:
        raise _refusal(goal, "all of it is given already; require the agents to run all the same")
    return PlanSearch(plans, complete=complete)


def _refusal(goal: Goal, reason: str) -> NoPlanError:
    have, want = ([schema.name for schema in schemas] for schemas in (goal.have, goal.want))
    return NoPlanError(have=have, want=[*want, *sorted(goal.require)], reason=reason)


def index_for(catalog: Catalog, goal: Goal) -> OperationIndex:
    """Return the agents that may take part, and what satisfies what as far as *goal* can reach.

    Where that does not suffice, also what would satisfy the needs behind it, to tell what is
    missing.
    """
    entries = [
        entry
        for entry in catalog.entries.values()
        if entry.id not in goal.exclude and (not entry.contested or entry.id in goal.require)
    ]
    index = OperationIndex(map(_operation, entries))
    takers = catalog.schemas.takers({n for e in entries for n in _needs(e)} | set(goal.want))
    unmet = {entry.id: set(_needs(entry)) for entry in entries}
    consumers: dict[SchemaId, list[CatalogEntry]] = {}
    for entry in entries:
        for need in unmet[entry.id]:
            consumers.setdefault(need, []).append(entry)
    met: set[SchemaId] = set()
    at_hand = [*goal.have, *(e.definition.output for e in entries if not unmet[e.id])]
    related: set[SchemaId] = set()
    for given in at_hand:
        if given in related:
            continue
        related.add(given)
        satisfied = catalog.schemas.taking(given, takers)
        index.relate(given, satisfied)
        for need in (need for need in satisfied if need not in met):
            met.add(need)
            for entry in consumers.get(need, ()):
                unmet[entry.id].remove(need)
                if not unmet[entry.id]:
                    at_hand.append(entry.definition.output)
    wanting = [catalog.entries[agent] for agent in goal.require if unmet.get(agent)]
    missing = [*goal.want, *(need for entry in wanting for need in unmet[entry.id])]
    behind = [need for need in missing if need not in met]
    for schema, needs in upstream(catalog, entries, behind, known=related).items():
        index.relate(schema, needs)
    return index


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
    agents = [AgentId(operation) for operation in solution.operations]
    needed = [_feed(catalog, binding) for binding in solution.bindings]
    feeds = spread(catalog, goal.have, agents, needed)
    layers = in_layers(agents, feeds)
    pipeline, edges = draft(
        catalog,
        [agent for layer in layers for agent in layer],
        feeds,
        name=title(goal.want),
        have=goal.have,
    )
    return Plan(
        pipeline=pipeline,
        have=goal.have,
        want=goal.want,
        edges=edges,
        objective=goal.objective,
        value=solution.value,
        lower_bound=solution.lower_bound,
        proved=solution.proved,
        depth=len(layers),
        cost=solution.cost,
    )


def _feed(catalog: Catalog, binding: Binding) -> Feed:
    takes = SchemaId(str(binding.need))
    source = AgentId(binding.source) if binding.source else None
    gives = SchemaId(str(binding.given))
    if binding.consumer is None:
        return Feed(None, takes.name, source, gives, takes)
    consumer = AgentId(binding.consumer)
    required = [item for item in catalog.definition(consumer).inputs if item.required]
    return Feed(consumer, required[binding.position].name, source, gives, takes)
