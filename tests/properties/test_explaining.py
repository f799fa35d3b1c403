"""Laws of explanations and drawings: reasons can be checked, and pictures can be read."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from registry_core.catalog.catalog import Catalog
from registry_core.composer.goal import CapabilityTerm, Goal
from registry_core.composer.planning import find_plans
from registry_core.composer.rejection import Outranked, Unconnected, rejected
from registry_core.errors import NoPlanError
from registry_core.pipeline.drawing import mermaid, svg
from registry_core.schemas.verdict import Misfit
from tests.catalog.worlds import CAPABILITIES, SCHEMAS, dice, world

if TYPE_CHECKING:
    from registry_core.pipeline.plan import Plan

SEEDS = st.integers(min_value=0, max_value=2**32)


def asked(seed: int) -> tuple[Catalog, Goal, Plan | None]:
    """Return a small catalog, a goal in it, and the best plan where there is one."""
    rng = dice(seed)
    catalog = Catalog().adding(world(rng, most_agents=9).entries, schemas=SCHEMAS)
    ids = [schema.id for schema in SCHEMAS]
    chained = rng.random() < 0.3
    goal = Goal(
        have=tuple(rng.sample(ids, k=rng.choice((0, 1, 2)))),
        want=tuple(rng.sample(ids, k=rng.choice((1, 1, 2)))) if not chained else (),
        capabilities=(CapabilityTerm.parse(rng.choice(CAPABILITIES)),) * chained,
        exclude=frozenset(rng.sample(sorted(catalog.entries), k=rng.choice((0, 0, 1)))),
        objective=rng.choice(("stages", "depth", "cost")),
    )
    try:
        return catalog, goal, find_plans(catalog, goal).best
    except NoPlanError:
        return catalog, goal, None


@given(SEEDS)
@settings(max_examples=150, deadline=None)
@pytest.mark.requirement("R91")
def test_every_reason_holds_when_it_is_checked(seed: int) -> None:
    """An explanation that is wrong is worse than none."""
    catalog, goal, plan = asked(seed)
    assume(plan is not None)
    assert plan is not None

    for item in rejected(catalog, goal, plan):
        assert item.agent not in {stage.agent for stage in plan.pipeline.stages}
        if isinstance(item.reason, Unconnected):
            for gap in item.reason.gaps:
                verdict = None if gap.gives is None else catalog.fits(gap.gives, gap.takes)
                assert isinstance(verdict, Misfit) or gap.gives is None or not gap.decided
        if isinstance(item.reason, Outranked):
            forced = replace(goal, require=goal.require | {item.agent})
            assert find_plans(catalog, forced).best.value == item.reason.value
            assert item.reason.more >= 0


@given(SEEDS)
@settings(max_examples=100, deadline=None)
def test_every_plan_can_be_drawn_without_overlap(seed: int) -> None:
    """Text on text cannot be read, whatever the shape of the plan."""
    _, _, plan = asked(seed)
    assume(plan is not None)
    assert plan is not None

    root = ET.fromstring(svg(plan))  # noqa: S314 -- it is ours

    boxes = [
        tuple(float(node.get(key, "")) for key in ("x", "y", "width", "height"))
        for node in root.iter()
        if node.get("class", "").startswith("box")
    ]
    assert len(boxes) == len(plan.pipeline.stages) + len(plan.pipeline.inputs) + 1
    assert all(
        x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y
        for (x, y, w, h), (x2, y2, w2, h2) in combinations(boxes, 2)
    )
    assert mermaid(plan).count("-->") == len(plan.edges)
