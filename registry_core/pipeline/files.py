"""A pipeline in a file: ids and bindings, made to be read, edited and reviewed.

TOML or JSON of one shape. It never holds an import path; what its ids lead to is looked up in
the catalog of whoever runs it, and what they led to when it was saved stands in the lock.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from registry_core.errors import ConfigError, Fault, PipelineError
from registry_core.pipeline.binding import bind
from registry_core.pipeline.pipeline import Pipeline
from registry_core.pipeline.reading import read_document
from registry_core.pipeline.toml import toml_text
from registry_core.text.lines import Lines, steps_of
from registry_core.text.toml import fault_at

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonObject, JsonValue
    from registry_core.pipeline.binding import Known

__all__ = ["FORMS", "PipelineFile", "parse_pipeline", "pipeline_text"]

FORMS = (".json", ".toml")
_POLICY = ("fallback", "substitute")


@dataclass(frozen=True, slots=True)
class PipelineFile:
    """A pipeline as somebody wrote it, and where each part of it stands.

    Attributes:
        file: Name of the file, for messages.
        pipeline: What it holds; names need not be full ids.
        lines: The line of each of its values.
    """

    file: str
    pipeline: Pipeline
    lines: Lines

    def bound(self, known: Known) -> Pipeline:
        """Return the pipeline with full ids and a source for every input.

        Raises:
            ConfigError: If it is not valid here; all faults at once, each with its line.
        """
        try:
            return bind(self.pipeline, known)
        except PipelineError as error:
            faults = [fault_at(self.lines, fault, self._place(fault)) for fault in error.faults]
        raise ConfigError(self.file, faults)

    def _place(self, fault: Fault) -> str:
        """Return where in the file the part is that binding calls by its id."""
        match steps_of(fault.path):
            case ("stages", str(name), *rest):
                ids = [stage.id for stage in self.pipeline.stages]
                if name not in ids:
                    return "stages"
                index = len(ids) - 1 - ids[::-1].index(name)
                return f"stages[{index}]{self._part(index, rest)}"
            case ("inputs", str(name), *_):
                names = [declared.name for declared in self.pipeline.inputs]
                return f"inputs[{names.index(name)}]" if name in names else "inputs"
            case _:
                return fault.path

    def _part(self, index: int, rest: list[str | int]) -> str:
        if not rest:
            return ".id"
        inputs = [binding.input for binding in self.pipeline.stages[index].bindings]
        if rest[0] in inputs:
            return f".bindings[{inputs.index(str(rest[0]))}]"
        within = ("policy", *rest) if rest[0] in _POLICY else rest
        return "".join(f".{step}" for step in within)


def parse_pipeline(file: str, content: bytes) -> PipelineFile:
    r"""Return the pipeline that *file* holds.

    Args:
        file: Its name; TOML when it ends in ``.toml``, else JSON.
        content: Its bytes, at most 1 MiB.

    Raises:
        ConfigError: If it holds none; all faults at once, each with its line and its path.

    >>> found = parse_pipeline("p.toml", b'name = "p"\n[[stages]]\nid = "a"\nagent = "read"')
    >>> [stage.agent for stage in found.pipeline.stages]
    ['read']
    """
    pipeline, lines = read_document(file, content, Pipeline)
    return PipelineFile(file, pipeline, lines)


def pipeline_text(file: str, pipeline: Pipeline) -> str:
    """Return *pipeline* as what :func:`parse_pipeline` reads from *file*.

    Raises:
        ConfigError: If *file* is to be TOML and a setting is null, which TOML does not have.
    """
    document = _shown(pipeline)
    if not file.endswith(".toml"):
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    try:
        return toml_text(document)
    except ValueError as error:
        raise ConfigError(file, [Fault("", f"{error}: save it as .json")]) from None


def _shown(pipeline: Pipeline) -> JsonObject:
    """Return what has to be said: parts that are empty, and would read back so, stay out."""
    document = cast("JsonObject", json.loads(pipeline.to_json()))
    stages = cast("list[JsonObject]", document.pop("stages"))
    shown: list[JsonValue] = []
    for stage in stages:
        policy = stage["policy"]
        if isinstance(policy, dict):
            stage["policy"] = _without_none(policy)
        shown.append({key: part for key, part in stage.items() if part or key == "id"})
    return {**{key: part for key, part in document.items() if part}, "stages": shown}


def _without_none(table: JsonObject) -> JsonObject:
    return {key: part for key, part in table.items() if part is not None}
