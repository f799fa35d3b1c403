"""A declaration from JSON as a build writes it: quickly, or not at all.

What is read here is what pydantic would read, by the same annotations. Whatever is odd, be it
wrong or only rare, is left to pydantic, which knows what to say about it; where nothing is, nobody
has to import it, and that takes as long as reading some hundreds of manifests.
"""

from __future__ import annotations

import sys
import types
from dataclasses import is_dataclass
from functools import cache, partial
from typing import (
    TYPE_CHECKING,
    Literal,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from registry_core.definitions.schema import JsonValue

__all__ = ["decode"]

RecordT = TypeVar("RecordT")
Reader: TypeAlias = "Callable[[JsonValue], object]"


class _OddError(Exception):
    """The value is for pydantic to judge. Stays in here."""


def decode(record: type[RecordT], value: JsonValue) -> RecordT | None:
    """Return the *record* that *value* holds, or None when anything about it is odd.

    A field that the record does not have is odd too.

    Args:
        record: A dataclass of text, numbers, flags, names, tuples and further dataclasses.
        value: What a JSON parser made.

    >>> from registry_core.definitions.agent import InputDefinition
    >>> decode(InputDefinition, {"name": "text", "schema": "Text#1f0c9a62b7e4"})
    InputDefinition(name='text', schema='Text#1f0c9a62b7e4', required=True)
    >>> decode(InputDefinition, {"name": "text", "schema": "Text"}) is None
    True
    """
    try:
        return cast("RecordT", _reader(cast("Hashable", record))(value))
    except (_OddError, ArithmeticError, LookupError, TypeError, ValueError):
        return None


@cache
def _reader(hint: Hashable) -> Reader:
    """Return what reads a value of the type *hint*.

    Raises:
        _OddError: If there is no reader for such types.
    """
    origin, args = get_origin(hint), get_args(hint)
    if origin is tuple and args[1:] == (...,):
        return partial(_each, _reader(args[0]))
    if origin in {Union, types.UnionType} and args[1:] == (type(None),):
        return partial(_unless_none, _reader(args[0]))
    if origin is Literal:
        return partial(_one_of, args)
    if hint not in _PLAIN and isinstance(hint, type):
        kind = cast("type[object]", hint)
        return _record(kind) if is_dataclass(kind) else _parser(kind)
    return _PLAIN[hint]


def _record(record: type) -> Reader:
    hints = _hints(record)
    readers = {name: _reader(cast("Hashable", hint)) for name, hint in hints.items()}
    plain = {name: hints[name] if hints[name] in _EXACT else None for name in readers}

    def read(value: JsonValue) -> object:
        if not isinstance(value, dict):
            raise _OddError
        fields: dict[str, object] = dict(value)
        for name, held in value.items():
            if type(held) is not plain[name]:
                fields[name] = readers[name](held)
        return record(**fields)

    return read


def _hints(record: type) -> dict[str, type[object]]:
    """Return the types of the fields of *record*, as `typing.get_type_hints` does in a tenth."""
    names = record.__annotations__
    written = f"({', '.join(names.values())},)"
    types_ = eval(written, vars(sys.modules[record.__module__]))  # noqa: S307 -- our own code
    return dict(zip(names, cast("tuple[type[object], ...]", types_), strict=True))


def _parser(kind: type) -> Reader:
    # It is a name, which refuses what is no text.
    make: Callable[[], Reader] = getattr(kind, "parser")  # noqa: B009 -- by its grammar
    return make()


def _exactly(kind: type, value: JsonValue) -> object:
    if type(value) is not kind:
        raise _OddError
    return value


def _number(value: JsonValue) -> float:
    if isinstance(value, bool) or not isinstance(value, (float, int)):
        raise _OddError
    return float(value)


def _each(read: Reader, value: JsonValue) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise _OddError
    return tuple(map(read, value))


def _unless_none(read: Reader, value: JsonValue) -> object:
    return None if value is None else read(value)


def _one_of(choices: tuple[object, ...], value: JsonValue) -> object:
    if value not in choices:
        raise _OddError
    return value


_EXACT = frozenset({bool, dict, float, int, str})
_PLAIN: Mapping[Hashable, Reader] = {
    **{kind: partial(_exactly, kind) for kind in _EXACT},
    object: lambda value: value,
    float: _number,
}
