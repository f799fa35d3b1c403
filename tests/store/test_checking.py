"""Tests of the check: whatever is not what was written is found, with the run it belongs to."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from registry_core.errors import ResumeError, StoreError
from registry_core.store.store import Store
from tests.store.engine import conduct, done, head

if TYPE_CHECKING:
    from pathlib import Path

_LONG = b'"' + b"a long output " * 400 + b'"'


async def _same(value: int) -> int:
    return value


async def _cut(store: Store, run_id: str) -> None:
    with store.begin(head(run_id)) as keeper:
        await keeper.begin(["s0"])
        await keeper.advance(done(0, run_id.encode() + _LONG), ["s1"])


@pytest.fixture
def kept(folder: Path) -> Path:
    """A closed store with two runs that were cut and one that succeeded."""
    with Store(folder) as store:
        asyncio.run(_cut(store, "one"))
        asyncio.run(_cut(store, "two"))
        with store.begin(head("good")) as keeper:
            asyncio.run(conduct(keeper, [_same] * 3))
        assert store.check() == ()
    return folder


def _change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "runs.db")) as connection:
        assert connection.execute(statement).rowcount > 0
        connection.commit()


class TestDamage:
    @pytest.mark.fault("F73")
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE runs SET digest = 'sha256:1' WHERE run_id = 'one'",
            "UPDATE runs SET error = '{' WHERE run_id = 'one'",
            "UPDATE steps SET starting = 's2' WHERE run = 1",
            "UPDATE steps SET record = x'7b7d' WHERE run = 1 AND record IS NOT NULL",
            "UPDATE runs SET first = first + 1 WHERE run_id = 'one'",
            "UPDATE runs SET last = 3 WHERE run_id = 'one'",
            "DELETE FROM steps WHERE id = 1",
            "DELETE FROM blobs WHERE CAST(content AS TEXT) LIKE 'one%'",
            "UPDATE blobs SET content = x'00' WHERE CAST(content AS TEXT) LIKE 'one%'",
        ],
    )
    def test_it_is_named_with_its_run_and_the_others_stay_readable(
        self, kept: Path, statement: str
    ) -> None:
        """One bad row is one run lost, and not the store."""
        _change(kept, statement)

        with Store(kept) as store:
            found = {damage.run_id for damage in store.check()}
            with pytest.raises(ResumeError) as caught:
                store.reopen("one")
            _, earlier = store.reopen("two")

        assert found == {"one"}
        assert caught.value.code == "damaged"
        assert earlier.done["s0"].output == b"two" + _LONG

    @pytest.mark.fault("F73")
    def test_a_flipped_byte_of_the_file_is_found(self, kept: Path) -> None:
        """A disk says nothing when it forgets."""
        file = kept / "runs.db"
        content = bytearray(file.read_bytes())
        content[content.index(b"one" + _LONG[:50]) + 700] ^= 1
        file.write_bytes(content)

        with Store(kept) as store:
            assert {damage.run_id for damage in store.check()} == {"one"}

    @pytest.mark.fault("F73")
    def test_a_log_of_another_database_is_refused_and_left(
        self, kept: Path, tmp_path: Path
    ) -> None:
        """A backup put back beside a left-over log is the classic of lost data."""
        other, log = tmp_path / "other", kept / "runs.db-wal"
        with Store(other) as store:
            asyncio.run(_cut(store, "other"))
            shutil.copy(other / "runs.db-wal", log)
        before = (kept / "runs.db").read_bytes()

        with Store(kept) as store, pytest.raises(StoreError, match="log of another database"):
            store.runs()

        assert (kept / "runs.db").read_bytes() == before
        log.unlink()
        with Store(kept) as store:
            assert {line.run_id for line in store.runs()} == {"one", "two", "good"}

    @pytest.mark.fault("F73")
    def test_a_log_that_somebody_removed_is_missed(self, kept: Path, tmp_path: Path) -> None:
        """It looks like a left-over, and holds what was kept last."""
        cut = tmp_path / "cut"
        with Store(kept) as store:
            asyncio.run(_cut(store, "three"))
            shutil.copytree(kept, cut)  # as after kill -9
        (cut / "runs.db-wal").unlink()

        with Store(cut) as store:
            found = store.check()
            again = store.check()

        assert [damage.reason for damage in found] == [
            "its log was removed: what was kept last may be missing"
        ]
        assert again == found
        with Store(cut) as store:
            assert store.check() == ()

    def test_a_log_that_was_left_by_a_kill_is_played_and_not_missed(
        self, kept: Path, tmp_path: Path
    ) -> None:
        """That is what it is for; and who only looks may be the one who plays it."""
        cut = tmp_path / "cut"
        with Store(kept) as store:
            asyncio.run(_cut(store, "three"))
            shutil.copytree(kept, cut)

        for _ in range(2):
            with Store(cut) as store:
                assert len(store.runs()) == 4
                assert store.check() == ()
