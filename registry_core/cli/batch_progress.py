"""Progress of a batch on standard error: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry_core.results.batch import BatchProgress, BatchResult

__all__ = ["BatchDisplay", "progress_line", "summary_line"]

_BAR_EVERY_SECONDS = 0.2
_LINE_EVERY_SECONDS = 10.0
_ROUND = 10


class BatchDisplay:
    """Shows how far a batch is, until it leaves.

    Attributes:
        every_seconds: How often it wants to be told.
    """

    def __init__(self, *, quiet: bool) -> None:
        """Show nothing where *quiet*."""
        self._is_live = not quiet and sys.stderr.isatty()
        self._show: Callable[[BatchProgress], None] = _nothing if quiet else _line
        self._stop: Callable[[], None] | None = None
        self.every_seconds = _BAR_EVERY_SECONDS if self._is_live else _LINE_EVERY_SECONDS

    def __enter__(self) -> Self:
        """Start the bar, on a terminal."""
        if self._is_live:
            self._show, self._stop = _bar()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar away."""
        if self._stop is not None:
            self._stop()

    def __call__(self, progress: BatchProgress) -> None:
        """Show *progress*."""
        self._show(progress)


def progress_line(progress: BatchProgress) -> str:
    """Return *progress* in words.

    >>> from registry_core.results.batch import BatchProgress
    >>> progress_line(BatchProgress("b", done=250, failed=3, total=1000, seconds=5))
    '250 of 1000 (25 %), 3 failed, 50/s, 15 s left'
    """
    share = progress.fraction
    parts = [
        str(progress.done)
        if progress.total is None or share is None
        else f"{progress.done} of {progress.total} ({share:.0%})".replace("%", " %"),
        f"{progress.failed} failed",
        f"{progress.rate:.0f}/s" if progress.rate >= _ROUND else f"{progress.rate:.1f}/s",
    ]
    left = progress.eta_seconds
    if left:
        parts.append(f"{left:.0f} s left")
    return ", ".join(parts)


def summary_line(result: BatchResult) -> str:
    """Return how *result* ended, in words."""
    summary = result.summary
    counts = {
        "succeeded": summary.succeeded,
        "failed": summary.failed,
        "timed out": summary.timed_out,
        "cancelled": summary.cancelled,
        "never tried": summary.not_run or 0,
    }
    told = [f"{count} {word}" for word, count in counts.items() if count or word == "succeeded"]
    if summary.not_run is None:
        told.append("what was left in the source never tried")
    why = {
        "max_failures": ", stopped by --max-failures",
        "source": f", stopped by the source: {result.error.message if result.error else ''}",
    }
    ending = f"{result.status}{why.get(result.stopped_by, '')}"
    return f"batch {result.batch_id}: {ending}: {', '.join(told)} in {summary.seconds:.3g} s"


def _nothing(progress: BatchProgress) -> None:
    del progress


def _line(progress: BatchProgress) -> None:
    click.echo(progress_line(progress), err=True)


def _bar() -> tuple[Callable[[BatchProgress], None], Callable[[], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    bar = Progress(
        SpinnerColumn(),
        BarColumn(bar_width=24),
        TextColumn("{task.description}"),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task("", total=None)
    bar.start()

    def show(progress: BatchProgress) -> None:
        bar.update(
            task,
            completed=progress.done,
            total=progress.total,
            description=progress_line(progress),
        )

    return show, bar.stop
