"""The law of chains: a run that takes the short way leaves what a conducted one leaves."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from registry_core import Call, Policy, Proceed, agent
from registry_core.authoring.agent import middleware
from registry_core.pipeline.policy import Backoff
from registry_core.results.run import RunResult
from registry_core.runtime.batch import run_batch
from registry_core.runtime.batching_options import BatchOptions
from registry_core.runtime.engine import execute, result_of
from registry_core.runtime.host import Host
from registry_core.runtime.items import work_of
from registry_core.runtime.scope import RunOptions
from registry_core.runtime.terms import Terms
from registry_core.settings.limits import BreakerPolicy, RetryBudgetPolicy
from registry_core.testing.clock import FakeClock
from tests.runtime.notebook import Notebook
from tests.runtime.rig import Part, assemble, layer

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from registry_core.results.batch import BatchResult
    from registry_core.results.outcomes import AttemptRecord, ErrorRecord, StageRecord
    from registry_core.runtime.middleware import ActiveMiddleware

Way: TypeAlias = Literal["short", "heard", "kept", "measured"]
WAYS: tuple[Way, ...] = ("heard", "kept", "measured")
OPTIONS = RunOptions(grace_seconds=0.05)
AGENT_ACTS = [
    "return",
    "wait",
    "raise",
    "exit",
    "stop",
    "lie",
    "bool",
    "raise cancelled",
    "raise timeout",
    "cancel and return",
    "cancel and wait",
    "caller cancels",
    "caller cancels a swallower",
]
BREAKER = BreakerPolicy(minimum_calls=2, open_seconds=60.0)
RETRIES = RetryBudgetPolicy(max_tokens=2)
SLOW_ACTS = ["hang", "answer late", "never end"]
LAYER_ACTS = [
    "pass",
    "wait",
    "change",
    "lie",
    "raise before",
    "raise after",
    "answer",
    "twice",
    "not awaited",
    "catch",
    "raise another",
    "cancel and pass",
]
# What the agents and the layers do, call by call; after that they do what they should.
SCRIPT: deque[str] = deque()
LAYERS: deque[str] = deque()
CALLER: list[asyncio.Task[RunResult]] = []


def cancel_own_task() -> None:
    """Cancel the task that this runs in."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


@agent(timeout_seconds=0.05, mutates=False)
async def act(number: int) -> int:  # noqa: C901, PLR0912 -- an arm for each act
    """Return *number* and one, or what the script says."""
    match SCRIPT.popleft() if SCRIPT else "return":
        case "wait":
            await asyncio.sleep(0)
        case "raise":
            raise OSError(number)
        case "exit":
            raise SystemExit(3)
        case "stop":
            raise StopIteration
        case "lie":
            return "one"  # type: ignore[return-value]
        case "bool":
            return True
        case "raise cancelled":
            raise asyncio.CancelledError
        case "raise timeout":
            raise TimeoutError
        case "cancel and return":
            cancel_own_task()
        case "cancel and wait":
            cancel_own_task()
            await asyncio.sleep(0)
        case "caller cancels":
            CALLER[0].cancel()
            await asyncio.sleep(60)
        case "caller cancels a swallower":
            CALLER[0].cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
        case "hang":
            await asyncio.sleep(60)
        case "answer late":
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                return 0
        case "never end":
            while True:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    continue
        case _:
            pass
    return number + 1


async def cover(call: Call, proceed: Proceed) -> object:  # noqa: C901, PLR0911, PLR0912 -- likewise
    """Go on, or do what the script says."""
    assert call.attempt == 0
    match LAYERS.popleft() if LAYERS else "pass":
        case "wait":
            await asyncio.sleep(0)
        case "change":
            return int(str(await proceed())) + 100
        case "lie":
            await proceed()
            return "one"
        case "raise before":
            raise LookupError
        case "raise after":
            await proceed()
            raise LookupError
        case "answer":
            return 7
        case "twice":
            await proceed()
        case "not awaited":
            proceed().close()  # type: ignore[attr-defined]
            return 7
        case "catch":
            try:
                return await proceed()
            except Exception:  # noqa: BLE001 -- a layer may
                return 8
        case "raise another":
            try:
                return await proceed()
            except Exception as error:
                raise LookupError from error
        case "cancel and pass":
            cancel_own_task()
        case _:
            pass
    return await proceed()


COVERS = [layer(middleware(name=f"cover{n}", order=n)(cover)) for n in range(3)]
POLICIES = [
    None,
    Policy(on_error="stop"),
    Policy(max_attempts=2, backoff=Backoff(first_seconds=0.0)),
]


@dataclass(frozen=True)
class Play:
    """What is run, and what everybody does in it."""

    policies: tuple[Policy | None, ...]
    acts: tuple[str, ...]
    covers: int
    cover_acts: tuple[str, ...]
    timeout_seconds: float | None
    runs: int

    def layers(self) -> tuple[ActiveMiddleware, ...]:
        """Return the middleware."""
        return tuple(COVERS[: self.covers])


PLAYS = st.builds(
    Play,
    policies=st.lists(st.sampled_from(POLICIES), min_size=1, max_size=4).map(tuple),
    acts=st.lists(st.sampled_from([*AGENT_ACTS, *AGENT_ACTS, *SLOW_ACTS]), max_size=6).map(tuple),
    covers=st.integers(0, 3),
    cover_acts=st.lists(st.sampled_from(["pass", *LAYER_ACTS]), max_size=8).map(tuple),
    timeout_seconds=st.sampled_from([None, None, 5.0]),
    runs=st.integers(1, 4),
)


async def called(run: Coroutine[object, object, RunResult]) -> RunResult:
    """Return the result of *run*, which may have its caller cancelled."""
    CALLER[:] = [asyncio.create_task(run)]
    try:
        return await CALLER[0]
    except asyncio.CancelledError as error:
        result = result_of(error)
        assert result is not None
        return result


def told(play: Play, way: Way) -> list[object]:
    """Return what runs one after the other leave, times aside."""
    rig = assemble(*(Part(act, id=f"s{n}", policy=p) for n, p in enumerate(play.policies)))
    host = rig.chains.blueprints.host = Host(BREAKER, RETRIES)
    SCRIPT.clear()
    LAYERS.clear()
    SCRIPT.extend(play.acts)
    LAYERS.extend(play.cover_acts)
    left: list[object] = []
    for _ in range(play.runs):
        share = 1.0 if way == "measured" else 0.0
        run = execute(
            rig.pipeline,
            {"number": 1},
            agents=rig.chains,
            middleware=play.layers(),
            observers=[lambda _: None] if way == "heard" else [],
            keeper=Notebook(1000) if way == "kept" else None,
            clock=FakeClock(),
            options=replace(OPTIONS, timeout_seconds=play.timeout_seconds, measure_share=share),
            draw=lambda: 0.0,
        )
        result = asyncio.run(called(run))
        assert RunResult.from_json(result.to_json()) == result
        stages = tuple(map(stage, result.stages))
        left += [result.status, result.output, result.answered_by, failure(result.error), stages]
    counted = host.metrics.snapshot()
    left += [(series.stage_id, series.status, series.seconds.count) for series in counted.stages]
    left += [(series.status, series.seconds.count) for series in counted.runs]
    return [*left, len(SCRIPT), len(LAYERS)]


def items_told(play: Play, *, in_batch: bool) -> list[object]:
    """Return what the items of a batch leave, or runs of the same, times aside."""
    rig = assemble(*(Part(act, id=f"s{n}", policy=p) for n, p in enumerate(play.policies)))
    rig.chains.blueprints.host = Host(BREAKER, RETRIES)
    terms = Terms(
        rig.pipeline,
        rig.chains.blueprints,
        play.layers(),
        (),
        replace(OPTIONS, timeout_seconds=play.timeout_seconds),
        FakeClock(),
        lambda: 0.0,
    )
    SCRIPT.clear()
    LAYERS.clear()
    SCRIPT.extend(done for done in play.acts if not done.startswith("caller"))
    LAYERS.extend(play.cover_acts)
    work = work_of(terms, rig.chains, "number", () if in_batch else (lambda _: None,))

    async def all_of_them() -> BatchResult:
        return await run_batch(range(play.runs), work, options=BatchOptions(max_concurrency=1))

    result = asyncio.run(all_of_them())
    left: list[object] = [
        (item.index, item.status, item.output, item.attempts, failure(item.error))
        for item in result.items
    ]
    return [*left, len(SCRIPT), len(LAYERS)]


def stage(record: StageRecord) -> tuple[object, ...]:
    """Return what is to be the same of a stage."""
    attempts = tuple(map(attempt, record.attempts))
    return record.stage_id, record.status, record.answered_by, failure(record.error), attempts


def attempt(record: AttemptRecord) -> tuple[object, ...]:
    """Return what is to be the same of an attempt."""
    return record.number, record.status, record.agent, failure(record.error)


def failure(record: ErrorRecord | None) -> tuple[object, ...] | None:
    """Return what is to be the same of a failure."""
    if record is None:
        return None
    facts = (record.code, record.type, record.message, record.stage_id, record.attempt)
    return (*facts, record.phase, record.cause)


@settings(deadline=None, max_examples=100)
@given(PLAYS, st.sampled_from(WAYS))
@example(Play((None, None), (), 1, ("pass", "change"), None, 1), "heard")
@example(Play((None,), (), 2, ("lie", "answer"), None, 1), "heard")
@example(Play((POLICIES[2],), ("raise", "raise"), 0, (), None, 1), "heard")
@example(Play((None,), ("cancel and return", "raise"), 0, (), None, 3), "heard")
@pytest.mark.requirement("R17", "R29", "R40", "R41")
def test_all_ways_of_a_run_leave_the_same(play: Play, way: Way) -> None:
    """Whether somebody watches or keeps it must not decide what happens."""
    assert told(play, "short") == told(play, way)


@settings(deadline=None, max_examples=60)
@given(PLAYS)
@example(Play((None, None), (), 0, (), None, 1))
@pytest.mark.requirement("R49", "R59")
def test_both_ways_of_an_item_leave_the_same(play: Play) -> None:
    """Nor what becomes of an item."""
    assert items_told(play, in_batch=True) == items_told(play, in_batch=False)
