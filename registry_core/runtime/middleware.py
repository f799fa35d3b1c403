"""Middleware around a call: an onion, outermost layer first.

A layer may answer by itself, change the answer, or turn a failure into an answer. It may go
on at most once. What it raises of its own is known as its own.
"""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType, MethodType
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from registry_core.definitions.layering import layering
from registry_core.definitions.middleware import MiddlewareDefinition, Scope
from registry_core.errors import ProceedError
from registry_core.runtime.values import check_output

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Sequence
    from typing import Never

    from registry_core.definitions.agent import AgentDefinition
    from registry_core.definitions.middleware import Proceed, Values
    from registry_core.names import AgentId
    from registry_core.runtime.agents import Blueprint

__all__ = ["ActiveMiddleware", "CallFacts", "Seen", "StageCall", "layers_of", "onion", "through"]

_log = logging.getLogger(__name__)

_UNSET = object()
_MISUSED = object()


@dataclass(frozen=True, slots=True, eq=False)
class ActiveMiddleware:
    """A middleware that a pipeline or the settings asked for.

    Attributes:
        name: What records call it.
        definition: Its scope, its place in the order, whether it is a guard.
        function: Its code.
    """

    name: str
    definition: MiddlewareDefinition
    function: Callable[..., Awaitable[object]]


def layers_of(middleware: Iterable[ActiveMiddleware], scope: Scope) -> tuple[ActiveMiddleware, ...]:
    """Return the layers of one scope, outermost first; a circle among them is logged."""
    chosen = tuple(layer for layer in middleware if layer.definition.scope == scope)
    return _in_order(chosen) if chosen else ()


@lru_cache(maxsize=256)
def _in_order(layers: tuple[ActiveMiddleware, ...]) -> tuple[ActiveMiddleware, ...]:
    """Return *layers*, outermost first; runs have the same ones again and again."""
    found = layering((layer.name, layer.definition) for layer in layers)
    for circle in found.circles:
        names = ", ".join(circle)
        _log.warning("before and after lead in a circle; order and name decide for %s", names)
    return tuple(layers[place] for place in found.places)


class CallFacts(NamedTuple):
    """What is called, and with what: *values* are what the agent takes."""

    run_id: str
    stage_id: str
    blueprint: Blueprint
    settings: Values
    attempt: int
    values: Values


class Seen:
    """What an onion must remember of the one call it is wrapped around.

    Attributes:
        passed: How many layers have been entered, what they wrap included.
        answer: What came out of the innermost layer that is over.
        raised: What was raised, by whoever did first.
        culprit: The layer to blame for what was raised, or None.
        changed_by: The layer that made the answer what it is, or None.
        answered_by: The layer that answered instead of what it is wrapped around, or empty.
    """

    passed = 0
    answer: object = _UNSET
    raised: BaseException | None = None
    culprit: ActiveMiddleware | None = None
    changed_by: ActiveMiddleware | None = None
    answered_by = ""

    def misuse(self) -> ProceedError:
        """Return what to raise when ``proceed`` is called more than once."""
        self.answer = _MISUSED
        return ProceedError("proceed() was called more than once")

    def weigh(self, layer: ActiveMiddleware, depth: int, answer: object) -> None:
        """Take note that *layer*, at *depth*, gave another answer than what it is wrapped around.

        Raises:
            ProceedError: If it broke the protocol.
        """
        if self.answer is _MISUSED:
            self._blame(layer, self.misuse())
        if self.passed == depth + 1 or self.raised is not None:
            self.answered_by = layer.name
        elif self.answer is _UNSET:
            self._blame(layer, ProceedError("returned before proceed() did"))
        self.raised = self.culprit = None
        self.changed_by = layer
        self.answer = answer

    def check(self, answer: object) -> None:
        """Return quietly if *answer*, which came out of the outermost layer, is of the type.

        Raises:
            InvalidOutputError: If a layer made something else of it.
        """
        if self.changed_by is not None:
            self.culprit = self.changed_by
            self._check_type(answer)
            self.culprit = None

    def _check_type(self, answer: object) -> None:
        """Refuse what is not of the type that was promised."""

    def _blame(self, layer: ActiveMiddleware, error: ProceedError) -> Never:
        self.raised, self.culprit = error, layer
        raise error


class StageCall(Seen):
    """What middleware sees of a call; implements ``definitions.middleware.Call``."""

    _copies: Values | None = None

    def __init__(self, facts: CallFacts) -> None:
        """Keep the *facts*."""
        self._facts = facts

    @property
    def facts(self) -> CallFacts:
        """What is called, and with what."""
        return self._facts

    @property
    def run_id(self) -> str:
        """The run."""
        return self.facts.run_id

    @property
    def stage_id(self) -> str:
        """The stage."""
        return self.facts.stage_id

    @property
    def attempt(self) -> int:
        """Number of the attempt, from 1; 0 at stage scope."""
        return self.facts.attempt

    @property
    def agent(self) -> AgentId:
        """The agent that is called."""
        return self.facts.blueprint.id

    @property
    def definition(self) -> AgentDefinition:
        """What the agent declares."""
        return self.facts.blueprint.definition

    @property
    def inputs(self) -> Values:
        """Copies of the values, made when first looked at: changing them changes nothing."""
        if self._copies is None:
            self._copies = MappingProxyType(copy.deepcopy(dict(self.facts.values)))
        return self._copies

    def dump_inputs(self) -> bytes:
        """Return inputs and configuration as canonical JSON: equal calls, equal bytes."""
        codecs = dict(self.facts.blueprint.inputs)
        if self.facts.blueprint.config is not None:
            codecs["config"] = self.facts.blueprint.config
        called_with = {**self.facts.values, **self.facts.settings}
        plain = {name: json.loads(codecs[name].dump(value)) for name, value in called_with.items()}
        return json.dumps(
            plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        ).encode()

    def dump_output(self, value: object) -> bytes:
        """Return an output of the agent as JSON."""
        return self.facts.blueprint.output.dump(value)

    def load_output(self, data: bytes) -> object:
        """Return the output that *data* holds, validated."""
        return self.facts.blueprint.output.load(data)

    def _check_type(self, answer: object) -> None:
        check_output(answer, self.facts.blueprint.output)


CallT = TypeVar("CallT", bound=Seen)


def onion(
    layers: Sequence[ActiveMiddleware],
    core: Callable[[CallT], Coroutine[object, object, object]],
    *,
    outside: int = 0,
) -> Callable[[CallT], Coroutine[object, object, object]]:
    """Return what calls *core* through *layers*, outermost first; may be kept and shared.

    Args:
        layers: The layers.
        core: Begins with :func:`innermost` or does as that does.
        outside: How many of the outermost somebody else goes through.
    """
    inner = core
    for depth in reversed(range(outside, len(layers))):
        inner = _ring(layers[depth], depth, inner)
    return inner


def _ring(
    layer: ActiveMiddleware, depth: int, inner: Callable[[CallT], Coroutine[object, object, object]]
) -> Callable[[CallT], Coroutine[object, object, object]]:
    function = layer.function

    async def ring(call: CallT) -> object:
        if call.passed != depth:
            raise call.misuse()
        call.passed = depth + 1
        try:
            # As partial() does, in half the time.
            answer = await function(call, MethodType(inner, call))
        except BaseException as error:
            if error is not call.raised:
                call.raised, call.culprit = error, layer
            raise
        if answer is not call.answer:
            call.weigh(layer, depth, answer)
        return answer

    return ring


async def through(layers: Sequence[ActiveMiddleware], call: Seen, core: Proceed) -> object:
    """Return what comes out of the outermost of *layers* around *core*.

    Raises:
        InvalidOutputError: If a layer made something else of the answer.
        ProceedError: If a layer broke the protocol.
        BaseException: What *core* or a layer raised.
    """

    async def innermost(call: Seen) -> object:
        if call.passed != len(layers):
            raise call.misuse()
        call.passed += 1
        try:
            answer = call.answer = await core()
        except BaseException as error:
            call.raised = error
            raise
        return answer

    answer = await onion(layers, innermost)(call)
    call.check(answer)
    return answer
