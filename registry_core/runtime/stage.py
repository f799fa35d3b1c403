"""One stage of one run: its attempts, what its policy makes of them, its one record."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, TypeAlias

from registry_core.errors import (
    AdmissionError,
    AgentLoadError,
    DefinitionError,
    InvalidOutputError,
    RunTimeUpError,
)
from registry_core.names import AgentId
from registry_core.pipeline.policy import Policy
from registry_core.results.outcomes import AttemptRecord, ErrorRecord, StageRecord, StageStatus
from registry_core.runtime.attempt import Answer, Attempt, Failure, blame
from registry_core.runtime.failures import carried, error_code, record_failure, uncovered
from registry_core.runtime.guard import Guard
from registry_core.runtime.journal import stamp
from registry_core.runtime.middleware import CallFacts, StageCall, through
from registry_core.runtime.retry import pause_before
from registry_core.runtime.sizes import input_bytes, size_of
from registry_core.runtime.values import Arrival, Offer, accept, convert, own_copies

if TYPE_CHECKING:
    from registry_core.definitions.agent import AgentDefinition
    from registry_core.definitions.middleware import Values
    from registry_core.pipeline.pipeline import Stage
    from registry_core.runtime.agents import LoadedAgent
    from registry_core.runtime.breaker import Permit
    from registry_core.runtime.lane import Lane
    from registry_core.runtime.scope import RunScope
    from registry_core.runtime.settled import FirstAttempt
    from registry_core.schemas.codec import Codec

__all__ = ["StageRun", "limit_seconds", "policy_of"]

Offers: TypeAlias = Mapping[str, Offer]
Arrivals: TypeAlias = Mapping[str, Arrival]


_AGAIN = Policy()
_ONCE = Policy(max_attempts=1)


def policy_of(stage: Stage, definition: AgentDefinition) -> Policy:
    """Return the stage's policy; without one, only an idempotent agent is tried again."""
    if stage.policy is not None:
        return stage.policy
    return _AGAIN if definition.idempotent else _ONCE


def limit_seconds(policy: Policy, definition: AgentDefinition, otherwise: float) -> float:
    """Return how long an attempt may take: as the policy says, else the agent, else *otherwise*."""
    return policy.timeout_seconds or definition.timeout_seconds or otherwise


class StageRun:
    """Runs one stage once.

    Attributes:
        record: What became of it; None until it is over, then never changed.
        value: Its output, or what stands in for it; None where there is neither.
        kept: The same as JSON, where the run is kept.
    """

    _lane: Lane

    def __init__(self, scope: RunScope, index: int, stage: Stage, agent: LoadedAgent) -> None:
        """Prepare stage number *index* with its *agent*, brought in."""
        self.index = index
        self.stage = stage
        self.record: StageRecord | None = None
        self.value: object = None
        self.kept: bytes | None = None
        self._scope = scope
        self._agent = agent
        self._policy = policy_of(stage, agent.blueprint.definition)
        self._attempts: list[AttemptRecord] = []
        self._started_at = ""
        self._started = 0.0
        self._answered_by = ""
        self._input_bytes: int | None = None
        self._failure: Failure | None = None
        self._call: StageCall | None = None

    @property
    def name_of_agent(self) -> AgentId:
        """Id of the agent that was decided on."""
        return self._agent.id

    @property
    def output(self) -> Codec:
        """Codec of the value."""
        return self._agent.blueprint.output

    def check_substitute(self) -> None:
        """Return quietly if what stands in for the output is of its type.

        Raises:
            AgentLoadError: If it is not.
        """
        try:
            self._substitute()
        except DefinitionError as error:
            reason = "; ".join(map(str, error.faults))
            raise AgentLoadError(self._agent.id, "substitute", reason) from None

    async def run(self, lane: Lane, offers: Offers) -> StageRecord:
        """Return the record, and leave a value where there is one.

        Args:
            lane: Where it runs.
            offers: What its inputs take, by name.

        Raises:
            asyncio.CancelledError: If the run is cut; the record says so.
        """
        self._lane = lane
        self._started_at = stamp(self._scope.clock)
        self._started = self._scope.clock.monotonic()
        if self._scope.is_measured:
            self._input_bytes = input_bytes(offers)
        self._scope.journal.stage_started(self.stage.id, self._agent.id)
        try:
            value = await self._answer(offers)
            if lane.task.cancelling():  # a layer may have asked for that, and ended
                await lane.absorb()
            if not lane.is_cut:
                self._scope.check_time()
                self._keep(value)
        except BaseException as error:
            if not lane.is_cut:
                return self._end_badly(self._why(error))
            self.cut_off()
            raise
        if lane.is_cut:  # which somebody has swallowed
            self.cut_off()
            raise asyncio.CancelledError
        return self._end("succeeded", value)

    def _keep(self, value: object) -> None:
        """Dump *value* where the run is kept.

        Raises:
            InvalidOutputError: If it has no JSON form, so that no other process could go on.
        """
        if self._scope.keeper is None or value is None:
            return
        try:
            self.kept = self.output.dump(value)
        except DefinitionError as error:
            raise InvalidOutputError("a kept run needs an output in JSON", error.faults) from None

    def adopt(self, lane: Lane, call: StageCall, started: float, started_at: str) -> None:
        """Take over a stage that has begun without a record, in the middle of its first attempt."""
        self._lane = lane
        self._call = call
        self._started = started
        self._started_at = started_at

    async def after_first(self, offers: Offers, first: FirstAttempt) -> object:
        """Return the answer of an adopted stage, whose first attempt is over.

        Raises:
            asyncio.CancelledError: If the run is cut.
            Exception: What the stage fails with.
        """
        attempt = self._new_attempt(self._agent, {})
        ended = attempt.conclude(first.settled, None, first.started_at, first.seconds, self.note)
        self._guard(self._agent, first.permit).ended(ended.code)
        if isinstance(ended, Answer):
            return ended.value
        return await self._by_policy(offers, ended)

    def first_was_cut(self, started_at: str, seconds: float) -> None:
        """Keep that the first attempt of an adopted stage ended with the run."""
        self._new_attempt(self._agent, {}).cut(started_at, seconds, self.note)

    def end_adopted(self, answer: object, error: BaseException | None) -> StageRecord:
        """Return the record of an adopted stage that came out with an answer or an error.

        Raises:
            asyncio.CancelledError: If the run is cut; the record says so.
        """
        if self._lane.is_cut:
            self.cut_off()
            raise asyncio.CancelledError from error
        if self._call is not None:
            self._answered_by = self._call.answered_by or self._answered_by
        if error is not None:
            return self._end_badly(self._why(error))
        try:
            if self._call is not None:
                self._call.check(answer)
            self._scope.check_time()
        except (InvalidOutputError, RunTimeUpError) as raised:
            return self._end_badly(self._why(raised))
        return self._end("succeeded", answer)

    def cut_off(self) -> StageRecord:
        """Return the record of a stage that is ended from outside, unless it is over already."""
        error = self._scope.cut_record(self.stage.id)
        status: StageStatus = "failed" if error.code == "run_timeout" else "cancelled"
        return self._end(status, None, error)

    async def _answer(self, offers: Offers) -> object:
        layers = self._scope.stage_layers
        if not layers:
            return await self._by_policy(offers)
        blueprint = self._agent.blueprint
        arrivals = accept(offers, blueprint.inputs)
        values = {name: arrival.value for name, arrival in arrivals.items()}
        settings = self._agent.settings
        self._call = StageCall(
            CallFacts(self._scope.run_id, self.stage.id, blueprint, settings, 0, values)
        )
        value = await through(layers, self._call, lambda: self._by_policy(offers))
        self._answered_by = self._call.answered_by or self._answered_by
        return value

    async def _by_policy(self, offers: Offers, first: Failure | None = None) -> object:
        try:
            return await self._tries(self._agent, offers, first)
        except Exception as error:
            if self._policy.last_resort != "fallback" or self._why(error).final:
                raise
        return await self._fall_back(offers)

    async def _fall_back(self, offers: Offers) -> object:
        """Return the other agent's answer as a value of the type this stage promised."""
        name = AgentId(self._policy.fallback)
        other = await self._scope.crew.bring_in(self._lane, name, {})
        taken = {key: offer for key, offer in offers.items() if key in other.blueprint.inputs}
        value = await self._tries(other, taken)
        try:
            return convert(value, other.blueprint.output, self.output)
        except DefinitionError as error:
            raise InvalidOutputError(f"fallback {name}", error.faults) from None

    async def _tries(
        self, agent: LoadedAgent, offers: Offers, first: Failure | None = None
    ) -> object:
        """Return the first answer of *agent* within the policy's number of attempts.

        Args:
            agent: Who is asked.
            offers: What its inputs take, by name.
            first: Why a first attempt has failed already.
        """
        arrivals = accept(offers, agent.blueprint.inputs)
        guard = self._guard(agent)
        pause = 0.0
        for number in count(1):
            if first is None:
                ended = await self._asked(guard, agent, arrivals, pause)
            else:
                ended, first = first, None
            if isinstance(ended, Answer):
                self._answered_by = ended.by
                return ended.value
            self._failure = ended
            following = self._pause_after(number, ended, guard)
            if following is None:
                raise ended.error
            self._scope.journal.retry(self.stage.id, number, self._policy.attempts, following)
            paused_at = self._scope.clock.monotonic()
            await self._lane.rest(self._scope.clock.sleep(following))
            pause = self._scope.clock.monotonic() - paused_at
        raise AssertionError  # count() does not end

    async def _asked(
        self, guard: Guard, agent: LoadedAgent, arrivals: Arrivals, pause: float
    ) -> Answer | Failure:
        """Return how an attempt ended that *guard* let through, or that it did not."""
        self._scope.check_time()
        try:
            queued = await guard.enter(self._scope.remaining_seconds())
        except AdmissionError as error:
            self._scope.journal.attempt_started(self.stage.id, agent.id, len(self._attempts) + 1)
            refused = self._new_attempt(agent, {}, pause, error.waited_seconds)
            return refused.rejected(error, self.note)
        try:
            ended = await self._attempt(agent, arrivals, pause, queued)
        except BaseException:
            guard.leave()
            raise
        guard.ended(ended.code)
        return ended

    def _guard(self, agent: LoadedAgent, permit: Permit | None = None) -> Guard:
        scope = self._scope
        return Guard(scope.host, agent.blueprint, scope.clock.monotonic, permit)

    def _pause_after(self, number: int, failure: Failure, guard: Guard) -> float | None:
        """Return the pause before the next attempt, or None when there will be none."""
        error = uncovered(failure.error)
        if failure.final or isinstance(error, AdmissionError) or not self._policy.retries(error):
            return None
        if not guard.allows_retry() or number == self._policy.attempts:
            return None
        pause = pause_before(self._policy.backoff, number, draw=self._scope.draw, error=error)
        return pause if pause < self._scope.remaining_seconds() else None

    async def _attempt(
        self, agent: LoadedAgent, arrivals: Arrivals, pause: float, queued: float
    ) -> Answer | Failure:
        self._scope.check_time()
        values = self._own_values(agent, arrivals)
        number = len(self._attempts) + 1
        self._scope.journal.attempt_started(self.stage.id, agent.id, number)
        return await self._new_attempt(agent, values, pause, queued).run(self.note)

    def _new_attempt(
        self, agent: LoadedAgent, values: Values, pause: float = 0.0, queued: float = 0.0
    ) -> Attempt:
        options = self._scope.options
        return Attempt(
            scope=self._scope,
            lane=self._lane,
            stage_id=self.stage.id,
            agent=agent,
            number=len(self._attempts) + 1,
            values=values,
            limit_seconds=limit_seconds(
                self._policy, agent.blueprint.definition, options.attempt_seconds
            ),
            pause_seconds=pause,
            queue_seconds=queued,
        )

    def _own_values(self, agent: LoadedAgent, arrivals: Arrivals) -> Values:
        if not agent.blueprint.definition.mutates:
            return {name: arrival.value for name, arrival in arrivals.items()}
        again = (
            self._policy.attempts > 1
            or self._policy.last_resort == "fallback"
            or bool(self._scope.stage_layers or self._scope.attempt_layers)
        )
        return own_copies(arrivals, again=again)

    def note(self, record: AttemptRecord) -> None:
        """Keep the record of an attempt, unless the stage is over."""
        if self.record is None:
            self._attempts.append(record)
            self._scope.journal.attempt_finished(self.stage.id, record)

    def _why(self, error: BaseException) -> Failure:
        """Return what the record says of *error*, which came out of the stage."""
        at = stamp(self._scope.clock)
        if self._call is not None and self._call.culprit is not None:
            return blame(self._call.culprit, error, stage_id=self.stage.id, attempt=0, at=at)
        if self._failure is not None and error is self._failure.error:
            return self._failure
        code = error_code(error)
        if code == "agent_error":  # what an agent raises comes as a failure of its attempt
            code = "host_error"
        record = record_failure(error, code=code, stage_id=self.stage.id, at=at)
        return Failure(carried(error), record, final=isinstance(error, RunTimeUpError))

    def _end_badly(self, failure: Failure) -> StageRecord:
        if self._policy.last_resort == "skip" and not failure.final:
            substitute = self._substitute()
            self._keep(substitute)
            return self._end("skipped", substitute, failure.record)
        return self._end("failed", None, failure.record)

    def _substitute(self) -> object:
        """Return what stands in for the output, made afresh."""
        substitute = self._policy.substitute
        return None if substitute is None else self.output.take(substitute.value)

    def _end(
        self, status: StageStatus, value: object, error: ErrorRecord | None = None
    ) -> StageRecord:
        if self.record is not None:
            return self.record
        self.value = value
        self.record = StageRecord(
            index=self.index,
            stage_id=self.stage.id,
            agent=self._agent.id,
            status=status,
            started_at=self._started_at,
            seconds=self._scope.clock.monotonic() - self._started,
            attempts=tuple(self._attempts),
            error=error,
            answered_by=self._answered_by if status == "succeeded" else "",
            input_bytes=self._input_bytes,
            output_bytes=size_of(value, self.kept) if self._scope.is_measured else None,
        )
        self._scope.journal.stage_finished(self.record)
        return self.record
