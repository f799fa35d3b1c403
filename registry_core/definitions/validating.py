"""Foreign JSON becomes a declaration, or a list of everything that is wrong with it."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
from collections import Counter
from dataclasses import is_dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from registry_core.definitions.decoding import decode
from registry_core.definitions.manifest import MANIFEST_FORMAT, Manifest
from registry_core.definitions.rules import faults_in_manifest
from registry_core.errors import Fault, ManifestError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from pydantic import TypeAdapter

    from registry_core.definitions.schema import JsonValue

__all__ = ["MAX_MANIFEST_BYTES", "nesting_of", "parse_json", "read_manifest", "recall_manifest"]

MAX_MANIFEST_BYTES = 1 << 20
_PYDANTIC_SWITCH = "PYDANTIC_DISABLE_PLUGINS"
_MAX_DEPTH = 128
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ALIKE = bytes.maketrans(b"{}", b"[]")


def read_manifest(subject: str, data: bytes) -> tuple[Manifest, tuple[str, ...]]:
    """Return the manifest in *data*, and the paths of the fields that this host does not know.

    Args:
        subject: What to call the manifest in an error.
        data: UTF-8 JSON, at most 1 MiB.

    Raises:
        ManifestError: If it is not a manifest of this format; all faults at once.
    """
    document = parse_json(subject, data)
    found = document.get("format") if isinstance(document, dict) else None
    if isinstance(found, int) and found != MANIFEST_FORMAT:
        reason = f"is {found}, and this host reads format {MANIFEST_FORMAT}"
        raise ManifestError(subject, [Fault("format", reason)])
    quick = decode(Manifest, document)
    manifest = quick or _validated(subject, data)
    if wrong := faults_in_manifest(manifest):
        raise ManifestError(subject, wrong)
    return manifest, () if quick else tuple(_unknown_fields(document, manifest, ""))


def recall_manifest(data: bytes) -> Manifest:
    """Return the manifest in *data*, which :func:`read_manifest` has read before.

    Raises:
        ManifestError: If it has not.
    """
    return decode(Manifest, json.loads(data)) or _validated("a manifest read before", data)


def _validated(subject: str, data: bytes) -> Manifest:
    from pydantic import ValidationError

    try:
        return _adapter().validate_json(data, strict=True)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False, include_context=False)
        faults = [Fault(_path(detail["loc"]), detail["msg"]) for detail in details]
        raise ManifestError(subject, faults) from None


def parse_json(subject: str, data: bytes) -> JsonValue:
    """Return the JSON value in *data*: bounded, finite, every key once.

    Raises:
        ManifestError: If it is not such JSON.
    """
    if len(data) > MAX_MANIFEST_BYTES:
        raise ManifestError(subject, [Fault("", "is larger than 1 MiB")])
    try:
        text = data.decode("utf-8")
        if nesting_of(data, _MAX_DEPTH) > _MAX_DEPTH:
            raise ManifestError(subject, [Fault("", f"is nested deeper than {_MAX_DEPTH}")])
        value: object = _STRICT.decode(text)
        if "\\" in text and "\\u" in text:  # one character is found ten times as fast as two
            _refuse_lone_surrogates(value)
        return cast("JsonValue", value)
    except UnicodeDecodeError as error:
        raise ManifestError(subject, [Fault(f"byte {error.start}", "is not UTF-8")]) from error
    except ValueError as error:
        raise ManifestError(subject, [Fault("", str(error))]) from error


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    unique = dict(pairs)
    if len(unique) < len(pairs):
        twice = next(name for name, count in Counter(n for n, _ in pairs).items() if count > 1)
        message = f"key {twice!a} stands twice"
        raise ValueError(message)
    return unique


def _refuse_lone_surrogates(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        message = "a \\u escape stands for half a character"
        raise ValueError(message) from None


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        message = "a number is too large to be finite"
        raise ValueError(message)
    return number


def _refuse_constant(name: str) -> float:
    message = f"{name} is not JSON"
    raise ValueError(message)


_STRICT = json.JSONDecoder(
    object_pairs_hook=_once, parse_float=_finite, parse_constant=_refuse_constant
)


def nesting_of(data: bytes, limit: int) -> int:
    """Return how deep the JSON text *data* is nested; more than that, up to *limit*, at times."""
    brackets = _brackets_of(data)
    if (opened := brackets.count(b"[")) <= limit:
        return opened
    # Brackets in text are none.
    brackets = _brackets_of(_STRING.sub(b"", data) if b"\\" in data else _even_parts(data))
    depth = 0
    while brackets and depth <= limit:
        outer = brackets.replace(b"[]", b"")
        depth += 1 if len(outer) < len(brackets) else len(brackets)
        brackets = outer
    return depth


def _even_parts(data: bytes) -> bytes:
    return b"".join(data.split(b'"')[::2])


def _brackets_of(data: bytes) -> bytes:
    return data.translate(_ALIKE, _NO_BRACKETS)


def _path(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Manifest]:
    from pydantic import TypeAdapter

    with _no_pydantic_plugins():
        return TypeAdapter(Manifest)


@contextlib.contextmanager
def _no_pydantic_plugins() -> Generator[None, None, None]:
    # For its own plugins pydantic reads the entry points of everything that is installed, and
    # one file that is not UTF-8 stops it. What it is told here it does not remember.
    before = os.environ.get(_PYDANTIC_SWITCH)  # noqa: TID251 -- said to pydantic, not asked
    os.environ[_PYDANTIC_SWITCH] = "__all__"  # noqa: TID251 -- as above
    try:
        yield
    finally:
        if before is None:
            del os.environ[_PYDANTIC_SWITCH]  # noqa: TID251 -- as above
        else:
            os.environ[_PYDANTIC_SWITCH] = before  # noqa: TID251 -- as above


def _unknown_fields(given: JsonValue, value: object, path: str) -> Iterator[str]:
    """Yield the paths in *given* that the record read from it has no field for."""
    if isinstance(given, list) and isinstance(value, tuple):
        items = cast("tuple[object, ...]", value)
        for index, (inner, item) in enumerate(zip(given, items, strict=True)):
            yield from _unknown_fields(inner, item, f"{path}[{index}]")
    elif isinstance(given, dict) and is_dataclass(value):
        known = value.__dataclass_fields__
        for key, inner in given.items():
            if key not in known:
                yield f"{path}.{key}" if path else key
            elif isinstance(inner, list | dict):
                place = f"{path}.{key}" if path else key
                yield from _unknown_fields(inner, getattr(value, key), place)
