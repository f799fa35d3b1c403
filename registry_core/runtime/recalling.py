"""Records of a chain's stages, made from three moments each when somebody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.results.outcomes import AttemptRecord, StageRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from registry_core.runtime.chain import Step

__all__ = ["attempt_record", "stage_records"]


def stage_records(
    steps: Iterable[Step], marks: Sequence[float], started: float, at: Callable[[float], str]
) -> tuple[StageRecord, ...]:
    """Return a record for each stage that is over, at its first attempt.

    Args:
        steps: The stages of the chain.
        marks: For each that is over: when its attempt began, when that ended, when it ended.
        started: When the first of them began.
        at: Gives the time of day of such a moment.
    """
    befores = (started, *marks[2::3])
    return tuple(
        StageRecord(
            index=step.index,
            stage_id=step.stage.id,
            agent=step.blueprint.id,
            status="succeeded",
            started_at=at(before),
            seconds=ended - before,
            attempts=(attempt_record(step, began, answered, at),),
        )
        for step, before, began, answered, ended in zip(
            steps, befores, marks[::3], marks[1::3], marks[2::3], strict=False
        )
    )


def attempt_record(
    step: Step, began: float, answered: float, at: Callable[[float], str]
) -> AttemptRecord:
    """Return the record of a first attempt that was answered."""
    return AttemptRecord(
        number=1,
        status="succeeded",
        started_at=at(began),
        seconds=answered - began,
        agent=step.blueprint.id,
    )
