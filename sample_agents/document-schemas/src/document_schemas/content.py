"""The bytes of a file: plain ``bytes`` in Python, base64 text in JSON."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

__all__ = ["Content"]


def _decode(value: object) -> object:
    return b64decode(value, validate=True) if isinstance(value, str) else value


def _encode(value: bytes) -> str:
    return b64encode(value).decode("ascii")


# pydantic's own Base64Bytes wants base64 from Python callers too, who hold the bytes already.
Content: TypeAlias = Annotated[
    bytes,
    BeforeValidator(_decode),
    PlainSerializer(_encode, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "base64"}),
]
