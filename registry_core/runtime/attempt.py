"""One attempt: an agent called once, in a limited time, wrapped in its middleware."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from registry_core.definitions.context import RunContext
from registry_core.definitions.middleware import Values
from registry_core.errors import AdmissionError, AgentLoadError, AttemptTimeoutError, RunTimeUpError
from registry_core.results.outcomes import AttemptRecord, AttemptStatus, ErrorCode, ErrorRecord
from registry_core.runtime.agents import LoadedAgent
from registry_core.runtime.failures import carried, error_code, record_failure
from registry_core.runtime.journal import stamp
from registry_core.runtime.lane import Lane
from registry_core.runtime.middleware import ActiveMiddleware, CallFacts, StageCall, through
from registry_core.runtime.scope import RunScope
from registry_core.runtime.settled import Overdue, Raised, Returned, Settled
from registry_core.runtime.values import check_output

__all__ = ["Answer", "Attempt", "Failure", "blame"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A value of the agent's output type, and the middleware that gave it instead, if one did."""

    value: object
    by: str = ""

    code: ClassVar[ErrorCode | None] = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer.

    Attributes:
        error: What to raise for it.
        record: What to keep of it.
        final: Whether no policy may go on: a guard failed, or the run's time was up.
    """

    error: Exception
    record: ErrorRecord
    final: bool = False

    @property
    def code(self) -> ErrorCode:
        """Which kind of failure it is."""
        return self.record.code


Note: TypeAlias = Callable[[AttemptRecord], None]


@dataclass(eq=False, slots=True)  # not frozen: that costs a microsecond a stage
class Attempt:
    """The facts of one attempt.

    Attributes:
        number: From 1, over all agents of the stage.
        values: What the agent is called with; its own to change where it may do so.
        limit_seconds: Longest it may take.
        pause_seconds: How long the stage paused before it.
        queue_seconds: How long it then waited for room.
    """

    scope: RunScope
    lane: Lane
    stage_id: str
    agent: LoadedAgent
    number: int
    values: Values
    limit_seconds: float
    pause_seconds: float
    queue_seconds: float

    async def run(self, note: Note) -> Answer | Failure:
        """Return how it ended, after leaving exactly one record with *note*.

        Raises:
            asyncio.CancelledError: If the run is cut; the record says so.
        """
        scope = self.scope
        started_at, started = stamp(scope.clock), scope.clock.monotonic()
        layers = scope.attempt_layers
        seen = self._seen() if layers else None
        try:
            settled = await self.lane.attempt(
                self._call() if seen is None else through(layers, seen, self._covered_call),
                self.limit_seconds,
            )
        except (asyncio.CancelledError, GeneratorExit):
            self.cut(started_at, scope.clock.monotonic() - started, note)
            raise
        seconds = scope.clock.monotonic() - started
        return self.conclude(settled, seen, started_at, seconds, note)

    def conclude(
        self,
        settled: Settled[object] | Overdue,
        seen: StageCall | None,
        started_at: str,
        seconds: float,
        note: Note,
    ) -> Answer | Failure:
        """Return what *settled* means, after leaving its record with *note*."""
        ended = self._ended(settled, seen, seconds)
        note(self._record(started_at, seconds, ended))
        return ended

    def rejected(self, error: AdmissionError, note: Note) -> Failure:
        """Return the failure that no attempt was made, after leaving its record with *note*."""
        ended = self._failure(error)
        note(self._record(stamp(self.scope.clock), 0.0, ended))
        return ended

    def cut(self, started_at: str, seconds: float, note: Note) -> None:
        """Leave the record of an attempt that ended with its run."""
        note(self._record(started_at, seconds, self._cut()))

    async def _call(self) -> object:
        value = await self.agent.call(self.values, self._context())
        check_output(value, self.agent.blueprint.output)
        return value

    async def _covered_call(self) -> object:
        """Return the answer; what would end the host passes through middleware in a cover."""
        try:
            return await self._call()
        except (SystemExit, KeyboardInterrupt) as error:
            raise carried(error) from error

    def _seen(self) -> StageCall:
        return StageCall(
            CallFacts(
                self.scope.run_id,
                self.stage_id,
                self.agent.blueprint,
                self.agent.settings,
                self.number,
                self.values,
            )
        )

    def _context(self) -> RunContext | None:
        if not self.agent.blueprint.wants_context:
            return None
        return RunContext(
            run_id=self.scope.run_id,
            stage_id=self.stage_id,
            agent=self.agent.id,
            attempt=self.number,
            deadline_seconds=min(self.limit_seconds, self.scope.remaining_seconds()),
            metadata=self.scope.options.metadata,
            logger=logging.getLogger(f"registry_core.agents.{self.agent.id.agent}"),
        )

    def _ended(
        self, settled: Settled[object] | Overdue, call: StageCall | None, seconds: float
    ) -> Answer | Failure:
        """Return what *settled* means; a value that comes late is no value."""
        limit = self.scope.options.timeout_seconds
        match settled:
            case Returned() | Overdue() if limit is not None and self.scope.time_is_up():
                return self._failure(RunTimeUpError(limit), final=True)
            case Returned(value) if seconds <= self.limit_seconds:
                return Answer(value, call.answered_by if call else "")
            case Raised(error):
                return self._raised(error, call)
            case _:
                overdue = AttemptTimeoutError(self.limit_seconds)
                overdue.__cause__ = settled.answer if isinstance(settled, Overdue) else None
                return self._failure(overdue)

    def _raised(self, error: BaseException, call: StageCall | None) -> Failure:
        if call is None or call.culprit is None:
            return self._failure(error)
        at = stamp(self.scope.clock)
        return blame(call.culprit, error, stage_id=self.stage_id, attempt=self.number, at=at)

    def _failure(self, error: BaseException, *, final: bool = False) -> Failure:
        record = record_failure(
            error,
            code="agent_error" if isinstance(error, AgentLoadError) else error_code(error),
            stage_id=self.stage_id,
            attempt=self.number,
            at=stamp(self.scope.clock),
        )
        return Failure(carried(error), record, final)

    def _cut(self) -> Failure:
        record = self.scope.cut_record(self.stage_id, self.number)
        return Failure(AttemptTimeoutError(self.limit_seconds), record, final=True)

    def _record(self, started_at: str, seconds: float, ended: Answer | Failure) -> AttemptRecord:
        error = ended.record if isinstance(ended, Failure) else None
        return AttemptRecord(
            number=self.number,
            status=_status(error),
            started_at=started_at,
            seconds=seconds,
            wait_seconds=self.pause_seconds,
            agent=self.agent.id,
            error=error,
            queue_seconds=self.queue_seconds,
        )


_NOT_ITS_OWN: frozenset[ErrorCode] = frozenset(
    {"agent_error", "attempt_timeout", "run_timeout", "invalid_input", "load_error", "host_error"}
)


def blame(
    culprit: ActiveMiddleware, error: BaseException, *, stage_id: str, attempt: int, at: str
) -> Failure:
    """Return *error* as the failure of a middleware."""
    code = error_code(error)
    record = record_failure(
        error,
        code="middleware_error" if code in _NOT_ITS_OWN else code,
        stage_id=stage_id,
        attempt=attempt,
        at=at,
        phase=f"middleware {culprit.name}",
    )
    return Failure(carried(error), record, final=culprit.definition.guard)


def _status(error: ErrorRecord | None) -> AttemptStatus:
    match error:
        case None:
            return "succeeded"
        case ErrorRecord(code="attempt_timeout" | "run_timeout"):
            return "timed_out"
        case ErrorRecord(code="cancelled"):
            return "cancelled"
        case ErrorRecord(code="circuit_open" | "over_capacity" | "queue_timeout", phase="agent"):
            return "rejected"
        case _:
            return "failed"
