"""Whether what is kept is still what was written: the file, every row, every long value."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from registry_core.errors import ResumeError
from registry_core.store.history import head_of, read_content, read_history
from registry_core.store.views import Damage

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_damage"]


def find_damage(connection: sqlite3.Connection) -> tuple[Damage, ...]:
    """Return everything that is not what was written; reads all of it.

    Raises:
        sqlite3.Error: If not even the list of runs can be read.
    """
    return (*_in_file(connection), *_in_runs(connection))


def _in_file(connection: sqlite3.Connection) -> Iterator[Damage]:
    for (line,) in connection.execute("PRAGMA quick_check"):
        if line != "ok":
            yield Damage("", f"the file: {line}")


def _in_runs(connection: sqlite3.Connection) -> Iterator[Damage]:
    for (run_id,) in connection.execute("SELECT run_id FROM runs ORDER BY run_id").fetchall():
        try:
            history = read_history(connection, run_id)
            if history is None:
                continue
            head_of(connection, history.row)
            for step in history.ended.values():
                if step.blob is not None:
                    read_content(connection, run_id, step.blob)
        except ResumeError:
            yield Damage(run_id, "a row or a value is not what was written")
        except (sqlite3.Error, UnicodeDecodeError) as error:
            yield Damage(run_id, f"cannot be read: {error}")
