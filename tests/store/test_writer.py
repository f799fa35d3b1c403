"""Tests of the writer: who waits at the same time shares a commit, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from registry_core.errors import StoreError
from registry_core.store import writer as module
from registry_core.store.database import open_database
from registry_core.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from registry_core.store.writer import Change

_ADD = "INSERT INTO blobs VALUES (?, ?)"


def _blob(name: str) -> Change:
    return ((_ADD, (name, b"1")),)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the database will be."""
    return tmp_path / "runs.db"


@pytest.fixture
def writer(file: Path) -> Iterator[Writer]:
    """A writer to that file."""
    opened = Writer(file, lambda: open_database(file))
    yield opened
    opened.close()


def _kept(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as connection:
        return {name for (name,) in connection.execute("SELECT digest FROM blobs")}


class TestCommit:
    def test_what_returned_is_kept(self, writer: Writer, file: Path) -> None:
        """The engine goes on only because this is so."""
        asyncio.run(writer.commit(_blob("a")))

        assert _kept(file) == {"a"}

    def test_what_waits_together_goes_in_together(self, file: Path) -> None:
        """Twenty runs that each wait for the disk alone would take twenty times as long."""
        begun: list[str] = []

        def connect() -> sqlite3.Connection:
            connection = open_database(file)
            connection.set_trace_callback(
                lambda sql: begun.append(sql) if sql.startswith("BEGIN") else None
            )
            return connection

        async def work() -> None:
            # The first connects, which takes longer than it takes the others to come.
            names = [f"{number}" for number in range(20)]
            await asyncio.gather(*(shared.commit(_blob(name)) for name in names))
            await asyncio.gather(*(shared.commit(_blob(f"{name}+")) for name in names))

        shared = Writer(file, connect)
        asyncio.run(work())
        shared.close()

        assert len(_kept(file)) == 40
        assert len(begun) <= 4

    def test_one_that_fails_takes_no_other_along(self, writer: Writer, file: Path) -> None:
        """A stranger's broken run is no reason to stop mine."""

        async def work() -> list[BaseException | None]:
            changes = [_blob("a"), _blob("a"), (("no such statement", ()),), _blob("b")]
            return await asyncio.gather(*map(writer.commit, changes), return_exceptions=True)

        verdicts = asyncio.run(work())

        assert [type(verdict) for verdict in verdicts] == [
            type(None),
            StoreError,
            StoreError,
            type(None),
        ]
        assert _kept(file) == {"a", "b"}

    def test_a_change_is_kept_in_one_piece(self, writer: Writer, file: Path) -> None:
        """Half a step would be a stage that is over and one that never begins."""
        with pytest.raises(StoreError):
            asyncio.run(writer.commit((*_blob("a"), *_blob("b"), *_blob("a"))))

        assert _kept(file) == set()

    @pytest.mark.parametrize("value", ["\ud800", 1 << 80])
    def test_a_value_that_cannot_be_kept_is_a_failure_and_no_end(
        self, writer: Writer, value: str | int
    ) -> None:
        """The thread that everybody waits for must outlive any one of them."""
        with pytest.raises(StoreError):
            asyncio.run(writer.commit(((_ADD, (value, b"")),)))

        asyncio.run(writer.commit(_blob("a")))

    def test_a_database_that_cannot_be_opened_is_tried_again(self, file: Path) -> None:
        """A mount that comes back ends the trouble, without a new process."""
        file.mkdir()
        writer = Writer(file, lambda: open_database(file))
        with pytest.raises(StoreError, match="is not a regular file"):
            asyncio.run(writer.commit(_blob("a")))

        file.rmdir()
        asyncio.run(writer.commit(_blob("a")))

        writer.close()

    def test_a_fault_of_ours_is_told_and_not_waited_for(self, file: Path) -> None:
        """Waiting for ever for a thread that is gone is the worst way to fail."""

        def connect() -> sqlite3.Connection:
            message = "a fault"
            raise RuntimeError(message)

        broken = Writer(file, connect)
        with pytest.raises(StoreError, match="a fault"):
            asyncio.run(broken.commit(_blob("a")))
        broken.close()

    def test_who_is_cancelled_leaves_the_others_alone(self, writer: Writer, file: Path) -> None:
        """Ctrl-C in one run is no business of the next."""

        async def work() -> None:
            tasks = [asyncio.create_task(writer.commit(_blob(str(n)))) for n in range(3)]
            await asyncio.sleep(0)
            tasks[1].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await writer.commit(_blob("last"))

        asyncio.run(work())

        assert {"0", "2", "last"} <= _kept(file)

    def test_a_loop_that_is_gone_holds_nobody_up(self, file: Path) -> None:
        """A notebook closes its loop whenever it likes."""
        hold = Event()

        def connect() -> sqlite3.Connection:
            hold.wait(10)
            return open_database(file)

        async def leave() -> None:
            task = asyncio.create_task(slow.commit(_blob("a")))
            await asyncio.sleep(0)
            task.cancel()

        slow = Writer(file, connect)
        asyncio.run(leave())
        hold.set()
        asyncio.run(slow.commit(_blob("b")))
        slow.close()

        assert "b" in _kept(file)

    def test_loops_in_several_threads_share_it(self, writer: Writer, file: Path) -> None:
        """A server may have one loop a worker, and one store."""

        async def work(mark: str) -> None:
            for number in range(10):
                await writer.commit(_blob(f"{mark}{number}"))

        asyncio.run(writer.commit(_blob("first")))
        threads = [Thread(target=asyncio.run, args=(work(mark),)) for mark in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(_kept(file)) == 31

    def test_what_is_waited_for_is_kept_before_it_closes(self, writer: Writer, file: Path) -> None:
        """Closing is no way to lose something."""

        async def work() -> None:
            task = asyncio.create_task(writer.commit(_blob("a")))
            await asyncio.sleep(0)
            writer.close()
            await task

        asyncio.run(work())
        writer.close()

        assert _kept(file) == {"a"}


class TestAlone:
    def test_one_run_on_a_quick_disk_needs_no_thread(
        self, writer: Writer, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Handing over costs more than such a disk does."""
        monkeypatch.setattr(module, "_QUICK_SECONDS", 60)

        async def work() -> None:
            writer.enter()
            await writer.commit(_blob("a"))  # the first is how the disk is known
            monkeypatch.setattr(writer, "_hand_over", None)
            await writer.commit(_blob("b"))
            monkeypatch.undo()
            writer.leave()

        asyncio.run(work())

        assert _kept(file) == {"a", "b"}

    @pytest.mark.fault("F72")
    def test_the_loop_never_waits_for_another_process(
        self, writer: Writer, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is the thread that waits, and the loop that goes on."""
        monkeypatch.setattr(module, "_QUICK_SECONDS", 60)

        async def work() -> int:
            writer.enter()
            await writer.commit(_blob("a"))
            await writer.commit(_blob("b"))
            turns = 0
            with closing(sqlite3.connect(file, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                task = asyncio.create_task(writer.commit(_blob("c")))
                while turns < 20:
                    await asyncio.sleep(0.005)
                    turns += 1
                assert not task.done()
                other.execute("ROLLBACK")
            await task
            return turns

        assert asyncio.run(work()) == 20
        assert _kept(file) == {"a", "b", "c"}

    def test_runs_of_one_turn_go_in_together(
        self, writer: Writer, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """On a quick disk too, twenty runs share one wait."""
        monkeypatch.setattr(module, "_QUICK_SECONDS", 60)

        async def work() -> list[BaseException | None]:
            for _ in range(20):
                writer.enter()
            await writer.commit(_blob("first"))
            good = [writer.commit(_blob(f"{number}")) for number in range(20)]
            await asyncio.gather(*good)
            mixed = [writer.commit(_blob(name)) for name in ("first", "a", "b")]
            return await asyncio.gather(*mixed, return_exceptions=True)

        verdicts = asyncio.run(work())

        assert [type(verdict) for verdict in verdicts] == [StoreError, type(None), type(None)]
        assert len(_kept(file)) == 23

    def test_who_comes_while_the_thread_works_joins_those_it_wakes(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Two halves that take turns would wait twice as long, and never meet."""
        monkeypatch.setattr(module, "_QUICK_SECONDS", 60)
        said: list[list[str]] = []

        def connect() -> sqlite3.Connection:
            connection = open_database(file)
            words: list[str] = []
            connection.set_trace_callback(lambda sql: words.append(sql.split()[0]))
            said.append(words)
            return connection

        async def twice(name: str) -> None:
            await shared.commit(_blob(name))
            await shared.commit(_blob(f"{name}+"))

        async def work() -> None:
            for _ in range(3):
                shared.enter()
            await shared.commit(_blob("first"))
            with closing(sqlite3.connect(file, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                early = [asyncio.create_task(twice("a")), asyncio.create_task(twice("b"))]
                await asyncio.sleep(0.01)  # both are with the thread now
                late = asyncio.create_task(twice("c"))
                await asyncio.sleep(0.01)
                other.execute("ROLLBACK")
                await asyncio.gather(*early, late)

        shared = Writer(file, connect)
        asyncio.run(work())
        shared.close()

        _, in_the_loop = said
        assert in_the_loop[-6:] == ["BEGIN", "INSERT", "INSERT", "INSERT", "COMMIT", "INSERT"]
        assert _kept(file) == {"first", "a", "b", "c", "a+", "b+", "c+"}

    def test_runs_that_begin_in_one_turn_find_each_other(
        self, writer: Writer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The first of them must not run to its end as if it were alone."""
        monkeypatch.setattr(module, "_QUICK_SECONDS", 60)
        order: list[str] = []

        async def run(name: str) -> None:
            writer.enter()
            for number in range(3):
                await writer.commit(_blob(f"{name}{number}"))
                order.append(name)
            writer.leave()

        async def work() -> None:
            await writer.commit(_blob("first"))
            await asyncio.gather(run("a"), run("b"))

        asyncio.run(work())

        assert order == ["a", "b"] * 3

    def test_a_turn_whose_loop_is_gone_is_kept_by_the_thread(
        self, writer: Writer, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What waits for nobody any more must not hold up the next."""
        monkeypatch.setattr(module, "_QUICK_SECONDS", 60)

        async def leave() -> None:
            writer.enter()
            writer.enter()
            await writer.commit(_blob("first"))
            other.execute("BEGIN IMMEDIATE")
            tasks = [asyncio.create_task(writer.commit(_blob("a")))]
            await asyncio.sleep(0.01)
            tasks.append(asyncio.create_task(writer.commit(_blob("b"))))
            await asyncio.sleep(0.01)

        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            asyncio.run(leave())
            other.execute("ROLLBACK")
        asyncio.run(writer.commit(_blob("c")))
        writer.close()

        assert _kept(file) == {"first", "a", "b", "c"}

    def test_loops_in_several_threads_never_end_their_turns_in_one_another(
        self, writer: Writer, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One would roll back what the other is about to call kept."""
        monkeypatch.setattr(module, "_QUICK_SECONDS", 60)

        async def work(mark: str) -> None:
            names = (f"{mark}{number}" for number in range(50))
            for name in names:
                await asyncio.gather(*(writer.commit(_blob(f"{name}{part}")) for part in "xy"))

        asyncio.run(writer.commit(_blob("first")))
        with ThreadPoolExecutor() as pool:
            list(pool.map(asyncio.run, map(work, "abcd")))

        assert len(_kept(file)) == 401

    def test_closing_keeps_what_was_asked_for_in_this_turn(
        self, writer: Writer, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nobody waits for a turn that will not come."""
        monkeypatch.setattr(module, "_QUICK_SECONDS", 60)

        async def work() -> None:
            writer.enter()
            writer.enter()
            await writer.commit(_blob("a"))
            task = asyncio.create_task(writer.commit(_blob("b")))
            await asyncio.sleep(0)
            writer.close()
            await task

        asyncio.run(work())

        assert _kept(file) == {"a", "b"}

    def test_what_is_long_is_left_to_the_thread(
        self, writer: Writer, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A hundred megabytes are written while the loop goes on."""
        monkeypatch.setattr(module, "_QUICK_SECONDS", 60)

        async def work() -> bool:
            writer.enter()
            await writer.commit(_blob("a"))
            task = asyncio.create_task(writer.commit(((_ADD, ("long", bytes(1 << 20))),)))
            await asyncio.sleep(0)
            waits = not task.done()
            await task
            return waits

        assert asyncio.run(work())
        assert _kept(file) == {"a", "long"}
