"""Pipelines and plans as JSON text, and back."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from registry_core.errors import Fault, PipelineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic_core import ErrorDetails

__all__ = ["dump", "load"]

DocumentT = TypeVar("DocumentT")


def dump(kind: type[DocumentT], document: DocumentT) -> str:
    """Return *document* as JSON text; callables that are only local stay behind."""
    exclude: Mapping[str, bool | set[str]] = {"local": True, "pipeline": {"local"}}
    return _adapter(cast("object", kind)).dump_json(document, exclude=exclude).decode()


def load(kind: type[DocumentT], text: str | bytes) -> DocumentT:
    """Return the document that *text* holds.

    Raises:
        PipelineError: If it is none; all faults at once, each with its path. Fields that
            nobody knows are faults: a misspelt policy must not be a forgotten one.
    """
    try:
        adapter = _adapter(cast("object", kind))
        return cast("DocumentT", adapter.validate_json(text, strict=True))
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        faults = [fault for detail in details for fault in _faults(detail)]
    raise PipelineError("document", faults)


@cache
def _adapter(kind: object) -> TypeAdapter[object]:
    return TypeAdapter(cast("type[object]", kind))


def _faults(detail: ErrorDetails) -> Iterator[Fault]:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in detail["loc"])
    path = "".join(steps).removeprefix(".")
    cause: object = detail.get("ctx", {}).get("error")
    if not isinstance(cause, PipelineError):
        yield Fault(path, detail["msg"])
        return
    for fault in cause.faults:
        yield Fault(".".join(filter(None, (path, fault.path))), fault.message)
