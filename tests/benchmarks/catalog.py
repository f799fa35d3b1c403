"""What one more agent costs a large catalog, and what was decided once costs again."""

from __future__ import annotations

import statistics
from time import perf_counter_ns, process_time
from typing import TYPE_CHECKING

from registry_core.catalog.catalog import Catalog
from registry_core.catalog.entry import CatalogEntry
from registry_core.definitions.agent import AgentDefinition, InputDefinition
from registry_core.definitions.capability import CapabilityClaim
from registry_core.names import AgentId, AgentName, CapabilityName
from tests.benchmarks.frame import benchmark
from tests.catalog.worlds import dice, record

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
    for entry, schemas in fresh:
        start = process_time()
        catalog = catalog.adding([entry], schemas=schemas)
        catalog.schemas.taken_as(entry.definition.output)
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


@benchmark(name="containment that was decided before", unit="us", goal=1)
def memoised() -> float:
    """Best of many of the answer for two schema ids, as the planner asks it."""
    catalog, fresh = _worlds(8_000)
    for entry, schemas in fresh:
        catalog = catalog.adding([entry], schemas=schemas)
    pairs = [(entry.definition.output, entry.definition.inputs[0].schema) for entry, _ in fresh]
    for gives, takes in pairs:
        catalog.fits(gives, takes)
    taken: list[float] = []
    for _ in range(50):
        start = perf_counter_ns()
        for gives, takes in pairs:
            catalog.fits(gives, takes)
        taken.append((perf_counter_ns() - start) / len(pairs) / 1000)
    return statistics.median(taken)
