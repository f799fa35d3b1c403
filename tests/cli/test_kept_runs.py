"""Tests of ``agentreg runs`` and ``agentreg status``: what every process left, for any of them."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from registry_core.results.durable import RunEnd, StageDone
from registry_core.store.store import Store
from tests.store.engine import done, head, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Agentreg


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The user's own store."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with Store(tmp_path / "state" / "agentreg") as opened:
        yield opened


async def _run(store: Store, run_id: str, *, fail: bool = False, cut: bool = False) -> None:
    with store.begin(head(run_id, stages=2)) as keeper:
        await keeper.begin(["s0"])
        await keeper.advance(done(0), ["s1"])
        if cut:
            return
        over = record(1, "failed" if fail else "succeeded")
        await keeper.finish(StageDone(over, None), RunEnd("failed" if fail else "success", 1.25))


class TestRuns:
    def test_without_any_there_is_an_empty_list(self, agentreg: Agentreg, store: Store) -> None:
        """A first look must not be an error, nor make anything."""
        typed = agentreg("runs", "--json")

        assert (typed.code, typed.value()) == (0, [])
        assert not store.folder.exists()

    @pytest.mark.requirement("R98")
    def test_each_is_listed_with_what_became_of_it(self, agentreg: Agentreg, store: Store) -> None:
        """A person looks for the one that needs them."""
        asyncio.run(_run(store, "good"))
        asyncio.run(_run(store, "bad", fail=True))
        asyncio.run(_run(store, "cut", cut=True))

        rows = {row["run_id"]: row["status"] for row in agentreg("runs", "--json").rows()}
        cut = agentreg("runs", "--status", "interrupted").out

        assert rows == {"good": "success", "bad": "failed", "cut": "interrupted"}
        assert cut.splitlines()[0].split() == ["RUN", "PIPELINE", "STATUS", "STARTED", "SECONDS"]
        assert cut.splitlines()[1].split()[:3] == ["cut", "chain", "interrupted"]

    @pytest.mark.requirement("R99")
    def test_failures_are_counted(self, agentreg: Agentreg, store: Store) -> None:
        """What fails how often decides what is mended first."""
        asyncio.run(_run(store, "one", fail=True))
        asyncio.run(_run(store, "two", fail=True))

        (row,) = agentreg("runs", "--failures", "--json").rows()

        assert (row["stage_id"], row["code"], row["count"]) == ("s1", "agent_error", 2)
        assert "builtins.ValueError" in agentreg("runs", "--failures").out

    @pytest.mark.fault("F73")
    def test_damage_is_found_and_told(self, agentreg: Agentreg, store: Store) -> None:
        """Exit code 1 is what a cron job goes by."""
        asyncio.run(_run(store, "one", cut=True))
        assert agentreg("runs", "--check").code == 0
        with closing(sqlite3.connect(store.folder / "runs.db")) as connection:
            connection.execute("UPDATE steps SET starting = 's9'")
            connection.commit()

        typed = agentreg("runs", "--check")

        assert typed.code == 1
        assert typed.out.splitlines()[0].startswith("run one: ")
        assert agentreg("runs", "--check", "--json").rows()[0]["run_id"] == "one"

    @pytest.mark.requirement("R80")
    def test_what_is_old_can_be_removed(self, agentreg: Agentreg, store: Store) -> None:
        """The settings say how long; a flag says otherwise."""
        asyncio.run(_run(store, "future"))

        assert agentreg("runs", "--purge").out == "removed 0 runs older than 7 days\n"
        assert agentreg("runs", "--purge", "--days", "0", "--json").facts() == {"removed": 0}
        assert agentreg("runs", "--days", "1").code == 2
        assert agentreg("runs", "--purge", "--check").code == 2

    @pytest.mark.fault("F72")
    def test_a_store_that_is_none_is_named(self, agentreg: Agentreg, store: Store) -> None:
        """Whatever stands there stays, and the message says where it is."""
        store.folder.mkdir(parents=True, mode=0o700)
        (store.folder / "runs.db").write_bytes(b"garbage" * 500)

        typed = agentreg("runs")

        assert typed.code == 1
        assert typed.err.startswith(f"error: storage failed: {store.folder / 'runs.db'}: ")


class TestStatus:
    @pytest.mark.requirement("R98")
    def test_a_run_is_shown_stage_by_stage(self, agentreg: Agentreg, store: Store) -> None:
        """Which stage, how long, and why: without reading logs."""
        asyncio.run(_run(store, "bad", fail=True))

        lines = agentreg("status", "last").out.splitlines()
        facts = agentreg("status", "ba", "--json").facts()

        assert lines[0].split() == ["STAGE", "AGENT", "STATUS", "ATTEMPTS", "MS", "NOTE"]
        assert lines[2].split()[2:6] == ["failed", "1", "250", "builtins.ValueError:"]
        assert lines[3] == "run bad: failed in 1250 ms"
        assert (facts["run_id"], facts["status"], facts["seconds"]) == ("bad", "failed", 1.25)

    @pytest.mark.requirement("R98")
    def test_a_run_that_was_cut_says_how_to_go_on(self, agentreg: Agentreg, store: Store) -> None:
        """The next command is what a person needs at night."""
        asyncio.run(_run(store, "cut", cut=True))

        out = agentreg("status", "cut").out

        assert "in_doubt" in out
        assert out.endswith("run cut: interrupted\ngo on with it: agentreg resume cut\n")

    def test_an_unknown_run_is_an_error(self, agentreg: Agentreg, store: Store) -> None:
        """With the ones that it could have meant."""
        asyncio.run(_run(store, "a1"))
        asyncio.run(_run(store, "a2"))

        typed = agentreg("status", "a")

        assert typed.code == 1
        assert "did you mean a1 or a2?" in typed.err

    @pytest.mark.requirement("R80")
    def test_without_a_run_it_says_what_needs_a_look(
        self, agentreg: Agentreg, store: Store
    ) -> None:
        """One command on a monitor."""
        assert agentreg("status").out == "nothing runs, and nothing was interrupted\n"
        for number in range(6):
            asyncio.run(_run(store, f"bad{number}", fail=True))
        asyncio.run(_run(store, "cut", cut=True))

        out = agentreg("status").out
        facts = agentreg("status", "--json").facts()

        assert "cut" in out
        assert "alert: agent text-agents/count@1.0.0: 46% of its attempts failed" in out
        assert [one["kind"] for one in facts["alerts"]] == ["error_rate"]  # type: ignore[index, union-attr, call-overload]

    def test_a_run_of_another_process_can_be_followed(
        self, agentreg: Agentreg, store: Store
    ) -> None:
        """It ends when the run does."""
        keeper = store.begin(head("slow", stages=2))
        asyncio.run(keeper.begin(["s0"]))

        async def go_on() -> None:
            await asyncio.sleep(0.4)
            await keeper.advance(done(0), ["s1"])
            await asyncio.sleep(0.4)
            await keeper.finish(done(1), RunEnd("success", 1.0))

        other = threading.Thread(target=asyncio.run, args=(go_on(),))
        other.start()
        out = agentreg("status", "slow", "--watch").out
        other.join()

        assert out.splitlines()[:4] == [
            "s0: running",
            "s0: succeeded",
            "s1: running",
            "s1: succeeded",
        ]
        assert out.endswith("run slow: success in 1000 ms\n")
        assert agentreg("status", "--watch").code == 2
