"""From a solution of the search to a plan: agents, what feeds them, and what that amounts to."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

from registry_core.composer.drafting import Feed, draft, title
from registry_core.composer.expectation import chance
from registry_core.composer.footprint import peak
from registry_core.composer.layout import DONE, passed, schema_in
from registry_core.composer.measure import to_integers
from registry_core.composer.spare import in_layers, spread
from registry_core.pipeline.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from registry_core.catalog.catalog import Catalog
    from registry_core.composer.expectation import Expect
    from registry_core.composer.layout import Place
    from registry_core.composer.question import Question
    from registry_core.composer.solution import Solution
    from registry_core.names import AgentId, SchemaId

__all__ = ["Amounts", "Answer", "amounts", "answers"]


class Amounts(NamedTuple):
    """What a plan amounts to, as it is wired."""

    cost: float
    latency_seconds: float
    memory_mib: int
    success: float
    score: float


class Answer(NamedTuple):
    """A plan, who has each capability of the way in it, and what the search measured of it."""

    plan: Plan
    way: tuple[AgentId, ...]
    value: float


def answers(question: Question, solutions: Iterable[Solution]) -> Iterator[Answer]:
    """Yield the solutions as plans, each pipeline once.

    Left out are those that are no pipeline, since an agent would work twice or two agents would
    take one step of the way; and those of which a better one is a part, where a value but goes
    another way between the same agents.
    """
    works: list[frozenset[tuple[AgentId, int]]] = []
    pipelines: set[str] = set()
    for solution in solutions:
        places = [question.places[name] for name in solution.operations]
        steps = sorted((place.step, place.agent) for place in places if place.step)
        work = frozenset((place.agent, place.step) for place in places)
        agents = {place.agent for place in places}
        if len(agents) < len(places) or len(steps) != len(question.goal.steps):
            continue
        if any(earlier <= work for earlier in works):
            continue
        works.append(work)
        plan = _plan(question, solution, places)
        if (text := repr(plan.pipeline)) not in pipelines:
            pipelines.add(text)
            yield Answer(plan, tuple(agent for _, agent in steps), solution.value)


def _plan(question: Question, solution: Solution, places: Sequence[Place]) -> Plan:
    catalog, goal = question.catalog, question.goal
    begun = [p.agent for p in places if p.begins]
    have = goal.have or tuple(
        dict.fromkeys(schema for agent in begun for schema in _given(question, agent))
    )
    agents = [place.agent for place in places]
    feeds = spread(catalog, have, agents, _feeds(question, solution, begun))
    layers = in_layers(agents, feeds)
    want = goal.want or tuple(feed.takes for feed in feeds if feed.consumer is None)
    order = [agent for layer in layers for agent in layer]
    pipeline, edges = draft(catalog, order, feeds, name=title(want), have=have)
    total = amounts(catalog, question.expect, order, feeds)
    value, bound = solution.value, solution.lower_bound
    if goal.objective in {"reliability", "score"}:
        left = total.success if goal.objective == "reliability" else total.score
        bound = 1 - (left if bound == value else chance(bound))
        value = 1 - left
    return Plan(
        pipeline=pipeline,
        have=have,
        want=want,
        edges=edges,
        objective=goal.objective,
        value=round(value, 9),
        lower_bound=round(bound, 9),
        proved=solution.proved,
        depth=len(layers),
        **total._asdict(),
    )


def amounts(
    catalog: Catalog, expect: Expect, order: Sequence[AgentId], feeds: Iterable[Feed]
) -> Amounts:
    """Return what agents in running order amount to when they are fed like this."""
    entries = [catalog.entries[agent] for agent in order]
    expected = [expect(entry) for entry in entries]
    place = {agent: number for number, agent in enumerate(order)}
    reads: dict[int, set[int]] = {number: set() for number in place.values()}
    for feed in feeds:
        if feed.consumer is not None and feed.source is not None:
            reads[place[feed.consumer]].add(place[feed.source])
    costs, cost_scale = to_integers(entry.definition.cost for entry in entries)
    seconds, scale = to_integers(one.latency_seconds for one in expected)
    ends: list[int] = []
    for number, lasts in enumerate(seconds):
        ends.append(lasts + max((ends[other] for other in reads[number]), default=0))
    return Amounts(
        cost=sum(costs) / cost_scale,
        latency_seconds=max(ends, default=0) / scale,
        memory_mib=peak([entry.definition.resources.memory_mib for entry in entries], reads),
        success=round(prod(one.success for one in expected), 9),
        score=round(prod(one.score for one in expected), 9),
    )


def _given(question: Question, agent: AgentId) -> list[SchemaId]:
    inputs = question.catalog.definition(agent).inputs
    return [item.schema for item in inputs if item.required]


def _feeds(question: Question, solution: Solution, begun: Sequence[AgentId]) -> Iterator[Feed]:
    """Yield where each input, and each wanted value, comes from."""
    catalog, places = question.catalog, question.places
    for agent in begun:
        for item in catalog.definition(agent).inputs:
            if item.required:
                yield Feed(agent, item.name, None, item.schema, item.schema)
    result = _result(question, solution)
    for binding in solution.bindings:
        takes, gives = schema_in(binding.need), schema_in(binding.given)
        source = places[binding.source].agent if binding.source else None
        if str(binding.given).endswith("\tgiven"):
            source = None
        if binding.consumer is not None:
            place = places[binding.consumer]
            yield Feed(place.agent, place.inputs[binding.position], source, gives, takes)
        elif takes:
            if result and takes in question.matches.satisfies[result[1]]:
                source, gives = result
            yield Feed(None, takes.name, source, gives, takes)
    if result and not question.goal.want:
        yield Feed(None, result[1].name, *result, result[1])


def _result(question: Question, solution: Solution) -> tuple[AgentId, SchemaId] | None:
    """Return who gives the value that came all the way through the capabilities."""
    ends = {DONE, passed(len(question.goal.steps))}
    for binding in solution.bindings:
        if binding.consumer is None and binding.need in ends and binding.source:
            agent = question.places[binding.source].agent
            return agent, question.catalog.definition(agent).output
    return None
