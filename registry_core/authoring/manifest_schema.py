"""The JSON Schema of manifests, read from the definitions, so that it cannot disagree with them."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, cast

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from registry_core.definitions.manifest import MANIFEST_FORMAT, Manifest

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonObject, JsonValue

__all__ = ["manifest_schema"]

_ATTRIBUTE = re.compile(r"(?P<name>\w+): (?P<text>.+?)(?=\n\w+: |\Z)", re.DOTALL)


def manifest_schema() -> JsonObject:
    """Return the JSON Schema (2020-12) of a manifest.

    It is open: a field that it does not have is no fault, and a note to whoever reads it.

    >>> schema = manifest_schema()
    >>> schema["properties"]["format"]["const"], sorted(schema["$defs"])[0]
    (1, 'AgentDefinition')
    """
    read: JsonObject = TypeAdapter(Manifest).json_schema()
    definitions = cast("dict[str, JsonObject]", read.pop("$defs"))
    document: JsonObject = {"$schema": GenerateJsonSchema.schema_dialect, **_described(read)}
    document["$defs"] = {name: _described(definitions[name]) for name in sorted(definitions)}
    properties = cast("dict[str, JsonObject]", document["properties"])
    properties["format"]["const"] = MANIFEST_FORMAT
    return document


def _described(record: JsonObject) -> JsonObject:
    """Return the schema of a record, with what its docstring says of a field at that field."""
    text = inspect.cleandoc(str(record.get("description", "")))
    lead, _, rest = text.partition("\n\nAttributes:\n")
    said = {m["name"]: _line(m["text"]) for m in _ATTRIBUTE.finditer(inspect.cleandoc(rest))}
    properties = cast("dict[str, JsonObject]", record.get("properties", {}))
    described: dict[str, JsonValue] = {}
    for name, field in properties.items():
        plain = {key: value for key, value in field.items() if key != "title"}
        described[name] = {**({"description": said[name]} if name in said else {}), **plain}
    return {**record, "description": _line(lead), "properties": described}


def _line(text: str) -> str:
    return " ".join(text.split())
