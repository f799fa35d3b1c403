"""The schema of a Python type, made once by pydantic and then independent of it.

What a consumer accepts is pydantic's validation schema. What a producer emits is its
serialisation schema with two corrections: a defaulted field is always there, and a
model has no keys beyond its fields unless it says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, cast, get_args, get_origin

from pydantic import PydanticSchemaGenerationError, PydanticUserError, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue

from registry_core.definitions.rules import is_version
from registry_core.definitions.schema import JsonObject, SchemaDefinition
from registry_core.errors import DefinitionError, Fault, InvalidNameError
from registry_core.names import SchemaName
from registry_core.schemas.fingerprint import fingerprint
from registry_core.schemas.limits import check_document
from registry_core.schemas.marks import SCHEMA_MARK

if TYPE_CHECKING:
    from pydantic_core import core_schema

__all__ = ["schema_of"]


def schema_of(annotation: object) -> SchemaDefinition:
    """Return the schema that the type *annotation* stands for.

    Args:
        annotation: A pydantic model, dataclass, TypedDict, builtin or any type that
            pydantic can describe.

    Raises:
        DefinitionError: If the type has no JSON Schema, or one over the limits.

    >>> schema_of(list[str]).name
    'list[str]'
    """
    text = _written(annotation)
    if not _is_type(annotation):
        raise DefinitionError(f"schema {text}", [Fault("", "is a value: give its type instead")])
    name, version = _marked(annotation) or (text, "1.0")
    try:
        adapter: TypeAdapter[object] = TypeAdapter(cast("type[object]", annotation))
        accepts = _document(adapter, "validation")
        emits = _document(adapter, "serialization")
        schema_name = SchemaName.parse(name)
    except (PydanticUserError, NameError, TypeError, InvalidNameError, RecursionError) as error:
        raise DefinitionError(f"schema {text}", [Fault("", _reason(error))]) from error
    faults = [*check_document(accepts), *check_document(emits)]
    if not is_version(version):
        faults.append(Fault("version", "must be a version such as '1.1'"))
    if faults:
        raise DefinitionError(f"schema {text}", faults)
    return SchemaDefinition(
        name=schema_name,
        fingerprint=fingerprint(accepts, emits),
        accepts=accepts,
        emits=emits,
        version=version,
    )


def _document(adapter: TypeAdapter[object], mode: JsonSchemaMode) -> JsonObject:
    document: JsonObject = adapter.json_schema(mode=mode, schema_generator=_ClosedWhenEmitted)
    return document


def _marked(annotation: object) -> tuple[str, str] | None:
    # Read from the class itself: a subclass is another schema.
    mark = vars(annotation).get(SCHEMA_MARK) if isinstance(annotation, type) else None
    return cast("tuple[str, str]", mark) if isinstance(mark, tuple) else None


def _is_type(annotation: object) -> bool:
    return (
        annotation is None
        or isinstance(annotation, type)
        or type(annotation).__module__ in {"types", "typing", "typing_extensions"}
    )


def _written(annotation: object) -> str:
    """Return what stands in the author's code, without modules; of a value, only its class."""
    origin = get_origin(annotation)
    if origin is None:
        return _name_of(annotation)
    if origin is Literal:
        return "Literal"
    parts = get_args(annotation)
    if origin is Annotated:
        return _written(parts[0])
    arguments = [_written(argument) for argument in parts if argument is not ...]
    if isinstance(origin, type) and not issubclass(origin, type(int | str)):
        return f"{origin.__name__}[{', '.join(arguments)}]"
    return " | ".join(arguments)


def _name_of(annotation: object) -> str:
    if annotation is None or annotation is type(None):
        return "None"
    if isinstance(annotation, type):
        return annotation.__name__
    if _is_type(annotation):
        return str(annotation).rpartition(".")[2]
    return type(annotation).__name__


def _reason(error: Exception) -> str:
    if isinstance(error, PydanticSchemaGenerationError):
        return "has no JSON form that pydantic knows: use a model, a dataclass or a builtin"
    if isinstance(error, PydanticUserError) and error.code == "class-not-fully-defined":
        return "mentions a type that is not defined where it stands"
    return str(error).partition("\n")[0]


class _ClosedWhenEmitted(GenerateJsonSchema):
    """Pydantic's generator, truthful about what serialisation gives."""

    def emit_warning(self, kind: str, detail: str) -> None:
        """Say nothing of a default without JSON: the document just does not show it."""

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,  # noqa: FBT001 -- pydantic's signature
    ) -> bool:
        if self.mode == "serialization" and field["type"] != "typed-dict-field":
            return field.get("serialization_exclude_if") is None
        return super().field_is_required(field, total)

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return self._closed(super().model_schema(schema))

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        return self._closed(super().dataclass_schema(schema))

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        return self._closed(super().typed_dict_schema(schema))

    def _closed(self, document: JsonSchemaValue) -> JsonSchemaValue:
        if self.mode == "serialization" and document.get("type") == "object":
            document.setdefault("additionalProperties", False)
        return document
