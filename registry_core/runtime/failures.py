"""Exceptions as records.

Nothing an exception does while it is looked at (a raising ``__str__``, a cycle of causes, a
megabyte of text) gets further than this module, and the values a run works on are not
repeated: a validation error is told by place and kind.
"""

from __future__ import annotations

import math
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from registry_core.errors import (
    AdmissionError,
    AgentExitError,
    AgentLoadError,
    AttemptTimeoutError,
    InvalidInputError,
    InvalidOutputError,
    RunTimeUpError,
    StuckThreadsError,
)
from registry_core.results.outcomes import ErrorCode, ErrorRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType, TracebackType

__all__ = [
    "Told",
    "asked_pause",
    "carried",
    "carried_result",
    "error_code",
    "record_failure",
    "tell",
    "type_name",
    "uncovered",
]

ResultT = TypeVar("ResultT")

_MESSAGE = 2_000
_TRACEBACK = 8_000
_FRAMES = 20
_CAUSES = 10
_HERE = str(Path(__file__).parent)


_CODES: tuple[tuple[type[BaseException], ErrorCode], ...] = (
    (AttemptTimeoutError, "attempt_timeout"),
    (RunTimeUpError, "run_timeout"),
    (InvalidInputError, "invalid_input"),
    (InvalidOutputError, "invalid_output"),
    (AgentLoadError, "load_error"),
    (StuckThreadsError, "over_capacity"),
)


_REFUSALS: Mapping[str, ErrorCode] = {"open": "circuit_open", "queue_timeout": "queue_timeout"}


@dataclass(frozen=True, slots=True)
class Told:
    """An exception, as the process that it was raised in tells it to another.

    Attributes:
        classes: Qualified names of its class and all bases, in the order of resolution.
        message: Its text.
        traceback: Where it was raised, or empty.
        cause: What led to it, one line each.
        retry_after_seconds: Least pause before another attempt that it asks for.
    """

    classes: tuple[str, ...]
    message: str
    traceback: str = ""
    cause: tuple[str, ...] = ()
    retry_after_seconds: float = 0.0


def carried(error: BaseException) -> Exception:
    """Return *error* in a form that can be raised through coroutines that are not its own."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration | StopAsyncIteration):
        return error
    cover = AgentExitError(type_name(error))
    cover.__cause__ = error
    return cover


def uncovered(error: BaseException) -> BaseException:
    """Return what was raised in the first place: the inverse of :func:`carried`."""
    if isinstance(error, AgentExitError):
        return error.__cause__ or error
    # A coroutine that raises StopIteration is made to raise this instead (PEP 479).
    stopped = error.__cause__
    if type(error) is RuntimeError and isinstance(stopped, StopIteration | StopAsyncIteration):
        return stopped
    return error


def carried_result(error: BaseException, kind: type[ResultT]) -> ResultT | None:
    """Return the result that a cancellation carries, or what became of the cancellation."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        result = link.__dict__.get("result")
        if isinstance(result, kind):
            return result
        seen.add(id(link))
        link = link.__cause__ or link.__context__
    return None


def type_name(error: BaseException) -> str:
    """Return the qualified class name of *error*, as a traceback shows it."""
    return _class_name(type(error))


def tell(error: BaseException) -> Told:
    """Return *error* as another process may hear of it; never raises.

    >>> tell(KeyError("pages")).classes
    ('KeyError', 'LookupError', 'Exception', 'BaseException', 'object')
    """
    return Told(
        classes=tuple(map(_class_name, type(error).__mro__)),
        message=_message(error),
        traceback=_traceback(error),
        cause=_cause_lines(error),
        retry_after_seconds=asked_pause(error),
    )


def asked_pause(error: BaseException) -> float:
    """Return the least pause before another attempt that *error* asks for, in seconds."""
    try:
        hint: object = getattr(error, "retry_after_seconds", None)
    except Exception:  # noqa: BLE001 -- a stranger's property may raise anything
        return 0.0
    if isinstance(hint, bool) or not isinstance(hint, int | float):
        return 0.0
    return float(hint) if math.isfinite(hint) and hint > 0 else 0.0


def error_code(error: BaseException) -> ErrorCode:
    """Return the kind of failure that *error* is, unless middleware is to blame."""
    if isinstance(error, AdmissionError):
        return _REFUSALS.get(error.reason, "over_capacity")
    for cls, code in _CODES:
        if isinstance(error, cls):
            return code
    return "agent_error"


def record_failure(
    error: BaseException,
    *,
    code: ErrorCode,
    stage_id: str,
    attempt: int = 0,
    at: str = "",
    phase: str = "agent",
) -> ErrorRecord:
    """Return *error* as a record; never raises.

    Args:
        error: What was raised.
        code: Which kind of failure it is.
        stage_id: The stage.
        attempt: The attempt, or 0 outside of one.
        at: When, UTC in ISO 8601.
        phase: Whose code raised it.

    >>> record_failure(OSError("disk"), code="agent_error", stage_id="save").message
    'disk'
    """
    shown = uncovered(error)
    ours = isinstance(
        shown,
        AttemptTimeoutError
        | RunTimeUpError
        | InvalidInputError
        | InvalidOutputError
        | AgentLoadError
        | AdmissionError,
    )
    return ErrorRecord(
        code=code,
        type="" if ours else type_name(shown),
        message=_message(shown),
        stage_id=stage_id,
        attempt=attempt,
        at=at,
        phase=phase,
        traceback=_traceback(shown.__cause__ if ours else shown),
        cause=_cause_lines(shown),
    )


def _class_name(cls: type) -> str:
    module = cls.__module__
    return cls.__qualname__ if module == "builtins" else f"{module}.{cls.__qualname__}"


def _message(error: BaseException) -> str:
    try:
        text = _validation_text(error) or str(error)
    except BaseException:  # noqa: BLE001 -- a stranger's __str__ may raise anything
        text = ""
    return text[:_MESSAGE] or type_name(error)


def _validation_text(error: BaseException) -> str:
    from pydantic_core import ValidationError

    if not isinstance(error, ValidationError):
        return ""
    details = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(
        f"{'.'.join(map(str, detail['loc']))}: {detail['type'].replace('_', ' ')}"
        for detail in details
    )


def _traceback(error: BaseException | None) -> str:
    if error is None:
        return ""
    if (told := _told(error)) is not None:
        return told.traceback[-_TRACEBACK:]
    try:
        frames = traceback.StackSummary.extract(_foreign(error.__traceback__), limit=-_FRAMES)
        text = "".join(frames.format())
    except Exception:  # noqa: BLE001 -- source lines come from strangers' loaders
        return ""
    return text[-_TRACEBACK:]


def _foreign(trace: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    """Return the frames below this package's own."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_HERE):
        trace = trace.tb_next
    return traceback.walk_tb(trace)


def _told(error: BaseException) -> Told | None:
    told = error.__dict__.get("told")
    return told if isinstance(told, Told) else None


def _cause_lines(error: BaseException) -> tuple[str, ...]:
    if (told := _told(error)) is not None:
        return tuple(line[:_MESSAGE] for line in told.cause[:_CAUSES])
    lines: list[str] = []
    for cause in _causes(error):
        lines.append(f"{type_name(cause)}: {_message(cause)}")
        if _told(cause) is not None:
            lines += _cause_lines(cause)
    return tuple(lines)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen = {id(error)}
    for _ in range(_CAUSES):
        following = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if following is None or id(following) in seen:
            return
        seen.add(id(following))
        yield following
        error = following
