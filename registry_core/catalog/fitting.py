"""Which schemas fit which, decided once for each pair, and seldom by comparing them.

A producer that can give an object without the key ``url`` fits no consumer that requires
``url``. So one sample value of each producer rules out most consumers by the type and the
keys that they ask for; only what is left is compared. A sample is a proof: no pair that
fits is ever ruled out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from registry_core.definitions.schema import JsonValue, SchemaDefinition
from registry_core.schemas.closing import closable
from registry_core.schemas.pointers import follow
from registry_core.schemas.subtype import compare
from registry_core.schemas.verdict import Fits, Misfit, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.definitions.schema import JsonObject
    from registry_core.names import SchemaId

__all__ = ["Takers", "Verdicts", "judge"]

# Enough for any ordinary class; where it is not, every consumer is compared.
_SAMPLE_STEPS = 2_000
_NOTHING: JsonObject = {"not": {}}


@dataclass(frozen=True, slots=True)
class _Sample:
    """A value that a producer gives."""

    value: JsonValue


@dataclass(frozen=True, slots=True)
class _Taker:
    """A schema with the types that it takes, empty for any, and the keys an object must have."""

    schema: SchemaDefinition
    kinds: frozenset[str]
    keys: frozenset[str]


class Verdicts:
    """What was decided so far; depends on schemas alone, so all snapshots share one."""

    __slots__ = ("_samples", "_verdicts")

    def __init__(self) -> None:
        """Start with nothing decided."""
        self._verdicts: dict[tuple[SchemaId, SchemaId], Verdict] = {}
        self._samples: dict[SchemaId, _Sample | None] = {}

    def __len__(self) -> int:
        """How many pairs were decided."""
        return len(self._verdicts)

    def of(self, producer: SchemaDefinition, consumer: SchemaDefinition) -> Verdict:
        """Return whether everything given as *producer* can be taken as *consumer*."""
        pair = producer.id, consumer.id
        verdict = self._verdicts.get(pair)
        if verdict is None:
            same = pair[0] == pair[1]
            verdict = Fits("same schema") if same else compare(producer.emits, consumer.accepts)
            self._verdicts[pair] = verdict
        return verdict

    def sample(self, producer: SchemaDefinition) -> _Sample | None:
        """Return a value of *producer*, or None where none was found."""
        schema = producer.id
        if schema not in self._samples:
            verdict = compare(producer.emits, _NOTHING, max_steps=_SAMPLE_STEPS)
            sample = _Sample(verdict.witness) if isinstance(verdict, Misfit) else None
            self._samples[schema] = sample
        return self._samples[schema]


class Takers:
    """Schemas of inputs, filed under the rarest key that each requires.

    >>> from registry_core.schemas.from_model import schema_of
    >>> text, number = schema_of(str), schema_of(float)
    >>> [schema.name for schema in Takers([text, number]).taking(schema_of(int), Verdicts())]
    ['float']
    """

    __slots__ = ("_all", "_by_key")

    def __init__(self, schemas: Iterable[SchemaDefinition]) -> None:
        """File *schemas*."""
        self._all = [_Taker(schema, *_demands(schema.accepts)) for schema in schemas]
        uses = Counter(key for taker in self._all for key in taker.keys)
        self._by_key: dict[str, list[_Taker]] = {}
        for taker in self._all:
            rarest = min(taker.keys, key=lambda key: (uses[key], key), default="")
            self._by_key.setdefault(rarest, []).append(taker)

    def taking(self, producer: SchemaDefinition, verdicts: Verdicts) -> tuple[SchemaId, ...]:
        """Return the schemas that take everything given as *producer*, sorted by id."""
        sample = verdicts.sample(producer)
        candidates = self._all if sample is None else self._candidates(sample.value)
        fitting = (
            taker.schema.id
            for taker in candidates
            if isinstance(verdicts.of(producer, taker.schema), Fits)
        )
        return tuple(sorted(fitting))

    def _candidates(self, sample: JsonValue) -> list[_Taker]:
        """Return the takers that do not refuse *sample* by its type or its keys."""
        kind = _kind(sample)
        if not isinstance(sample, dict):
            # A taker that requires keys may still take what is no object.
            return [taker for taker in self._all if not taker.kinds or kind in taker.kinds]
        return [
            taker
            for key in {"", *sample}
            for taker in self._by_key.get(key, ())
            if taker.keys <= sample.keys() and (not taker.kinds or kind in taker.kinds)
        ]


def judge(value: JsonValue, document: JsonObject, *, closed: bool) -> Verdict:
    """Return whether *value* satisfies *document*.

    Args:
        value: The only value that is given.
        document: JSON Schema of what is taken.
        closed: Whether objects of *document* that do not say otherwise hold no more members
            than they declare.

    >>> judge({"lenght": 3}, {"properties": {"length": {"type": "integer"}}}, closed=True).pointer
    '/lenght'
    """
    return compare({"const": value}, _closed(document) if closed else document)


def _closed(document: JsonObject) -> JsonObject:
    alone = closable(document)

    def copied(part: JsonValue) -> JsonValue:
        if isinstance(part, list):
            return [copied(item) for item in part]
        if not isinstance(part, dict):
            return part
        copy = {key: copied(value) for key, value in part.items()}
        return {**copy, "additionalProperties": False} if id(part) in alone else copy

    return cast("JsonObject", copied(document))


def _demands(document: JsonObject) -> tuple[frozenset[str], frozenset[str]]:
    """Return the types and the keys that *document* asks for at its top."""
    schema: JsonValue = document
    for _ in range(len(document) + 8):
        if not isinstance(schema, dict):
            return frozenset(), frozenset()
        if "$ref" not in schema:
            return _kinds(schema.get("type")), _texts(schema.get("required"))
        # Whether keywords beside a reference count depends on the dialect; leave them out.
        try:
            schema = follow(document, str(schema["$ref"]))
        except LookupError:
            break
    return frozenset(), frozenset()


def _texts(value: JsonValue) -> frozenset[str]:
    items = value if isinstance(value, list) else [value]
    return frozenset(item for item in items if isinstance(item, str))


def _kinds(value: JsonValue) -> frozenset[str]:
    return frozenset("number" if kind == "integer" else kind for kind in _texts(value))


def _kind(value: JsonValue) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
