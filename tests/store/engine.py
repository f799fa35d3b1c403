"""A small engine for the store's tests: a chain of stages, kept and gone on with as a run is."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from registry_core.names import AgentId
from registry_core.results.durable import RunEnd, RunHead, StageDone
from registry_core.results.outcomes import AttemptRecord, ErrorRecord, StageRecord
from registry_core.runtime.ids import run_id as new_run_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from registry_core.results.durable import EarlierRun, RunKeeper
    from registry_core.results.outcomes import AttemptStatus, ErrorCode, StageStatus

__all__ = ["AGENT", "BEGAN", "Stage", "conduct", "done", "head", "names", "record"]

Stage: TypeAlias = Callable[[int], Awaitable[int]]
AGENT = AgentId("text-agents/count@1.0.0")
BEGAN = "2030-01-01T00:00:00+00:00"


def names(count: int) -> list[str]:
    """Return the ids of *count* stages."""
    return [f"s{number}" for number in range(count)]


def head(run_id: str = "", *, stages: int = 3, started_at: str = BEGAN) -> RunHead:
    """Return what is known of a chain before it runs."""
    document = {
        "name": "chain",
        "stages": [{"id": name, "agent": AGENT} for name in names(stages)],
    }
    return RunHead(
        run_id=run_id or new_run_id(datetime.now(UTC)),  # noqa: TID251 -- an id as users have it
        pipeline="chain",
        document=json.dumps(document),
        digest="sha256:0",
        inputs={"x": b"1"},
        started_at=started_at,
        metadata={"tenant": "a"},
    )


def record(
    index: int, status: AttemptStatus = "succeeded", *, seconds: float = 0.25, at: str = BEGAN
) -> StageRecord:
    """Return what one stage with one attempt leaves."""
    stage = f"s{index}"
    error = None
    if status != "succeeded":
        code: ErrorCode = "attempt_timeout" if status == "timed_out" else "agent_error"
        error = ErrorRecord(code, "builtins.ValueError", "no", stage, 1, at)
    attempt = AttemptRecord(1, status, at, seconds, agent=AGENT, error=error)
    over: StageStatus = "succeeded"
    if status != "succeeded":
        over = "cancelled" if status == "cancelled" else "failed"
    return StageRecord(index, stage, AGENT, over, at, seconds, (attempt,), error)


def done(index: int, output: bytes | None = b"2") -> StageDone:
    """Return a stage that succeeded."""
    return StageDone(record(index), output)


async def conduct(
    keeper: RunKeeper, stages: Sequence[Stage], earlier: EarlierRun | None = None
) -> int:
    """Return what comes out of *stages*, each of which takes what the one before gave."""
    ids = names(len(stages))
    over = earlier.done if earlier else dict[str, StageDone]()
    value = 0
    for name in ids:
        if name in over:
            value = int(over[name].output or b"0")
    left = [(index, name) for index, name in enumerate(ids) if name not in over]
    if not left:
        await keeper.finish(None, RunEnd("success", 1.0))
        return value
    await keeper.begin([left[0][1]])
    for index, _ in left:
        value = await stages[index](value)
        over_now = StageDone(record(index), json.dumps(value).encode())
        if index + 1 < len(ids):
            await keeper.advance(over_now, [ids[index + 1]])
        else:
            await keeper.finish(over_now, RunEnd("success", 1.0))
    return value
