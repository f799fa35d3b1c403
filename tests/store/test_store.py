"""Tests of the store: what is kept can be gone on with, by anybody, and by one at a time."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from registry_core.errors import ResumeError, StoreError, UnknownNameError
from registry_core.results.durable import RunEnd, StageDone
from registry_core.results.outcomes import ErrorRecord, StageRecord
from registry_core.store.store import Store
from tests.store.engine import AGENT, conduct, done, head, record

if TYPE_CHECKING:
    from pathlib import Path

    from registry_core.store.views import KeptStatus


async def _add_one(value: int) -> int:
    return value + 1


async def _cut_after(store: Store, run_id: str, stages: int) -> None:
    """Begin a run of three stages and leave it when *stages* of them are over."""
    with store.begin(head(run_id)) as keeper:
        await keeper.begin(["s0"])
        for index in range(stages):
            await keeper.advance(done(index), [f"s{index + 1}"])


class TestKeeping:
    def test_a_run_that_ended_is_listed_with_its_stages(self, store: Store) -> None:
        """Who comes in the morning sees what happened in the night."""
        began = head()

        with store.begin(began) as keeper:
            result = asyncio.run(conduct(keeper, [_add_one] * 3))

        assert result == 3
        (line,) = store.runs()
        report = store.report(line.run_id)
        assert (line.run_id, line.pipeline, line.status) == (began.run_id, "chain", "success")
        assert [(stage.stage_id, stage.state) for stage in report.stages] == [
            ("s0", "succeeded"),
            ("s1", "succeeded"),
            ("s2", "succeeded"),
        ]
        assert report.stages[1].record == record(1)
        assert report.metadata == {"tenant": "a"}

    @pytest.mark.requirement("R98")
    def test_every_state_of_a_stage_is_told(self, store: Store) -> None:
        """One retry, one skip, one failure: the report is where they are looked up."""
        error = ErrorRecord("agent_error", "builtins.ValueError", "no", "s2", 1)
        skipped = StageRecord(1, "s1", AGENT, "skipped", "2030", 0.1, error=error)
        failed = record(2, "failed")

        async def work() -> None:
            with store.begin(head("run", stages=4)) as keeper:
                await keeper.begin(["s0"])
                await keeper.advance(done(0), ["s1"])
                await keeper.advance(StageDone(skipped, b"null"), ["s2"])
                await keeper.finish(StageDone(failed, None), RunEnd("failed", 2.5, error))

        asyncio.run(work())

        report = store.report("run")
        assert [stage.state for stage in report.stages] == [
            "succeeded",
            "skipped",
            "failed",
            "pending",
        ]
        assert (report.line.status, report.line.seconds, report.error) == ("failed", 2.5, error)
        assert report.stages[2].record == failed

    @pytest.mark.fault("F69")
    def test_the_status_is_kept_with_the_last_stage_or_neither_is(self, store: Store) -> None:
        """A run that looks finished while its last stage is lost was lost work at a rival."""
        asyncio.run(_cut_after(store, "run", 2))
        keeper, _ = store.reopen("run")
        with closing(sqlite3.connect(store.folder / "runs.db")) as other:
            other.execute(
                "CREATE TRIGGER refuse BEFORE UPDATE ON runs WHEN new.status = 'success'"
                " BEGIN SELECT raise(ABORT, 'refused'); END"
            )

        async def finish() -> None:
            await keeper.begin(["s2"])
            await keeper.finish(done(2), RunEnd("success", 1.0))

        with pytest.raises(StoreError, match="refused"):
            asyncio.run(finish())
        keeper.release()

        report = store.report("run")
        assert report.line.status == "interrupted"
        assert report.stages[2].state == "in_doubt"

    @pytest.mark.fault("F76")
    def test_an_output_that_is_too_large_is_refused_before_it_is_kept(self, folder: Path) -> None:
        """One agent's 100 MB must not fill the disk of everybody."""

        async def work(store: Store) -> None:
            with store.begin(head("run")) as keeper:
                await keeper.begin(["s0"])
                await keeper.advance(done(0, b"x" * 101), ["s1"])

        with Store(folder, max_output_bytes=100) as store:
            with pytest.raises(StoreError, match=r"'s0'.*101 bytes, and 100 are allowed"):
                asyncio.run(work(store))

            assert store.report("run").stages[0].state == "in_doubt"

    def test_a_document_that_passes_unchanged_is_kept_once(self, store: Store) -> None:
        """Ten stages of one report must not cost ten reports."""
        document = b'"' + b"x" * 100_000 + b'"'

        async def work() -> None:
            with store.begin(head("run", stages=20)) as keeper:
                await keeper.begin(["s0"])
                for index in range(19):
                    await keeper.advance(done(index, document), [f"s{index + 1}"])
                await keeper.finish(done(19, document), RunEnd("success", 1.0))

        asyncio.run(work())
        store.close()

        assert (store.folder / "runs.db").stat().st_size < 200_000

    def test_an_id_is_used_once(self, store: Store) -> None:
        """Two runs under one id would be one run that nobody had."""
        asyncio.run(_cut_after(store, "run", 1))

        with pytest.raises(StoreError):
            asyncio.run(_cut_after(store, "run", 2))

        assert [stage.state for stage in store.report("run").stages] == [
            "succeeded",
            "in_doubt",
            "pending",
        ]

    def test_nothing_is_made_by_looking(self, folder: Path) -> None:
        """A command that lists must work where nothing may be written."""
        with Store(folder) as store:
            assert store.runs() == ()
            assert store.evidence() == {}
            assert store.check() == ()
            assert store.purge(older_than_days=0) == 0
            with pytest.raises(UnknownNameError):
                store.report("run")
            with pytest.raises(UnknownNameError):
                store.reopen("run")

        assert not folder.exists()


class TestGoingOn:
    @pytest.mark.parametrize("stages", [0, 1, 2])
    def test_only_what_was_not_over_is_left(self, store: Store, stages: int) -> None:
        """A stage that was kept is never paid for twice."""
        began = head("run")
        asyncio.run(_cut_after(store, "run", stages))

        keeper, earlier = store.reopen("run")
        with keeper:
            result = asyncio.run(conduct(keeper, [_add_one] * 3, earlier))

        assert earlier.head == began
        assert list(earlier.done) == [f"s{index}" for index in range(stages)]
        assert earlier.done.get("s0", done(0)) == done(0)
        assert earlier.in_doubt == (f"s{stages}",)
        assert result == (2 if stages else 0) + 3 - stages
        assert store.runs()[0].status == "success"

    def test_a_long_output_comes_back_whole(self, store: Store) -> None:
        """Where a value is kept is no business of who reads it."""
        long = b'"' + b"x" * 50_000 + b'"'

        async def work() -> None:
            with store.begin(head("run")) as keeper:
                await keeper.begin(["s0"])
                await keeper.advance(done(0, long), ["s1"])

        asyncio.run(work())

        assert store.reopen("run")[1].done["s0"].output == long

    def test_what_failed_or_was_cut_runs_again(self, store: Store) -> None:
        """Who resumes after mending the cause wants exactly that."""

        async def work() -> None:
            with store.begin(head("run")) as keeper:
                await keeper.begin(["s0", "s1"])
                await keeper.advance(StageDone(record(0, "cancelled"), None), [])
                failed = StageDone(record(1, "failed"), None)
                await keeper.finish(failed, RunEnd("failed", 1.0))

        asyncio.run(work())

        _, earlier = store.reopen("run")

        assert earlier.done == {}
        assert earlier.in_doubt == ("s0",)

    def test_a_stage_that_began_again_is_in_doubt_again(self, store: Store) -> None:
        """Its earlier end says nothing of what it did after that."""

        async def work() -> None:
            with store.begin(head("run")) as keeper:
                await keeper.begin(["s0"])
                failed = StageDone(record(0, "failed"), None)
                await keeper.finish(failed, RunEnd("failed", 1.0))
            with store.reopen("run")[0] as keeper:
                await keeper.begin(["s0"])

        asyncio.run(work())

        assert store.report("run").line.status == "interrupted"
        assert store.reopen("run")[1].in_doubt == ("s0",)

    def test_a_run_that_succeeded_is_left_alone(self, store: Store) -> None:
        """There is nothing to go on with."""
        with store.begin(head("run")) as keeper:
            asyncio.run(conduct(keeper, [_add_one] * 3))

        with pytest.raises(ResumeError) as caught:
            store.reopen("run")

        assert caught.value.code == "ended"

    @pytest.mark.fault("F70")
    def test_one_at_a_time_works_on_a_run(self, store: Store, folder: Path) -> None:
        """Two who go on with one run would both charge the card."""
        asyncio.run(_cut_after(store, "run", 1))

        with Store(folder) as other, store.reopen("run")[0]:
            with pytest.raises(ResumeError) as caught:
                other.reopen("run")
            status = other.report("run").line.status

        assert caught.value.code == "owned"
        assert status == "running"
        assert store.report("run").line.status == "interrupted"


class TestFinding:
    def test_the_beginning_of_an_id_is_enough(self, store: Store) -> None:
        """Nobody types 36 characters."""
        for name in ("aab", "aac", "b"):
            asyncio.run(_cut_after(store, name, 0))

        assert store.find("aab") == "aab"
        assert store.find("b") == "b"
        assert store.find("aac") == "aac"
        with pytest.raises(UnknownNameError) as several:
            store.find("aa")
        with pytest.raises(UnknownNameError) as none:
            store.find("x")
        assert several.value.close == ("aab", "aac")
        assert "agentreg runs" in str(none.value)

    def test_the_last_one_is_found_as_such(self, store: Store) -> None:
        """Most questions are about the run that just failed."""
        for day in (1, 3, 2):
            began = head(f"run{day}", started_at=f"2030-01-0{day}T00:00:00+00:00")
            with store.begin(began) as keeper:
                asyncio.run(conduct(keeper, [_add_one] * 3))

        assert store.find("last") == "run3"
        assert [line.run_id for line in store.runs(limit=2)] == ["run3", "run2"]

    def test_runs_are_listed_by_what_became_of_them(self, store: Store) -> None:
        """Interrupted runs are what somebody has to act on."""
        asyncio.run(_cut_after(store, "cut", 0))
        with store.begin(head("good")) as keeper:
            asyncio.run(conduct(keeper, [_add_one] * 3))
        alive = store.begin(head("alive"))
        asyncio.run(alive.begin(["s0"]))

        def listed(status: KeptStatus) -> list[str]:
            return [line.run_id for line in store.runs(status=status)]

        assert listed("interrupted") == ["cut"]
        assert listed("running") == ["alive"]
        assert listed("success") == ["good"]
        assert len(store.runs(status="interrupted", limit=1)) == 1
        alive.release()
