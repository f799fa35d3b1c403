"""One run of a chain: a few numbers a stage, until something happens."""

from __future__ import annotations

import asyncio
import logging
import math
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from types import CoroutineType, MethodType
from typing import TYPE_CHECKING, Final

from registry_core.results.batch import Outcome, outcome_of
from registry_core.results.run import RESULT_FORMAT, RunResult
from registry_core.runtime.ids import run_id
from registry_core.runtime.journal import log_success
from registry_core.runtime.lane import Lane
from registry_core.runtime.middleware import CallFacts, StageCall
from registry_core.runtime.recalling import attempt_record, stage_records
from registry_core.runtime.settled import FirstAttempt
from registry_core.runtime.values import settled_output
from registry_core.runtime.waiting import until_over, wake

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from registry_core.definitions.middleware import Values
    from registry_core.results.outcomes import StageRecord
    from registry_core.runtime.breaker import Permit
    from registry_core.runtime.chain import Chain, Step
    from registry_core.runtime.conductor import Conductor
    from registry_core.runtime.settled import Overdue, Settled
    from registry_core.runtime.stage import StageRun
    from registry_core.runtime.terms import Terms
    from registry_core.runtime.watchdog import LoopWatch

__all__ = ["QuickCall", "QuickRun"]

_log = logging.getLogger("registry_core.runtime")

# Stages that never wait go on without a turn of the event loop, up to this much at a time.
_TURN_SECONDS = 0.005


class QuickCall(StageCall):
    """What middleware sees of a stage; the facts are looked up when somebody asks."""

    def __init__(self, run: QuickRun, step: Step, value: object) -> None:
        """Keep where to look."""
        self.run = run
        self.step = step
        self.value = value
        self.changed_by = None  # looked at after each stage, as above

    @property
    def facts(self) -> CallFacts:
        """What is called, and with what."""
        step = self.step
        values: Values = {step.input: self.value}
        return CallFacts(self.run.run_id, step.stage.id, step.blueprint, {}, 0, values)


class QuickRun(Lane):
    """Runs a chain once.

    Attributes:
        value: What came out of the last stage that is over.
        marks: For each stage that is over: when its attempt began, when that ended, when the
            stage ended.
    """

    def __init__(self, chain: Chain, value: object, terms: Terms) -> None:
        """Prepare to run *chain* with what the caller gives; nothing runs."""
        self.chain = chain
        self.value = self._given = value
        self.marks: list[float] = []
        self._terms = terms
        clock, options = terms.clock, terms.options
        self.now = now = clock.monotonic
        # Asked in each stage, and twice as quick to find here as in the class.
        self.is_cut = False
        self._stage = None
        self._unix = clock.unix()
        self.started = started = now()
        self._grace_seconds = options.grace_seconds
        limit = options.timeout_seconds
        self.deadline = math.inf if limit is None else started + limit

    permit: Permit | None = None
    _stage: StageRun | None
    _conductor: Conductor | None = None
    _is_defied = False
    _watch: LoopWatch

    @cached_property
    def run_id(self) -> str:
        """Id of the run, made when first asked for."""
        return self._terms.options.run_id or run_id(self._moment(self.started))

    async def _bare(self) -> None:
        """Run stages that no middleware is around, with somebody's help where something happens."""
        value, now, before = self.value, self.now, self.started
        turn_due = before + _TURN_SECONDS
        error: BaseException | None
        for step in self.chain.steps:
            breaker = step.breaker
            self.permit = permit = breaker.permit
            if permit is None:
                return await self._conducted(step)
            self.began, self.limit = before, step.seconds
            try:
                self.coro = step.call(value)
                answer = await self.coro  # no other name: what defies is finalised where it is
                ended = now()
            except BaseException as raised:  # noqa: BLE001 -- it ends as the stage's failure
                error, answer = raised, None  # what comes next does not come of it
                break
            if (
                type(answer) is not step.native
                or ended - before > self.limit
                or self.is_cut
                or self.task.cancelling()
            ):
                error = None
                break
            self.coro = None
            if permit is breaker.permit:
                breaker.calls += 1
            if not step.budget.is_full:
                step.budget.succeeded()
            self.marks += before, ended
            if ended > self.deadline:
                call = QuickCall(self, step, value)
                call.answer = answer
                return await self._leave(call, None)
            self.marks.append(ended)
            self.value = value = answer
            before = ended
            if ended > turn_due:
                await self.rest(asyncio.sleep(0))
                before = now()
                turn_due = before + _TURN_SECONDS
        else:
            return None
        return await self._mended(QuickCall(self, step, value), error, answer)

    async def _covered(self) -> None:
        """Run stages through their middleware, likewise."""
        value, now = self.value, self.now
        turn_due = self.started + _TURN_SECONDS
        outermost = self.chain.layers[0]
        enter = outermost.function
        for step in self.chain.steps:
            if step.breaker.permit is None:
                return await self._conducted(step)
            call = QuickCall(self, step, value)
            call.passed = 1
            try:
                value = await enter(call, MethodType(step.proceed, call))
                if value is not call.answer:
                    call.weigh(outermost, 0, value)
                if self.task.cancelling():
                    await self.absorb()
            except BaseException as raised:  # noqa: BLE001 -- it ends as the stage's failure
                error = raised  # likewise
                break
            ended = now()
            if self._stage is not None or call.changed_by is not None or ended > self.deadline:
                return await self._leave(call, None)
            self.marks.append(ended)
            self.value = value
            if ended > turn_due:
                await self.rest(asyncio.sleep(0))
                turn_due = now() + _TURN_SECONDS
        else:
            return None
        if error is not call.raised:
            call.raised, call.culprit = error, outermost
        return await self._leave(call, error)

    async def _conducted(self, step: Step) -> None:
        conductor = self._take_over()
        await conductor.go_on(self, conductor.stage(step.index))

    async def _mended(self, call: QuickCall, error: BaseException | None, answer: object) -> None:
        try:
            call.answer = await self.mend(call, error, answer)
            error = None
        except BaseException as raised:  # noqa: BLE001 -- it ends as the stage's failure
            error = raised
        return await self._leave(call, error)

    async def mend(self, call: QuickCall, error: BaseException | None, answer: object) -> object:
        """Return the answer of a stage whose first attempt did not simply give one.

        Raises:
            asyncio.CancelledError: If the run is cut.
            Exception: What the stage fails with.
        """
        if self._is_defied and error is not None:
            raise error
        seconds = self.now() - self.began
        stage = self._adopt(call)
        is_kept = False
        try:
            settled: Settled[object] | Overdue
            if error is not None:
                settled = self.settle(error)
            elif self.is_cut or self.limit < 0:
                settled = self.settle_late()
            else:
                self.coro = None
                settled = settled_output(answer, call.step.blueprint.output)
            if self.task.cancelling():
                await self.absorb()
            is_kept = True
            return await self._after_first(stage, settled, seconds)
        except BaseException as raised:
            if not is_kept and isinstance(raised, asyncio.CancelledError | GeneratorExit):
                stage.first_was_cut(self.at(self.began), seconds)
            call.raised = raised
            raise

    async def _after_first(
        self, stage: StageRun, settled: Settled[object] | Overdue, seconds: float
    ) -> object:
        first = FirstAttempt(settled, self.permit, self.at(self.began), seconds)
        return await stage.after_first(self._take_over().offers_to(stage), first)

    async def result_in_time(self) -> RunResult:
        """Return the run's result.

        Raises:
            asyncio.CancelledError: If the caller is cancelled, once everything has ended.
        """
        if not self._begin() or self._conductor is not None:
            await self._end()
        return self.result()

    def _begin(self) -> bool:
        """Begin, and be watched; return whether the run is over already."""
        host, loop = self.chain.host, asyncio.get_running_loop()
        self._watch = host.watchdog.begin(loop)
        return self.start(self._covered() if self.chain.layers else self._bare(), host.spares, loop)

    async def _end(self) -> None:
        try:
            try:
                if not self.is_over:
                    await until_over(self, self.deadline - self.now(), self._time_is_up)
            finally:
                if self._conductor is not None:
                    seconds = self._terms.options.close_seconds
                    await self._conductor.scope.crew.close(seconds)
        except asyncio.CancelledError as error:
            # The very error: asyncio.timeout() knows its own cancellation by the exact class.
            error.__dict__["result"] = self.result(cancelled=True)
            raise

    async def outcome(self) -> Outcome:
        """Return the run's result as that of one item of a batch.

        Raises:
            asyncio.CancelledError: If the caller is cancelled, once everything has ended.
        """
        if not self._begin() or self._conductor is not None:
            await self._end()
        if self._conductor is not None or self.error is not None:
            return outcome_of(self.result())
        self.chain.note(self.started, self.marks)
        return Outcome(ok=True, value=self.value, attempts=len(self.chain.steps))

    def result(self, *, cancelled: bool = False) -> RunResult:
        """Return the run's result; to be called once, when everything has ended."""
        if cancelled or self.error is not None:
            self._take_over()
        if self._conductor is not None and self._conductor.is_in_charge:
            return self._conductor.result(cancelled=cancelled)
        self.chain.note(self.started, self.marks)
        if _log.isEnabledFor(logging.INFO):
            log_success(self.run_id, self.marks[-1] - self.started)
        return RunResult.recalled(self._recall)

    def _time_is_up(self) -> None:
        self._conductor_of().scope.has_expired = True
        self.cut()

    def _on_over(self) -> None:
        self.chain.host.watchdog.end(self._watch)
        if self._conductor is not None or self.error is not None:
            self._conductor_of().lanes.over(self)
        wake(self)

    def _on_forced(self) -> None:
        conductor = self._take_over()
        index = len(self.marks) // 3
        if self._stage is None and index < len(self.chain.steps):
            conductor.lanes.attend(self, conductor.stage(index))
        conductor.lanes.forced(self)

    def _conductor_of(self) -> Conductor:
        if self._conductor is None:
            self._conductor = self._terms.conductor(
                {self.chain.given: self._given}, self.run_id, self.deadline
            )
        return self._conductor

    def _take_over(self) -> Conductor:
        """Return the one who goes on behind the stages that are over."""
        conductor = self._conductor_of()
        if not conductor.is_in_charge:
            records = self.records()
            output = self.chain.steps[len(records) - 1].blueprint.output if records else None
            began_at = self.at(self.started)
            conductor.take_over(
                records, self.value, output, started=self.started, started_at=began_at
            )
        return conductor

    def _adopt(self, call: QuickCall) -> StageRun:
        if self._stage is not None:
            return self._stage
        index = call.step.index
        conductor = self._take_over()
        stage = self._stage = conductor.stage(index)
        before = self.marks[3 * index - 1] if index else self.started
        conductor.lanes.attend(self, stage)
        stage.adopt(self, call, before, self.at(before))
        if self.marks[3 * index :]:  # it was answered, and only then something happened
            began, answered = self.marks[3 * index :]
            if answered > self.deadline:
                stage.first_was_cut(self.at(began), answered - began)
            else:
                stage.note(attempt_record(call.step, began, answered, self.at))
        return stage

    def _after_close(self, coro: Coroutine[object, object, object]) -> None:
        if not isinstance(coro, CoroutineType) or coro.cr_frame is None:
            return
        # It caught even GeneratorExit and waits again: the frame around it, which is ours, must
        # end, so that nothing leads to it any more.
        self._is_defied = True
        around: object = self.work
        while isinstance(around, CoroutineType) and around.cr_await is not coro:
            around = around.cr_await
        # It is to be finalised now, while there is an event loop: nothing may refer to it.
        self.coro = None
        del coro
        if isinstance(around, CoroutineType):
            with suppress(BaseException):
                around.close()

    async def _leave(self, call: QuickCall, error: BaseException | None) -> None:
        """Let somebody else end the stage, and go on."""
        stage = self._adopt(call)
        if self._is_defied:
            self._is_defied, call.culprit = False, None
            seconds = self.now() - self.began
            try:
                call.answer = await self._after_first(stage, self.settle_late(), seconds)
                error = None
            except Exception as raised:  # noqa: BLE001 -- it ends as the stage's failure
                error = raised
        record = stage.end_adopted(call.answer, error)
        await self._take_over().go_on(self, stage, record)

    def _moment(self, moment: float) -> datetime:
        return datetime.fromtimestamp(self._unix + moment - self.started, UTC)

    def at(self, moment: float) -> str:
        """Return the time of day of a *moment* on the monotonic clock, UTC in ISO 8601."""
        return self._moment(moment).isoformat()

    def records(self) -> tuple[StageRecord, ...]:
        """Return the records of the stages that are over."""
        return stage_records(self.chain.steps, self.marks, self.started, self.at)

    def _recall(self, name: str) -> object:
        """Return a field of the result of a run in which nothing happened."""
        if name in _RECALLED:
            return _RECALLED[name](self)
        return None


_RECALLED: Final[Mapping[str, Callable[[QuickRun], object]]] = {
    "run_id": lambda run: run.run_id,
    "pipeline": lambda run: run.chain.pipeline.name,
    "status": lambda _: "success",
    "stages": QuickRun.records,
    "started_at": lambda run: run.at(run.started),
    "seconds": lambda run: run.marks[-1] - run.started,
    "output": lambda run: run.value,
    "answered_by": lambda _: "",
    "format": lambda _: RESULT_FORMAT,
}
