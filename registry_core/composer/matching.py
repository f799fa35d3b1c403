"""What satisfies what, as far as a start can reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from registry_core.schemas.verdict import Fits

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from registry_core.catalog.catalog import Catalog
    from registry_core.catalog.entry import CatalogEntry
    from registry_core.definitions.schema import JsonValue
    from registry_core.names import SchemaId

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
    entries: Sequence[CatalogEntry],
    *,
    have: Iterable[SchemaId],
    want: Iterable[SchemaId],
) -> Matches:
    """Return what *have* leads to with the agents of *entries*.

    Schemas are compared only where something reaches them.

    Args:
        catalog: What there is.
        entries: The agents that may take part.
        have: What is given.
        want: What is needed beside the inputs of the agents.
    """
    unmet = {entry.id: set(needs_of(entry)) for entry in entries}
    consumers: dict[SchemaId, list[CatalogEntry]] = {}
    for entry in entries:
        for need in unmet[entry.id]:
            consumers.setdefault(need, []).append(entry)
    takers = catalog.schemas.takers({*consumers, *want})
    runnable = [entry for entry in entries if not unmet[entry.id]]
    at_hand = [*have, *(entry.definition.output for entry in runnable)]
    met: set[SchemaId] = set()
    satisfies: dict[SchemaId, tuple[SchemaId, ...]] = {}
    for given in at_hand:
        if given in satisfies:
            continue
        satisfies[given] = catalog.schemas.taking(given, takers)
        for need in satisfies[given]:
            if need in met:
                continue
            met.add(need)
            for entry in consumers.get(need, ()):
                unmet[entry.id].remove(need)
                if not unmet[entry.id]:
                    runnable.append(entry)
                    at_hand.append(entry.definition.output)
    return Matches(satisfies, tuple(runnable), frozenset(met))


def needs_of(entry: CatalogEntry) -> tuple[SchemaId, ...]:
    """Return the schemas of the inputs that must be fed, in their order."""
    return tuple(item.schema for item in entry.definition.inputs if item.required)


def upstream(
    catalog: Catalog,
    entries: Sequence[CatalogEntry],
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
