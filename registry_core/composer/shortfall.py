"""Why there is no plan: how far the search got, what is missing, and what would nearly do."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING

from registry_core.catalog.versions import called
from registry_core.errors import NoPlanError
from registry_core.names import SchemaId
from registry_core.schemas.verdict import Fits, Misfit, Undecided

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from registry_core.catalog.catalog import Catalog
    from registry_core.catalog.entry import CatalogEntry
    from registry_core.composer.goal import Goal
    from registry_core.composer.solution import Blocked, Unreachable
    from registry_core.definitions.schema import JsonValue

__all__ = ["asked_keys", "given_keys", "no_plan", "upstream"]

_LINES = 6
# Enough to fill the lines; a large catalog has thousands of needs behind one that is missing.
_NEEDS = 30


def no_plan(catalog: Catalog, goal: Goal, result: Unreachable) -> NoPlanError:
    """Return the error that says why *result* is no plan.

    What is missing is what was wanted and cannot be had, then what holds up the agents that
    would give it.
    """
    at_hand = {*goal.have, *(catalog.definition(agent).output for agent in result.operations)}
    roots = [SchemaId(str(item.need)) for item in result.blocked if not item.givers][:_LINES]
    missing = dict.fromkeys([*(SchemaId(str(need)) for need in result.missing), *roots])
    left_out = [
        entry
        for entry in catalog
        if entry.id in goal.exclude or (entry.contested and entry.id not in goal.require)
    ]
    lines = chain(
        (
            line
            for item in result.blocked
            for line in (*_held_up(catalog, item, result), *_left_out(catalog, left_out, item))
        ),
        (line for root in roots for line in _misfits(catalog, sorted(at_hand), root)),
    )
    near = islice(dict.fromkeys(islice(lines, 2 * _LINES)), _LINES)
    return NoPlanError(
        have=_names(goal.have),
        want=[*_names(goal.want), *sorted(goal.require)],
        reached=sorted(set(_names(at_hand))),
        missing=[*_names(missing), *result.absent],
        near=near,
        reason=_reason(roots, result),
    )


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


def _reason(roots: Iterable[SchemaId], result: Unreachable) -> str:
    names = _names(dict.fromkeys(roots))
    if names:
        return f"nothing that can be reached gives {' or '.join(names)}"
    if result.blocked:
        return "the agents that would give it wait for each other"
    return f"{', '.join(result.absent)} cannot be used"


def _held_up(catalog: Catalog, blocked: Blocked, result: Unreachable) -> Iterator[str]:
    """Name the agents that would give what is needed, and what they lack."""
    need = SchemaId(str(blocked.need))
    for giver in blocked.givers:
        lacking = [
            f"{item.schema.name} ({item.name})"
            for item in catalog.definition(giver).inputs
            if item.required and item.schema not in result.needs
        ]
        if lacking:
            yield f"{giver} gives {need.name}, and lacks {', '.join(lacking)}"


def _left_out(catalog: Catalog, entries: Iterable[CatalogEntry], blocked: Blocked) -> Iterator[str]:
    """Name the agents that would give what is needed, were they not left out."""
    need = SchemaId(str(blocked.need))
    for entry in entries:
        if isinstance(catalog.fits(entry.definition.output, need), Fits):
            why = "shares its plugin's name: require it by its id" if entry.contested else ""
            yield f"{entry.id} gives {need.name}, and {why or 'is excluded'}"


def _misfits(catalog: Catalog, at_hand: Iterable[SchemaId], need: SchemaId) -> Iterator[str]:
    """Say what keeps each schema at hand from being the one that is needed, closest first."""
    asked = asked_keys(catalog, need)
    given = {schema: given_keys(catalog, schema) for schema in at_hand}
    related = [s for s in given if s.name == need.name or given[s] & asked]
    for schema in sorted(related, key=lambda schema: (len(asked - given[schema]), schema)):
        ours, theirs = called(catalog.schemas, schema, need)
        match catalog.fits(schema, need):
            case Misfit(pointer, reason):
                where = f" at {pointer}" if pointer else ""
                yield f"{ours} is no {theirs}: {reason}{where}"
            case Undecided(pointer=pointer, reason=reason):
                where = f" at {pointer}" if pointer else ""
                yield f"{ours} may be no {theirs}: not decided{where} ({reason})"
            case _:
                pass


def _keys(value: JsonValue) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list | dict) else frozenset()


def _names(schemas: Iterable[SchemaId]) -> tuple[str, ...]:
    return tuple(schema.name for schema in schemas)
