"""Pairs of generated models between which an edge may lead, and values that flow along it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from importlib import import_module
from itertools import count
from types import GenericAlias, SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Literal, Optional, TypeAlias, cast
from uuid import UUID

from annotated_types import Ge, Le, MaxLen, MinLen
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.internal.conjecture.utils import many
from pydantic import BaseModel, Field, StringConstraints, create_model
from pydantic import JsonValue as AnyJson

from registry_core.definitions.schema import JsonObject, JsonValue
from registry_core.errors import DefinitionError
from registry_core.schemas.codec import codec_of, dump_any
from registry_core.schemas.pointers import follow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from hypothesis.strategies import SearchStrategy

__all__ = ["Flow", "drawn_pair", "flows", "generated", "written"]

Annotation: TypeAlias = object
"""A type as it stands in a signature."""

_DEPTH = 3
_ALL_CHECKS = (
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
    HealthCheck.large_base_example,
    HealthCheck.too_slow,
)


class _Elements(many):
    """Hypothesis's loop over elements, as hypothesis-jsonschema 0.23.1 still calls it."""

    _turns: Iterator[None] | None = None

    def more(self) -> bool:
        """Return whether another element follows."""
        if self._turns is None:
            self._turns = iter(self.__enter__())
        for _ in self._turns:
            return True
        self.__exit__(None)
        return False


# Hypothesis 6.170 iterates where it had `more`; without this no object could be generated.
_generator = import_module("hypothesis_jsonschema._from_schema")
vars(_generator)["cu"] = SimpleNamespace(many=_Elements)
_from_schema = cast("Callable[[JsonObject], SearchStrategy[JsonValue]]", _generator.from_schema)


class Colour(Enum):
    """Three values with names."""

    RED = "red"
    GREEN = "green"
    BLUE = "blue"


class Tree(BaseModel):
    """A class that holds itself."""

    label: str
    left: Tree | None = None
    rest: list[Tree] = []


class Chain(BaseModel):
    """Whatever a tree has, and looser."""

    label: str | None
    left: Chain | None = None


class Cat(BaseModel):
    """One of two kinds that a tag tells apart."""

    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    """The other kind."""

    kind: Literal["dog"]
    tricks: list[str] = []


_SCALARS: tuple[Annotation, ...] = (
    int,
    float,
    str,
    bool,
    None,
    date,
    datetime,
    time,
    timedelta,
    UUID,
    Decimal,
    bytes,
    Colour,
    Tree,
    Cat,
    Literal["a", "b"],
    Literal[1, 2, 3],
    Annotated[int, Ge(0)],
    Annotated[int, Ge(0), Le(10)],
    Annotated[float, Ge(0.5)],
    Annotated[str, MinLen(2)],
    Annotated[str, MaxLen(5)],
    Annotated[str, StringConstraints(pattern="^[a-c]{1,3}$")],
    Annotated[list[int], MinLen(1)],
    tuple[int, str],
    tuple[int, ...],
    set[int],
)

# What else takes everything that a type gives, or nearly: an answer decides, not this table.
_WIDER: dict[Annotation, tuple[Annotation, ...]] = {
    int: (float, int | str, Annotated[int, Ge(0)], Decimal),
    bool: (bool | None, int),
    date: (str,),
    datetime: (str,),
    time: (str,),
    timedelta: (str,),
    UUID: (str, Annotated[str, MinLen(36)]),
    Decimal: (str,),
    bytes: (str,),
    Colour: (str, Literal["red", "green", "blue", "none"], Literal["red"]),
    Tree: (Chain, dict[str, AnyJson]),
    Cat: (Annotated[Cat | Dog, Field(discriminator="kind")], Dog),
    Literal["a", "b"]: (str, Annotated[str, MaxLen(1)], Annotated[str, MinLen(2)]),
    Literal[1, 2, 3]: (int, Annotated[int, Ge(1)], float, Annotated[int, Ge(2)]),
    Annotated[int, Ge(0), Le(10)]: (Annotated[int, Ge(0)], int, float),
    Annotated[str, MinLen(2)]: (str, Annotated[str, MinLen(1)]),
    Annotated[str, MaxLen(5)]: (Annotated[str, MaxLen(6)], Annotated[str, MinLen(1)]),
    Annotated[str, StringConstraints(pattern="^[a-c]{1,3}$")]: (
        str,
        Annotated[str, MaxLen(3)],
        Annotated[str, StringConstraints(pattern="^[a-d]+$")],
    ),
    Annotated[list[int], MinLen(1)]: (list[int], list[float], set[int]),
    tuple[int, str]: (list[int | str], tuple[float, str], list[int]),
    tuple[int, ...]: (list[int], set[int]),
    set[int]: (list[int], tuple[float, ...]),
}


@dataclass(frozen=True, slots=True)
class Flow:
    """One value on its way.

    Attributes:
        value: What the producer's document allows.
        given: Whether the producer's class can hold it, so that an agent may give it.
        taken: Whether the consumer's class takes it, through the codec that runs use.
    """

    value: JsonValue
    given: bool
    taken: bool


def drawn_pair(rng: Random) -> tuple[type[BaseModel], type[BaseModel]]:
    """Return two models drawn by *rng*, of which the second often takes what the first gives."""
    names = (f"field_{number}" for number in count())
    ours: dict[str, tuple[Annotation, object]] = {}
    theirs: dict[str, tuple[Annotation, object]] = {}
    for name in (next(names) for _ in range(rng.randint(1, 4))):
        one, other = _drawn(rng, 2)
        ours[name] = (one, ...)
        if rng.random() < 0.85:
            theirs[name] = (other, ...) if rng.random() < 0.7 else (_or_none(other), None)
    if rng.random() < 0.3:
        theirs["extra"] = (int, 0)
    return _model("Given", ours), _model("Taken", theirs)


def _model(name: str, fields: dict[str, tuple[Annotation, object]]) -> type[BaseModel]:
    make = cast("Callable[..., type[BaseModel]]", create_model)
    return make(name, **fields)


def _or_none(annotation: Annotation) -> Annotation:
    return Optional[annotation]  # noqa: UP045 -- None itself knows no `|`


def _drawn(rng: Random, depth: int) -> tuple[Annotation, Annotation]:
    """Return a type and one that may be wider."""
    if depth and rng.random() < 0.4:
        one, other = _drawn(rng, depth - 1)
        match rng.randrange(4):
            case 0:
                return GenericAlias(list, (one,)), GenericAlias(list, (other,))
            case 1:
                return GenericAlias(dict, (str, one)), GenericAlias(dict, (str, other))
            case 2:
                return _or_none(one), _or_none(other)
            case _:
                return _model("Inner", {"value": (one, ...)}), _model(
                    "Inner", {"value": (other, ...)}
                )
    chosen = rng.choice(_SCALARS)
    wider = _WIDER.get(chosen, ())
    return chosen, rng.choice(wider) if wider and rng.random() < 0.6 else chosen


def generated(document: JsonObject, *, number: int, first: int) -> list[JsonValue]:
    """Return about *number* values of *document*, the same ones for the same seed *first*."""
    found: list[JsonValue] = []

    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=_ALL_CHECKS,
    )
    @seed(first)
    @given(_from_schema(written(document)))
    def collect(value: JsonValue) -> None:
        found.append(value)

    collect()
    return found


def flows(
    producer: Annotation, consumer: Annotation, values: Iterator[JsonValue] | list[JsonValue]
) -> Iterator[Flow]:
    """Yield what becomes of each value, through the codecs that runs use."""
    ours, theirs = codec_of(producer), codec_of(consumer)
    for value in values:
        try:
            data = ours.dump(ours.load(dump_any(value)))
        except DefinitionError:
            yield Flow(value, given=False, taken=False)
            continue
        try:
            theirs.load(data)
        except DefinitionError:
            yield Flow(value, given=True, taken=False)
        else:
            yield Flow(value, given=True, taken=True)


def written(document: JsonObject, *, depth: int = _DEPTH) -> JsonObject:
    """Return *document* for a generator that knows no references and no ``prefixItems``.

    References are written out; one inside itself for the *depth*-th time has no value any more.
    """

    def copied(part: JsonValue, open_references: tuple[str, ...]) -> JsonValue:
        if isinstance(part, list):
            return [copied(item, open_references) for item in part]
        if not isinstance(part, dict):
            return part
        reference = part.get("$ref")
        if isinstance(reference, str):
            if open_references.count(reference) >= depth:
                return {"not": {}}
            return copied(follow(document, reference), (*open_references, reference))
        copy = {k: copied(v, open_references) for k, v in part.items() if k not in _SAID_ELSEWHERE}
        if "prefixItems" in copy:
            copy["additionalItems"] = copy.get("items", True)
            copy["items"] = copy.pop("prefixItems")
        return copy

    return cast("JsonObject", copied(document, ()))


_SAID_ELSEWHERE = frozenset({"$defs", "definitions", "default", "discriminator", "title"})
