"""The law of going on: a run that was cut anywhere ends as the one that nobody cut."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_core import Policy, Proceed, RunCall, Substitute, agent
from registry_core.authoring.agent import middleware
from registry_core.results.durable import EarlierRun, RunHead
from registry_core.runtime.engine import execute
from registry_core.runtime.host import Host
from registry_core.runtime.scope import RunOptions
from registry_core.testing.clock import FakeClock
from tests.runtime.notebook import Notebook
from tests.runtime.rig import Part, assemble, layer

if TYPE_CHECKING:
    from registry_core.results.durable import StageDone
    from registry_core.results.outcomes import StageRecord
    from registry_core.results.run import RunResult
    from tests.runtime.rig import Rig


@dataclass(frozen=True)
class Parcel:
    """What goes from stage to stage."""

    number: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Habit:
    """What the agent does each time."""

    does: Literal["return", "wait", "raise"] = "return"


@agent(idempotent=True)
async def carry(parcel: Parcel, config: Habit = Habit()) -> Parcel:
    """Return the parcel with a note on it."""
    if config.does == "wait":
        await asyncio.sleep(0)
    if config.does == "raise":
        raise OSError
    return Parcel(parcel.number + 1, (*parcel.notes, config.does))


@agent(idempotent=True)
async def weigh(first: Parcel, second: Parcel) -> Parcel:
    """Return two parcels as one."""
    return Parcel(first.number + second.number, first.notes + second.notes)


SKIPPED = Policy(on_error="skip", substitute=Substitute({"number": 0}))
STOPPED = Policy(on_error="stop")


@st.composite
def rigs(draw: st.DrawFn) -> Rig:
    """Draw a pipeline in which every stage reads the caller's value or earlier stages."""
    parts: list[Part] = []
    for n in range(draw(st.integers(1, 6))):
        sources = st.sampled_from(["$parcel", *(part.id for part in parts)])
        if draw(st.booleans()):
            taken = {"first": draw(sources), "second": draw(sources)}
            parts.append(Part(weigh, id=f"s{n}", sources=taken))
            continue
        does = draw(st.sampled_from(["return", "return", "wait", "raise"]))
        policy = draw(st.sampled_from([SKIPPED, SKIPPED, STOPPED]))
        taken = {"parcel": draw(sources)}
        parts.append(Part(carry, id=f"s{n}", policy=policy, config={"does": does}, sources=taken))
    wanted = draw(st.lists(st.sampled_from([part.id for part in parts]), min_size=1, unique=True))
    return assemble(*parts, outputs=wanted)


HEAD = RunHead("run", "test", "{}", "sha256:0", {}, "2030-01-01T00:00:00+00:00")


@middleware(scope="run")
async def around(call: RunCall, proceed: Proceed) -> object:
    """Go on."""
    del call
    return await proceed()


async def run(
    rig: Rig, notebook: Notebook, earlier: EarlierRun | None = None, *, is_covered: bool = False
) -> RunResult | None:
    """Return what came out, or None where the power was cut before its end was kept."""
    rig.chains.blueprints.host = Host()  # another process, whose breakers are closed
    inputs = {declared.name: Parcel(1) for declared in rig.pipeline.inputs}
    try:
        result = await execute(
            rig.pipeline,
            inputs,
            agents=rig.chains,
            options=RunOptions(run_id="run"),
            clock=FakeClock(),
            middleware=[layer(around)] if is_covered else [],
            keeper=notebook,
            earlier=earlier,
        )
    except Exception:  # noqa: BLE001 -- whatever it is, the end was not kept
        return None
    return result if notebook.end is not None else None


def left(result: RunResult) -> tuple[object, ...]:
    """Return what is to be the same of a run."""
    error = result.error and (result.error.code, result.error.stage_id)
    return result.status, result.output, error, {s.stage_id: stage(s) for s in result.stages}


def stage(record: StageRecord) -> tuple[object, ...]:
    """Return what is to be the same of a stage."""
    return record.status, len(record.attempts), record.error and record.error.code


@settings(deadline=None, max_examples=100)
@given(
    rig=rigs(),
    cuts=st.lists(st.integers(0, 5), min_size=1, max_size=3),
    is_covered=st.booleans(),
)
@pytest.mark.requirement("R98")
def test_a_run_that_was_cut_ends_as_one_that_was_not(
    rig: Rig, cuts: list[int], *, is_covered: bool
) -> None:
    """Where the power failed must not be seen in what came out."""
    whole = asyncio.run(run(rig, Notebook(1000)))
    assert whole is not None

    done: dict[str, StageDone] = {}
    earlier: EarlierRun | None = None
    result: RunResult | None = None
    for calls in [*cuts, 1000]:
        notebook = Notebook(calls, done=dict(done))
        result = asyncio.run(run(rig, notebook, earlier, is_covered=is_covered))
        if result is not None:
            break
        done = notebook.done
        earlier = EarlierRun(HEAD, done, tuple(sorted(notebook.begun - done.keys())))

    assert result is not None
    if whole.status == "success":
        assert left(result) == left(whole)
    assert result.status == whole.status
