"""A file that somebody may have edited becomes a document, or all its faults with their lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

from registry_core.definitions.validating import parse_json
from registry_core.errors import ConfigError, ManifestError, PipelineError
from registry_core.pipeline.documents import load
from registry_core.text.lines import json_lines
from registry_core.text.toml import fault_at, read_toml

if TYPE_CHECKING:
    from registry_core.text.lines import Lines

__all__ = ["read_document"]

DocumentT = TypeVar("DocumentT")


def read_document(subject: str, content: bytes, kind: type[DocumentT]) -> tuple[DocumentT, Lines]:
    """Return the *kind* of document that a file holds, and the line of each of its values.

    Args:
        subject: Name of the file; TOML when it ends in ``.toml``, else JSON.
        content: Its bytes, at most 1 MiB.
        kind: What it has to be.

    Raises:
        ConfigError: If it is none; all faults at once, each with its line and its path.
    """
    if subject.endswith(".toml"):
        toml = read_toml(subject, content)
        text, lines = json.dumps(toml.document), toml.lines
    else:
        text, lines = _from_json(subject, content)
    try:
        return load(kind, text), lines
    except PipelineError as error:
        faults = [fault_at(lines, fault) for fault in error.faults]
        raise ConfigError(subject, faults) from None


def _from_json(subject: str, content: bytes) -> tuple[str, Lines]:
    try:
        document = parse_json(subject, content)
    except ManifestError as error:
        raise ConfigError(subject, error.faults) from None
    return json.dumps(document), json_lines(content.decode())
