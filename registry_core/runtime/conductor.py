"""The order of things in one run: agents first, then stages as their sources come in.

A stage begins when the last of its sources is there. One that fails for good ends the run:
those beside it are cancelled, those after it never begin. Each leaves exactly one record.

Stages that follow each other share a lane, so that a chain is one task; where several may begin
at once, each but the first gets a lane of its own.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import replace
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING

from registry_core.errors import AgentLoadError, StageFailedError
from registry_core.names import AgentId
from registry_core.pipeline.pipeline import FromStage, Pipeline, Stage
from registry_core.results.durable import RunEnd, StageDone
from registry_core.results.outcomes import ErrorRecord, StageRecord
from registry_core.results.run import RunResult
from registry_core.runtime.failures import record_failure
from registry_core.runtime.journal import stamp
from registry_core.runtime.lanes import Lanes
from registry_core.runtime.settled import Returned
from registry_core.runtime.stage import StageRun
from registry_core.runtime.values import Offer, take
from registry_core.runtime.verdict import measure, verdict
from registry_core.runtime.whole import RunSeen, run_within
from registry_core.runtime.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from registry_core.results.durable import EarlierRun
    from registry_core.runtime.lane import Lane
    from registry_core.runtime.scope import RunScope
    from registry_core.schemas.codec import Codec

__all__ = ["Conductor"]

# Stages that never wait go on without a turn of the event loop, up to this much at a time.
_TURN_SECONDS = 0.005


class Conductor:
    """Conducts one run of one pipeline."""

    def __init__(
        self,
        pipeline: Pipeline,
        values: Mapping[str, object],
        scope: RunScope,
        earlier: EarlierRun | None = None,
    ) -> None:
        """Prepare to run *pipeline* with the caller's *values*, or to go on with *earlier*."""
        self._pipeline = pipeline
        self.scope = scope
        self._started_at = stamp(scope.clock)
        self._started = scope.clock.monotonic()
        self._stages: dict[str, StageRun] = {}
        self._never_began: StageRecord | None = None
        self._given = {
            name: Offer(value, None, f"value {name!r}", shared=True)
            for name, value in values.items()
        }
        self._outputs: dict[str, Offer] = {}
        self._last_good: object = None
        self.lanes = Lanes(scope)
        self._ready: deque[StageRun] = deque()
        self._is_beginning = False
        self._earlier: dict[str, StageRecord] = {}
        self._untold: StageDone | None = None
        self._answer: Returned[object] | None = None
        self._answered_by = ""
        self.is_in_charge = False
        if earlier is not None:
            self._go_on_from(earlier)
        self._counted = frozenset(self._earlier)  # by whoever ran them

    async def conduct(self) -> None:
        """Bring every agent in, then run every stage; what goes wrong is in the result.

        Raises:
            asyncio.CancelledError: If the caller is cancelled; whatever ran has ended.
        """
        self.scope.journal.run_started(self._pipeline.name)
        await self.lanes.through(self._bring_in if self.scope.run_layers else self._main)
        if not self.scope.run_layers or self.lanes.error is not None:
            return
        outputs = {name: self._codec_of(name) for name in self._pipeline.outputs}
        values = {name: offer.value for name, offer in self._given.items()}
        seen = RunSeen(self.scope, self._pipeline.name, values, outputs)
        ended = await run_within(self.scope, seen, self._stages_within)
        if isinstance(ended, Returned):
            self._answer = ended if seen.changed_by is not None else None
            self._answered_by = seen.answered_by
        elif ended is not None:
            self.lanes.error = ended

    def _codec_of(self, stage_id: str) -> Codec:
        """Return the codec of what a stage gives, whether it is over or not."""
        offer = self._outputs.get(stage_id)
        known = offer and offer.codec
        return known or self._stages[stage_id].output

    async def _stages_within(self) -> object:
        """Return the output of the stages.

        Raises:
            RunError: If they do not succeed.
        """
        await self.lanes.through(self._main)
        if self.lanes.error is not None or self.scope.has_expired:
            error = self.lanes.error or self.scope.cut_record()
            raise StageFailedError(self.scope.run_id, error.stage_id, error.message, None)
        return self._output()

    def _go_on_from(self, earlier: EarlierRun) -> None:
        """Take the stages that an interrupted run has ended for what they were."""
        for stage in self._pipeline.stages:
            done = earlier.done.get(stage.id)
            if done is None:
                continue
            self._earlier[stage.id] = done.record
            value: object = None if done.output is None else json.loads(done.output)
            shared = self._wiring.is_shared(stage.id)
            origin = f"output of stage {stage.id!r}"
            self._outputs[stage.id] = Offer(value, None, origin, shared, done.record.output_bytes)
            _, needless = self._wiring.finish(stage.id)
            for giver in needless:
                del self._outputs[giver]

    def take_over(
        self,
        records: Sequence[StageRecord],
        value: object,
        output: Codec | None,
        *,
        started: float,
        started_at: str,
    ) -> None:
        """Take charge of a chain that has begun.

        Args:
            records: Of the stages that are over.
            value: What came out of the last of them.
            output: Codec of that value.
            started: When the run began, on the monotonic clock.
            started_at: The same, UTC in ISO 8601.
        """
        self.is_in_charge = True
        self._started, self._started_at = started, started_at
        for index, stage in enumerate(self._pipeline.stages[len(records) :], len(records)):
            agent = self.scope.crew.known(AgentId(stage.agent), stage.config)
            if agent is None:
                raise AssertionError(stage.agent)  # a chain has functions only
            self._stages[stage.id] = StageRun(self.scope, index, stage, agent)
        for record in records:
            self._earlier[record.stage_id] = record
            self._wiring.finish(record.stage_id)
        if records:
            last = records[-1]
            self._last_good = value
            origin = f"output of stage {last.stage_id!r}"
            self._outputs[last.stage_id] = Offer(value, output, origin, shared=False)

    def stage(self, index: int) -> StageRun:
        """Return stage number *index*, which is not over."""
        return self._stages[self._pipeline.stages[index].id]

    def offers_to(self, stage: StageRun) -> Mapping[str, Offer]:
        """Return what the inputs of *stage* take."""
        return self._offers_to(stage.stage)

    def result(self, *, cancelled: bool = False) -> RunResult:
        """Return the run's result; to be called once, when everything has ended."""
        records = tuple(map(self._record, count(), self._pipeline.stages))
        status, error = verdict(
            records,
            self.scope,
            self.lanes.error,
            cancelled=cancelled,
            answered=self._answer is not None,
        )
        seconds = self.scope.clock.monotonic() - self._started
        good = status in {"success", "partial"}
        self.scope.journal.run_finished(status, seconds, error)
        measure(
            self.scope.host.metrics,
            self._pipeline.name,
            (record for record in records if record.stage_id not in self._counted),
            status,
            seconds,
        )
        return RunResult(
            run_id=self.scope.run_id,
            pipeline=self._pipeline.name,
            status=status,
            stages=records,
            started_at=self._started_at,
            seconds=seconds,
            output=self._output() if good else None,
            last_good_output=None if good else self._last_good,
            error=error,
            answered_by=self._answered_by,
        )

    async def _main(self, lane: Lane) -> None:
        if not self._stages:
            await self._bring_in(lane)
        if self.lanes.error is None:
            ready = [name for name in self._wiring.ready() if name not in self._earlier]
            if self.scope.keeper is not None:
                await lane.rest(self.scope.keeper.begin(ready))
            if not ready:
                return
            *others, last = (self._stages[name] for name in ready)
            self._ready.extend(others)
            self._begin_ready()
            await self.go_on(lane, last)

    async def _bring_in(self, lane: Lane) -> None:
        """Bring in the agent of every stage, in order, until one cannot be had."""
        scope = self.scope
        for index, stage in enumerate(self._pipeline.stages):
            agent_id = AgentId(stage.agent)
            try:
                if stage.id in self._earlier:
                    await self._restore(lane, stage)
                    continue
                agent = await scope.crew.bring_in(lane, agent_id, stage.config)
                run = StageRun(scope, index, stage, agent)
                run.check_substitute()
            except AgentLoadError as error:
                at = stamp(scope.clock)
                self.lanes.error = record_failure(
                    error, code="load_error", stage_id=stage.id, at=at
                )
                self._record_load(index, stage, self.lanes.error)
                return
            except (asyncio.CancelledError, GeneratorExit):
                self._record_load(index, stage, scope.cut_record(stage.id))
                raise
            self._stages[stage.id] = run

    async def _restore(self, lane: Lane, stage: Stage) -> None:
        """Have the output of an earlier stage as its agent gave it, where the caller gets it."""
        offer = self._outputs.get(stage.id)
        if offer is None or stage.id not in self._pipeline.outputs:
            return
        codec = (await self.scope.crew.blueprint(lane, AgentId(stage.agent))).output
        self._outputs[stage.id] = replace(offer, value=take(offer.value, codec), codec=codec)

    def _begin_ready(self) -> None:
        """Begin every stage that can; one that begins may make others ready meanwhile."""
        if self._is_beginning:
            return
        self._is_beginning = True
        while self._ready and self.lanes.error is None:
            stage = self._ready.popleft()
            lane = self.lanes.open()
            lane.start(self.go_on(lane, stage))
        self._is_beginning = False

    async def go_on(self, lane: Lane, stage: StageRun, record: StageRecord | None = None) -> None:
        """Run *stage*, then what it makes ready: the last in this lane, others beside it."""
        following: StageRun | None = stage
        turned = self.scope.clock.monotonic()
        while following is not None and self.lanes.error is None:
            self.lanes.attend(lane, following)
            if record is None:
                record = await following.run(lane, self._offers_to(following.stage))
            freed = self._settle(following, record)
            if self.scope.keeper is not None:
                await lane.rest(self._advance(following, record, freed))
            self._ready.extend(freed[:-1])
            self._begin_ready()
            following = freed[-1] if freed else None
            if self.scope.clock.monotonic() - turned > _TURN_SECONDS:
                await lane.rest(asyncio.sleep(0))
                turned = self.scope.clock.monotonic()
            record = None

    @cached_property
    def _wiring(self) -> Wiring:
        return Wiring(self._pipeline)

    async def _advance(
        self, stage: StageRun, record: StageRecord, freed: Sequence[StageRun]
    ) -> None:
        """Have kept what became of *stage*; the last stage is kept with the end of the run."""
        done = StageDone(record, stage.kept)
        if self.lanes.error is None and (freed or len(self.lanes) > 1 or self._ready):
            assert self.scope.keeper is not None  # noqa: S101 -- the caller has looked
            await self.scope.keeper.advance(done, [following.stage.id for following in freed])
        else:
            self._untold = done

    async def finish(self, result: RunResult) -> None:
        """Have kept how the run ended.

        Raises:
            StoreError: If it cannot be kept.
        """
        if self.scope.keeper is not None:
            end = RunEnd(result.status, result.seconds, result.error)
            await self.scope.keeper.finish(self._untold, end)

    def _settle(self, stage: StageRun, record: StageRecord) -> list[StageRun]:
        """Take in what a stage that is over leaves; return the stages that can begin now."""
        if record.status not in {"succeeded", "skipped"}:
            self.lanes.error = record.error
            if record.error is None or record.error.code != "run_timeout":
                self.scope.stopped_by = record.stage_id
            return []
        if record.status == "succeeded":
            self._last_good = stage.value
        stage_id = record.stage_id
        shared = self._wiring.is_shared(stage_id)
        origin = f"output of stage {stage_id!r}"
        self._outputs[stage_id] = Offer(
            stage.value, stage.output, origin, shared, record.output_bytes
        )
        stage.value = None
        freed, needless = self._wiring.finish(stage_id)
        for giver in needless:
            del self._outputs[giver]
        return [self._stages[name] for name in freed]

    def _offers_to(self, stage: Stage) -> dict[str, Offer]:
        return {
            binding.input: self._outputs[binding.source.stage]
            if isinstance(binding.source, FromStage)
            else self._given[binding.source.input]
            for binding in stage.bindings
        }

    def _output(self) -> object:
        if self._answer is not None:
            return self._answer.value
        outputs = {name: self._outputs[name].value for name in self._pipeline.outputs}
        return outputs[self._pipeline.outputs[0]] if len(outputs) == 1 else outputs

    def _record_load(self, index: int, stage: Stage, error: ErrorRecord) -> None:
        """Record a stage whose agent could not be had; bringing them in is when the run began."""
        self._never_began = StageRecord(
            index=index,
            stage_id=stage.id,
            agent=AgentId(stage.agent),
            status="cancelled" if error.code == "cancelled" else "failed",
            started_at=self._started_at,
            seconds=self.scope.clock.monotonic() - self._started,
            error=error,
        )
        self.scope.journal.stage_finished(self._never_began)

    def _record(self, index: int, stage: Stage) -> StageRecord:
        """Return the one record of a stage, made now if it never ran."""
        if (earlier := self._earlier.get(stage.id)) is not None:
            return earlier
        if stage.id in self._stages and (record := self._stages[stage.id].record) is not None:
            return record
        if self._never_began is not None and self._never_began.index == index:
            return self._never_began
        record = StageRecord(index, stage.id, AgentId(stage.agent), "not_run")
        self.scope.journal.stage_finished(record)
        return record
