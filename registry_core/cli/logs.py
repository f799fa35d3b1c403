"""What is told beside the answer, on standard error, down to the level that was asked for."""

from __future__ import annotations

import contextlib
import logging
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

    from registry_core.settings.values import LogLevel

__all__ = ["logging_at"]


class _ToStandardError(logging.Handler):
    """Whatever standard error is when something is told."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr, flush=True)  # noqa: T201 -- beside the answer


@contextlib.contextmanager
def logging_at(level: LogLevel) -> Generator[None, None, None]:
    """Show what the host and its agents tell, from *level* on, until the end."""
    told = logging.getLogger("registry_core")
    handler = _ToStandardError()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    before = told.level
    told.addHandler(handler)
    told.setLevel(level)
    try:
        yield
    finally:
        told.setLevel(before)
        told.removeHandler(handler)
