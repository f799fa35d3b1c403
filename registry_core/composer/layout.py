"""The operations that agents are on a way through capabilities.

A value that has come past the first *k* capabilities is of a type of its own, which satisfies
whatever its schema does, and is what the next capability waits for. Whoever takes such a value
passes it on, one capability further where that is what it does there. So an agent is several
operations, one for each place on the way and each input by which the value may come, and the
search needs to know nothing of ways.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from registry_core.names import AgentId, SchemaId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from registry_core.catalog.catalog import Catalog
    from registry_core.catalog.entry import CatalogEntry
    from registry_core.composer.goal import Goal
    from registry_core.composer.index import TypeId
    from registry_core.composer.matching import Matches

__all__ = ["DONE", "Draft", "Layout", "Place", "fed", "lay_out", "passed", "schema_in", "using"]

DONE = "\tdone"
_GIVEN = "given"
_RESULT = "result"


@dataclass(frozen=True, slots=True)
class Place:
    """What an operation stands for.

    Attributes:
        agent: Who works there.
        inputs: Names of the inputs that are fed, in the order of the operation's needs.
        step: Which capability of the way the agent has there, from 1; 0 where none.
        begins: Whether the caller gives all its inputs, since nothing else is given.
    """

    agent: AgentId
    inputs: tuple[str, ...]
    step: int = 0
    begins: bool = False


class Draft(NamedTuple):
    """An operation, as far as the way decides about it."""

    id: str
    place: Place
    needs: tuple[TypeId, ...]
    gives: tuple[TypeId, ...]


class Layout(NamedTuple):
    """Operations, what satisfies what between them, what is given, and what else is wanted."""

    drafts: Sequence[Draft]
    satisfies: Mapping[TypeId, Iterable[TypeId]]
    have: tuple[TypeId, ...]
    tokens: tuple[TypeId, ...] = ()


def fed(entry: CatalogEntry) -> Place:
    """Return the place of an agent that takes what it must, and is on no way."""
    inputs = entry.definition.inputs
    return Place(entry.id, tuple(item.name for item in inputs if item.required))


def schema_in(kind: TypeId) -> SchemaId:
    r"""Return the schema of a type.

    >>> schema_in("Text#1f0c9a62b7e4\t2")
    'Text#1f0c9a62b7e4'
    """
    return SchemaId(str(kind).partition("\t")[0])


def passed(step: int) -> str:
    """Return the type that only the capability *step*, from 1, gives."""
    return f"\tpassed {step}"


def using(agent: AgentId, *, on_the_way: bool = False) -> str:
    """Return the type that only *agent* gives, or only where it has a capability of the way."""
    return f"\tuses {agent}{' on the way' if on_the_way else ''}"


def lay_out(catalog: Catalog, goal: Goal, matches: Matches) -> Layout:
    """Return the operations of the agents in *matches* on the way of *goal*."""
    length = len(goal.steps)
    able = [frozenset(term.agents(catalog)) for term in goal.steps]
    # Beyond the last capability a value goes on only where more may follow it.
    carried = range(1, length + bool(goal.want and not goal.last))
    drafts: list[Draft] = []
    for entry in matches.runnable:
        plain, output = fed(entry), entry.definition.output
        drafts.append(Draft(entry.id, plain, _plain(entry), (output,)))
        for level in carried:
            drafts += _on_the_way(entry, level, 0, (_at(output, level),))
        for step in (step for step, agents in enumerate(able, 1) if entry.id in agents):
            given = _RESULT if step == length and goal.last else step
            gives = (_at(output, given), passed(step))
            if step > 1:
                drafts += _on_the_way(entry, step - 1, step, gives)
            else:
                drafts.append(_first(goal, entry, gives))
    tokens = [DONE if goal.want else passed(length), *map(using, sorted(goal.require))]
    have = tuple(_at(schema, _GIVEN) for schema in goal.have)
    return Layout(drafts, _satisfies(goal, matches), have, tuple(tokens))


def _plain(entry: CatalogEntry) -> tuple[SchemaId, ...]:
    return tuple(item.schema for item in entry.definition.inputs if item.required)


def _at(schema: SchemaId, level: int | str) -> str:
    return f"{schema}\t{level}"


def _first(goal: Goal, entry: CatalogEntry, gives: tuple[TypeId, ...]) -> Draft:
    """Return the operation of the agent at the beginning of the way."""
    place, needs = replace(fed(entry), step=1), _plain(entry)
    number = f"{entry.id}\t1"
    if not goal.have:
        given = (_at(schema, _GIVEN) for schema in needs)
        return Draft(number, replace(place, inputs=(), begins=True), (), (*gives, *given))
    if goal.first:
        return Draft(number, place, tuple(_at(schema, _GIVEN) for schema in needs), gives)
    return Draft(number, place, needs, gives)


def _on_the_way(
    entry: CatalogEntry, level: int, step: int, gives: tuple[TypeId, ...]
) -> Iterator[Draft]:
    """Yield the operations by which a value at *level* comes to the agent, one for each input."""
    for number, by in enumerate(entry.definition.inputs):
        items = [item for item in entry.definition.inputs if item.required or item is by]
        yield Draft(
            f"{entry.id}\t{step or level}{'' if step else '+'}\t{number}",
            Place(entry.id, tuple(item.name for item in items), step),
            tuple(_at(i.schema, level) if i is by else i.schema for i in items),
            gives,
        )


def _satisfies(goal: Goal, matches: Matches) -> dict[TypeId, list[TypeId]]:
    """Return what the types of all places satisfy."""
    found: dict[TypeId, list[TypeId]] = {}
    length = len(goal.steps)
    for schema, needs in matches.satisfies.items():
        done: list[TypeId] = [] if set(goal.want).isdisjoint(needs) else [DONE]
        found[schema] = [*needs]
        found[_at(schema, _GIVEN)] = [*needs, *(_at(need, _GIVEN) for need in needs)]
        found[_at(schema, _RESULT)] = [*needs, *done]
        levels: list[TypeId] = [*needs]
        for level in range(1, length + 1):
            levels += [_at(need, level) for need in needs]
            at_end = level == length and not goal.last
            found[_at(schema, level)] = [*levels, *done] if at_end else [*levels]
    return found
