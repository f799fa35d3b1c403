"""What became of a saved pipeline: which of its edges an upgrade broke.

Its agents are followed to the versions that are there now, and each edge is asked again.
Nothing runs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from registry_core.errors import Fault, NameLookupError, PipelineError
from registry_core.names import AgentId, SchemaId
from registry_core.pipeline.binding import bind
from registry_core.pipeline.pipeline import FromStage, Pipeline
from registry_core.schemas.verdict import Fits, Misfit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from registry_core.definitions.schema import JsonValue
    from registry_core.pipeline.binding import Known
    from registry_core.pipeline.pipeline import Source, Stage

__all__ = ["BrokenEdge", "PipelineDiff", "compare", "current_agent", "current_schema"]


@dataclass(frozen=True, slots=True)
class BrokenEdge:
    """An edge that is proved not to fit any more.

    Attributes:
        stage: The stage that takes the value; empty for the goal itself.
        input: Name of the input that takes it; the wanted schema's name for the goal.
        origin: The stage that gives it; empty for the caller.
        gives: Schema it is given as.
        takes: Schema it is taken as.
        called: What to call the two; with their versions where both have one name.
        misfit: A value that the one gives and the other refuses, and where.
    """

    stage: str
    input: str
    origin: str
    gives: SchemaId
    takes: SchemaId
    called: tuple[str, str]
    misfit: Misfit

    def __str__(self) -> str:
        """Name both ends, what is missing where, and a value that shows it."""
        import json

        where = f" at {self.misfit.pointer}" if self.misfit.pointer else ""
        witness: JsonValue = self.misfit.witness
        gives, takes = self.called
        return (
            f"{self.origin or 'caller'} -> {self.stage or 'result'}.{self.input}: "
            f"{gives} does not fit {takes}: {self.misfit.reason}{where}, "
            f"such as {json.dumps(witness, ensure_ascii=False)[:200]}"
        )


@dataclass(frozen=True, slots=True)
class PipelineDiff:
    """A pipeline with the agents that are here now.

    Attributes:
        pipeline: The same stages, each with the agent that came in its agent's place.
        broken: Edges that are proved not to fit, in running order, the wanted ones last.
        faults: What else is wrong, such as an agent that is gone.
    """

    pipeline: Pipeline
    broken: tuple[BrokenEdge, ...]
    faults: tuple[Fault, ...]

    @property
    def runs(self) -> bool:
        """Whether the pipeline is still valid."""
        return not self.broken and not self.faults


def compare(pipeline: Pipeline, known: Known, want: Iterable[SchemaId] = ()) -> PipelineDiff:
    """Return what is wrong with *pipeline* when its agents are those that are here now.

    Args:
        pipeline: As it was saved.
        known: What there is, such as the catalog after an upgrade.
        want: Schemas that had to come out.
    """
    current = replace(
        pipeline,
        stages=tuple(_moved(stage, known) for stage in pipeline.stages),
        inputs=tuple(
            replace(declared, schema=current_schema(declared.schema, known) or declared.schema)
            for declared in pipeline.inputs
        ),
    )
    broken = (*_broken(current, known), *_unmet(current, known, want))
    told = {f"stages.{edge.stage}.{edge.input}" for edge in broken}
    faults: tuple[Fault, ...] = ()
    try:
        current = bind(current, known)
    except PipelineError as error:
        faults = tuple(fault for fault in error.faults if fault.path not in told)
    return PipelineDiff(current, broken, faults)


def current_agent(name: str, known: Known) -> AgentId | None:
    """Return the agent that *name* leads to, in whichever version is here, or None."""
    for choice in (name, name.rpartition("@")[0]):
        try:
            return known.resolve(choice)
        except NameLookupError:
            continue
    return None


def current_schema(schema: str, known: Known) -> SchemaId | None:
    """Return *schema* if it is known, else the one schema that has its name now, or None."""
    for choice in (schema, schema.partition("#")[0]):
        try:
            return known.resolve_schema(choice)
        except NameLookupError:
            continue
    return None


def _moved(stage: Stage, known: Known) -> Stage:
    policy = stage.policy
    if policy is not None and policy.fallback:
        fallback = current_agent(policy.fallback, known) or policy.fallback
        policy = replace(policy, fallback=fallback)
    agent = current_agent(stage.agent, known) or stage.agent
    return replace(stage, agent=agent, policy=policy)


def _broken(pipeline: Pipeline, known: Known) -> Iterator[BrokenEdge]:
    for stage in pipeline.stages:
        agent = current_agent(stage.agent, known)
        if agent is None:
            continue
        takes = {item.name: item.schema for item in known.definition(agent).inputs}
        for binding in stage.bindings:
            gives = _given(binding.source, pipeline, known)
            wanted = takes.get(binding.input)
            if gives is None or wanted is None:
                continue
            verdict = known.fits(gives, wanted)
            if isinstance(verdict, Misfit):
                origin = binding.source.stage if isinstance(binding.source, FromStage) else ""
                names = known.called(gives, wanted)
                yield BrokenEdge(stage.id, binding.input, origin, gives, wanted, names, verdict)


def _unmet(pipeline: Pipeline, known: Known, want: Iterable[SchemaId]) -> Iterator[BrokenEdge]:
    """Yield an edge for each wanted schema that no output can be taken as."""
    outputs = pipeline.outputs or tuple(stage.id for stage in pipeline.stages[-1:])
    given = [(name, _given(FromStage(name), pipeline, known)) for name in outputs]
    for schema in want:
        wanted = current_schema(schema, known)
        if wanted is None:
            continue
        verdicts = [(name, out, known.fits(out, wanted)) for name, out in given if out is not None]
        if any(isinstance(verdict, Fits) for *_, verdict in verdicts):
            continue
        for name, out, verdict in verdicts[-1:]:
            if isinstance(verdict, Misfit):
                names = known.called(out, wanted)
                yield BrokenEdge("", wanted.name, name, out, wanted, names, verdict)


def _given(source: Source, pipeline: Pipeline, known: Known) -> SchemaId | None:
    if isinstance(source, FromStage):
        stages = (stage for stage in pipeline.stages if stage.id == source.stage)
        stage = next(stages, None)
        agent = None if stage is None else current_agent(stage.agent, known)
        return None if agent is None else known.definition(agent).output
    inputs = (declared for declared in pipeline.inputs if declared.name == source.input)
    declared = next(inputs, None)
    return None if declared is None else current_schema(declared.schema, known)
