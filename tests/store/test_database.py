"""Tests of the database file: brought forward, never back, and nobody else's is touched."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from registry_core.errors import StoreError
from registry_core.results.durable import RunEnd, StageDone
from registry_core.store import database
from registry_core.store.database import MIGRATIONS, open_database
from registry_core.store.rows import add_run, add_step
from registry_core.store.store import Store
from tests.store.engine import AGENT, head, record

if TYPE_CHECKING:
    from pathlib import Path

_MORE = (*MIGRATIONS, ("ALTER TABLE runs ADD COLUMN tenant TEXT", "CREATE TABLE extra (a)"))


def _tables(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}


def _version(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        return version


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database of this release with one row in it."""
    file = tmp_path / "runs.db"
    with closing(open_database(file)) as connection:
        connection.execute("INSERT INTO blobs VALUES ('a', x'01')")
    return file


class TestMigration:
    @pytest.mark.fault("F74")
    def test_an_older_file_comes_forward_and_is_backed_up(self, file: Path) -> None:
        """An upgrade keeps what was kept, and there is a way back."""
        with closing(open_database(file, migrations=_MORE)) as connection:
            kept = connection.execute("SELECT digest FROM blobs").fetchall()

        assert kept == [("a",)]
        assert "extra" in _tables(file)
        backup = file.with_name(f"runs.db.format-{len(MIGRATIONS)}")
        assert (_version(file), _version(backup)) == (len(_MORE), len(MIGRATIONS))
        assert "extra" not in _tables(backup)

    @pytest.mark.fault("F74")
    def test_a_run_of_the_first_format_goes_on(self, tmp_path: Path) -> None:
        """Its steps had an index, and now lie between two ends."""
        over = StageDone(record(0, "failed"), None)
        opening, _ = add_run(head("run"))
        steps = (add_step("run", None, ["s0"]), add_step("run", over, ["s1"]))
        with closing(open_database(tmp_path / "runs.db", migrations=MIGRATIONS[:1])) as connection:
            for statement, row in chain(opening, *steps):
                first = statement.partition(", first)")[0]
                old = f"{first}) VALUES ({', '.join('?' * len(row))})"
                connection.execute(old if "INTO runs" in statement else statement, row)

        with Store(tmp_path) as store:
            keeper, earlier = store.reopen("run")
            calls = store.evidence()[AGENT].calls
            asyncio.run(keeper.finish(StageDone(record(1), b"2"), RunEnd("success", 1.0)))
            report = store.report("run")

        assert earlier.in_doubt == ("s1",)
        assert calls == 1
        assert [stage.state for stage in report.stages] == ["failed", "succeeded", "pending"]

    @pytest.mark.fault("F74")
    def test_it_comes_forward_as_a_whole_or_not_at_all(self, file: Path) -> None:
        """Half a migration is a format that no release knows."""
        broken = (*MIGRATIONS, (*_MORE[-1], "CREATE TABLE extra (twice)"))

        with pytest.raises(StoreError, match="extra"):
            open_database(file, migrations=broken)

        assert _version(file) == len(MIGRATIONS)
        assert "extra" not in _tables(file)

    @pytest.mark.fault("F74")
    def test_a_newer_file_is_refused_and_left(self, file: Path) -> None:
        """A downgrade must not destroy what it does not understand."""
        open_database(file, migrations=_MORE).close()
        before = file.read_bytes()

        with pytest.raises(StoreError, match="newer release"):
            open_database(file)

        assert file.read_bytes() == before

    def test_two_who_begin_at_once_make_one_store(self, tmp_path: Path) -> None:
        """The second finds it made."""
        with (
            closing(open_database(tmp_path / "runs.db")) as first,
            closing(open_database(tmp_path / "runs.db")) as second,
        ):
            first.execute("INSERT INTO blobs VALUES ('a', x'01')")
            assert second.execute("SELECT count(*) FROM blobs").fetchone() == (1,)


class TestPromises:
    def test_a_commit_waits_for_the_disk(self, file: Path) -> None:
        """With NORMAL a loss of power takes acknowledged rows along."""
        with closing(open_database(file)) as connection:
            found = [
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous")
            ]

        assert found == ["wal", 2]


class TestStrangers:
    @pytest.mark.fault("F72")
    def test_a_database_of_another_program_is_refused_and_left(self, tmp_path: Path) -> None:
        """Somebody's bookmarks are not a store of runs."""
        file = tmp_path / "runs.db"
        with closing(sqlite3.connect(file)) as other:
            other.execute("CREATE TABLE bookmarks (a)")
        before = file.read_bytes()

        with pytest.raises(StoreError, match="another program"):
            open_database(file)

        assert file.read_bytes() == before

    @pytest.mark.fault("F72")
    @pytest.mark.parametrize("content", [b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
    def test_garbage_is_refused_and_left(self, tmp_path: Path, content: bytes) -> None:
        """It may be the remains of something that can still be saved."""
        file = tmp_path / "runs.db"
        file.write_bytes(content)

        with pytest.raises(StoreError):
            open_database(file)

        assert file.read_bytes() == content

    @pytest.mark.fault("F72")
    def test_another_writer_is_waited_for_and_then_named(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A backup program that holds the file is no riddle."""
        monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with (
                closing(open_database(file)) as connection,
                pytest.raises(sqlite3.OperationalError) as caught,
            ):
                connection.execute("INSERT INTO blobs VALUES ('b', x'')")

        said = str(database.store_error(file, caught.value))
        assert said.startswith(f"storage failed: {file}: another process has kept it locked")

    @pytest.mark.fault("F73")
    def test_a_truncated_file_is_refused(self, file: Path) -> None:
        """A copy that broke off is not half a store."""
        copy = file.with_name("copy.db")
        shutil.copy(file, copy)
        with copy.open("r+b") as stream:
            stream.truncate(5000)

        with pytest.raises(StoreError, match=r"damaged|malformed|not a database"):
            open_database(copy).execute("SELECT * FROM runs")
