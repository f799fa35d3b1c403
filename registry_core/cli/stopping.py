"""A run that a signal may end: it is cut, and what was done by then is kept and said."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry_core.results.run import RunResult

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["INTERRUPTED", "TERMINATED", "Ended", "cancel_when_terminated", "run_to_its_end"]

INTERRUPTED = 130
TERMINATED = 143


@dataclass(frozen=True, slots=True)
class Ended:
    """What came out of a run, and the exit code that says how it ended."""

    result: RunResult
    code: int


def run_to_its_end(run: Callable[[], Coroutine[object, object, RunResult]]) -> Ended:
    """Return what came out of *run*, also where a signal has cut it.

    The first signal cancels the run, which takes a grace at most; a second one does not wait.

    Raises:
        KeyboardInterrupt: If nothing had begun yet.
    """
    from registry_core.runtime.engine import result_of

    told: list[int] = []

    async def main() -> RunResult:
        cancel_when_terminated(lambda: told.append(TERMINATED))
        return await run()

    try:
        result = asyncio.run(main())
    except (asyncio.CancelledError, KeyboardInterrupt) as error:
        cut = result_of(error)
        if cut is None:
            raise
        return Ended(cut, told[0] if told else INTERRUPTED)
    return Ended(result, 0 if result.ok else 1)


def cancel_when_terminated(tell: Callable[[], object]) -> None:
    """Let the signal to terminate cancel this task, as an interrupt does, after *tell*."""
    task = asyncio.current_task()

    def end() -> None:
        tell()
        if task is not None:
            task.cancel()

    with suppress(NotImplementedError):  # Windows has no such signal
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end)
