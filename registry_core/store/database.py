"""The database file: its tables, how an older one is brought forward, what its errors mean.

A commit is on the disk when it returns: write-ahead log with ``synchronous=FULL``. With
``NORMAL`` a loss of power takes acknowledged rows along.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from registry_core.errors import StoreError
from registry_core.store.place import make_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["APPLICATION_ID", "BUSY_SECONDS", "MIGRATIONS", "open_database", "store_error"]

APPLICATION_ID = 0x41475247
BUSY_SECONDS = 5.0

# steps: one row for each commit of a run, never changed. It says which stage is over (with its
# record and its output, here or as a blob) and which begin, so one insert keeps both.
# runs: its steps lie between the first and the last, among those of other runs; while it is not
# over there is no last one. An index would write a second page in every commit.
# blobs: no foreign key points here, for deleting one would search every table that could.
# attempts: what the records say, and nothing to be kept beside them.
MIGRATIONS = (
    (
        """CREATE TABLE runs (
            number INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE,
            pipeline TEXT NOT NULL, status TEXT NOT NULL,
            started_at TEXT NOT NULL, seconds REAL, error TEXT, digest TEXT NOT NULL,
            document TEXT NOT NULL, inputs TEXT NOT NULL, metadata TEXT NOT NULL,
            seal BLOB NOT NULL)""",
        "CREATE INDEX runs_by_start ON runs (started_at, run_id)",
        """CREATE TABLE steps (
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, stage TEXT, record BLOB,
            output BLOB, blob TEXT, starting TEXT NOT NULL, seal BLOB NOT NULL)""",
        "CREATE INDEX steps_by_run ON steps (run)",
        "CREATE TABLE blobs (digest TEXT PRIMARY KEY, content BLOB NOT NULL)",
        """CREATE TABLE attempts (
            agent TEXT NOT NULL, started_at TEXT NOT NULL, run_id TEXT NOT NULL,
            stage TEXT NOT NULL, number INTEGER NOT NULL, status TEXT NOT NULL,
            seconds REAL NOT NULL, code TEXT NOT NULL, type TEXT NOT NULL,
            PRIMARY KEY (agent, started_at, run_id, stage, number)) WITHOUT ROWID""",
    ),
    (
        "ALTER TABLE runs ADD COLUMN first INTEGER",
        "ALTER TABLE runs ADD COLUMN last INTEGER",
        """UPDATE runs SET
            first = (SELECT min(id) FROM steps WHERE run = number),
            last = (SELECT max(id) FROM steps WHERE run = number AND status <> 'running')""",
        """CREATE TABLE unindexed (
            id INTEGER PRIMARY KEY, run INTEGER NOT NULL, stage TEXT, record BLOB,
            output BLOB, blob TEXT, starting TEXT NOT NULL, seal BLOB NOT NULL)""",
        "INSERT INTO unindexed SELECT * FROM steps",
        "DROP TABLE steps",
        "ALTER TABLE unindexed RENAME TO steps",
        "DROP TABLE attempts",
        """CREATE VIEW attempts AS SELECT
            step, stage, ifnull(json_extract(value, '$.agent'), decided) AS agent,
            json_extract(value, '$.started_at') AS started_at,
            json_extract(value, '$.status') AS status,
            json_extract(value, '$.seconds') AS seconds,
            ifnull(json_extract(value, '$.error.code'), '') AS code,
            ifnull(json_extract(value, '$.error.type'), '') AS type
            FROM (SELECT id AS step, stage, text, json_extract(text, '$.agent') AS decided
                FROM (SELECT id, stage, CAST(record AS TEXT) AS text FROM steps)
                WHERE json_valid(text)), json_each(text, '$.attempts')""",
    ),
)

_SAYS = {
    "SQLITE_BUSY": f"another process has kept it locked for {BUSY_SECONDS:g} s",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_READONLY": "cannot be written to",
    "SQLITE_CANTOPEN": "cannot be opened",
    "SQLITE_PERM": "cannot be opened",
    "SQLITE_IOERR": "the disk failed",
    "SQLITE_CORRUPT": "is damaged: see agentreg runs --check",
    "SQLITE_NOTADB": "is not a database: move it away",
}


def open_database(
    file: Path, *, migrations: Sequence[Sequence[str]] = MIGRATIONS
) -> sqlite3.Connection:
    """Return a connection to the database in *file*, made or brought forward where needed.

    Every transaction on it is begun by hand; any one thread at a time may use it.

    Raises:
        StoreError: If it cannot be opened, is not ours, or was written by a newer release;
            then it is left as it is.
    """
    make_file(file)
    connection = None
    try:
        connection = sqlite3.connect(
            file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA fullfsync=ON")  # macOS confirms before the disk has it
        if _version(connection, file, len(migrations)) < len(migrations):
            _migrate(connection, file, migrations)
        connection.execute("PRAGMA journal_mode=WAL")
    except (sqlite3.Error, StoreError) as error:
        if connection is not None:
            connection.close()
        raise store_error(file, error) from error
    return connection


def store_error(file: Path, error: Exception) -> StoreError:
    """Return what *error* means for somebody who does not know SQLite."""
    if isinstance(error, StoreError):
        return error
    name: str = getattr(error, "sqlite_errorname", "")
    said = next((text for code, text in _SAYS.items() if name.startswith(code)), "")
    return StoreError(str(file), f"{said} ({error})" if said else str(error))


def _version(connection: sqlite3.Connection, file: Path, newest: int) -> int:
    """Return by how many migrations the file came to be; an empty one came by none."""
    identity = int(connection.execute("PRAGMA application_id").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if identity == 0 and version == 0 and tables == 0:
        return 0
    if identity != APPLICATION_ID:
        raise StoreError(str(file), "is the database of another program: move it away")
    if version > newest:
        reason = f"was written by a newer release (format {version}, this one knows {newest})"
        raise StoreError(str(file), reason)
    return version


def _migrate(
    connection: sqlite3.Connection, file: Path, migrations: Sequence[Sequence[str]]
) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection, file, len(migrations))
        if 0 < version < len(migrations):
            _back_up(file, version)
        for statements in migrations[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _back_up(file: Path, version: int) -> None:
    """Copy the database as it is beside itself; an earlier copy of that version is replaced."""
    backup = file.with_name(f"{file.name}.format-{version}")
    backup.unlink(missing_ok=True)
    make_file(backup)
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
