"""What is too old to be kept goes; a run that somebody works on stays, however old it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.errors import ResumeError
from registry_core.store.lease import take_lease

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from registry_core.store.lease import Lease

__all__ = ["purge_runs"]

_OLD = "SELECT run_id FROM runs WHERE started_at < ?"
_DROP_RUN = "DELETE FROM runs WHERE run_id = ?"
_DROP_STEPS = "DELETE FROM steps WHERE run NOT IN (SELECT number FROM runs)"
_DROP_BLOBS = (
    "DELETE FROM blobs WHERE digest NOT IN (SELECT document FROM runs"
    " UNION SELECT blob FROM steps WHERE blob IS NOT NULL"
    " UNION SELECT each.value FROM runs, json_each(runs.inputs) AS each)"
)


def purge_runs(connection: sqlite3.Connection, leases: Path, before: str) -> int:
    """Remove the runs from before a moment, in one piece; return how many.

    Args:
        connection: To the database.
        leases: Where the locks are.
        before: UTC in ISO 8601.

    Raises:
        sqlite3.Error: If the database cannot be written to; then nothing is removed.
    """
    if connection.execute(f"{_OLD} LIMIT 1", (before,)).fetchone() is None:
        return 0
    held: list[Lease] = []
    removed = 0
    try:
        connection.execute("BEGIN IMMEDIATE")
        for (run_id,) in connection.execute(_OLD, (before,)).fetchall():
            lease = _lease(leases, run_id)
            if lease is not None:
                held.append(lease)
                removed += connection.execute(_DROP_RUN, (run_id,)).rowcount
        connection.execute(_DROP_STEPS)
        connection.execute(_DROP_BLOBS)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        for lease in held:
            lease.release()
    return removed


def _lease(leases: Path, run_id: str) -> Lease | None:
    try:
        return take_lease(leases, run_id)
    except ResumeError:
        return None
