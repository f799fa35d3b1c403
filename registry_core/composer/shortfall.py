"""Why there is no plan: how far the search got, what is missing, and what would nearly do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.errors import NoPlanError
from registry_core.names import SchemaId
from registry_core.schemas.verdict import Misfit, Undecided

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from registry_core.catalog.catalog import Catalog
    from registry_core.composer.goal import Goal
    from registry_core.composer.solution import Blocked, Unreachable
    from registry_core.definitions.schema import JsonValue

__all__ = ["no_plan"]

_LINES = 6


def no_plan(catalog: Catalog, goal: Goal, result: Unreachable) -> NoPlanError:
    """Return the error that says why *result* is no plan.

    What is missing is what was wanted and cannot be had, then what holds up the agents that
    would give it.
    """
    at_hand = {*goal.have, *(catalog.definition(agent).output for agent in result.operations)}
    roots = [SchemaId(str(item.need)) for item in result.blocked if not item.givers]
    missing = dict.fromkeys([*(SchemaId(str(need)) for need in result.missing), *roots])
    near = [
        line
        for item in result.blocked
        for line in (*_held_up(catalog, item, result), *_left_out(catalog, goal, item))
    ]
    near += [line for root in roots for line in _misfits(catalog, sorted(at_hand), root)]
    return NoPlanError(
        have=_names(goal.have),
        want=[*_names(goal.want), *sorted(goal.require)],
        reached=sorted(set(_names(at_hand))),
        missing=[*_names(missing), *result.absent],
        near=tuple(dict.fromkeys(near))[:_LINES],
        reason=_reason(roots, result),
    )


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


def _left_out(catalog: Catalog, goal: Goal, blocked: Blocked) -> Iterator[str]:
    """Name the agents that would give what is needed, were they not left out."""
    need = SchemaId(str(blocked.need))
    for agent in catalog.schemas.producers_of(need):
        if agent in goal.exclude:
            yield f"{agent} gives {need.name}, and is excluded"
        elif catalog.entry(agent).contested and agent not in goal.require:
            yield f"{agent} gives {need.name}, and shares its plugin's name: require it by its id"


def _misfits(catalog: Catalog, at_hand: Iterable[SchemaId], need: SchemaId) -> Iterator[str]:
    """Say what keeps each schema at hand from being the one that is needed, closest first."""
    asked = _keys(catalog.schemas.definition(need).accepts.get("required"))
    given = {
        schema: _keys(catalog.schemas.definition(schema).emits.get("properties"))
        for schema in at_hand
    }
    related = [s for s in given if s.name == need.name or given[s] & asked]
    for schema in sorted(related, key=lambda schema: (len(asked - given[schema]), schema)):
        match catalog.fits(schema, need):
            case Misfit(pointer, reason):
                where = f" at {pointer}" if pointer else ""
                yield f"{schema.name} is no {need.name}: {reason}{where}"
            case Undecided(pointer=pointer, reason=reason):
                where = f" at {pointer}" if pointer else ""
                yield f"{schema.name} may be no {need.name}: not decided{where} ({reason})"
            case _:
                pass


def _keys(value: JsonValue) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list | dict) else frozenset()


def _names(schemas: Iterable[SchemaId]) -> tuple[str, ...]:
    return tuple(schema.name for schema in schemas)
