"""Small worlds of agents for laws: schemas that fit each other or not, and agents between them."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from registry_core.catalog.entry import CatalogEntry
from registry_core.definitions.agent import AgentDefinition, InputDefinition
from registry_core.definitions.capability import CapabilityClaim
from registry_core.definitions.schema import JsonObject, SchemaDefinition
from registry_core.names import AgentId, AgentName, CapabilityName, SchemaName
from registry_core.schemas.fingerprint import fingerprint

__all__ = ["CAPABILITIES", "SCHEMAS", "World", "dice", "entry", "record", "world"]


def dice(seed: int) -> Random:
    """Return what draws the same world for the same *seed*."""
    return Random(seed)  # noqa: S311 -- it keeps no secret


def record(name: str, **fields: str) -> SchemaDefinition:
    """Return the schema of an object with these *fields*, all required, by JSON type."""
    accepts: JsonObject = {
        "type": "object",
        "properties": {key: {"type": kind} for key, kind in fields.items()},
        "required": [*sorted(fields)],
    }
    emits: JsonObject = {**accepts, "additionalProperties": False}
    return SchemaDefinition(SchemaName(name), fingerprint(accepts, emits), accepts, emits)


def plain(name: str, kind: str) -> SchemaDefinition:
    """Return the schema of all values of one JSON type."""
    document: JsonObject = {"type": kind}
    return SchemaDefinition(SchemaName(name), fingerprint(document, document), document, document)


# Whatever is a Titled page is a Page; a Counted one is both; a count is a number.
SCHEMAS = (
    record("Page", text="string"),
    record("Titled", text="string", title="string"),
    record("Counted", text="string", title="string", words="integer"),
    record("Score", score="number"),
    record("IntScore", score="integer"),
    plain("int", "integer"),
    plain("float", "number"),
)

CAPABILITIES = ("read", "read.html", "read.pdf", "judge", "judge.tone", "write")


def entry(  # noqa: PLR0913 -- a test says what matters to it
    name: str,
    *,
    takes: tuple[SchemaDefinition, ...] = (),
    gives: SchemaDefinition,
    optional: tuple[SchemaDefinition, ...] = (),
    capabilities: dict[str, float] | None = None,
    tags: tuple[str, ...] = (),
    cost: float = 1.0,
    contested: bool = False,
    distribution: str = "kit",
) -> CatalogEntry:
    """Return an agent with inputs ``a``, ``b`` … and optional ones ``x``, ``y`` …."""
    definition = AgentDefinition(
        name=AgentName(name),
        target=f"kit:{name}",
        output=gives.id,
        inputs=(
            *(InputDefinition(key, s.id) for key, s in zip("abcdef", takes, strict=False)),
            *(InputDefinition(k, s.id, False) for k, s in zip("xyz", optional, strict=False)),  # noqa: FBT003
        ),
        capabilities=tuple(
            CapabilityClaim(CapabilityName(claim), score)
            for claim, score in sorted((capabilities or {}).items())
        ),
        tags=tags,
        cost=cost,
    )
    return CatalogEntry(AgentId.of(distribution, name, "1.0"), definition, contested)


class World(NamedTuple):
    """Agents, in the order in which they were made."""

    entries: tuple[CatalogEntry, ...]


def world(rng: Random, *, most_agents: int = 6) -> World:
    """Return a world of a few agents drawn by *rng*."""
    count = rng.randint(1, most_agents)
    return World(
        tuple(
            entry(
                f"agent_{number}",
                takes=tuple(rng.choices(SCHEMAS, k=rng.choice((0, 1, 1, 1, 2, 2)))),
                gives=rng.choice(SCHEMAS),
                optional=tuple(rng.choices(SCHEMAS, k=rng.choice((0, 0, 0, 1)))),
                capabilities={
                    rng.choice(CAPABILITIES): rng.choice((0.2, 0.5, 0.9))
                    for _ in range(rng.choice((0, 1, 2)))
                },
                tags=tuple(rng.sample(("fast", "slow"), k=rng.choice((0, 1)))),
                cost=rng.choice((0.5, 1.0, 2.0)),
                contested=rng.random() < 0.1,
            )
            for number in range(count)
        )
    )
