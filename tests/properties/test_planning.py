"""Laws of planning over a catalog: complete, sound, and what comes out can be bound and run."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_core.catalog.catalog import Catalog
from registry_core.composer.answer import answers
from registry_core.composer.goal import CapabilityTerm, Goal
from registry_core.composer.planning import find_plans
from registry_core.composer.question import ask
from registry_core.composer.search import Search, begin
from registry_core.errors import NoPlanError
from registry_core.names import AgentId
from registry_core.pipeline.binding import bind
from registry_core.pipeline.pipeline import FromStage, Pipeline
from registry_core.pipeline.plan import Limits, Plan
from registry_core.schemas.verdict import Fits
from tests.catalog.worlds import CAPABILITIES, SCHEMAS, dice, world

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.catalog.entry import CatalogEntry
    from registry_core.names import SchemaId
    from registry_core.pipeline.plan import PlanSearch

SEEDS = st.integers(min_value=0, max_value=2**32)


def drawn(seed: int) -> tuple[Catalog, Goal]:
    """Return a small catalog and a goal in it."""
    rng = dice(seed)
    entries = world(rng).entries
    catalog = Catalog().adding(entries, schemas=SCHEMAS)
    ids = [schema.id for schema in SCHEMAS]
    goal = Goal(
        have=tuple(rng.sample(ids, k=rng.choice((0, 1, 1, 2)))),
        want=tuple(rng.sample(ids, k=rng.choice((1, 1, 2)))),
        exclude=frozenset(rng.sample(sorted(catalog.entries), k=rng.choice((0, 0, 1)))),
        limits=Limits(stages=rng.choice((None, None, 2))),
    )
    return catalog, goal


def fits(catalog: Catalog, given: Iterable[SchemaId], need: SchemaId) -> bool:
    """Return whether one of *given* can be taken as *need*."""
    return any(isinstance(catalog.fits(schema, need), Fits) for schema in given)


def suffices(catalog: Catalog, goal: Goal, chosen: tuple[CatalogEntry, ...]) -> bool:
    """Return whether all of *chosen* can run, each once, and reach what is wanted."""
    given, left = [*goal.have], [*chosen]
    while ready := [
        e
        for e in left
        if all(fits(catalog, given, i.schema) for i in e.definition.inputs if i.required)
    ]:
        left = [e for e in left if e not in ready]
        given += [e.definition.output for e in ready]
    return not left and all(fits(catalog, given, want) for want in goal.want)


def smallest(catalog: Catalog, goal: Goal) -> list[frozenset[AgentId]]:
    """Return every smallest set of agents that will do, by trying all of them."""
    usable = [e for e in catalog if not e.contested and e.id not in goal.exclude]
    most = len(usable) if goal.limits.stages is None else min(goal.limits.stages, len(usable))
    for size in range(most + 1):
        found = [
            frozenset(e.id for e in chosen)
            for chosen in combinations(usable, size)
            if suffices(catalog, goal, chosen)
        ]
        if found:
            return found
    return []


def check(catalog: Catalog, plan: Plan) -> None:
    """Assert that a plan is what it says, can be bound to itself, and survives JSON."""
    assert bind(plan.pipeline, catalog) == plan.pipeline
    assert Plan.from_json(plan.to_json()) == plan
    assert Pipeline.from_json(plan.pipeline.to_json()) == plan.pipeline
    before: set[str] = set()
    for stage in plan.pipeline.stages:
        read = {b.source.stage for b in stage.bindings if isinstance(b.source, FromStage)}
        assert read <= before
        before.add(stage.id)
    assert {*plan.pipeline.outputs} <= before
    for edge in plan.edges:
        assert isinstance(catalog.fits(edge.gives, edge.takes), Fits)


def search(catalog: Catalog, goal: Goal) -> PlanSearch | None:
    """Return what was found, if anything was."""
    try:
        return find_plans(catalog, goal)
    except NoPlanError:
        return None


class TestPlans:
    @pytest.mark.requirement("R92", "R76")
    @settings(max_examples=300, deadline=None)
    @given(seed=SEEDS)
    def test_a_plan_is_found_exactly_when_one_exists_and_none_is_smaller(self, seed: int) -> None:
        """A planner that gives up early sends people to write what is installed already."""
        catalog, goal = drawn(seed)

        found = search(catalog, goal)

        expected = smallest(catalog, goal)
        if found is None:
            assert expected in ([], [frozenset()])
        else:
            assert frozenset(stage.agent for stage in found.best.pipeline.stages) in expected
            assert found.best.value == len(found.best.pipeline.stages)
            check(catalog, found.best)

    @pytest.mark.requirement("R70")
    @settings(max_examples=60, deadline=None)
    @given(seed=SEEDS)
    def test_the_order_of_registration_changes_no_plan(self, seed: int) -> None:
        """A pipeline that worked on one machine is the pipeline on the next."""
        catalog, goal = drawn(seed)
        entries = [*catalog.entries.values()]
        other = Catalog().adding(dice(seed).sample(entries, k=len(entries)), schemas=SCHEMAS)

        assert search(catalog, goal) == search(other, goal)

    @settings(max_examples=100, deadline=None)
    @given(seed=SEEDS)
    def test_a_refusal_says_what_is_missing(self, seed: int) -> None:
        """The error is where a user learns what to install."""
        catalog, goal = drawn(seed)
        refusal: NoPlanError | None = None
        try:
            find_plans(catalog, goal)
        except NoPlanError as error:
            refusal = error

        assert refusal is None or refusal.reason
        if refusal is not None and refusal.missing:
            assert set(refusal.missing) & {schema.name for schema in goal.want}
            assert set(refusal.reached) >= {schema.name for schema in goal.have}


def ways(catalog: Catalog, goal: Goal) -> set[frozenset[tuple[AgentId, int]]]:
    """Return every plan through the capabilities of *goal*, by trying everything.

    A plan is a set of agents, some of which have a capability of the way, each its own: all of
    them can run, none can be left out, and a value goes from the first to the last of the way
    and on to what is wanted.
    """
    usable = [e for e in catalog if not e.contested and e.id not in goal.exclude]
    able = [[e for e in usable if e.id in term.agents(catalog)] for term in goal.steps]
    found: set[frozenset[tuple[AgentId, int]]] = set()
    for chosen in product(*able):
        others = [e for e in usable if e not in chosen]
        if len(others) + len(chosen) > len(usable):
            continue
        for size in range(len(others) + 1):
            for more in combinations(others, size):
                way = frozenset(
                    (*((e.id, n) for n, e in enumerate(chosen, 1)), *((e.id, 0) for e in more))
                )
                if not any(plan < way for plan in found) and _passes(catalog, goal, chosen, more):
                    found.add(way)
    return found


def _passes(
    catalog: Catalog, goal: Goal, way: tuple[CatalogEntry, ...], more: tuple[CatalogEntry, ...]
) -> bool:
    """Return whether a value can go along the *way*, by way of *more* agents, to its end."""
    most = len(way) + bool(goal.want and not goal.last)
    return any(
        _flows(catalog, goal, [*enumerate(way, 1)], [*zip(levels, more, strict=True)])
        for levels in product(range(most), repeat=len(more))
    )


Value = tuple["SchemaId", int, bool]


def _flows(
    catalog: Catalog,
    goal: Goal,
    way: list[tuple[int, CatalogEntry]],
    more: list[tuple[int, CatalogEntry]],
) -> bool:
    """Return whether all run when each of *more* passes on what has come to its level."""
    values: list[Value] = [(schema, 0, True) for schema in goal.have]
    if not goal.have:
        first = way[0][1].definition
        values = [(item.schema, 0, True) for item in first.inputs if item.required]
    waiting = [*((level, level, entry) for level, entry in more)]
    waiting += [(step - 1, step, entry) for step, entry in way]
    end: list[Value] = []
    while ready := [
        (takes, gives, entry)
        for takes, gives, entry in waiting
        if _may_run(
            catalog, entry, takes, values, given=bool(goal.first and (takes, gives) == (0, 1))
        )
    ]:
        waiting = [item for item in waiting if item not in ready]
        fresh = [(entry.definition.output, gives, False) for _, gives, entry in ready]
        end += [value for value in fresh if value[1] == len(way)]
        values += fresh
    if goal.last:
        end = [(way[-1][1].definition.output, len(way), False)]
    given = [schema for schema, *_ in values]
    arrives = not goal.want or any(fits(catalog, [s], want) for s, *_ in end for want in goal.want)
    return not waiting and arrives and all(fits(catalog, given, want) for want in goal.want)


def _may_run(
    catalog: Catalog, entry: CatalogEntry, level: int, values: list[Value], *, given: bool
) -> bool:
    """Return whether an agent can run with one input at *level*, or with *given* values only."""
    at_hand = [schema for schema, _, is_given in values if is_given or not given]
    arrived = [schema for schema, there, _ in values if there >= level]
    inputs = entry.definition.inputs
    return (level == 0 or any(fits(catalog, arrived, item.schema) for item in inputs)) and all(
        fits(catalog, at_hand, item.schema) for item in inputs if item.required
    )


def passes_through(catalog: Catalog, goal: Goal, plan: Plan) -> bool:
    """Return whether the edges of *plan* lead through the capabilities, one stage each."""
    agents = {stage.id: stage.agent for stage in plan.pipeline.stages}
    able = [term.agents(catalog) for term in goal.steps]
    reads = [
        (edge.source.stage, edge.stage) for edge in plan.edges if isinstance(edge.source, FromStage)
    ]
    # (stage, capabilities behind it): in running order, so that one pass will do
    behind = {(stage, 0) for stage in agents}
    for stage, agent in agents.items():
        comes = {
            0,
            *(n for source, reader in reads if reader == stage for s, n in behind if s == source),
        }
        behind |= {(stage, n) for n in comes}
        behind |= {(stage, n + 1) for n in comes if n < len(able) and agent in able[n]}
    return any((source, len(able)) in behind for source, reader in reads if not reader)


def _agents(work: frozenset[tuple[AgentId, int]]) -> frozenset[AgentId]:
    return frozenset(agent for agent, _ in work)


class TestWays:
    @pytest.mark.requirement("R76", "R89", "R92")
    @settings(max_examples=300, deadline=None)
    @given(seed=SEEDS)
    def test_all_ways_are_found_and_nothing_else(self, seed: int) -> None:
        """A greedy choice at the first capability must not hide what fits at the last."""
        rng = dice(seed)
        catalog, plain = drawn(seed)

        def terms(least: int, most: int) -> tuple[CapabilityTerm, ...]:
            count = rng.randint(least, most)
            return tuple(map(CapabilityTerm.parse, rng.choices(CAPABILITIES, k=count)))

        goal = Goal(
            have=rng.choice(((), plain.have)),
            want=rng.choice(((), plain.want)),
            capabilities=terms(1, 2),
            first=next(iter(terms(0, 1)), None) if rng.random() < 0.3 else None,
            last=next(iter(terms(0, 1)), None) if rng.random() < 0.3 else None,
            exclude=plain.exclude,
        )

        question = ask(catalog, goal)
        search = begin(question.problem)
        found = [*answers(question, search.plans())] if isinstance(search, Search) else []

        sets = [
            frozenset(
                (AgentId(stage.agent), 1 + way.index(stage.agent) if stage.agent in way else 0)
                for stage in plan.pipeline.stages
            )
            for plan, way in found
        ]
        assert len({repr(plan.pipeline) for plan, _ in found}) == len(found)
        expected = ways(catalog, goal)
        assert {*sets} <= expected
        assert {*map(_agents, sets)} == {*map(_agents, expected)}
        assert [plan.value for plan, _ in found] == sorted(map(len, sets))
        for plan, _ in found:
            check(catalog, plan)
            assert passes_through(catalog, goal, plan)
