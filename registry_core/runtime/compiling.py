"""Compile pipelines into chains, where they are chains."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, cast

from registry_core.errors import AgentLoadError
from registry_core.names import AgentId
from registry_core.pipeline.pipeline import FromStage
from registry_core.runtime.chain import Chain, Step
from registry_core.runtime.middleware import layers_of, onion
from registry_core.runtime.stage import limit_seconds, policy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from registry_core.pipeline.pipeline import Pipeline, Stage
    from registry_core.runtime.agents import Blueprint, Blueprints
    from registry_core.runtime.host import Host
    from registry_core.runtime.middleware import ActiveMiddleware
    from registry_core.runtime.quick import QuickCall

__all__ = ["Chains"]

_MOST_KEPT = 256
_UNCHANGEABLE = frozenset({str, int, float, bool, bytes, complex})


class Chains:
    """The chains of the pipelines that were run last.

    Attributes:
        blueprints: What is known of the agents' code.
    """

    def __init__(self, blueprints: Blueprints) -> None:
        """Start with none."""
        self.blueprints = blueprints
        self._kept: dict[tuple[object, ...], tuple[object, Chain | None]] = {}
        self._latest: tuple[object, object, float, Chain | None] = (None, None, 0.0, None)

    def of(
        self,
        pipeline: Pipeline,
        middleware: Sequence[ActiveMiddleware],
        attempt_seconds: float,
    ) -> Chain | None:
        """Return *pipeline* as a chain, or None where it is more than that.

        Args:
            pipeline: Bound. The very value that was given before is not compiled again.
            middleware: Layers that the run asked for, in any order.
            attempt_seconds: Longest attempt where neither the policy nor the agent says.
        """
        before, layers, seconds, chain = self._latest
        if pipeline is before and middleware is layers and attempt_seconds == seconds:
            return chain
        chain = self._of(pipeline, middleware, attempt_seconds)
        if chain is not None and isinstance(middleware, tuple):  # a list may change
            self._latest = (pipeline, middleware, attempt_seconds, chain)
        return chain

    def _of(
        self, pipeline: Pipeline, middleware: Sequence[ActiveMiddleware], attempt_seconds: float
    ) -> Chain | None:
        key = (id(pipeline), attempt_seconds, *map(id, middleware))
        kept = self._kept.get(key)
        if kept is not None:
            return kept[1]
        if any(self.blueprints.known(AgentId(stage.agent)) is None for stage in pipeline.stages):
            return None  # nothing is imported for this
        layers = layers_of(middleware, "stage")
        chain = None
        if len(layers) == len(middleware):
            chain = _compile(pipeline, self.blueprints, layers, attempt_seconds)
        if len(self._kept) >= _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = ((pipeline, tuple(middleware)), chain)  # so that no id is used again
        return chain


def _compile(
    pipeline: Pipeline,
    blueprints: Blueprints,
    layers: Sequence[ActiveMiddleware],
    attempt_seconds: float,
) -> Chain | None:
    if len(pipeline.inputs) != 1 or pipeline.outputs != (pipeline.stages[-1].id,):
        return None
    steps: list[Step] = []
    for index, stage in enumerate(pipeline.stages):
        blueprint = blueprints.known(AgentId(stage.agent))
        before = steps[-1] if steps else None
        if blueprint is None or not _is_quick(stage, blueprint, before, blueprints.host):
            return None
        try:
            if blueprint.settings(stage.config):
                return None  # each run has one of its own, which its agent may change
        except AgentLoadError:
            return None  # a run says so, in its records
        policy = policy_of(stage, blueprint.definition)
        if policy.substitute is not None:
            return None
        seconds = limit_seconds(policy, blueprint.definition, attempt_seconds)
        steps.append(_step(pipeline, index, blueprint, blueprints.host, layers, seconds))
    codec = steps[0].blueprint.inputs[steps[0].input]
    recorder = blueprints.host.metrics.run(pipeline.name, "success")
    host = blueprints.host
    given = pipeline.inputs[0].name
    chain = Chain(pipeline, given, codec, tuple(steps), tuple(layers), recorder, host)
    host.metrics.ask_also(chain)
    return chain


def _is_quick(stage: Stage, blueprint: Blueprint, before: Step | None, host: Host) -> bool:
    """Return whether the stage is an async function of what the stage before gives."""
    if isinstance(blueprint.target, type) or not blueprint.is_async or blueprint.wants_context:
        return False
    if blueprint.output.native is None or len(stage.bindings) != 1:
        return False
    if host.admission.gate(blueprint.id, blueprint.definition.resources) is not None:
        return False
    [binding] = stage.bindings
    taken = blueprint.inputs[binding.input]
    if blueprint.definition.mutates and taken.native not in _UNCHANGEABLE:
        return False
    source = binding.source
    if before is None:
        return not isinstance(source, FromStage)
    given = before.blueprint.output
    same = given is taken or given.annotation == taken.annotation
    return same and isinstance(source, FromStage) and source.stage == before.stage.id


def _step(
    pipeline: Pipeline,
    index: int,
    blueprint: Blueprint,
    host: Host,
    layers: Sequence[ActiveMiddleware],
    seconds: float,
) -> Step:
    stage = pipeline.stages[index]
    name = stage.bindings[0].input
    step = Step(
        index=index,
        stage=stage,
        blueprint=blueprint,
        input=name,
        breaker=host.breakers.of(blueprint.id),
        budget=host.budgets.of(blueprint.id),
        seconds=seconds,
        recorder=host.metrics.stage(pipeline.name, stage.id, blueprint.id, "succeeded"),
        call=_call(blueprint, name),
        native=blueprint.output.native,
    )
    step.proceed = onion(layers, _first_attempt(step, len(layers)), outside=1)
    return step


def _call(blueprint: Blueprint, name: str) -> Callable[[object], Coroutine[object, object, object]]:
    """Return the agent as a function of its one value."""
    function = cast("Callable[..., Coroutine[object, object, object]]", blueprint.target)
    if _is_first(function, name):
        return function
    return lambda value: function(**{name: value})


def _is_first(target: Callable[..., object], name: str) -> bool:
    """Return whether *name* is the parameter that the first positional argument goes to."""
    for parameter in inspect.signature(target).parameters.values():
        return parameter.name == name and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    return False


def _first_attempt(
    step: Step, depth: int
) -> Callable[[QuickCall], Coroutine[object, object, object]]:
    """Return what calls the agent behind *depth* layers, once; see :meth:`QuickRun._bare`."""
    function, native, seconds = step.call, step.native, step.seconds
    breaker, budget = step.breaker, step.budget

    async def core(call: QuickCall) -> object:
        if call.passed != depth:
            raise call.misuse()
        call.passed = depth + 1
        run = call.run
        run.permit = permit = breaker.permit
        run.limit = seconds
        run.began = began = run.now()
        error: BaseException | None
        try:
            run.coro = function(call.value)
            answer = await run.coro
            ended = run.now()
        except BaseException as raised:  # noqa: BLE001 -- the run knows what it means
            error, answer = raised, None  # what comes next does not come of it
        else:
            error = None
            is_plain = type(answer) is native and ended - began <= run.limit
            if is_plain and not (run.is_cut or run.task.cancelling()):
                run.coro = None
                run.marks += began, ended
                if permit is not None and permit is breaker.permit:
                    breaker.calls += 1
                if not budget.is_full:
                    budget.succeeded()
                call.answer = answer
                return answer
        answer = call.answer = await run.mend(call, error, answer)
        return answer

    return core
