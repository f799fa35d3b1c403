"""The store of runs: begin one, go on with one, see them all.

Any number of processes use one store at a time. Nothing is opened or made before it is needed.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Self

from registry_core.errors import StoreError, UnknownNameError
from registry_core.store.checking import find_damage
from registry_core.store.database import open_database, store_error
from registry_core.store.evidence import failures_of, read_evidence
from registry_core.store.history import earlier_run, read_content, read_history
from registry_core.store.keeping import KeptRun
from registry_core.store.lease import is_leased, take_lease
from registry_core.store.mark import Mark
from registry_core.store.place import is_kept_file, make_folder
from registry_core.store.retention import purge_runs
from registry_core.store.rows import set_run
from registry_core.store.views import Damage, RunLine, RunReport, stage_lines
from registry_core.store.writer import Writer

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Generator, Mapping

    from registry_core.names import AgentId
    from registry_core.results.durable import EarlierRun, RunHead
    from registry_core.results.run import RunStatus
    from registry_core.store.evidence import AgentEvidence, FailureCount
    from registry_core.store.history import History
    from registry_core.store.views import KeptStatus

__all__ = ["MAX_OUTPUT_BYTES", "Store"]

MAX_OUTPUT_BYTES = 64 << 20

_FILE = "runs.db"
_LEASES = "leases"
_LISTED = "SELECT run_id, pipeline, status, started_at, seconds FROM runs"
_LAST = "SELECT run_id FROM runs ORDER BY started_at DESC, run_id DESC LIMIT 1"
_BEGINNING = "SELECT run_id FROM runs WHERE run_id BETWEEN ? AND ? ORDER BY run_id LIMIT 6"
_NEWEST_FIRST = " ORDER BY started_at DESC, run_id DESC LIMIT ?"


class Store:
    """Runs in a folder.

    Attributes:
        folder: Where they are.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        now: Callable[[], float] = time.time,
        max_output_bytes: int = MAX_OUTPUT_BYTES,
        connect: Callable[[Path], sqlite3.Connection] = open_database,
    ) -> None:
        """Use the store in *folder*, which is made with the first run.

        Args:
            folder: A folder of the user's own.
            now: Seconds since 1970, for what is too old to be kept.
            max_output_bytes: Longest output of a stage that is kept, as JSON.
            connect: Opens the database.
        """
        self.folder = Path(folder)
        self._file = self.folder / _FILE
        self._leases = self.folder / _LEASES
        self._now = now
        self._connect = connect
        self._max_output_bytes = max_output_bytes
        self._writer = Writer(self._file, lambda: self._open(writes=True))
        self._lock = Lock()
        self._reader: sqlite3.Connection | None = None
        self._mark: Mark | None = None
        self._marking = Lock()

    def __enter__(self) -> Self:
        """Use it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Commit what is waited for, and let go of the files."""
        if self._mark is not None:
            self._mark.before_closing()
        self._writer.close()
        with self._lock:
            reader, self._reader = self._reader, None
            if reader is not None:
                reader.close()
        mark, self._mark = self._mark, None
        if mark is not None:
            mark.close()

    def begin(self, head: RunHead) -> KeptRun:
        """Return the keeper of a new run; the first that it keeps is *head*.

        Raises:
            StoreError: If the folder cannot be used.
            ResumeError: If somebody works on a run of that id.
        """
        self._make_folders()
        lease = take_lease(self._leases, head.run_id)
        limit = self._max_output_bytes
        return KeptRun.new(head, writer=self._writer, lease=lease, max_output_bytes=limit)

    def reopen(self, run_id: str) -> tuple[KeptRun, EarlierRun]:
        """Return the keeper of a run that was cut or did not succeed, and what it left.

        Raises:
            UnknownNameError: If there is no such run.
            ResumeError: If somebody works on it, it succeeded, or its rows are damaged.
            StoreError: If the store cannot be read.
        """
        with self._history(run_id):
            self._make_folders()
        lease = take_lease(self._leases, run_id)
        try:
            # Read again: until a moment ago its rows were another process's to add to.
            with self._history(run_id) as (connection, history):
                earlier = earlier_run(connection, history)
        except BaseException:
            lease.release()
            raise
        row = replace(history.row, status="running", seconds=None, error=None)
        limit = self._max_output_bytes
        opening = set_run(row)
        keeper = KeptRun(row, opening, writer=self._writer, lease=lease, max_output_bytes=limit)
        return keeper, earlier

    def find(self, beginning: str) -> str:
        """Return the id of the run that begins so; of the last one when *beginning* is ``last``.

        Raises:
            UnknownNameError: If none does, or several do.
            StoreError: If the store cannot be read.
        """
        with self._reading() as connection:
            found: list[tuple[str]] = []
            if connection is not None and beginning == "last":
                found = connection.execute(_LAST).fetchall()
            elif connection is not None and beginning:
                end = f"{beginning}\U0010ffff"
                found = connection.execute(_BEGINNING, (beginning, end)).fetchall()
        names = [name for (name,) in found]
        if beginning in names:
            return beginning
        if len(names) != 1:
            raise UnknownNameError("run", beginning, names)
        return names[0]

    def runs(self, *, status: KeptStatus | None = None, limit: int = -1) -> tuple[RunLine, ...]:
        """Return the runs, the newest first.

        Args:
            status: Only those with this one.
            limit: Most runs to return; all when negative.

        Raises:
            StoreError: If the store cannot be read.
        """
        column = "running" if status == "interrupted" else status
        query = _LISTED if column is None else f"{_LISTED} WHERE status = ?"
        # Whether a run is alive stands in no row, so those cannot be counted before.
        most = -1 if column == "running" else limit
        given = (most,) if column is None else (column, most)
        lines: list[RunLine] = []
        with self._reading() as connection:
            rows = () if connection is None else connection.execute(query + _NEWEST_FIRST, given)
            for run_id, pipeline, kept, started_at, seconds in rows:
                seen = self._seen(run_id, kept)
                if status in {None, seen} and len(lines) != limit:
                    lines.append(RunLine(run_id, pipeline, seen, started_at, seconds))
        return tuple(lines)

    def report(self, run_id: str) -> RunReport:
        """Return everything that is known of a run, whoever makes it or made it.

        Raises:
            UnknownNameError: If there is no such run.
            ResumeError: If its rows are damaged.
            StoreError: If the store cannot be read.
        """
        with self._history(run_id) as (connection, history):
            row = history.row
            document = read_content(connection, run_id, row.contents.document).decode()
        seen = self._seen(run_id, row.status)
        line = RunLine(run_id, row.pipeline, seen, row.started_at, row.seconds)
        stages = stage_lines(document, history, alive=seen == "running")
        return RunReport(line, stages, row.metadata, row.error)

    def evidence(self) -> Mapping[AgentId, AgentEvidence]:
        """Return how each agent did lately, by agent; one that never ran is not there.

        Raises:
            StoreError: If the store cannot be read.
        """
        with self._reading() as connection:
            return {} if connection is None else read_evidence(connection)

    def failures(self, agent: str = "") -> tuple[FailureCount, ...]:
        """Return which failures agents had, how often, and when last, the latest first.

        Args:
            agent: Only those of this agent.

        Raises:
            StoreError: If the store cannot be read.
        """
        with self._reading() as connection:
            return () if connection is None else failures_of(connection, agent)

    def purge(self, *, older_than_days: float) -> int:
        """Remove runs that began earlier and that nobody works on; return how many.

        Raises:
            StoreError: If the store cannot be written to.
        """
        if not is_kept_file(self._file):
            return 0
        before = datetime.fromtimestamp(self._now(), UTC) - timedelta(days=older_than_days)
        connection = self._open(writes=True)
        try:
            return purge_runs(connection, self._leases, before.isoformat())
        except sqlite3.Error as error:
            raise store_error(self._file, error) from error
        finally:
            connection.close()

    def check(self) -> tuple[Damage, ...]:
        """Return everything that is not what was written, each with the run it belongs to.

        Raises:
            StoreError: If the store cannot be read at all.
        """
        with self._reading() as connection:
            if connection is None:
                return ()
            found = find_damage(connection)
        if self._mark is not None and self._mark.is_log_gone:
            return (Damage("", "its log was removed: what was kept last may be missing"), *found)
        return found

    def _seen(self, run_id: str, kept: RunStatus) -> KeptStatus:
        cut = kept == "running" and not is_leased(self._leases, run_id)
        return "interrupted" if cut else kept

    def _make_folders(self) -> None:
        make_folder(self.folder)
        make_folder(self._leases)

    def _open(self, *, writes: bool = False) -> sqlite3.Connection:
        make_folder(self.folder)
        with self._marking:
            try:
                self._mark = self._mark or Mark(self._file)
                if writes:
                    self._mark.before_writing()
                connection = self._connect(self._file)
                if writes:
                    self._mark.while_writing()
            except OSError as error:
                raise StoreError(str(self._file), error.strerror or "cannot be used") from error
        return connection

    @contextmanager
    def _history(self, run_id: str) -> Generator[tuple[sqlite3.Connection, History], None, None]:
        """Give what is kept of a run, and where more of it can be read."""
        with self._reading() as connection:
            history = None if connection is None else read_history(connection, run_id)
            if connection is None or history is None:
                raise UnknownNameError("run", run_id)
            yield connection, history

    @contextmanager
    def _reading(self) -> Generator[sqlite3.Connection | None, None, None]:
        """Give a connection to read from, or None where nothing was ever kept."""
        if not is_kept_file(self._file):
            yield None
            return
        with self._lock:
            try:
                if self._reader is None:
                    self._reader = self._open()
                yield self._reader
            except sqlite3.Error as error:
                raise store_error(self._file, error) from error
