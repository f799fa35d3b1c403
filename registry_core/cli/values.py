"""What was typed or lies in a file, as values for a pipeline."""

from __future__ import annotations

import base64
import json
import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_core.errors import AmbiguousNameError, ManifestError, UnknownNameError

if TYPE_CHECKING:
    from registry_core.catalog.catalog import Catalog
    from registry_core.definitions.schema import JsonValue, SchemaDefinition
    from registry_core.names import SchemaId

__all__ = [
    "completed",
    "document_value",
    "file_bytes",
    "media_type_of",
    "parse_have",
    "schema_of_file",
]

_FILE_FIELDS = {"media_type", "name", "content"}


def parse_have(text: str) -> tuple[str, JsonValue, bool]:
    """Return the schema, the value, and whether there is one, of ``SCHEMA[=JSON|=@FILE]``."""
    name, given, written = text.partition("=")
    if not given:
        return name, None, False
    try:
        raw = Path(written[1:]).read_bytes() if written.startswith("@") else written.encode()
        from registry_core.definitions.validating import parse_json

        return name, parse_json(f"of {name}", raw), True
    except ManifestError as error:
        message = f"{name}: {'; '.join(map(str, error.faults))}"
        raise click.BadParameter(message, param_hint="--have") from error
    except OSError as error:
        raise click.BadParameter(f"{written[1:]}: {error.strerror}", param_hint="--have") from error


def media_type_of(file: Path) -> str:
    """Return the media type that the name of *file* stands for.

    >>> media_type_of(Path("notes.md"))
    'text/markdown'
    """
    known = mimetypes.guess_type(file.name, strict=False)[0]
    if file.suffix.lower() in {".md", ".markdown"}:
        return "text/markdown"
    return known or "application/octet-stream"


def schema_of_file(catalog: Catalog, file: Path) -> SchemaId:
    """Return the schema that declares the media type of *file* and needs nothing but the file.

    Raises:
        UnknownNameError: If no schema does.
        AmbiguousNameError: If several do.
    """
    media_type = media_type_of(file)
    schemas = catalog.schemas.definitions.values()
    fitting = sorted(s.id for s in schemas if s.media_type == media_type and _is_file(s))
    if not fitting:
        known = sorted({str(s.media_type) for s in schemas if s.media_type and _is_file(s)})
        raise UnknownNameError("schema for media type", media_type, known)
    if len(fitting) > 1:
        raise AmbiguousNameError("schema for media type", media_type, fitting)
    return fitting[0]


def file_bytes(file: Path) -> bytes:
    """Return the content of *file*.

    Raises:
        click.BadParameter: If it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise click.BadParameter(f"{file}: {error.strerror}", param_hint="FILE") from error


def document_value(file: Path, definition: SchemaDefinition) -> JsonValue:
    """Return *file* as a value of the file schema *definition*."""
    value: dict[str, JsonValue] = {
        "media_type": definition.media_type,
        "name": file.name,
        "content": base64.b64encode(file_bytes(file)).decode(),
    }
    properties = definition.accepts.get("properties")
    known = properties if isinstance(properties, dict) else {}
    return {key: item for key, item in value.items() if key in known}


def completed(value: JsonValue, definition: SchemaDefinition) -> JsonValue:
    """Return *value* with the defaults of its schema where it leaves a field out.

    A plan counts on every field of what is given, as if an agent had given it.
    """
    properties = definition.accepts.get("properties")
    if not isinstance(value, dict) or not isinstance(properties, dict):
        return value
    defaults = {
        name: field["default"]
        for name, field in properties.items()
        if isinstance(field, dict) and "default" in field
    }
    return {**defaults, **value}


def written_output(value: JsonValue) -> bytes:
    """Return what ``--out`` writes: the content of a file value, else the JSON."""
    if isinstance(value, dict) and "media_type" in value:
        content = value.get("content")
        if isinstance(content, str):
            return base64.b64decode(content)
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _is_file(definition: SchemaDefinition) -> bool:
    properties, required = definition.accepts.get("properties"), definition.accepts.get("required")
    needed = set(map(str, required)) if isinstance(required, list) else set[str]()
    return isinstance(properties, dict) and "content" in properties and needed <= _FILE_FIELDS
