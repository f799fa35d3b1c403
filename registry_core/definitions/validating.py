"""Foreign JSON becomes a declaration, or a list of everything that is wrong with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from registry_core.definitions.manifest import MANIFEST_FORMAT, Manifest
from registry_core.definitions.rules import faults_in_manifest
from registry_core.errors import Fault, ManifestError

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonValue

__all__ = ["MAX_MANIFEST_BYTES", "parse_json", "read_manifest"]

MAX_MANIFEST_BYTES = 1 << 20
_MAX_DEPTH = 128


def read_manifest(subject: str, data: bytes) -> tuple[Manifest, tuple[str, ...]]:
    """Return the manifest in *data*, and the paths of the fields that this host does not know.

    Args:
        subject: What to call the manifest in an error.
        data: UTF-8 JSON, at most 1 MiB.

    Raises:
        ManifestError: If it is not a manifest of this format; all faults at once.
    """
    from pydantic import TypeAdapter, ValidationError

    document = parse_json(subject, data)
    found = document.get("format") if isinstance(document, dict) else None
    if isinstance(found, int) and found != MANIFEST_FORMAT:
        reason = f"is {found}, and this host reads format {MANIFEST_FORMAT}"
        raise ManifestError(subject, [Fault("format", reason)])
    adapter = TypeAdapter(Manifest)
    try:
        manifest = adapter.validate_json(data, strict=True)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False, include_context=False)
        faults = [Fault(_path(detail["loc"]), detail["msg"]) for detail in details]
        raise ManifestError(subject, faults) from None
    if wrong := faults_in_manifest(manifest):
        raise ManifestError(subject, wrong)
    known = cast("JsonValue", adapter.dump_python(manifest, mode="json"))
    return manifest, tuple(_unknown(document, known, ""))


def parse_json(subject: str, data: bytes) -> JsonValue:
    """Return the JSON value in *data*: bounded, finite, every key once.

    Raises:
        ManifestError: If it is not such JSON.
    """
    if len(data) > MAX_MANIFEST_BYTES:
        raise ManifestError(subject, [Fault("", "is larger than 1 MiB")])
    try:
        text = data.decode("utf-8")
        if _depth(text) > _MAX_DEPTH:
            raise ManifestError(subject, [Fault("", f"is nested deeper than {_MAX_DEPTH}")])
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse_constant)
        if "\\u" in text:
            _refuse_lone_surrogates(value)
        return cast("JsonValue", value)
    except UnicodeDecodeError as error:
        raise ManifestError(subject, [Fault(f"byte {error.start}", "is not UTF-8")]) from error
    except ValueError as error:
        raise ManifestError(subject, [Fault("", str(error))]) from error


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    unique = dict(pairs)
    if len(unique) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        message = f"key {twice!a} stands twice"
        raise ValueError(message)
    return unique


def _refuse_lone_surrogates(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        message = "a \\u escape stands for half a character"
        raise ValueError(message) from None


def _refuse_constant(name: str) -> float:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _depth(text: str) -> int:
    # Brackets inside strings only make the answer larger; 128 leaves room for them.
    deepest = depth = 0
    for letter in text:
        if letter in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "]}":
            depth -= 1
    return deepest


def _path(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")


def _unknown(given: JsonValue, known: JsonValue, path: str) -> list[str]:
    found: list[str] = []
    if isinstance(given, dict) and isinstance(known, dict):
        for key, value in given.items():
            inner = f"{path}.{key}" if path else key
            found.extend(_unknown(value, known[key], inner) if key in known else [inner])
    elif isinstance(given, list) and isinstance(known, list):
        for index, (value, twin) in enumerate(zip(given, known, strict=False)):
            found.extend(_unknown(value, twin, f"{path}[{index}]"))
    return found
