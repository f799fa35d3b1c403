"""Middleware around a call: an onion, outermost layer first.

A layer may answer by itself, change the answer, or turn a failure into an answer. It may go
on at most once. What it raises of its own is known as its own.
"""

from __future__ import annotations

import copy
import json
import logging
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from registry_core.definitions.layering import layering
from registry_core.definitions.middleware import MiddlewareDefinition, MiddlewareFunction, Scope
from registry_core.errors import ProceedError
from registry_core.runtime.values import check_output

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from registry_core.definitions.agent import AgentDefinition
    from registry_core.definitions.middleware import Proceed, Values
    from registry_core.names import AgentId
    from registry_core.runtime.agents import LoadedAgent
    from registry_core.schemas.codec import Codec

__all__ = ["ActiveMiddleware", "Onion", "StageCall", "layers_of"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ActiveMiddleware:
    """A middleware that a pipeline or the settings asked for.

    Attributes:
        name: What records call it.
        definition: Its scope, its place in the order, whether it is a guard.
        function: Its code.
    """

    name: str
    definition: MiddlewareDefinition
    function: MiddlewareFunction


def layers_of(middleware: Iterable[ActiveMiddleware], scope: Scope) -> tuple[ActiveMiddleware, ...]:
    """Return the layers of one scope, outermost first; a circle among them is logged."""
    chosen = [layer for layer in middleware if layer.definition.scope == scope]
    found = layering((layer.name, layer.definition) for layer in chosen)
    for circle in found.circles:
        names = ", ".join(circle)
        _log.warning("before and after lead in a circle; order and name decide for %s", names)
    return tuple(chosen[place] for place in found.places)


class StageCall:
    """What middleware sees of a call; implements ``definitions.middleware.Call``."""

    __slots__ = ("_agent", "_copies", "_values", "attempt", "run_id", "stage_id")

    def __init__(
        self,
        *,
        run_id: str,
        stage_id: str,
        agent: LoadedAgent,
        attempt: int,
        values: Values,
    ) -> None:
        """Keep the facts; *values* are what the agent takes."""
        self.run_id = run_id
        self.stage_id = stage_id
        self.attempt = attempt
        self._agent = agent
        self._values = values
        self._copies: Values | None = None

    @property
    def agent(self) -> AgentId:
        """The agent that is called."""
        return self._agent.id

    @property
    def definition(self) -> AgentDefinition:
        """What the agent declares."""
        return self._agent.blueprint.definition

    @property
    def inputs(self) -> Values:
        """Copies of the values, made when first looked at: changing them changes nothing."""
        if self._copies is None:
            self._copies = MappingProxyType(copy.deepcopy(dict(self._values)))
        return self._copies

    def dump_inputs(self) -> bytes:
        """Return inputs and configuration as canonical JSON: equal calls, equal bytes."""
        blueprint = self._agent.blueprint
        codecs = dict(blueprint.inputs)
        if blueprint.config is not None:
            codecs["config"] = blueprint.config
        called_with = {**self._values, **self._agent.settings}
        plain = {name: json.loads(codecs[name].dump(value)) for name, value in called_with.items()}
        return json.dumps(
            plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        ).encode()

    def dump_output(self, value: object) -> bytes:
        """Return an output of the agent as JSON."""
        return self._agent.blueprint.output.dump(value)

    def load_output(self, data: bytes) -> object:
        """Return the output that *data* holds, validated."""
        return self._agent.blueprint.output.load(data)


class Onion:
    """The layers around one call.

    Attributes:
        answered_by: The layer that answered instead of what it is wrapped around, or empty.
        culprit: The layer to blame for what was raised, or None.
    """

    __slots__ = ("_call", "_changed_by", "_codec", "_layers", "answered_by", "culprit")

    def __init__(self, layers: Sequence[ActiveMiddleware], call: StageCall, output: Codec) -> None:
        """Prepare to wrap *call*, which answers with values of the codec *output*."""
        self._layers = layers
        self._call = call
        self._codec = output
        self._changed_by: ActiveMiddleware | None = None
        self.answered_by = ""
        self.culprit: ActiveMiddleware | None = None

    async def run(self, core: Proceed) -> object:
        """Return what comes out of the outermost layer around *core*.

        Raises:
            InvalidOutputError: If a layer made something else of the answer.
            BaseException: What *core* or a layer raised.
        """
        answer = await self._layer(0, core)
        if self._changed_by is not None:
            self.culprit = self._changed_by
            check_output(answer, self._codec)
            self.culprit = None
        return answer

    async def _layer(self, index: int, core: Proceed) -> object:
        if index == len(self._layers):
            return await core()
        layer = self._layers[index]
        step = _Step(lambda: self._layer(index + 1, core))
        try:
            answer = await layer.function(self._call, step)
            step.check()
        except BaseException as error:
            if error is not step.raised:
                self.culprit = layer
            raise
        if not step.done:
            self.answered_by = layer.name
            self.culprit = None
        if not step.done or answer is not step.answer:
            self._changed_by = layer
        return answer


class _Step:
    """The ``proceed`` of one layer."""

    __slots__ = ("_inner", "answer", "calls", "done", "raised")

    def __init__(self, inner: Proceed) -> None:
        self._inner = inner
        self.calls = 0
        self.done = False
        self.answer: object = None
        self.raised: BaseException | None = None

    async def __call__(self) -> object:
        self.calls += 1
        if self.calls > 1:
            raise ProceedError("proceed() was called more than once")
        try:
            self.answer = await self._inner()
        except BaseException as error:
            self.raised = error
            raise
        self.done = True
        return self.answer

    def check(self) -> None:
        """Refuse a second call that was swallowed, and an answer before the inner one ended."""
        if self.calls > 1:
            raise ProceedError("proceed() was called more than once")
        if self.calls and not self.done and self.raised is None:
            raise ProceedError("returned before proceed() did")
