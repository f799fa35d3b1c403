"""One run while it is kept: what its engine says goes to the disk before the engine goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Self

from registry_core.errors import StoreError
from registry_core.store.rows import add_run, add_step, set_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from registry_core.results.durable import RunEnd, RunHead, StageDone
    from registry_core.store.lease import Lease
    from registry_core.store.rows import RunRow
    from registry_core.store.writer import Change, Writer

__all__ = ["KeptRun"]


class KeptRun:
    """A ``RunKeeper``; the run is this process's until :meth:`finish` or :meth:`release`.

    As a context it releases the run at the end; one that was not finished by then is interrupted,
    and any process may go on with it.
    """

    def __init__(
        self,
        row: RunRow,
        opening: Change,
        *,
        writer: Writer,
        lease: Lease,
        max_output_bytes: int,
    ) -> None:
        """Keep the run of *row*; *opening* goes with its first commit.

        Args:
            row: The run.
            opening: What has to be kept first of all.
            writer: Commits.
            lease: The right to work on the run.
            max_output_bytes: Longest output of a stage that is kept, as JSON.
        """
        self._row = row
        self._opening = opening
        self._writer = writer
        self._lease = lease
        self._max_output_bytes = max_output_bytes
        self._is_ours = True
        writer.enter()

    @classmethod
    def new(cls, head: RunHead, *, writer: Writer, lease: Lease, max_output_bytes: int) -> Self:
        """Return a run that nothing was kept of so far."""
        opening, row = add_run(head)
        return cls(row, opening, writer=writer, lease=lease, max_output_bytes=max_output_bytes)

    def __enter__(self) -> Self:
        """Own the run."""
        return self

    def __exit__(self, *_: object) -> None:
        """Own it no more."""
        self.release()

    @property
    def run_id(self) -> str:
        """The run."""
        return self._row.run_id

    async def begin(self, starting: Sequence[str]) -> None:
        """Keep that the run begins, and the stages *starting* with it.

        Raises:
            StoreError: If that cannot be kept.
        """
        opening, self._opening = self._opening, ()
        await self._writer.commit((*opening, *self._step(None, starting)))

    async def advance(self, done: StageDone, starting: Sequence[str]) -> None:
        """Keep what became of a stage and which stages begin now, in one step.

        Raises:
            StoreError: If that cannot be kept, or the output is too large to be.
        """
        await self._writer.commit(self._step(done, starting))

    async def finish(self, done: StageDone | None, end: RunEnd) -> None:
        """Keep how the run ended, with its last stage, in one step; others may have it then.

        Raises:
            StoreError: If that cannot be kept.
        """
        row = replace(self._row, status=end.status, seconds=end.seconds, error=end.error)
        await self._writer.commit((*self._opening, *self._step(done, ()), *set_run(row)))
        self.release()

    def release(self) -> None:
        """Let others work on the run; a second call does nothing."""
        if self._is_ours:
            self._is_ours = False
            self._writer.leave()
            self._lease.release()

    def _step(self, done: StageDone | None, starting: Sequence[str]) -> Change:
        if done is not None and (size := len(done.output or b"")) > self._max_output_bytes:
            reason = f"the output has {size} bytes, and {self._max_output_bytes} are allowed"
            raise StoreError(f"stage {done.record.stage_id!r} of run {self.run_id}", reason)
        return add_step(self.run_id, done, starting)
