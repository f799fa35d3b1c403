"""Check a pipeline against what is known, and fill in what its author left open.

Names become ids, open inputs get a source, and every edge is shown to fit. All faults are
found at once, each with the stage it sits in.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from registry_core.errors import Fault, NameLookupError, PipelineError, SchemaMismatchError
from registry_core.names import AgentId, SchemaId
from registry_core.pipeline.order import misplaced
from registry_core.pipeline.pipeline import (
    IDENTIFIER,
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
    from collections.abc import Iterable, Iterator

    from registry_core.definitions.agent import AgentDefinition, InputDefinition
    from registry_core.definitions.schema import JsonValue
    from registry_core.pipeline.policy import Policy

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

    def called(self, producer: SchemaId, consumer: SchemaId) -> tuple[str, str]:
        """Return what to call two schemas: their names, and versions where the names are one."""
        ...

    def judge(self, value: JsonValue, schema: SchemaId, *, as_layer: bool = False) -> Verdict:
        """Return whether one JSON value can be taken as a schema."""
        ...


def bind(pipeline: Pipeline, known: Known) -> Pipeline:
    """Return *pipeline* ready to run: full ids, a source for every required input.

    The first open input that the stage before fits takes its output; any other takes what
    fits, its very schema first, then the nearest; those of the first stage come from the
    caller. An optional input keeps its default, unless nothing else would connect the stage
    to the one before. A source that its author wrote stays unless it is proved not to fit;
    where nothing is proved, the run checks each value.

    Args:
        pipeline: As its author wrote it; one that is bound already comes back equal.
        known: The catalog.

    Raises:
        SchemaMismatchError: If one edge is proved not to fit, and all else is right.
        PipelineError: If it has no stages, names what nobody knows, reads what comes later, or
            holds values of the wrong type; all faults at once.
    """
    if not pipeline.stages:
        raise PipelineError(pipeline.name, [Fault("stages", "a pipeline needs at least one stage")])
    binder = _Binder(pipeline, known)
    bound = binder.bound()
    if not binder.faults:
        return bound
    if len(binder.faults) == 1 and binder.mismatch is not None:
        raise binder.mismatch
    raise PipelineError(pipeline.name, binder.faults)


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
        self.mismatch: SchemaMismatchError | None = None
        self._inputs: dict[str, PipelineInput] = {}
        self._outputs: dict[str, SchemaId] = {}
        # The stage that gave each schema last; many stages share few schemas.
        self._latest: dict[SchemaId, str] = {}
        self._before = ""
        # Whether a stage names an agent that nobody knows: what it would give is not known.
        self._blind = False
        self._misplaced = misplaced(pipeline)

    def bound(self) -> Pipeline:
        pipeline = self._pipeline
        names = Counter(stage.id for stage in pipeline.stages)
        for name, count in names.items():
            if count > 1:
                self._fault(f"stages.{name}", "the id stands twice")
            if not IDENTIFIER.fullmatch(name):
                self._fault(f"stages.{name!a}", "an id is letters, digits, '_' and '-'")
        for declared in pipeline.inputs:
            self._declare(declared)
        stages = tuple(self._stage(stage) for stage in pipeline.stages)
        outputs = pipeline.outputs or (pipeline.stages[-1].id,)
        for name in outputs:
            if name not in names:
                self._fault("outputs", f"no stage is named {name!r}")
        return replace(
            pipeline, stages=stages, inputs=tuple(self._inputs.values()), outputs=outputs
        )

    def _declare(self, declared: PipelineInput) -> None:
        path = f"inputs.{declared.name}"
        if declared.name in self._inputs:
            self._fault(path, "the name stands twice")
        try:
            schema = self._known.resolve_schema(declared.schema)
        except NameLookupError as error:
            self._fault(path, str(error))
        else:
            self._inputs[declared.name] = PipelineInput(declared.name, schema)

    def _stage(self, stage: Stage) -> Stage:
        path = f"stages.{stage.id}"
        agent = self._resolved(f"{path}.agent", stage.agent)
        if agent is None:
            self._blind = True
            return stage
        definition = self._known.definition(agent)
        bindings = tuple(self._bindings(stage, definition))
        self._check_names(path, stage, definition)
        self._check_config(path, stage, definition)
        policy = self._policy(f"{path}.policy", stage.policy, definition, bindings)
        self._outputs[stage.id] = definition.output
        self._latest.pop(definition.output, None)
        self._latest[definition.output] = stage.id
        self._before = stage.id
        return replace(stage, agent=agent, bindings=bindings, policy=policy)

    def _resolved(self, path: str, name: str) -> AgentId | None:
        try:
            return self._known.resolve(name)
        except NameLookupError as error:
            self._fault(path, str(error))
            return None

    def _bindings(self, stage: Stage, definition: AgentDefinition) -> Iterator[Binding]:
        written = {binding.input: binding.source for binding in stage.bindings}
        unwritten = [item for item in definition.inputs if item.name not in written]
        wanted = [item for item in unwritten if item.required]
        connected = any(isinstance(source, FromStage) for source in written.values())
        follower = None if connected else self._follower(wanted)
        if not written and not wanted and not self._pipeline.outputs:
            # Its author put it behind the stage before, so that is what it is about.
            follower = self._follower(unwritten)
        for item in definition.inputs:
            path = f"stages.{stage.id}.{item.name}"
            if item.name in written:
                self._check(path, item, written[item.name])
                yield Binding(item.name, written[item.name])
            elif item == follower:
                yield Binding(item.name, FromStage(self._before))
            elif item.required:
                giver = self._nearest(item)
                if giver is None and not self._before:
                    giver = self._from_caller(item)
                if giver is not None:
                    yield Binding(item.name, giver.source)
                elif not self._blind:
                    self._refuse_unfed(path, item)

    def _follower(self, items: Iterable[InputDefinition]) -> InputDefinition | None:
        """Return the first of *items* that what the stage before gives fits."""
        if not self._before:
            return None
        gives = self._outputs[self._before]
        return next((item for item in items if self._fits(gives, item)), None)

    def _nearest(self, item: InputDefinition) -> _Giver | None:
        """Return what fits: the very schema first, stages before the caller's values."""
        stages = (_Giver(FromStage(n), schema) for schema, n in reversed(self._latest.items()))
        callers = (
            _Giver(FromInput(name), SchemaId(declared.schema))
            for name, declared in self._inputs.items()
        )
        fitting = [giver for giver in (*stages, *callers) if self._fits(giver.schema, item)]
        exact = (giver for giver in fitting if giver.schema == item.schema)
        return next(exact, fitting[0] if fitting else None)

    def _from_caller(self, item: InputDefinition) -> _Giver:
        taken = self._inputs
        choices = (item.name, *(f"{item.name}_{n}" for n in range(2, len(taken) + 3)))
        name = next(choice for choice in choices if choice not in taken)
        taken[name] = PipelineInput(name, item.schema)
        return _Giver(FromInput(name), item.schema)

    def _refuse_unfed(self, path: str, item: InputDefinition) -> None:
        gives = self._outputs[self._before]
        verdict = self._known.fits(gives, item.schema)
        reason = "" if isinstance(verdict, Fits) else f": {_because(verdict)}"
        advice = f'choose another source: sources={{"{item.name}": …}}'
        if isinstance(verdict, Misfit):
            self.mismatch = self._mismatch(path, gives, item.schema, verdict)
            self.mismatch.add_note(advice)
        ours, theirs = self._known.called(gives, item.schema)
        text = f"{ours} of {self._before!r} does not fit {theirs}{reason}; {advice}"
        self._fault(path, text)

    def _check(self, path: str, item: InputDefinition, source: Source) -> None:
        match source:
            case FromStage(stage=name):
                gives = self._outputs.get(name)
                if gives is None:
                    reason = self._misplaced.get((path, name))
                    if reason is not None:
                        self._fault(path, reason)
                    return
            case FromInput(input=name):
                declared = self._inputs.setdefault(name, PipelineInput(name, item.schema))
                gives = SchemaId(declared.schema)
        self._check_fit(path, gives, item.schema)

    def _check_fit(self, path: str, gives: SchemaId, takes: SchemaId) -> None:
        verdict = self._known.fits(gives, takes)
        if isinstance(verdict, Misfit):
            self.mismatch = self._mismatch(path, gives, takes, verdict)
            self.faults.extend(self.mismatch.faults)

    def _mismatch(
        self, path: str, gives: SchemaId, takes: SchemaId, verdict: Misfit
    ) -> SchemaMismatchError:
        ours, theirs = self._known.called(gives, takes)
        return SchemaMismatchError(
            self._pipeline.name,
            path,
            producer=ours,
            consumer=theirs,
            pointer=verdict.pointer,
            reason=verdict.reason,
            witness=verdict.witness,
        )

    def _check_names(self, path: str, stage: Stage, definition: AgentDefinition) -> None:
        names = {item.name for item in definition.inputs}
        for name, count in Counter(binding.input for binding in stage.bindings).items():
            if name not in names:
                takes = ", ".join(sorted(names)) or "nothing"
                self._fault(f"{path}.{name}", f"is no input of {stage.agent}; it takes {takes}")
            if count > 1:
                self._fault(f"{path}.{name}", "has two sources")

    def _check_config(self, path: str, stage: Stage, definition: AgentDefinition) -> None:
        if not stage.config:
            return
        if definition.config is None:
            self._fault(f"{path}.config", f"{stage.agent} takes no configuration")
            return
        verdict = self._known.judge(stage.config, definition.config, as_layer=True)
        if isinstance(verdict, Misfit):
            self._fault(f"{path}.config{verdict.pointer.replace('/', '.')}", verdict.reason)

    def _policy(
        self,
        path: str,
        policy: Policy | None,
        definition: AgentDefinition,
        bindings: tuple[Binding, ...],
    ) -> Policy | None:
        """Return *policy* with the full id of its fallback; checks what would stand in."""
        if policy is None:
            return None
        if policy.substitute is not None:
            verdict = self._known.judge(policy.substitute.value, definition.output)
            if isinstance(verdict, Misfit):
                reason = f"is no {definition.output.name}: {_because(verdict)}"
                self._fault(f"{path}.substitute", reason)
        if not policy.fallback:
            return policy
        fallback = self._resolved(f"{path}.fallback", policy.fallback)
        if fallback is None:
            return policy
        self._check_fallback(f"{path}.fallback", fallback, definition, bindings)
        return replace(policy, fallback=fallback)

    def _check_fallback(
        self, path: str, agent: AgentId, first: AgentDefinition, bindings: tuple[Binding, ...]
    ) -> None:
        second = self._known.definition(agent)
        sources = {binding.input: binding.source for binding in bindings}
        for item in second.inputs:
            if item.name in sources:
                gives = self._given_by(sources[item.name])
                self._fault_misfit(path, f"its {item.name}", gives, item.schema)
            elif item.required:
                self._fault(path, f"{agent} needs {item.name!r}, which this stage does not take")
        self._fault_misfit(path, "what it gives", second.output, first.output)

    def _fault_misfit(self, path: str, what: str, gives: SchemaId | None, takes: SchemaId) -> None:
        verdict = None if gives is None else self._known.fits(gives, takes)
        if gives is not None and isinstance(verdict, Misfit):
            ours, theirs = self._known.called(gives, takes)
            reason = f"{what}: {ours} does not fit {theirs}: {_because(verdict)}"
            self._fault(path, reason)

    def _given_by(self, source: Source) -> SchemaId | None:
        if isinstance(source, FromStage):
            return self._outputs.get(source.stage)
        declared = self._inputs.get(source.input)
        return None if declared is None else SchemaId(declared.schema)

    def _fits(self, gives: SchemaId, item: InputDefinition) -> bool:
        return isinstance(self._known.fits(gives, item.schema), Fits)

    def _fault(self, path: str, message: str) -> None:
        self.faults.append(Fault(path, message))


def _because(verdict: Verdict) -> str:
    match verdict:
        case Fits(note):
            return note
        case Misfit(pointer, reason):
            return f"{reason} at {pointer}" if pointer else reason
        case _:
            where = f" at {verdict.pointer}" if verdict.pointer else ""
            return f"not decided{where} ({verdict.reason})"
