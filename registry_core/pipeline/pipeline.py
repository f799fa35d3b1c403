"""A pipeline: which agent runs in which stage, and where each of its inputs comes from.

An immutable value that names agents and never holds an import path. Built by hand with
:meth:`Pipeline.stage`, or by the composer; checked and completed by ``binding.bind``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Generic, TypeAlias, final, overload

from registry_core.definitions.schema import JsonObject, JsonValue
from registry_core.errors import Fault, PipelineError
from registry_core.pipeline.policy import STRICT, Policy
from registry_core.pipeline.typing import InT_contra, OutT_co

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import Concatenate, Never, Unpack

    from registry_core.pipeline.typing import (
        Code,
        FirstT,
        GivenT,
        MoreP,
        StageOptions,
        Start,
        TakenT,
        Unknown,
        Worker,
    )

__all__ = ["IDENTIFIER", "Binding", "FromInput", "FromStage", "Pipeline", "PipelineInput"]
__all__ += ["Source", "Stage"]

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FromInput:
    """A value that the caller gives, by the name of the pipeline's input."""

    __pydantic_config__ = STRICT

    input: str


@dataclass(frozen=True, slots=True)
class FromStage:
    """The output of another stage."""

    __pydantic_config__ = STRICT

    stage: str


Source: TypeAlias = FromInput | FromStage


@dataclass(frozen=True, slots=True)
class Binding:
    """Where one input of a stage's agent comes from."""

    __pydantic_config__ = STRICT

    input: str
    source: Source


@dataclass(frozen=True, slots=True)
class PipelineInput:
    """A value that the caller gives: its name and its schema (an id once bound)."""

    __pydantic_config__ = STRICT

    name: str
    schema: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """One agent at work.

    Attributes:
        id: Unique in the pipeline.
        agent: A full id once bound, before that also a short name.
        bindings: A source for each required input; empty before binding means: the
            previous stage's output, or the caller's value for the first stage.
        policy: What to do about time and failure; None takes the agent's declared one.
        config: Settings for the agent, checked against its config schema.
    """

    __pydantic_config__ = STRICT

    id: str
    agent: str
    bindings: tuple[Binding, ...] = ()
    policy: Policy | None = None
    config: JsonObject = field(default_factory=dict[str, JsonValue])


@final  # nobody calls one, and a checker can only tell it from a callable when no subclass may be
@dataclass(frozen=True, slots=True)
class Pipeline(Generic[InT_contra, OutT_co]):
    """An ordered set of stages; each reads the caller's values and earlier stages.

    To a type checker it is ``Pipeline[In, Out]``: what its first stage takes first, and what
    its last one gives. A decorated callable that could not take what the stage before gives,
    in its first or second parameter, is a type error; one that is given *sources*, or only
    named, is checked when the pipeline is bound.

    Attributes:
        name: What runs and files are labelled with.
        stages: In an order in which every source comes before its readers.
        inputs: What the caller gives, in the order of the positional arguments of a run.
        outputs: Ids of the stages whose outputs are wanted; empty means the last one.
        local: Callables passed to :meth:`stage`, by stage id, so that code without a package
            can run; not part of the artefact.

    >>> pipeline = Pipeline("two").stage("split").stage("count")
    >>> [stage.id for stage in pipeline.stages]
    ['split', 'count']
    """

    __pydantic_config__ = STRICT

    name: str
    stages: tuple[Stage, ...] = ()
    inputs: tuple[PipelineInput, ...] = ()
    outputs: tuple[str, ...] = ()
    local: tuple[tuple[str, Callable[..., object]], ...] = field(
        default=(), compare=False, repr=False
    )

    if TYPE_CHECKING:

        def __init__(
            self: Pipeline[Start, Start],
            name: str,
            stages: tuple[Stage, ...] = (),
            inputs: tuple[PipelineInput, ...] = (),
            outputs: tuple[str, ...] = (),
            local: tuple[tuple[str, Callable[..., object]], ...] = (),
        ) -> None:
            """Start with what is given; a checker takes it for a beginning."""

    def __post_init__(self) -> None:
        """Refuse a name that could not label a run."""
        if not IDENTIFIER.fullmatch(self.name):
            raise PipelineError(
                ascii(self.name), [Fault("name", "must be letters, digits, '_', '-'")]
            )

    @overload
    def stage(
        self: Pipeline[Start, Start],
        agent: type[Worker[Callable[Concatenate[TakenT, MoreP], Awaitable[GivenT]]]],
        /,
        **options: Unpack[StageOptions],
    ) -> Pipeline[TakenT, GivenT]: ...
    @overload
    def stage(
        self: Pipeline[Start, Start],
        agent: type[Worker[Callable[Concatenate[TakenT, MoreP], GivenT]]],
        /,
        **options: Unpack[StageOptions],
    ) -> Pipeline[TakenT, GivenT]: ...
    @overload
    def stage(
        self: Pipeline[Start, Start],
        agent: Callable[Concatenate[TakenT, MoreP], Awaitable[GivenT]],
        /,
        **options: Unpack[StageOptions],
    ) -> Pipeline[TakenT, GivenT]: ...
    @overload
    def stage(
        self: Pipeline[Start, Start],
        agent: Callable[Concatenate[TakenT, MoreP], GivenT],
        /,
        **options: Unpack[StageOptions],
    ) -> Pipeline[TakenT, GivenT]: ...
    @overload
    def stage(
        self: Pipeline[Start, Start],
        agent: Code[Callable[..., Awaitable[GivenT]]],
        /,
        **options: Unpack[StageOptions],
    ) -> Pipeline[Unknown, GivenT]: ...
    @overload
    def stage(
        self: Pipeline[Start, Start],
        agent: Code[Callable[..., GivenT]],
        /,
        **options: Unpack[StageOptions],
    ) -> Pipeline[Unknown, GivenT]: ...
    @overload
    def stage(
        self: Pipeline[Start, Start],
        agent: str,
        /,
        *,
        sources: Mapping[str, str | Source] | None = None,
        **options: Unpack[StageOptions],
    ) -> Pipeline[Unknown, Unknown]: ...
    @overload
    def stage(
        self: Pipeline[FirstT, TakenT],
        agent: Code[Callable[Concatenate[TakenT, MoreP], Awaitable[GivenT]]],
        /,
        **options: Unpack[StageOptions],
    ) -> Pipeline[FirstT, GivenT]: ...
    @overload
    def stage(
        self: Pipeline[FirstT, TakenT],
        agent: Code[Callable[Concatenate[TakenT, MoreP], GivenT]],
        /,
        **options: Unpack[StageOptions],
    ) -> Pipeline[FirstT, GivenT]: ...
    @overload
    def stage(
        self: Pipeline[FirstT, TakenT],
        agent: Code[Callable[Concatenate[Never, TakenT, MoreP], Awaitable[GivenT]]],
        /,
        **options: Unpack[StageOptions],
    ) -> Pipeline[FirstT, GivenT]: ...
    @overload
    def stage(
        self: Pipeline[FirstT, TakenT],
        agent: Code[Callable[Concatenate[Never, TakenT, MoreP], GivenT]],
        /,
        **options: Unpack[StageOptions],
    ) -> Pipeline[FirstT, GivenT]: ...
    @overload
    def stage(
        self: Pipeline[FirstT, object],
        agent: Code[Callable[..., Awaitable[GivenT]]],
        /,
        *,
        sources: Mapping[str, str | Source],
        **options: Unpack[StageOptions],
    ) -> Pipeline[FirstT, GivenT]: ...
    @overload
    def stage(
        self: Pipeline[FirstT, object],
        agent: Code[Callable[..., GivenT]],
        /,
        *,
        sources: Mapping[str, str | Source],
        **options: Unpack[StageOptions],
    ) -> Pipeline[FirstT, GivenT]: ...
    @overload
    def stage(
        self: Pipeline[FirstT, object],
        agent: str,
        /,
        *,
        sources: Mapping[str, str | Source] | None = None,
        **options: Unpack[StageOptions],
    ) -> Pipeline[FirstT, Unknown]: ...
    def stage(
        self,
        agent: str | Callable[..., object],
        /,
        *,
        id: str = "",  # noqa: A002 -- the word users know
        policy: Policy | None = None,
        config: JsonObject | None = None,
        sources: Mapping[str, str | Source] | None = None,
    ) -> Pipeline[Never, Unknown]:
        """Return this pipeline with one more stage at its end.

        Args:
            agent: An agent's id or short name, or a callable decorated with ``@agent``.
            id: Id of the stage; the agent's short name unless given, with its place when taken.
            policy: What to do about time and failure.
            config: Settings for the agent.
            sources: Source of each input by name: the id of an earlier stage or a source.

        Raises:
            PipelineError: If *id* is malformed or taken.
        """
        name = agent if isinstance(agent, str) else getattr(agent, "__name__", "")
        taken = set(map(attrgetter("id"), self.stages))
        stage_id = id or _fresh(name.rpartition("/")[2].partition("@")[0], taken)
        if stage_id in taken:
            raise PipelineError(self.name, [Fault(f"stages.{stage_id}", "the id is taken")])
        if not IDENTIFIER.fullmatch(stage_id):
            path = f"stages[{len(taken)}].id"
            raise PipelineError(self.name, [Fault(path, "must be letters, digits, '_', '-'")])
        added = Stage(
            id=stage_id,
            agent=name,
            bindings=tuple(
                Binding(key, FromStage(value) if isinstance(value, str) else value)
                for key, value in (sources or {}).items()
            ),
            policy=policy,
            config=dict(config or {}),
        )
        local = self.local if isinstance(agent, str) else (*self.local, (stage_id, agent))
        return replace(self, stages=(*self.stages, added), local=local)

    def to_json(self) -> str:
        """Return the pipeline as JSON text; local callables stay behind."""
        from registry_core.pipeline.documents import dump

        return dump(Pipeline, self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Pipeline:
        """Return the pipeline that :meth:`to_json` wrote.

        Raises:
            PipelineError: If *text* is not a pipeline; all faults at once.
        """
        from registry_core.pipeline.documents import load

        return load(Pipeline, text)


def _fresh(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    # Its place in the pipeline, nearly always: counting up from 2 would take a long one forever.
    numbered = (f"{name}_{place}" for place in count(len(taken) + 1))
    return next(choice for choice in numbered if choice not in taken)
