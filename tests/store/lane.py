"""A process that works on one run, and leaves a witness of what it did beside the store.

    python -m tests.store.lane FOLDER RUN WITNESS STAGES [MODE]...

The witness has a line ``did N`` for each call of stage N, written before the call returns, and
``kept N`` once the store has said that it is kept. A line of standard input starts the work.
Modes: ``real`` takes the engine that users have, ``full`` lets files grow to 60 kB,
``forgetful`` does not wait for the disk, ``tidy`` empties the log all the time.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from typing import TYPE_CHECKING
from unittest.mock import patch

from registry_core import Registry, agent
from registry_core.definitions.context import RunContext  # noqa: TC001 -- @agent reads it
from registry_core.errors import ResumeError, StoreError, UnknownNameError
from registry_core.pipeline.pipeline import Pipeline
from registry_core.pipeline.pipeline import Stage as One
from registry_core.runtime.scope import RunOptions
from registry_core.store.database import open_database
from registry_core.store.keeping import KeptRun
from registry_core.store.store import Store
from tests.store.engine import conduct, head, names

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from registry_core.results.durable import RunEnd, StageDone
    from tests.store.engine import Stage

__all__ = ["OWNED", "STORAGE_FAILED"]

OWNED = 3
STORAGE_FAILED = 4
_PAUSE_SECONDS = 0.002


class Witnessed:
    """A keeper that tells the witness what is kept."""

    def __init__(self, keeper: KeptRun, witness: int) -> None:
        """Pass everything on to *keeper*."""
        self._keeper = keeper
        self._witness = witness

    async def begin(self, starting: Sequence[str]) -> None:
        """Keep the beginning."""
        await self._keeper.begin(starting)

    async def advance(self, done: StageDone, starting: Sequence[str]) -> None:
        """Keep one stage."""
        await self._keeper.advance(done, starting)
        _note(self._witness, "kept", done.record.index)

    async def finish(self, done: StageDone | None, end: RunEnd) -> None:
        """Keep the end."""
        await self._keeper.finish(done, end)
        if done is not None:
            _note(self._witness, "kept", done.record.index)


def _note(witness: int, word: str, number: int) -> None:
    os.write(witness, f"{word} {number}\n".encode())


async def _small(store: Store, run_id: str, witness: int, count: int) -> int:
    """Work on the run with the small engine of these tests."""

    def stage(number: int) -> Stage:
        async def work(value: int) -> int:
            _note(witness, "did", number)
            await asyncio.sleep(_PAUSE_SECONDS)
            return value + number

        return work

    try:
        keeper, earlier = store.reopen(run_id)
    except UnknownNameError:
        keeper, earlier = store.begin(head(run_id, stages=count)), None
    with keeper:
        return await conduct(Witnessed(keeper, witness), [stage(n) for n in range(count)], earlier)


async def _real(store: Store, run_id: str, witness: int, count: int) -> object:
    """Work on the run with the engine that users have."""

    @agent(idempotent=True)
    async def add(value: int, context: RunContext) -> int:
        number = int(context.stage_id[1:])
        _note(witness, "did", number)
        await asyncio.sleep(_PAUSE_SECONDS)
        return value + number

    registry = Registry().with_agents(add)
    pipeline = registry.bind(Pipeline("chain", tuple(One(name, "add") for name in names(count))))
    advance, finish = KeptRun.advance, KeptRun.finish

    async def told_advance(self: KeptRun, done: StageDone, starting: Sequence[str]) -> None:
        await advance(self, done, starting)
        _note(witness, "kept", done.record.index)

    async def told_finish(self: KeptRun, done: StageDone | None, end: RunEnd) -> None:
        await finish(self, done, end)
        if done is not None:
            _note(witness, "kept", done.record.index)

    with (
        patch.object(KeptRun, "advance", told_advance),
        patch.object(KeptRun, "finish", told_finish),
    ):
        try:
            result = await registry.resume(store, run_id)
        except UnknownNameError:
            options = RunOptions(run_id=run_id)
            result = await registry.run(pipeline, 0, store=store, options=options)
    return result.output


def _opening(modes: Sequence[str]) -> Callable[[Path], sqlite3.Connection]:
    def opened(file: Path) -> sqlite3.Connection:
        connection = open_database(file)
        if "forgetful" in modes:  # does not wait for the disk
            connection.execute("PRAGMA synchronous=NORMAL")
        if "tidy" in modes:  # empties its log every other commit
            connection.execute("PRAGMA wal_autocheckpoint=5")
        return connection

    return opened


def main(folder: str, run_id: str, witness: str, count: str, *modes: str) -> int:
    """Work on the run; return 0 once it is over."""
    descriptor = os.open(witness, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(1, b"ready\n")
    sys.stdin.readline()
    if "full" in modes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
    with Store(folder, connect=_opening(modes)) as store:
        try:
            work = _real if "real" in modes else _small
            result = asyncio.run(work(store, run_id, descriptor, int(count)))
        except ResumeError as error:
            os.write(1, f"{error.code}\n".encode())
            return OWNED
        except StoreError as error:
            os.write(1, f"{error}\n".encode())
            return STORAGE_FAILED
        os.write(1, f"{result}\n".encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
