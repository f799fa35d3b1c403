"""Where a class keeps what its author said of its schema."""

from __future__ import annotations

__all__ = ["SCHEMA_MARK"]

SCHEMA_MARK = "__registry_schema__"
"""Attribute with the (name, version) of the schema."""
