"""Values of one Python type as JSON, and back.

Nothing but JSON crosses from one agent's class to another's: the producer's codec dumps,
the consumer's loads. Loading is strict: JSON types are taken as they are (an integer is
also a number; a date is its ISO text), nothing is coerced. An error never repeats the value.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, cast, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from registry_core.errors import DefinitionError, Fault

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonValue

__all__ = ["Codec", "codec_of"]


class Codec:
    """Dump and load the values of one type.

    >>> codec = codec_of(list[int])
    >>> codec.load(codec.dump([1, 2]))
    [1, 2]
    """

    def __init__(self, annotation: object) -> None:
        """Prepare for the type *annotation*, as a signature gives it."""
        self.annotation = annotation
        self._adapter: TypeAdapter[object] = TypeAdapter(cast("type[object]", annotation))
        self._native = _native_class(annotation)

    def holds(self, value: object) -> bool:
        """Return whether *value* is of the type, looking at its outermost class only."""
        return self._native is not None and isinstance(value, self._native)

    def dump(self, value: object) -> bytes:
        """Return *value* as JSON by the schema of this type.

        Raises:
            DefinitionError: If *value* is not of this type, or has no JSON.
        """
        try:
            return self._adapter.dump_json(value, warnings="error")
        except (PydanticSerializationError, ValueError, TypeError, AttributeError) as error:
            raise DefinitionError("value", [Fault("", _kind(error))]) from None

    def load(self, data: bytes) -> object:
        """Return the value that the JSON *data* stands for.

        Raises:
            DefinitionError: If it is no value of this type; all faults, none with the input.
        """
        try:
            return self._adapter.validate_json(data, strict=True)
        except ValidationError as error:
            raise DefinitionError("value", _faults(error)) from None

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
    import json

    try:
        return json.dumps(to_jsonable_python(value), allow_nan=False).encode()
    except (PydanticSerializationError, ValueError, TypeError, RecursionError) as error:
        raise DefinitionError("value", [Fault("", _kind(error))]) from None


def _native_class(annotation: object) -> type[object] | None:
    origin = get_origin(annotation) or annotation
    if isinstance(origin, type):
        return None if _is_typed_dict(origin) else origin
    arguments = get_args(annotation)
    return _native_class(arguments[0]) if hasattr(annotation, "__metadata__") else None


def _is_typed_dict(cls: type[object]) -> bool:
    return "__total__" in vars(cls)


def _faults(error: ValidationError) -> tuple[Fault, ...]:
    details = error.errors(include_input=False, include_url=False, include_context=False)
    return tuple(
        Fault(".".join(map(str, detail["loc"])), detail["type"].replace("_", " "))
        for detail in details
    )


def _kind(error: Exception) -> str:
    return f"has no JSON form ({type(error).__name__})"
