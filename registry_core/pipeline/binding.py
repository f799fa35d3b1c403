"""Check a pipeline against what is known, and fill in what its author left open.

Names become ids, open inputs get a source, and every edge is shown to fit. All faults are
found at once, each with the stage it sits in.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from registry_core.errors import Fault, NameLookupError, PipelineError
from registry_core.names import AgentId, SchemaId
from registry_core.pipeline.pipeline import (
    Binding,
    FromInput,
    FromStage,
    Pipeline,
    PipelineInput,
    Source,
    Stage,
)
from registry_core.schemas.verdict import Fits, Misfit, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.definitions.agent import AgentDefinition, InputDefinition

__all__ = ["Known", "bind"]


class Known(Protocol):
    """What a pipeline is checked against; a catalog is one."""

    def resolve(self, name: str) -> AgentId:
        """Return the id that a name leads to."""
        ...

    def resolve_schema(self, name: str) -> SchemaId:
        """Return the schema that a name leads to."""
        ...

    def definition(self, agent: str) -> AgentDefinition:
        """Return what an agent declares."""
        ...

    def fits(self, producer: SchemaId, consumer: SchemaId) -> Verdict:
        """Return whether everything given as one schema can be taken as another."""
        ...


def bind(pipeline: Pipeline, known: Known) -> Pipeline:
    """Return *pipeline* ready to run: full ids, a source for every required input.

    An input without a source takes the output of the stage before it, else of the nearest
    earlier stage that fits; those of the first stage come from the caller. A source that its
    author wrote is kept unless it is proved not to fit; where nothing is proved, the run
    checks each value.

    Args:
        pipeline: As its author wrote it; one that is bound already comes back equal.
        known: The catalog.

    Raises:
        PipelineError: If it has no stages, names what nobody knows, or an edge does not fit;
            all faults at once.
    """
    if not pipeline.stages:
        raise PipelineError(pipeline.name, [Fault("stages", "a pipeline needs at least one stage")])
    binder = _Binder(pipeline, known)
    bound = binder.bound()
    if binder.faults:
        raise PipelineError(pipeline.name, binder.faults)
    return bound


@dataclass(frozen=True, slots=True)
class _Giver:
    """Something an input can be fed from."""

    source: Source
    schema: SchemaId


class _Binder:
    """One pass over the stages; remembers faults and the inputs found missing."""

    def __init__(self, pipeline: Pipeline, known: Known) -> None:
        self._pipeline = pipeline
        self._known = known
        self.faults: list[Fault] = []
        self._inputs: dict[str, PipelineInput] = {}
        self._schemas: dict[str, SchemaId] = {}

    def bound(self) -> Pipeline:
        pipeline = self._pipeline
        counts = Counter(stage.id for stage in pipeline.stages)
        self._fault_each((i for i, n in counts.items() if n > 1), "the id stands twice")
        for declared in pipeline.inputs:
            self._declare(declared)
        stages = tuple(self._stage(stage) for stage in pipeline.stages)
        outputs = pipeline.outputs or (pipeline.stages[-1].id,)
        for name in outputs:
            if name not in counts:
                self.faults.append(Fault("outputs", f"no stage is named {name!r}"))
        return replace(
            pipeline, stages=stages, inputs=tuple(self._inputs.values()), outputs=outputs
        )

    def _declare(self, declared: PipelineInput) -> None:
        try:
            schema = self._known.resolve_schema(declared.schema)
        except NameLookupError as error:
            self.faults.append(Fault(f"inputs.{declared.name}", str(error)))
        else:
            self._inputs[declared.name] = PipelineInput(declared.name, schema)

    def _stage(self, stage: Stage) -> Stage:
        path = f"stages.{stage.id}"
        try:
            agent = self._known.resolve(stage.agent)
        except NameLookupError as error:
            self.faults.append(Fault(f"{path}.agent", str(error)))
            return stage
        definition = self._known.definition(agent)
        written = {binding.input: binding.source for binding in stage.bindings}
        names = {item.name for item in definition.inputs}
        self._fault_each(
            (f"{stage.id}.{name}" for name in written if name not in names),
            f"is no input of {agent}; it takes {', '.join(sorted(names)) or 'nothing'}",
        )
        bindings = tuple(self._bindings(stage, definition, written))
        self._schemas[stage.id] = definition.output
        policy = stage.policy
        if policy and policy.fallback:
            policy = replace(policy, fallback=self._fallback(path, policy.fallback, definition))
        return replace(stage, agent=agent, bindings=bindings, policy=policy)

    def _bindings(
        self, stage: Stage, definition: AgentDefinition, written: dict[str, Source]
    ) -> Iterator[Binding]:
        fresh = True
        for item in definition.inputs:
            if item.name in written:
                source = written[item.name]
                self._check(stage, item, source)
                yield Binding(item.name, source)
                fresh = fresh and not isinstance(source, FromStage)
            elif item.required:
                giver = self._giver(item, neighbour_first=fresh)
                fresh = False
                if giver is None and not self._schemas:
                    giver = self._from_caller(item)
                if giver is None:
                    path = f"stages.{stage.id}.{item.name}"
                    self.faults.append(Fault(path, self._unfed(item)))
                else:
                    yield Binding(item.name, giver.source)

    def _giver(self, item: InputDefinition, *, neighbour_first: bool) -> _Giver | None:
        earlier = [_Giver(FromStage(name), schema) for name, schema in self._schemas.items()]
        earlier.reverse()
        callers = [
            _Giver(FromInput(declared.name), SchemaId(declared.schema))
            for declared in self._inputs.values()
        ]
        fitting = [
            giver
            for giver in (*earlier, *callers)
            if isinstance(self._known.fits(giver.schema, item.schema), Fits)
        ]
        exact = [giver for giver in fitting if giver.schema == item.schema]
        if neighbour_first and fitting and fitting[0] in earlier[:1]:
            return fitting[0]
        return next(iter(exact or fitting), None)

    def _unfed(self, item: InputDefinition) -> str:
        before = tuple(self._schemas)[-1]
        gives = self._schemas[before]
        verdict = self._known.fits(gives, item.schema)
        reason = "not proved to fit" if isinstance(verdict, Fits) else verdict.reason
        where = (
            f" at {verdict.pointer}" if not isinstance(verdict, Fits) and verdict.pointer else ""
        )
        advice = f'write sources={{"{item.name}": …}} to choose another source'
        return (
            f"{gives.name} of {before!r} does not fit {item.schema.name}: {reason}{where}; {advice}"
        )

    def _from_caller(self, item: InputDefinition) -> _Giver:
        taken = set(self._inputs)
        choices = (item.name, *(f"{item.name}_{n}" for n in range(2, len(taken) + 3)))
        name = next(choice for choice in choices if choice not in taken)
        self._inputs[name] = PipelineInput(name, item.schema)
        return _Giver(FromInput(name), item.schema)

    def _check(self, stage: Stage, item: InputDefinition, source: Source) -> None:
        path = f"stages.{stage.id}.{item.name}"
        match source:
            case FromStage(stage=name):
                gives = self._schemas.get(name)
                if gives is None:
                    self.faults.append(Fault(path, f"no earlier stage is named {name!r}"))
                    return
            case FromInput(input=name):
                declared = self._inputs.setdefault(name, PipelineInput(name, item.schema))
                gives = SchemaId(declared.schema)
        verdict = self._known.fits(gives, item.schema)
        if isinstance(verdict, Misfit):
            where = f" at {verdict.pointer}" if verdict.pointer else ""
            reason = f"{gives.name} does not fit {item.schema.name}: {verdict.reason}{where}"
            self.faults.append(Fault(path, reason))

    def _fallback(self, path: str, name: str, first: AgentDefinition) -> str:
        try:
            agent = self._known.resolve(name)
        except NameLookupError as error:
            self.faults.append(Fault(f"{path}.policy.fallback", str(error)))
            return name
        second = self._known.definition(agent)
        takes = {item.name: item.schema for item in first.inputs}
        for item in second.inputs:
            if item.required and item.name not in takes:
                reason = f"{agent} needs {item.name!r}, which {first.name} does not take"
                self.faults.append(Fault(f"{path}.policy.fallback", reason))
        if isinstance(self._known.fits(second.output, first.output), Misfit):
            reason = f"{agent} gives {second.output.name} in place of {first.output.name}"
            self.faults.append(Fault(f"{path}.policy.fallback", reason))
        return agent

    def _fault_each(self, places: Iterator[str], message: str) -> None:
        self.faults.extend(Fault(f"stages.{place}", message) for place in places)
