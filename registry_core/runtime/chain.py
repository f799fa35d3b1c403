"""A pipeline compiled into one coroutine chain: the way of a run in which nothing happens.

Where each stage reads only the one before it, and its agent is an async function that takes the
very type it is given, a run needs no record, no task and no timer before something happens: a
failure, a limit, an open breaker, a cancellation. Until then the run keeps a few numbers a
stage; whoever asks for the records gets them made from those. From then on a
:class:`~registry_core.runtime.conductor.Conductor` goes on where the chain has come to, as it
would after an interruption.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from operator import sub
from typing import TypeAlias

from registry_core.pipeline.pipeline import Pipeline, Stage
from registry_core.runtime.agents import Blueprint
from registry_core.runtime.breaker import Breaker
from registry_core.runtime.budget import RetryBudget
from registry_core.runtime.host import Host
from registry_core.runtime.metrics import Recorder
from registry_core.runtime.middleware import ActiveMiddleware
from registry_core.runtime.values import take
from registry_core.schemas.codec import Codec

__all__ = ["Chain", "Step"]

_UNTOLD = 256

Proceed: TypeAlias = Callable[..., Coroutine[object, object, object]]


@dataclass(eq=False, slots=True)
class Step:
    """One stage, ready to be entered; shared by all runs.

    Attributes:
        index: Position in the pipeline, from 0.
        stage: The stage.
        blueprint: Of its agent.
        input: Name of the agent's input.
        breaker: The agent's.
        budget: Of the agent's retries.
        seconds: How long an attempt may take.
        recorder: Takes how long the stage took, when it succeeded.
        call: Calls the agent with the one value it takes.
        native: Class of what the agent gives.
        proceed: Goes on behind the outermost layer of middleware; takes the call.
    """

    index: int
    stage: Stage
    blueprint: Blueprint
    input: str
    breaker: Breaker
    budget: RetryBudget
    seconds: float
    recorder: Recorder
    call: Callable[[object], Coroutine[object, object, object]]
    native: type[object] | None
    proceed: Proceed = field(init=False)


@dataclass(eq=False, slots=True, weakref_slot=True)
class Chain:
    """A compiled pipeline; shared by all runs of it.

    Attributes:
        pipeline: What was compiled.
        given: Name of the one value that the caller gives.
        codec: Of the input that takes it.
        steps: Its stages.
        layers: The middleware around each of them, outermost first.
        recorder: Takes how long a run took, when it succeeded.
        host: Whose runs they are.
    """

    pipeline: Pipeline
    given: str
    codec: Codec
    steps: tuple[Step, ...]
    layers: tuple[ActiveMiddleware, ...]
    recorder: Recorder
    host: Host
    _untold: list[tuple[float, list[float]]] = field(
        default_factory=list[tuple[float, list[float]]]
    )

    def note(self, started: float, marks: list[float]) -> None:
        """Count a run in which nothing happened.

        Args:
            started: When it began.
            marks: Three moments a stage, as :class:`~registry_core.runtime.quick.QuickRun` has.
        """
        self._untold.append((started, marks))
        if len(self._untold) >= _UNTOLD:
            self.tell()

    def tell(self) -> None:
        """Record the runs that were counted since the last time."""
        untold, self._untold = self._untold, []
        if not untold:
            return
        started, marks = zip(*untold, strict=True)
        ends = (started, *tuple(zip(*marks, strict=True))[2::3])
        self.recorder.record_all(map(sub, ends[-1], started))
        for step, befores, afters in zip(self.steps, ends, ends[1:], strict=False):
            step.recorder.record_all(map(sub, afters, befores))

    def take(self, value: object) -> object:
        """Return *value* as the first stage takes it.

        Raises:
            DefinitionError: If it does not fit.
        """
        return take(value, self.codec)
