"""Values of one Python type as JSON, and back.

Nothing but JSON crosses from one agent's class to another's: the producer's codec dumps,
the consumer's loads. Loading is strict: JSON types are taken as they are (an integer is
also a number; a date is its ISO text), nothing is coerced. NaN and the infinities are no JSON
in either direction. An error never repeats the value.
"""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, cast, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from registry_core.errors import DefinitionError, Fault

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonValue

__all__ = ["Codec", "codec_of", "dump_any"]

# Text that may stand for a number that is not finite, or only look like it inside a string.
_SUSPECT = re.compile(rb"NaN|Infinity|\d[eE]\+?\d{3}")


_UNDUMPABLE = (
    PydanticSerializationError,
    ValueError,
    TypeError,
    AttributeError,
    RecursionError,
)


class Codec:
    """Dump and load the values of one type.

    Attributes:
        annotation: The type, as a signature gives it.
        native: The class whose instances are believed, or None where each value is checked.

    >>> codec = codec_of(list[int])
    >>> codec.load(codec.dump([1, 2]))
    [1, 2]
    """

    def __init__(self, annotation: object) -> None:
        """Prepare for the type *annotation*, as a signature gives it."""
        self.annotation = annotation
        self._adapter: TypeAdapter[object] = TypeAdapter(cast("type[object]", annotation))
        self.native = _native_class(annotation)

    def holds(self, value: object) -> bool:
        """Return whether *value* is of the type, looking at its outermost class only."""
        if isinstance(value, bool) and self.native is int:
            return False
        return self.native is not None and isinstance(value, self.native)

    def dump(self, value: object) -> bytes:
        """Return *value* as JSON by the schema of this type.

        Raises:
            DefinitionError: If *value* is not of this type, or has no JSON.
        """
        try:
            data = self._adapter.dump_json(value, by_alias=True, warnings="error")
            if b"null" in data:  # which is what pydantic makes of NaN and Infinity
                plain: object = self._adapter.dump_python(value, mode="json", by_alias=True)
                json.dumps(plain, allow_nan=False)
        except _UNDUMPABLE as error:
            raise _no_json(error) from None
        return data

    def load(self, data: bytes) -> object:
        """Return the value that the JSON *data* stands for.

        Raises:
            DefinitionError: If it is no value of this type; all faults, none with the input.
        """
        try:
            if _SUSPECT.search(data):
                json.loads(data, parse_constant=_finite, parse_float=_finite)
            return self._adapter.validate_json(data, strict=True, by_alias=True)
        except ValidationError as error:
            raise DefinitionError("value", _faults(error)) from None
        except ValueError as error:
            raise DefinitionError("value", [Fault("", str(error))]) from None

    def take(self, value: JsonValue) -> object:
        """Return the value that the JSON value *value* stands for.

        Raises:
            DefinitionError: As :meth:`load`.
        """
        return self.load(dump_any(value))


@lru_cache(maxsize=4096)
def _cached(annotation: object) -> Codec:
    return Codec(annotation)


def codec_of(annotation: object) -> Codec:
    """Return the codec of a type, made once."""
    try:
        return _cached(annotation)
    except TypeError:  # an annotation that cannot be hashed, such as Annotated with a list
        return Codec(annotation)


def dump_any(value: object) -> bytes:
    """Return any object that pydantic knows as JSON, by its own class.

    Raises:
        DefinitionError: If it has no JSON.
    """
    try:
        return json.dumps(to_jsonable_python(value), allow_nan=False).encode()
    except _UNDUMPABLE as error:
        raise _no_json(error) from None


def _native_class(annotation: object) -> type[object] | None:
    """Return the class whose instances are believed, or None where each value is checked."""
    origin = get_origin(annotation) or annotation
    if not isinstance(origin, type) or hasattr(annotation, "__metadata__"):
        return None
    return None if _is_typed_dict(origin) else origin


def _is_typed_dict(cls: type[object]) -> bool:
    return "__total__" in vars(cls)


def _faults(error: ValidationError) -> tuple[Fault, ...]:
    details = error.errors(include_input=False, include_url=False, include_context=False)
    return tuple(
        Fault(".".join(map(str, detail["loc"])), detail["type"].replace("_", " "))
        for detail in details
    )


def _no_json(error: Exception) -> DefinitionError:
    return DefinitionError("value", [Fault("", f"has no JSON form ({type(error).__name__})")])


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        message = "has a number that is not finite"
        raise ValueError(message)
    return number
