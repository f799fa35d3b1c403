"""The only module that prints.

Answers go to standard output, everything else to standard error. A terminal gets tables with
colours, a pipe gets plain text, ``--json`` gets one JSON value. While foreign code runs, what
it prints goes to standard error, whichever way it prints.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from registry_core.definitions.schema import JsonValue
    from registry_core.results.events import Event

__all__ = ["Output", "Progress", "report_error", "shielded"]


class Output:
    """Where a command's answer goes."""

    def __init__(self, stream: TextIO | None = None, *, plain: bool = False) -> None:
        """Write to *stream*, standard output unless given; *plain* turns colours off."""
        self._stream = stream or sys.stdout
        self._plain = plain or not self._stream.isatty()

    def json(self, value: JsonValue) -> None:
        """Print one JSON value."""
        self.text(json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False))

    def text(self, text: str = "") -> None:
        """Print lines as they are."""
        print(text, file=self._stream, flush=True)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print rows in columns; the last column may be of any width."""
        content = [tuple(row) for row in rows]
        if self._plain:
            self._plain_table(columns, content)
        else:
            self._rich_table(columns, content)

    def _plain_table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        titles = tuple(column.upper() for column in columns)
        widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
        for row in (titles, *rows):
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.text("  ".join(cells).rstrip())

    def _rich_table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
        Console(file=self._stream).print(table)


_STYLES = {
    "ok": "green",
    "succeeded": "green",
    "broken": "red",
    "failed": "red",
    "incompatible": "yellow",
    "conflict": "yellow",
    "blocked": "dim",
    "skipped": "yellow",
    "not_run": "dim",
    "cancelled": "yellow",
}


@contextlib.contextmanager
def shielded(*, plain: bool = False) -> Generator[Output, None, None]:
    """Give an output of its own, and send everything else on standard output elsewhere.

    Foreign code that prints, writes to descriptor 1 or closes it cannot reach the answer.
    """
    sys.stdout.flush()
    stdout, was_terminal = sys.stdout, sys.stdout.isatty()
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as stream:
        saved = os.dup(1)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        try:
            yield Output(stream, plain=plain or not was_terminal)
        finally:
            sys.stdout = stdout
            os.dup2(saved, 1)
            os.close(saved)


class Progress:
    """Live progress of a run on standard error: a bar on a terminal, else a line a stage."""

    def __init__(self, *, total: int, quiet: bool = False) -> None:
        """Expect *total* stages; *quiet* shows nothing."""
        self._total = total
        self._done = 0
        self._show = _nothing if quiet else self._line
        self._bar: _Bar | None = None
        self._live = not quiet and sys.stderr.isatty()

    def __enter__(self) -> Self:
        """Start the bar, on a terminal."""
        if self._live:
            self._bar = _Bar(self._total)
            self._show = self._bar.show
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the bar."""
        if self._bar:
            self._bar.stop()

    def __call__(self, event: Event) -> None:
        """Show *event*."""
        self._show(event)

    def _line(self, event: Event) -> None:
        if event.kind == "stage_finished":
            self._done += 1
            text = f"[{self._done}/{self._total}] {event.stage_id}: {_ended(event)}"
            print(text, file=sys.stderr, flush=True)


class _Bar:
    """One bar for the run, and a line above it for each stage that ended."""

    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
        from rich.progress import Progress as RichProgress

        self._bar = RichProgress(
            SpinnerColumn(),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            console=Console(stderr=True),
            transient=True,
        )
        self._running: dict[str, None] = {}
        self._task = self._bar.add_task("", total=total)
        self._bar.start()

    def show(self, event: Event) -> None:
        """Show *event*."""
        if event.kind == "stage_started":
            self._running[event.stage_id] = None
        elif event.kind == "stage_finished":
            self._running.pop(event.stage_id, None)
            self._bar.advance(self._task)
            self._bar.console.print(f"  {event.stage_id}: {_ended(event)}", highlight=False)
        self._bar.update(self._task, description=", ".join(self._running))

    def stop(self) -> None:
        """Take the bar away."""
        self._bar.stop()


def _ended(event: Event) -> str:
    detail = f" ({event.detail})" if event.detail else ""
    return f"{event.status} in {event.seconds * 1000:.0f} ms{detail}"


def _nothing(event: Event) -> None:
    del event


def report_error(error: Exception, *, as_json: bool, lead: str = "") -> None:
    """Print an error: text to standard error, with ``--json`` also one value to the output."""
    message = f"{lead}{str(error) or type(error).__name__}"
    print(f"error: {message}", file=sys.stderr, flush=True)
    if as_json:
        faults: list[JsonValue] = [
            {"path": fault.path, "message": fault.message} for fault in getattr(error, "faults", ())
        ]
        facts: dict[str, JsonValue] = {"type": type(error).__name__, "message": message}
        Output().json({"error": {**facts, "faults": faults} if faults else facts})
