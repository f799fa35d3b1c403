"""Pipelines of real, small agents, bound by hand and run at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, TypeAlias

from registry_core.authoring.declaration import declare, declare_middleware
from registry_core.definitions.schema import JsonObject, JsonValue
from registry_core.errors import AgentLoadError
from registry_core.names import AgentId
from registry_core.pipeline.pipeline import (
    Binding,
    FromInput,
    FromStage,
    Pipeline,
    PipelineInput,
    Stage,
)
from registry_core.pipeline.policy import Policy
from registry_core.runtime.agents import Blueprints
from registry_core.runtime.clock import SystemClock
from registry_core.runtime.compiling import Chains
from registry_core.runtime.engine import execute
from registry_core.runtime.middleware import ActiveMiddleware
from registry_core.runtime.scope import RunOptions

if TYPE_CHECKING:
    from registry_core.definitions.agent import AgentDefinition
    from registry_core.definitions.middleware import MiddlewareFunction
    from registry_core.results.events import Observer
    from registry_core.results.run import RunResult
    from registry_core.runtime.clock import Clock
    from registry_core.runtime.threads import AgentThreads

__all__ = ["Agents", "Part", "Rig", "agent_id", "assemble", "layer"]

Target: TypeAlias = Callable[..., object]
SHORT = RunOptions(grace_seconds=0.02)


@cache
def _declared(target: Target) -> AgentDefinition:
    return declare(target).definition


def agent_id(target: Target) -> AgentId:
    """Return the id that agents of these tests have."""
    return AgentId.of("tests", _declared(target).name, "1")


class Agents:
    """A source of agents that stand in a test."""

    def __init__(self, targets: Sequence[Target]) -> None:
        """Offer *targets*."""
        self._targets = {agent_id(target): target for target in targets}

    def definition(self, agent: AgentId) -> AgentDefinition:
        """Return what the agent declares."""
        return _declared(self._targets[agent])

    def load(self, agent: AgentId) -> Target:
        """Return the agent."""
        return self._targets[agent]


@dataclass(frozen=True)
class Part:
    """One stage to be: *sources* name a stage or, with a ``$``, a value of the caller's."""

    target: Target
    id: str = ""
    policy: Policy | None = None
    config: JsonObject = field(default_factory=dict[str, JsonValue])
    sources: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Rig:
    """A bound pipeline with its agents."""

    pipeline: Pipeline
    agents: Agents

    @cached_property
    def chains(self) -> Chains:
        """What is kept from one run to the next; everything is known beforehand."""
        blueprints = Blueprints(self.agents)
        for stage in self.pipeline.stages:
            with suppress(AgentLoadError):
                blueprints.read(AgentId(stage.agent))
        return Chains(blueprints)

    async def execute(
        self,
        values: Mapping[str, object],
        *,
        clock: Clock | None = None,
        options: RunOptions = SHORT,
        observers: Sequence[Observer] = (),
        middleware: Sequence[ActiveMiddleware] = (),
        draw: Callable[[], float] = lambda: 1.0,
        threads: AgentThreads | None = None,
    ) -> RunResult:
        """Return what came out of one run."""
        return await execute(
            self.pipeline,
            values,
            agents=self.chains,
            clock=clock or SystemClock(),
            options=options,
            observers=observers,
            middleware=middleware,
            draw=draw,
            threads=threads,
        )

    def run(
        self,
        values: Mapping[str, object],
        *,
        clock: Clock | None = None,
        options: RunOptions = SHORT,
        observers: Sequence[Observer] = (),
        middleware: Sequence[ActiveMiddleware] = (),
        draw: Callable[[], float] = lambda: 1.0,
    ) -> RunResult:
        """Return what came out of one run on an event loop of its own."""
        return asyncio.run(
            self.execute(
                values,
                clock=clock,
                options=options,
                observers=observers,
                middleware=middleware,
                draw=draw,
            )
        )


def assemble(
    *parts: Target | Part, outputs: Sequence[str] = (), others: Sequence[Target] = ()
) -> Rig:
    """Return a pipeline of *parts*; an input without a source takes what the part before gives.

    Args:
        parts: Agents, or agents with what is to be said of their stage.
        outputs: Stages whose outputs are wanted; the last one unless given.
        others: Agents that are not in the pipeline, such as fallbacks.
    """
    stages: list[Stage] = []
    wanted: dict[str, None] = {}
    whole = [part if isinstance(part, Part) else Part(part) for part in parts]
    for part in whole:
        declared = _declared(part.target)
        previous = stages[-1].id if stages else ""
        bindings: list[Binding] = []
        for taken in declared.inputs:
            source = part.sources.get(taken.name, previous or f"${taken.name}")
            if source.startswith("$"):
                wanted[source[1:]] = None
                bindings.append(Binding(taken.name, FromInput(source[1:])))
            else:
                bindings.append(Binding(taken.name, FromStage(source)))
        stages.append(
            Stage(
                id=part.id or declared.name,
                agent=agent_id(part.target),
                bindings=tuple(bindings),
                policy=part.policy,
                config=part.config,
            )
        )
    pipeline = Pipeline(
        name="test",
        stages=tuple(stages),
        inputs=tuple(PipelineInput(name) for name in wanted),
        outputs=tuple(outputs) or (stages[-1].id,),
    )
    return Rig(pipeline, Agents([*(part.target for part in whole), *others]))


def layer(function: MiddlewareFunction) -> ActiveMiddleware:
    """Return a decorated middleware as one that a run asked for."""
    definition = declare_middleware(function)
    return ActiveMiddleware(definition.name, definition, function)
