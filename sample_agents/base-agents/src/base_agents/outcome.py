"""What every agent of this distribution gives has in common, and how to look inside.

An outcome says what kind of work it comes from and tells its result in one line; all else
is the work's own. An agent that takes an :class:`Outcome` takes the output of any agent
whose model has these two fields, whoever wrote it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

from pydantic import BaseModel, JsonValue

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Leaf", "Outcome", "Scalar", "as_json", "leaves", "text_of"]

Scalar: TypeAlias = str | int | float | bool | None


class Outcome(BaseModel, frozen=True, extra="allow"):
    """The result of some work, whatever else it says.

    Attributes:
        outcome_of: The capability that was put to work, such as ``validation``.
        headline: The result in one line, for people.

    >>> Outcome.model_validate({"outcome_of": "counting", "headline": "3 words", "words": 3})
    Outcome(outcome_of='counting', headline='3 words', words=3)
    """

    outcome_of: str
    headline: str


class Leaf(NamedTuple):
    """A scalar somewhere in a JSON value.

    Attributes:
        place: JSON pointer to it.
        value: What stands there.
    """

    place: str
    value: Scalar


def as_json(outcome: Outcome) -> dict[str, JsonValue]:
    """Return *outcome* as a JSON object, with all its fields."""
    return cast("dict[str, JsonValue]", outcome.model_dump(mode="json"))


def leaves(outcome: Outcome) -> tuple[Leaf, ...]:
    """Return the scalars of *outcome* beside its headline and its kind, in order.

    >>> leaves(Outcome.model_validate({"outcome_of": "a", "headline": "b", "n": [1, {"m": 2}]}))
    (Leaf(place='/n/0', value=1), Leaf(place='/n/1/m', value=2))
    """
    own = {k: v for k, v in as_json(outcome).items() if k not in Outcome.model_fields}
    return tuple(_leaves(own, ""))


def text_of(value: JsonValue) -> str:
    """Return *value* as people write it: a text as it is, all else as JSON with sorted keys.

    Raises:
        ValueError: If it holds a number that is not finite.

    >>> text_of("as it is"), text_of({"b": None, "a": 1})
    ('as it is', '{"a": 1, "b": null}')
    """
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False)


def _leaves(value: JsonValue, place: str) -> Iterator[Leaf]:
    match value:
        case dict():
            for key, inner in value.items():
                step = key.replace("~", "~0").replace("/", "~1")
                yield from _leaves(inner, f"{place}/{step}")
        case list():
            for index, inner in enumerate(value):
                yield from _leaves(inner, f"{place}/{index}")
        case _:
            yield Leaf(place, value)
