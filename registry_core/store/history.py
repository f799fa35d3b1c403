"""What the rows of a run tell, taken together: what is over, what was begun, what came out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from registry_core.errors import ResumeError
from registry_core.results.durable import EarlierRun, RunHead, StageDone
from registry_core.store.rows import (
    RUN_COLUMNS,
    DamagedRowError,
    RunRow,
    Step,
    content_digest,
    read_run,
    read_step,
)

if TYPE_CHECKING:
    import sqlite3

    from registry_core.results.outcomes import StageRecord

__all__ = ["History", "earlier_run", "head_of", "read_content", "read_history"]

_RUN = f"SELECT {RUN_COLUMNS} FROM runs WHERE run_id = ?"  # noqa: S608 -- ours
_STEPS = (
    "SELECT run_id, stage, record, output, blob, starting, steps.seal"
    " FROM runs JOIN steps ON run = number"
    " AND id BETWEEN first AND ifnull(last, (SELECT max(id) FROM steps))"
    " WHERE run_id = ? ORDER BY id"
)
# Both ends are steps of the run; what does not know its ends would miss steps without a word.
_IS_BOUNDED = (
    "SELECT"
    " ifnull((SELECT run FROM steps WHERE id = first AND stage IS NULL) = number, first IS NULL)"
    " AND ifnull((SELECT run FROM steps WHERE id = last) = number, last IS NULL)"
    " FROM runs WHERE run_id = ?"
)
_ENDED = frozenset({"success", "partial"})
_LASTING = frozenset({"succeeded", "skipped"})


@dataclass(frozen=True, slots=True)
class History:
    """A run so far.

    Attributes:
        row: The run itself.
        ended: The last step that ended each stage, by stage; a stage that began again is not there.
        begun: Ids of the stages that began and did not end since, in the order they began.
    """

    row: RunRow
    ended: dict[str, Step] = field(default_factory=dict[str, "Step"])
    begun: tuple[str, ...] = ()

    @property
    def records(self) -> dict[str, StageRecord]:
        """The record of each stage that is over, by stage."""
        return {name: step.done for name, step in self.ended.items() if step.done is not None}


def read_history(connection: sqlite3.Connection, run_id: str) -> History | None:
    """Return what is kept of a run, or None when nothing is.

    Raises:
        ResumeError: If a row is not what was written.
        sqlite3.Error: If the database cannot be read.
    """
    found = connection.execute(_RUN, (run_id,)).fetchone()
    if found is None:
        return None
    ended: dict[str, Step] = {}
    begun: dict[str, None] = {}
    try:
        row = read_run(found)
        if connection.execute(_IS_BOUNDED, (run_id,)).fetchone() != (1,):
            raise damaged(run_id)
        for columns in connection.execute(_STEPS, (run_id,)):
            step = read_step(columns)
            if step.done is not None:
                begun.pop(step.done.stage_id, None)
                ended[step.done.stage_id] = step
            for stage in step.starting:
                ended.pop(stage, None)
                begun[stage] = None
    except DamagedRowError:
        raise damaged(run_id) from None
    return History(row, ended, tuple(begun))


def earlier_run(connection: sqlite3.Connection, history: History) -> EarlierRun:
    """Return what another process needs to go on with a run.

    A stage that failed or was cut is run again; of one that was cut nobody knows what it did.

    Raises:
        ResumeError: If the run came to its end, or something of it is damaged.
    """
    row = history.row
    if row.status in _ENDED:
        raise ResumeError(row.run_id, "ended", f"has ended: {row.status}")
    done = {
        name: StageDone(record, _output(connection, row.run_id, history.ended[name]))
        for name, record in history.records.items()
        if record.status in _LASTING
    }
    cut = (name for name, record in history.records.items() if record.status == "cancelled")
    return EarlierRun(head_of(connection, row), done, (*history.begun, *cut))


def head_of(connection: sqlite3.Connection, row: RunRow) -> RunHead:
    """Return what a run began with.

    Raises:
        ResumeError: If something of it is damaged.
    """
    return RunHead(
        run_id=row.run_id,
        pipeline=row.pipeline,
        document=read_content(connection, row.run_id, row.contents.document).decode(),
        digest=row.digest,
        inputs={n: read_content(connection, row.run_id, d) for n, d in row.contents.inputs.items()},
        started_at=row.started_at,
        metadata=row.metadata,
    )


def read_content(connection: sqlite3.Connection, run_id: str, digest: str) -> bytes:
    """Return what is kept under *digest*.

    Raises:
        ResumeError: If it is not there, or not what was written.
    """
    found = connection.execute("SELECT content FROM blobs WHERE digest = ?", (digest,)).fetchone()
    content = None if found is None else found[0]
    if not isinstance(content, bytes) or content_digest(content) != digest:
        raise damaged(run_id)
    return content


def damaged(run_id: str) -> ResumeError:
    """Return that something of a run is not what was written."""
    return ResumeError(run_id, "damaged", "is damaged: see agentreg runs --check")


def _output(connection: sqlite3.Connection, run_id: str, step: Step) -> bytes | None:
    return step.output if step.blob is None else read_content(connection, run_id, step.blob)
