"""What satisfies what, as far as a start can reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from registry_core.schemas.verdict import Fits

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from registry_core.catalog.catalog import Catalog
    from registry_core.catalog.entry import CatalogEntry
    from registry_core.definitions.schema import JsonValue
    from registry_core.names import AgentId, SchemaId

__all__ = ["Matches", "asked_keys", "given_keys", "match", "needs_of", "upstream"]

# Enough to fill the lines of an error; a large catalog has thousands of needs behind one that is
# missing.
_NEEDS = 30


class Matches(NamedTuple):
    """What a start leads to.

    Attributes:
        satisfies: The needs that each schema which can be reached satisfies.
        runnable: The agents that can run.
        met: The needs that can be satisfied.
    """

    satisfies: Mapping[SchemaId, tuple[SchemaId, ...]]
    runnable: tuple[CatalogEntry, ...]
    met: frozenset[SchemaId]


def match(
    catalog: Catalog,
    *,
    have: Iterable[SchemaId],
    want: Iterable[SchemaId],
    admits: Callable[[CatalogEntry], bool],
) -> Matches:
    """Return what *have* leads to, in time that depends on what is reached.

    Args:
        catalog: What there is.
        have: What is given.
        want: What is needed beside the inputs of the agents.
        admits: Whether an agent may take part.
    """
    schemas = catalog.schemas
    apart = [schema for schema in dict.fromkeys(want) if schema not in schemas.consumers]
    free = (catalog.entries[agent] for agent in sorted(schemas.unfed))
    runnable = [entry for entry in free if admits(entry)]
    at_hand = [*have, *(entry.definition.output for entry in runnable)]
    unmet: dict[AgentId, set[SchemaId]] = {}
    satisfies: dict[SchemaId, tuple[SchemaId, ...]] = {}
    met: set[SchemaId] = set()
    for given in at_hand:
        if given in satisfies:
            continue
        others = (need for need in apart if isinstance(catalog.fits(given, need), Fits))
        satisfies[given] = (*schemas.taken_as(given), *others)
        for need in satisfies[given]:
            if need in met:
                continue
            met.add(need)
            for entry in _fed(catalog, schemas.consumers[need], need, unmet, admits):
                runnable.append(entry)
                at_hand.append(entry.definition.output)
    return Matches(satisfies, tuple(runnable), frozenset(met))


def _fed(
    catalog: Catalog,
    agents: Iterable[AgentId],
    need: SchemaId,
    unmet: dict[AgentId, set[SchemaId]],
    admits: Callable[[CatalogEntry], bool],
) -> Iterator[CatalogEntry]:
    """Yield those of *agents* that lacked only *need*; count down for the others."""
    for agent in agents:
        if agent not in unmet:
            entry = catalog.entries[agent]
            unmet[agent] = set(needs_of(entry)) if admits(entry) else set()
        if need in unmet[agent]:
            unmet[agent].remove(need)
            if not unmet[agent]:
                yield catalog.entries[agent]


def needs_of(entry: CatalogEntry) -> tuple[SchemaId, ...]:
    """Return the schemas of the inputs that must be fed, in their order."""
    return tuple(item.schema for item in entry.definition.inputs if item.required)


def upstream(
    catalog: Catalog,
    entries: Iterable[CatalogEntry],
    missing: Iterable[SchemaId],
    *,
    known: Collection[SchemaId],
) -> dict[SchemaId, list[SchemaId]]:
    """Return which needs each output would satisfy: those *missing*, then those behind them.

    Args:
        catalog: What there is.
        entries: The agents that may take part.
        missing: Needs that cannot be satisfied.
        known: Outputs whose needs are told already.
    """
    givers: dict[SchemaId, list[CatalogEntry]] = {}
    for entry in entries:
        if entry.definition.output not in known:
            givers.setdefault(entry.definition.output, []).append(entry)
    given = {schema: given_keys(catalog, schema) for schema in givers}
    satisfied: dict[SchemaId, list[SchemaId]] = {}
    waiting = dict.fromkeys(missing)
    explored: set[SchemaId] = set()
    while len(explored) < _NEEDS and (left := [need for need in waiting if need not in explored]):
        need = left[0]
        explored.add(need)
        asked = asked_keys(catalog, need)
        for schema, keys in given.items():
            if asked <= keys and isinstance(catalog.fits(schema, need), Fits):
                satisfied.setdefault(schema, []).append(need)
                behind = (i for e in givers[schema] for i in e.definition.inputs if i.required)
                waiting.update(dict.fromkeys(item.schema for item in behind))
    return {schema: list(dict.fromkeys((*needs, schema))) for schema, needs in satisfied.items()}


def asked_keys(catalog: Catalog, schema: SchemaId) -> frozenset[str]:
    """Return the keys that *schema* requires of what it takes."""
    return _keys(catalog.schemas.definition(schema).accepts.get("required"))


def given_keys(catalog: Catalog, schema: SchemaId) -> frozenset[str]:
    """Return the keys that *schema* declares of what it gives."""
    return _keys(catalog.schemas.definition(schema).emits.get("properties"))


def _keys(value: JsonValue) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list | dict) else frozenset()
