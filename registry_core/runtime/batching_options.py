"""What a caller may decide about a batch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from registry_core.errors import ConfigError, Fault

__all__ = ["BatchOptions", "Keep"]

Keep: TypeAlias = Literal["all", "failed", "none"]


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """Limits of one batch; all of them can be carried out, or there is no such object.

    Attributes:
        max_concurrency: How many items run at once, at most.
        timeout_seconds: Longest batch; None for no limit. The time of one item is a matter of
            what runs it.
        ordered: Whether a stream gives records in the order of the source, or as items end.
        window: How far a stream may be ahead of who reads it, in items taken from the source;
            twice *max_concurrency* unless given.
        max_failures: How many items may fail before no more are begun; None for any number.
        success_threshold: Share of the items that has to succeed, from 0 to 1.
        keep: Which records the result of a batch holds; a stream hands them out instead.
        blocking_source: Whether getting the next item may take long and is not async, such as
            reading a pipe; then a thread does it.
        grace_seconds: How long an item that was cancelled may take to end.
        progress_seconds: Tell progress this often, for a display that lives; None for each
            tenth of a known number of items, and once a second of an unknown one.
        batch_id: Id of the batch; a new one unless given.

    Raises:
        ConfigError: If one of them cannot be; all faults at once.

    >>> BatchOptions(max_concurrency=2.5)
    Traceback (most recent call last):
    registry_core.errors.ConfigError: configuration batch options cannot be used: \
max_concurrency: must be a whole number above 0
    """

    max_concurrency: int = 8
    timeout_seconds: float | None = None
    ordered: bool = True
    window: int | None = None
    max_failures: int | None = None
    success_threshold: float = 1.0
    keep: Keep = "all"
    blocking_source: bool = False
    grace_seconds: float = 1.0
    progress_seconds: float | None = None
    batch_id: str = ""

    def __post_init__(self) -> None:
        """Refuse what could not be carried out."""
        faults = [*_bad_counts(self), *_bad_numbers(self)]
        if self.keep not in {"all", "failed", "none"}:
            faults.append(Fault("keep", "must be all, failed or none"))
        if faults:
            raise ConfigError("batch options", faults)

    @property
    def reach(self) -> int:
        """How far a stream may be ahead of who reads it, in items."""
        return self.window or 2 * self.max_concurrency


def _bad_counts(options: BatchOptions) -> list[Fault]:
    counts: dict[str, tuple[object, bool]] = {
        "max_concurrency": (options.max_concurrency, False),
        "window": (options.window, True),
        "max_failures": (options.max_failures, True),
    }
    return [
        Fault(name, "must be a whole number above 0")
        for name, (count, optional) in counts.items()
        if not (optional and count is None) and not _is_count(count)
    ]


def _bad_numbers(options: BatchOptions) -> list[Fault]:
    times = {
        "timeout_seconds": options.timeout_seconds,
        "grace_seconds": options.grace_seconds,
        "progress_seconds": options.progress_seconds,
    }
    faults = [
        Fault(name, "must be a finite number above 0")
        for name, seconds in times.items()
        if seconds is not None and not (_is_number(seconds) and seconds > 0)
    ]
    share = options.success_threshold
    if not (_is_number(share) and 0 <= share <= 1):
        faults.append(Fault("success_threshold", "must be a number from 0 to 1"))
    return faults


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
