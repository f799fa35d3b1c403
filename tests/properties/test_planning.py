"""Laws of planning over a catalog: complete, sound, and what comes out can be bound and run."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, permutations, product
from math import inf, prod
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_core.catalog.catalog import Catalog
from registry_core.composer.answer import answers
from registry_core.composer.expectation import Expectation
from registry_core.composer.goal import CapabilityTerm, Goal
from registry_core.composer.planning import find_plans
from registry_core.composer.question import ask
from registry_core.composer.search import Search, begin
from registry_core.composer.suggesting import suggest
from registry_core.errors import NoPlanError
from registry_core.names import AgentId
from registry_core.pipeline.binding import bind
from registry_core.pipeline.pipeline import FromStage, Pipeline
from registry_core.pipeline.plan import Limits, Objective, Plan
from registry_core.schemas.verdict import Fits
from tests.catalog.worlds import CAPABILITIES, SCHEMAS, dice, world

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.catalog.entry import CatalogEntry
    from registry_core.names import SchemaId
    from registry_core.pipeline.plan import PlanSearch

SEEDS = st.integers(min_value=0, max_value=2**32)
MEASURES: tuple[Objective, ...] = ("stages", "depth", "latency", "cost", "reliability", "score")


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
            for plan, way, _ in found
        ]
        assert len({repr(answer.plan.pipeline) for answer in found}) == len(found)
        expected = ways(catalog, goal)
        assert {*sets} <= expected
        assert {*map(_agents, sets)} == {*map(_agents, expected)}
        assert [answer.plan.value for answer in found] == sorted(map(len, sets))
        for plan, *_ in found:
            check(catalog, plan)
            assert passes_through(catalog, goal, plan)


def chains(catalog: Catalog, start: str, end: str, most: int) -> list[tuple[AgentId, ...]]:
    """Return every sequence of different agents from one capability to the other, in order."""
    usable = [e for e in catalog if not e.contested]
    return sorted(
        (
            tuple(e.id for e in chain)
            for size in range(1, most + 1)
            for chain in permutations(usable, size)
            if chain[0] in catalog.find(capability=start)
            and chain[-1] in catalog.find(capability=end)
            and all(_follows(catalog, chain[:place], chain[place]) for place in range(1, size))
        ),
        key=lambda ids: (len(ids), ids),
    )


def _follows(catalog: Catalog, chain: tuple[CatalogEntry, ...], entry: CatalogEntry) -> bool:
    first = (item.schema for item in chain[0].definition.inputs if item.required)
    given = [*first, *(e.definition.output for e in chain)]
    inputs = entry.definition.inputs
    return any(fits(catalog, given[-1:], item.schema) for item in inputs) and all(
        fits(catalog, given, item.schema) for item in inputs if item.required
    )


class TestSuggestions:
    @pytest.mark.requirement("R76")
    @settings(max_examples=150, deadline=None)
    @given(seed=SEEDS)
    def test_all_chains_come_in_order_each_once(self, seed: int) -> None:
        """A third of the chains was missing once, and the others came twice."""
        rng = dice(seed)
        catalog = Catalog().adding(world(rng, most_agents=6).entries, schemas=SCHEMAS)
        known = [name for name in CAPABILITIES if name in catalog.capabilities]
        start, end = rng.choices(known or CAPABILITIES[:1], k=2)
        most = rng.randint(1, 5)

        try:
            found = suggest(
                catalog,
                CapabilityTerm.parse(start),
                CapabilityTerm.parse(end),
                limit=5000,
                max_stages=most,
            ).plans
        except NoPlanError:
            found = ()

        expected = chains(catalog, start, end, most) if known else []
        assert [tuple(s.agent for s in plan.pipeline.stages) for plan in found] == expected
        for plan in found:
            check(catalog, plan)


class TestLimits:
    @settings(max_examples=150, deadline=None)
    @given(seed=SEEDS, objective=st.sampled_from(MEASURES))
    def test_within_limits_the_best_is_the_best_of_all_that_keep_them(
        self, seed: int, objective: Objective
    ) -> None:
        """A limit must not hide a plan that keeps it, nor let one through that does not."""
        catalog, goal = drawn(seed)
        rng = dice(seed)
        expected = expectations(seed, catalog)
        timed = objective != "depth"
        limits = Limits(
            stages=goal.limits.stages,
            cost=rng.choice((None, 0.5, 1.5, 2.5, 4)),
            latency_seconds=rng.choice((None, 0.4, 1.3, 2.5)) if timed else None,
        )
        goal = replace(goal, objective=objective, limits=limits)

        try:
            best = find_plans(catalog, goal, expect=lambda e: expected[e.id]).best
        except NoPlanError:
            best = None

        values = [
            measured(catalog, goal, chosen, expected, objective)
            for chosen in sufficient(catalog, goal)
            if keeps(catalog, goal, chosen, expected)
        ]
        if best is None:
            assert not values or min(map(len, sufficient(catalog, goal))) == 0
        else:
            assert best.value == pytest.approx(min(values), abs=1e-6)
            assert best.proved
            assert limits.cost is None or best.cost <= limits.cost
            assert limits.latency_seconds is None or best.latency_seconds <= limits.latency_seconds


def expectations(seed: int, catalog: Catalog) -> dict[AgentId, Expectation]:
    """Return what is expected of each agent, drawn from a few numbers."""
    rng = dice(seed)
    return {
        e.id: Expectation(
            latency_seconds=rng.choice((0.1, 0.3, 1.0, 2.0)),
            success=rng.choice((0.5, 0.9, 1.0)),
            score=rng.choice((0.2, 0.5, 0.9)),
        )
        for e in catalog
    }


def sufficient(catalog: Catalog, goal: Goal) -> list[tuple[CatalogEntry, ...]]:
    """Return every set of agents that suffices, and has no more stages than allowed."""
    usable = [e for e in catalog if not e.contested and e.id not in goal.exclude]
    most = len(usable) if goal.limits.stages is None else min(goal.limits.stages, len(usable))
    return [
        chosen
        for size in range(most + 1)
        for chosen in combinations(usable, size)
        if suffices(catalog, goal, chosen)
    ]


def keeps(
    catalog: Catalog,
    goal: Goal,
    chosen: tuple[CatalogEntry, ...],
    expected: dict[AgentId, Expectation],
) -> bool:
    """Return whether a set of agents keeps the limits of cost and time."""
    cost = measured(catalog, goal, chosen, expected, "cost")
    seconds = measured(catalog, goal, chosen, expected, "latency")
    most, latest = goal.limits.cost, goal.limits.latency_seconds
    return (most is None or cost <= most) and (latest is None or seconds <= latest)


class TestFronts:
    @settings(max_examples=150, deadline=None)
    @given(seed=SEEDS, pair=st.permutations(MEASURES).map(lambda names: names[:2]))
    def test_the_front_is_that_of_all_sets_of_agents(
        self, seed: int, pair: list[Objective]
    ) -> None:
        """Whoever weighs two things must see every choice there is, and no worse one."""
        catalog, goal = drawn(seed)
        expected = expectations(seed, catalog)
        one, other = pair
        if {one, other} == {"depth", "latency"}:
            return
        goal = replace(goal, objective=one, against=other)

        found: tuple[Plan, ...] = ()
        try:
            search = find_plans(catalog, goal, limit=100, expect=lambda e: expected[e.id])
            found = search.plans
        except NoPlanError:
            found = ()

        points = front(catalog, goal, expected)
        if points != [(0, 0)]:
            got = [(plan.value, plan.against_value) for plan in found]
            assert got == [pytest.approx(point, abs=1e-6) for point in points]
        for plan in found:
            assert plan.proved
            check(catalog, plan)


def front(
    catalog: Catalog, goal: Goal, expected: dict[AgentId, Expectation]
) -> list[tuple[float, float]]:
    """Return the values of the sets of agents that are not worse in both, in order."""
    points = {
        (
            measured(catalog, goal, chosen, expected, goal.objective),
            measured(catalog, goal, chosen, expected, goal.against or goal.objective),
        )
        for chosen in sufficient(catalog, goal)
    }
    return sorted(
        p for p in points if not any(o != p and o[0] <= p[0] and o[1] <= p[1] for o in points)
    )


def measured(
    catalog: Catalog,
    goal: Goal,
    chosen: tuple[CatalogEntry, ...],
    expected: dict[AgentId, Expectation],
    measure: Objective,
) -> float:
    """Return what a set of agents that suffices has of a measure."""
    match measure:
        case "stages":
            return len(chosen)
        case "cost":
            return sum(e.definition.cost for e in chosen)
        case "reliability":
            return round(1 - prod(expected[e.id].success for e in chosen), 9)
        case "score":
            return round(1 - prod(expected[e.id].score for e in chosen), 9)
        case "depth":
            return ends(catalog, goal, chosen, dict.fromkeys(expected, 1.0))
        case "latency":
            return ends(
                catalog, goal, chosen, {a: one.latency_seconds for a, one in expected.items()}
            )


def ends(
    catalog: Catalog,
    goal: Goal,
    chosen: tuple[CatalogEntry, ...],
    lasts: dict[AgentId, float],
) -> float:
    """Return when all that is wanted is there at the earliest."""
    values: list[tuple[float, SchemaId]] = [(0.0, schema) for schema in goal.have]

    def there(schema: SchemaId) -> float:
        return min((t for t, given in values if fits(catalog, [given], schema)), default=inf)

    for _ in chosen:
        for e in chosen:
            start = max((there(i.schema) for i in e.definition.inputs if i.required), default=0.0)
            if start < inf:
                values.append((round(start + lasts[e.id], 9), e.definition.output))
    return max(there(want) for want in goal.want)
