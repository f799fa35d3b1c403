"""What a caller gives becomes the values of a pipeline's inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from registry_core.errors import Fault, PipelineError
from registry_core.pipeline.pipeline import FromInput

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from registry_core.definitions.agent import AgentDefinition
    from registry_core.pipeline.pipeline import Pipeline, Source

__all__ = ["Values", "by_input", "sources_for"]

Values: TypeAlias = "dict[str, object]"
"""Whatever objects the inputs take, by name; each is checked when its agent takes it."""


def by_input(pipeline: Pipeline, values: Sequence[object], named: Mapping[str, object]) -> Values:
    """Return the value of each input: *values* in the order of the inputs, and those *named*.

    Raises:
        PipelineError: If they are not what *pipeline* takes; all faults at once.
    """
    names = [declared.name for declared in pipeline.inputs]
    if len(values) == len(names) and not named:
        return dict(zip(names, values, strict=True))
    faults: list[Fault] = []
    if len(values) > len(names):
        takes = ", ".join(names) or "none"
        faults.append(Fault("values", f"{len(values)} were given, and the inputs are: {takes}"))
    given: Values = dict(zip(names, values, strict=False))
    faults += [Fault(name, "was given twice") for name in named if name in given]
    faults += [Fault(name, "is no input of this pipeline") for name in named if name not in names]
    given.update(named)
    faults += [Fault(name, "was not given") for name in names if name not in given]
    if faults:
        raise PipelineError(pipeline.name, faults)
    return given


def sources_for(
    definition: AgentDefinition, count: int, named: Collection[str]
) -> dict[str, str | Source]:
    """Return the caller as the source of each input that is given a value, optional ones too.

    Args:
        definition: The one agent that is called.
        count: How many values are given in the order of its inputs.
        named: Names of those that are given by name.
    """
    names = [item.name for item in definition.inputs]
    given = {*names[:count], *named}
    return {name: FromInput(name) for name in names if name in given}
