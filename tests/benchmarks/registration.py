"""What it costs to take many agents into a catalog, and whether that stays linear."""

from __future__ import annotations

import statistics
from time import process_time
from typing import TYPE_CHECKING

from registry_core.catalog.catalog import Catalog
from registry_core.catalog.entry import CatalogEntry
from registry_core.definitions.agent import AgentDefinition, InputDefinition
from registry_core.definitions.capability import CapabilityClaim
from registry_core.definitions.schema import SchemaDefinition
from registry_core.names import AgentId, AgentName, CapabilityName, SchemaName
from tests.benchmarks.frame import benchmark, cpu_ratio

if TYPE_CHECKING:
    from collections.abc import Callable

AGENTS = 10_000
AGENTS_PER_SCHEMA = 10
REPEATS = 25


def _schemas(count: int) -> list[SchemaDefinition]:
    return [
        SchemaDefinition(
            name=SchemaName(f"Schema{number}"),
            fingerprint=f"{number:012x}",
            accepts={"type": "object"},
            emits={"type": "object"},
        )
        for number in range(count)
    ]


def _entries(count: int, schemas: list[SchemaDefinition]) -> list[CatalogEntry]:
    return [
        CatalogEntry(
            AgentId(f"plugin-{number // 10}/agent_{number}@1.0"),
            AgentDefinition(
                name=AgentName(f"agent_{number}"),
                target=f"plugin_{number // 10}:agent_{number}",
                output=schemas[number % len(schemas)].id,
                inputs=(InputDefinition("value", schemas[number * 7 % len(schemas)].id),),
                capabilities=(CapabilityClaim(CapabilityName(f"area_{number % 6}.task")),),
            ),
        )
        for number in range(count)
    ]


def _registering(count: int) -> Callable[[], float]:
    """Return what takes *count* agents into an empty catalog and tells the seconds."""
    schemas = _schemas(count // AGENTS_PER_SCHEMA)
    entries = _entries(count, schemas)

    def register() -> float:
        start = process_time()
        Catalog().adding(entries, schemas=schemas)
        return process_time() - start

    return register


@benchmark(name="registering 10 000 agents", unit="CPU ms", goal=100)
def registering() -> float:
    """Return the time to make a catalog of definitions that are there."""
    register = _registering(AGENTS)
    return statistics.median(register() for _ in range(REPEATS)) * 1000


@benchmark(name="registering 10 000 agents against 1 000", unit="x", goal=15)
def growth() -> float:
    """Return how the time grows; 10 would be a straight line."""
    return cpu_ratio(_registering(AGENTS), _registering(AGENTS // 10), pairs=REPEATS)


@benchmark(name="one more agent among 10 000", unit="CPU ms")
def one_more() -> float:
    """Return the time of another snapshot with one more agent."""
    schemas = _schemas(AGENTS // AGENTS_PER_SCHEMA)
    *entries, last = _entries(AGENTS + 1, schemas)
    catalog = Catalog().adding(entries, schemas=schemas)
    start = process_time()
    for _ in range(REPEATS):
        catalog.adding([last])
    return (process_time() - start) / REPEATS * 1000
