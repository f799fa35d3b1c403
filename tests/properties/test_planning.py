"""Laws of planning over a catalog: complete, sound, and what comes out can be bound and run."""

from __future__ import annotations

from itertools import combinations, pairwise, product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_core.catalog.catalog import Catalog
from registry_core.composer.chaining import find_chains
from registry_core.composer.goal import Goal
from registry_core.composer.planning import find_plans
from registry_core.errors import NoPlanError
from registry_core.names import CapabilityName
from registry_core.pipeline.binding import bind
from registry_core.pipeline.pipeline import FromStage, Pipeline
from registry_core.pipeline.plan import Plan
from registry_core.schemas.verdict import Fits
from tests.catalog.worlds import CAPABILITIES, SCHEMAS, dice, world

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.catalog.entry import CatalogEntry
    from registry_core.names import AgentId, SchemaId
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
        max_stages=rng.choice((None, None, 2)),
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
    most = len(usable) if goal.max_stages is None else min(goal.max_stages, len(usable))
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
        if goal.capabilities:
            return find_chains(catalog, goal, limit=1000)
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


def chains(catalog: Catalog, goal: Goal) -> set[tuple[AgentId, ...]]:
    """Return every sequence of different agents that claim the capabilities and fit."""
    layers = [
        [e for e in catalog if not e.contested and e in _claiming(catalog, name)]
        for name in goal.capabilities
    ]
    return {
        tuple(e.id for e in chain)
        for chain in product(*layers)
        if len({*chain}) == len(chain)
        and all(_feeds(catalog, one, other) for one, other in pairwise(chain))
        and _runs(catalog, goal, chain)
    }


def _claiming(catalog: Catalog, name: CapabilityName) -> tuple[CatalogEntry, ...]:
    return catalog.find(capability=name) if name in catalog.capabilities else ()


def _feeds(catalog: Catalog, one: CatalogEntry, other: CatalogEntry) -> bool:
    return any(fits(catalog, [one.definition.output], i.schema) for i in other.definition.inputs)


def _runs(catalog: Catalog, goal: Goal, chain: tuple[CatalogEntry, ...]) -> bool:
    given = [*goal.have] or [i.schema for i in chain[0].definition.inputs if i.required]
    for found in chain:
        required = [i.schema for i in found.definition.inputs if i.required]
        if not all(fits(catalog, given, schema) for schema in required):
            return False
        given.append(found.definition.output)
    return all(fits(catalog, given[-1:], want) for want in goal.want)


class TestChains:
    @pytest.mark.requirement("R76", "R89", "R92")
    @settings(max_examples=300, deadline=None)
    @given(seed=SEEDS)
    def test_all_chains_are_found_and_nothing_else(self, seed: int) -> None:
        """A greedy choice at the first capability must not hide what fits at the last."""
        rng = dice(seed)
        catalog, drawn_goal = drawn(seed)
        goal = Goal(
            have=rng.choice(((), drawn_goal.have)),
            want=rng.choice(((), drawn_goal.want[:1])),
            capabilities=tuple(
                CapabilityName(name) for name in rng.choices(CAPABILITIES, k=rng.randint(1, 3))
            ),
        )

        found = search(catalog, goal)

        plans = found.plans if found else ()
        agents = [tuple(stage.agent for stage in plan.pipeline.stages) for plan in plans]
        assert len({*agents}) == len(agents)
        assert {*agents} == chains(catalog, goal)
        for plan in plans:
            check(catalog, plan)
