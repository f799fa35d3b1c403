"""What one more agent costs a large catalog, and what was decided once costs again."""

from __future__ import annotations

import statistics
from time import perf_counter_ns, process_time
from typing import TYPE_CHECKING

from registry_core.catalog.catalog import Catalog
from registry_core.catalog.entry import CatalogEntry
from registry_core.composer.goal import Goal
from registry_core.composer.planning import find_plans
from registry_core.definitions.agent import AgentDefinition, InputDefinition
from registry_core.definitions.capability import CapabilityClaim
from registry_core.names import AgentId, AgentName, CapabilityName
from tests.benchmarks.frame import benchmark
from tests.catalog.worlds import dice, entry, record

if TYPE_CHECKING:
    from random import Random

    from registry_core.definitions.schema import SchemaDefinition

AGENTS = 97_000
AGENTS_PER_SCHEMA = 5
SCHEMAS_PER_KEY = 5
MORE = 300


def _schema(rng: Random, number: int, keys_known: int) -> SchemaDefinition:
    keys = rng.sample(range(keys_known), k=rng.randint(1, 4))
    kinds = ("string", "integer", "number", "boolean")
    return record(f"Kind{number}", **{f"key_{key}": rng.choice(kinds) for key in keys})


def _entry(rng: Random, number: int, schemas: list[SchemaDefinition]) -> CatalogEntry:
    takes = rng.sample(schemas, k=rng.randint(1, 2))
    return CatalogEntry(
        AgentId(f"plugin-{number // 10}/agent_{number}@1.0"),
        AgentDefinition(
            name=AgentName(f"agent_{number}"),
            target=f"plugin_{number // 10}:agent_{number}",
            output=rng.choice(schemas).id,
            inputs=tuple(InputDefinition(f"in_{n}", s.id) for n, s in enumerate(takes)),
            capabilities=(CapabilityClaim(CapabilityName(f"area_{number % 60}.task")),),
        ),
    )


def _worlds(agents: int) -> tuple[Catalog, list[tuple[CatalogEntry, list[SchemaDefinition]]]]:
    """Return a catalog of so many agents, and agents to add that bring schemas of their own."""
    rng = dice(97)
    count = agents // AGENTS_PER_SCHEMA
    keys = count // SCHEMAS_PER_KEY
    schemas = [_schema(rng, number, keys) for number in range(count)]
    entries = [_entry(rng, number, schemas) for number in range(agents)]
    catalog = Catalog().adding(entries, schemas=schemas)
    fresh: list[tuple[CatalogEntry, list[SchemaDefinition]]] = []
    for number in range(agents, agents + MORE):
        own = [_schema(rng, number * 10 + place, keys) for place in range(3)]
        fresh.append((_entry(rng, number, own), own))
    return catalog, fresh


def _milliseconds_each(agents: int) -> list[float]:
    """Return the time of adding each agent, and of finding whom it feeds."""
    catalog, fresh = _worlds(agents)
    taken: list[float] = []
    for new, schemas in fresh:
        start = process_time()
        catalog = catalog.adding([new], schemas=schemas)
        catalog.schemas.taken_as(new.definition.output)
        taken.append((process_time() - start) * 1000)
    return taken


@benchmark(
    name=f"add one agent to a catalog of {AGENTS:,}, whom it feeds included", unit="ms", goal=1
)
def addition() -> float:
    """Mean over some hundred agents with schemas of their own."""
    return statistics.mean(_milliseconds_each(AGENTS))


@benchmark(name="… over the same in a catalog of 8 000", unit="x", goal=2)
def addition_growth() -> float:
    """Ratio of the medians."""
    return statistics.median(_milliseconds_each(AGENTS)) / statistics.median(
        _milliseconds_each(8_000)
    )


def _planning(agents: int) -> float:
    """Return the time of one plan of six stages, three hundred others reached, among *agents*."""
    rng = dice(6)
    chain = [record(f"Link{n}", **{f"link_{n}": "string"}) for n in range(7)]
    side = [record(f"Side{n}", **{f"side_{n}": "string"}) for n in range(300)]
    far = [record(f"Far{n}", **{f"far_{n}": "string"}) for n in range(agents // AGENTS_PER_SCHEMA)]
    entries = [entry(f"step_{n}", takes=(chain[n],), gives=chain[n + 1]) for n in range(6)]
    entries += [entry(f"side_{n}", takes=(chain[n % 6],), gives=side[n]) for n in range(300)]
    entries += [
        entry(f"far_{n}", takes=(rng.choice(far),), gives=rng.choice(far)) for n in range(agents)
    ]
    catalog = Catalog().adding(entries, schemas=[*chain, *side, *far])
    goal = Goal(have=(chain[0].id,), want=(chain[-1].id,))
    taken: list[float] = []
    for _ in range(12):
        start = process_time()
        assert len(find_plans(catalog, goal).best.pipeline.stages) == 6
        taken.append((process_time() - start) * 1000)
    return statistics.median(taken)


@benchmark(name=f"plan through a catalog of {AGENTS:,}", unit="ms", goal=50)
def planning() -> float:
    """Median of a plan of six stages, from a catalog to a pipeline with its reasons."""
    return _planning(AGENTS)


@benchmark(name="… over the same in a catalog of 8 000", unit="x", goal=2)
def planning_growth() -> float:
    """Ratio of the medians."""
    return _planning(AGENTS) / _planning(8_000)


@benchmark(name="containment that was decided before", unit="us", goal=1)
def memoised() -> float:
    """Best of many of the answer for two schema ids, as the planner asks it."""
    catalog, fresh = _worlds(8_000)
    for new, schemas in fresh:
        catalog = catalog.adding([new], schemas=schemas)
    pairs = [(new.definition.output, new.definition.inputs[0].schema) for new, _ in fresh]
    for gives, takes in pairs:
        catalog.fits(gives, takes)
    taken: list[float] = []
    for _ in range(50):
        start = perf_counter_ns()
        for gives, takes in pairs:
            catalog.fits(gives, takes)
        taken.append((perf_counter_ns() - start) / len(pairs) / 1000)
    return statistics.median(taken)
