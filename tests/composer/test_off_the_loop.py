"""A search takes its time; whatever else waits for the event loop must not."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from registry_core.catalog.catalog import Catalog
from registry_core.composer.expectation import Expectation
from registry_core.composer.goal import Goal
from registry_core.composer.planning import find_plans
from tests.catalog.worlds import SCHEMAS, entry

if TYPE_CHECKING:
    from registry_core.catalog.entry import CatalogEntry
    from registry_core.pipeline.plan import PlanSearch

PAGE, TITLED, *_ = SCHEMAS
CATALOG = Catalog().adding([entry("title", takes=(PAGE,), gives=TITLED)], schemas=SCHEMAS)
SEARCH_SECONDS = 0.5


def labouring(_: CatalogEntry) -> Expectation:
    """Return what is expected, after work that never waits."""
    end = monotonic() + SEARCH_SECONDS
    while monotonic() < end:
        pass
    return Expectation()


async def count_ticks(until: asyncio.Future[PlanSearch]) -> int:
    """Return how often the loop came by while something else went on."""
    ticks = 0
    while not until.done():
        await asyncio.sleep(0.005)
        ticks += 1
    return ticks


def test_the_event_loop_goes_on_while_a_plan_is_searched_for() -> None:
    """A server that plans for one caller still answers the others."""
    goal = Goal(have=(PAGE.id,), want=(TITLED.id,))

    async def both() -> tuple[PlanSearch, int]:
        planning = asyncio.ensure_future(
            asyncio.to_thread(find_plans, CATALOG, goal, expect=labouring)
        )
        ticks = await count_ticks(planning)
        return await planning, ticks

    found, ticks = asyncio.run(both())

    assert ticks >= 10
    assert found.best.proved
