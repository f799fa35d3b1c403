"""What came out of a run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from registry_core.errors import (
    DefinitionError,
    Fault,
    RunCancelledError,
    RunError,
    RunTimeoutError,
    StageFailedError,
)
from registry_core.results.outcomes import ErrorRecord, StageRecord

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RESULT_FORMAT", "RunResult", "RunStatus", "RunSummary"]

RESULT_FORMAT = 1

RunStatus: TypeAlias = Literal[
    "pending", "running", "success", "partial", "failed", "cancelled", "timed_out"
]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Counts over the stages of a run; they add up to *total*.

    Attributes:
        seconds: From start to end of the run.
        average_seconds: Over the stages that ran; 0 when none did.
        retries: Attempts beyond the first of each stage.
        slowest_stage: Id of the stage that took longest, or empty.
    """

    total: int
    succeeded: int
    failed: int
    skipped: int
    cancelled: int
    not_run: int
    seconds: float
    average_seconds: float
    retries: int
    slowest_stage: str


class _Recalled:
    """Fields that are made when they are first looked at."""

    __slots__ = ("_recall",)

    _recall: Callable[[str], object]

    def __getattr__(self, name: str) -> object:
        """Make the field *name*, which is not there yet."""
        if name not in RunResult.__dataclass_fields__:
            raise AttributeError(name)
        value = self._recall(name)
        object.__setattr__(self, name, value)
        return value


@dataclass(frozen=True, slots=True)
class RunResult(_Recalled):
    """Everything a run leaves behind.

    Attributes:
        run_id: Unique and sortable by time.
        pipeline: Name of the pipeline.
        status: ``partial`` means that a stage was skipped and the rest succeeded.
        stages: One record a stage, in the order of the pipeline.
        started_at: UTC in ISO 8601.
        seconds: How long it took.
        output: The wanted value, or one a name where several were wanted; None unless the
            status is ``success`` or ``partial``. A live object after a run, JSON after loading.
        last_good_output: Output of the last stage that succeeded in a run that did not.
        error: What decided a run that did not succeed.
        answered_by: The middleware around the run that gave the output instead, or empty.
        format: Version of this record.
    """

    run_id: str
    pipeline: str
    status: RunStatus
    stages: tuple[StageRecord, ...]
    started_at: str
    seconds: float
    output: object = None
    last_good_output: object = None
    error: ErrorRecord | None = None
    answered_by: str = ""
    format: int = RESULT_FORMAT

    @classmethod
    def recalled(cls, recall: Callable[[str], object]) -> RunResult:
        """Return a result whose fields are made when somebody looks at them.

        Args:
            recall: Gives a field by its name; the same value each time.
        """
        result = cls.__new__(cls)
        object.__setattr__(result, "_recall", recall)
        return result

    @property
    def ok(self) -> bool:
        """Whether there is an output to use."""
        return self.status in {"success", "partial"}

    @property
    def summary(self) -> RunSummary:
        """Counts over the stages."""
        by_status = [stage.status for stage in self.stages]
        ran = [stage for stage in self.stages if stage.started_at]
        slowest = max(ran, key=lambda stage: stage.seconds, default=None)
        return RunSummary(
            total=len(self.stages),
            succeeded=by_status.count("succeeded"),
            failed=by_status.count("failed"),
            skipped=by_status.count("skipped"),
            cancelled=by_status.count("cancelled"),
            not_run=by_status.count("not_run"),
            seconds=self.seconds,
            average_seconds=sum(stage.seconds for stage in ran) / len(ran) if ran else 0.0,
            retries=sum(max(len(stage.attempts) - 1, 0) for stage in ran),
            slowest_stage=slowest.stage_id if slowest else "",
        )

    def raise_for_status(self) -> None:
        """Return quietly after a good run, else raise with this result attached.

        Raises:
            RunCancelledError: If the caller cancelled the run.
            RunTimeoutError: If the run's time was up.
            StageFailedError: If a stage failed and the run stopped there.
        """
        kind: type[RunError]
        match self.status:
            case "success" | "partial":
                return
            case "cancelled":
                kind = RunCancelledError
            case "timed_out":
                kind = RunTimeoutError
            case _:
                kind = StageFailedError
        error = self.error
        reason = f"{error.type or error.code}: {error.message}" if error else self.status
        raise kind(self.run_id, error.stage_id if error else "", reason, self)

    def to_json(self) -> str:
        """Return the record as JSON text, outputs dumped by their own classes.

        Raises:
            DefinitionError: If an output has no JSON form; NaN and Infinity have none.
        """
        from pydantic_core import PydanticSerializationError, to_jsonable_python

        try:
            return json.dumps(to_jsonable_python(self), allow_nan=False, ensure_ascii=False)
        except (PydanticSerializationError, ValueError) as error:
            raise DefinitionError("output", [Fault("", "has no JSON form")]) from error

    @classmethod
    def from_json(cls, text: str | bytes) -> RunResult:
        """Return the record that :meth:`to_json` wrote; outputs stay JSON.

        Raises:
            pydantic.ValidationError: If *text* is not such a record.
        """
        from pydantic import TypeAdapter

        return TypeAdapter(RunResult).validate_json(text)
