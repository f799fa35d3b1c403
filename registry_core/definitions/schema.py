"""What a schema is: a name, and the structure of the values it stands for.

The one place that says what JSON is made of. A schema has two documents because a class
takes more than it gives: what a consumer *accepts* is open and lets defaulted fields be
absent, what a producer *emits* is closed and has every field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from registry_core.names import SchemaId, SchemaName

__all__ = ["JsonObject", "JsonValue", "SchemaDefinition"]

if TYPE_CHECKING:
    JsonValue: TypeAlias = (
        "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
    )
    JsonObject: TypeAlias = dict[str, JsonValue]
else:
    # A recursive alias would have to be resolved again by each adapter; a parser made the value.
    JsonValue = object
    JsonObject = dict


@dataclass(frozen=True, slots=True)
class SchemaDefinition:
    """A named JSON Schema (2020-12) with its fingerprint.

    Attributes:
        name: What users type, such as ``HtmlPage``.
        fingerprint: Twelve hexadecimal digits of SHA-256 over both documents without titles,
            descriptions and examples: equal structure, equal fingerprint.
        accepts: The document a value must satisfy to be taken as this schema.
        emits: The document that every value given out as this schema satisfies.
        version: Version of the schema, chosen by its author.
    """

    name: SchemaName
    fingerprint: str
    accepts: JsonObject
    emits: JsonObject
    version: str = "1.0"

    @property
    def id(self) -> SchemaId:
        """Identity: ``name#fingerprint``."""
        return SchemaId(f"{self.name}#{self.fingerprint}")

    @property
    def media_type(self) -> str | None:
        """The media type that a literal ``media_type`` field declares, if there is one."""
        properties = self.accepts.get("properties")
        field = properties.get("media_type") if isinstance(properties, dict) else None
        constant = field.get("const") if isinstance(field, dict) else None
        return constant if isinstance(constant, str) else None
