"""Laws of runs: whatever the agents do, the result is whole and true."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_core import Call, Policy, Proceed, Substitute, agent
from registry_core.authoring.agent import middleware
from registry_core.results.run import RunResult
from registry_core.runtime.agents import Blueprints
from registry_core.runtime.engine import execute, result_of
from registry_core.runtime.host import Host
from registry_core.runtime.scope import RunOptions
from registry_core.testing.clock import FakeClock
from tests.runtime.rig import Part, assemble, layer

if TYPE_CHECKING:
    from registry_core.results.events import Event
    from registry_core.results.outcomes import StageRecord
    from tests.runtime.rig import Rig


@dataclass(frozen=True)
class Act:
    """What the agent does at its first attempts; after that it returns a value."""

    does: Literal["return", "raise", "exit", "hang", "lie", "wait"] = "return"
    times: int = 0


CALLS: Counter[tuple[str, Act]] = Counter()


@agent(timeout_seconds=0.005)
async def play(number: int, config: Act = Act()) -> int:
    """Return *number* and one, or misbehave as configured."""
    CALLS["play", config] += 1
    if CALLS["play", config] > config.times:
        return number + 1
    match config.does:
        case "raise":
            raise OSError
        case "exit":
            raise SystemExit
        case "hang":
            await asyncio.sleep(60)
        case "wait":
            await asyncio.sleep(0)
        case "lie":
            return "one"  # type: ignore[return-value]
        case "return":
            pass
    return number + 1


POLICIES = [
    None,
    Policy(on_error="stop"),
    Policy(max_attempts=2),
    Policy(on_error="skip", substitute=Substitute(0)),
    Policy(max_attempts=2, then="skip", substitute=Substitute(0)),
]
ACTS = st.builds(
    Act,
    st.sampled_from(["return", "raise", "exit", "hang", "lie", "wait"]),
    st.integers(0, 3),
)


@st.composite
def rigs(draw: st.DrawFn) -> Rig:
    """Draw a pipeline in which every stage reads the caller's value or an earlier stage."""
    parts: list[Part] = []
    for n in range(draw(st.integers(1, 5))):
        act = draw(ACTS)
        source = draw(st.sampled_from(["$number", *(part.id for part in parts)]))
        parts.append(
            Part(
                play,
                id=f"s{n}",
                policy=draw(st.sampled_from(POLICIES)),
                config={"does": act.does, "times": act.times},
                sources={"number": source},
            )
        )
    wanted = draw(st.lists(st.sampled_from([part.id for part in parts]), min_size=1, unique=True))
    return assemble(*parts, outputs=wanted)


KEPT = Blueprints(assemble(play).agents)
OPTIONS = RunOptions(grace_seconds=0.005)


def run(rig: Rig, *, cancel_after: int | None = None) -> tuple[RunResult, list[Event]]:
    """Return what came out of a run, and what was heard of it."""
    CALLS.clear()
    KEPT.host = Host()
    heard: list[Event] = []

    async def main() -> RunResult:
        result: RunResult | None = None
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()

        def hear(event: Event) -> None:
            heard.append(event)
            if len(heard) == cancel_after and event.kind != "run_finished":
                loop.call_soon_threadsafe(task.cancel)

        try:
            result = await execute(
                rig.pipeline,
                {"number": 1},
                agents=KEPT,
                observers=[hear],
                options=OPTIONS,
                clock=FakeClock(),
            )
            await asyncio.sleep(0)  # a cancellation at the very end arrives here
        except asyncio.CancelledError as error:
            result = result_of(error) or result
        assert result is not None
        return result

    result = asyncio.run(main())
    until = time.monotonic() + 10
    while heard[-1].kind != "run_finished" and time.monotonic() < until:
        threading.Event().wait(0.001)  # a cancelled caller does not wait for the observers
    return result, heard


def ends(records: tuple[StageRecord, ...]) -> set[str]:
    """Return the ways in which stages ended."""
    return {record.status for record in records}


@settings(deadline=None, max_examples=60)
@given(rigs(), st.none() | st.integers(1, 12))
@pytest.mark.requirement("R9", "R29", "R30", "R36", "R40", "R41", "R104")
def test_every_run_is_told_whole_and_once(rig: Rig, cancel_after: int | None) -> None:
    """Counters, records, events and JSON are four views of one thing."""
    result, heard = run(rig, cancel_after=cancel_after)

    assert RunResult.from_json(result.to_json()) == result
    ids = [stage.id for stage in rig.pipeline.stages]
    assert [record.stage_id for record in result.stages] == ids
    kinds = Counter(event.kind for event in heard)
    assert kinds["run_started"] == kinds["run_finished"] == 1
    assert Counter(e.stage_id for e in heard if e.kind == "stage_finished") == Counter(ids)
    attempts = sum(len(record.attempts) for record in result.stages)
    assert kinds["attempt_started"] == kinds["attempt_finished"] == attempts
    summary = result.summary
    assert summary.total == len(ids)
    assert summary.total == sum(
        (summary.succeeded, summary.failed, summary.skipped, summary.cancelled, summary.not_run)
    )


@settings(deadline=None, max_examples=60)
@given(rigs(), st.none() | st.integers(1, 12))
@pytest.mark.requirement("R9", "R40")
def test_the_status_of_a_run_follows_from_its_stages(rig: Rig, cancel_after: int | None) -> None:
    """Who reads only the status must not be misled."""
    result, _ = run(rig, cancel_after=cancel_after)

    ended = ends(result.stages)
    match result.status:
        case "success":
            assert ended == {"succeeded"}
        case "partial":
            assert "skipped" in ended
            assert ended <= {"succeeded", "skipped"}
        case "failed":
            assert "failed" in ended
            assert result.error is not None
        case status:
            assert (status, cancel_after is not None) == ("cancelled", True)
    assert (result.output is not None) == result.ok
    assert (result.error is None) == result.ok
    for record in result.stages:
        assert (record.error is None) == (record.status in {"succeeded", "not_run"})


@settings(deadline=None, max_examples=30)
@given(rigs(), st.lists(st.sampled_from(["stage", "attempt"]), min_size=1, max_size=4))
@pytest.mark.requirement("R17")
def test_layers_that_only_pass_on_change_nothing(rig: Rig, scopes: list[str]) -> None:
    """Watching must not be a way of taking part."""

    async def passes(call: Call, proceed: Proceed) -> object:
        assert call.run_id
        return await proceed()

    layers = [
        layer(middleware(name=f"m{n}", scope="stage" if scope == "stage" else "attempt")(passes))
        for n, scope in enumerate(scopes)
    ]
    plain, _ = run(rig)
    CALLS.clear()
    KEPT.host = Host()
    wrapped = asyncio.run(
        execute(
            rig.pipeline,
            {"number": 1},
            agents=KEPT,
            middleware=layers,
            options=OPTIONS,
            clock=FakeClock(),
        )
    )

    assert (wrapped.status, wrapped.output) == (plain.status, plain.output)
