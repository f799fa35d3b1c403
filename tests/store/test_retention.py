"""Tests of what is kept how long, and of how agents are judged by what is kept."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, get_args

import pytest

from registry_core.results.durable import RunEnd, StageDone
from registry_core.results.outcomes import AttemptStatus
from registry_core.settings.values import MonitoringSettings
from registry_core.store import evidence as module
from registry_core.store.alerts import alerts_of
from registry_core.store.evidence import LATEST, quantile
from registry_core.store.store import Store
from tests.store.engine import AGENT, done, head, record

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


_NOW = datetime(2030, 1, 10, tzinfo=UTC)


def _at(days_ago: float) -> str:
    return (_NOW - timedelta(days=days_ago)).isoformat()


async def _run(store: Store, run_id: str, *, days_ago: float, finish: bool = True) -> None:
    with store.begin(head(run_id, started_at=_at(days_ago))) as keeper:
        await keeper.begin(["s0"])
        own = b'"' + run_id.encode() * 3000 + b'"'
        over = StageDone(record(0, at=_at(days_ago)), own)
        if finish:
            await keeper.finish(over, RunEnd("success", 1.0))
        else:
            await keeper.advance(over, ["s1"])


def _count(store: Store, table: str) -> int:
    with closing(sqlite3.connect(store.folder / "runs.db")) as connection:
        count: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 -- ours
        return count


@pytest.fixture
def aged(folder: Path) -> Store:
    """A store on the tenth of January 2030."""
    return Store(folder, now=_NOW.timestamp)


class TestRetention:
    @pytest.mark.requirement("R80")
    def test_what_is_older_goes_with_all_it_had(self, aged: Store) -> None:
        """The disk of a server that runs for years stays the same size."""
        for days in (8, 6.9, 0):
            asyncio.run(_run(aged, f"run{days}", days_ago=days))
        asyncio.run(_run(aged, "cut", days_ago=9, finish=False))

        removed = aged.purge(older_than_days=7)

        assert removed == 2
        assert [line.run_id for line in aged.runs()] == ["run0", "run6.9"]
        assert _count(aged, "steps") == 4
        assert _count(aged, "attempts") == 2
        assert _count(aged, "blobs") == 4  # the document, the input, two outputs
        assert aged.check() == ()
        aged.close()

    @pytest.mark.fault("F77")
    def test_a_run_that_somebody_works_on_stays(self, aged: Store, folder: Path) -> None:
        """A run that waits for a person for a month is not over."""
        with Store(folder) as other, other.begin(head("old", started_at=_at(30))) as keeper:
            asyncio.run(keeper.begin(["s0"]))

            removed = aged.purge(older_than_days=7)

            asyncio.run(keeper.finish(done(0), RunEnd("success", 1.0)))

        assert removed == 0
        assert aged.report("old").line.status == "success"
        assert aged.purge(older_than_days=7) == 1
        aged.close()

    @pytest.mark.fault("F77")
    def test_ten_thousand_runs_are_listed_in_one_go(self, store: Store) -> None:
        """Everything in one answer; how fast is a benchmark's matter."""
        asyncio.run(_run(store, "cut", days_ago=0, finish=False))
        with closing(sqlite3.connect(store.folder / "runs.db")) as connection:
            connection.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
                " INSERT INTO runs SELECT NULL, 'r' || i, 'p', 'success', '2030', 1.0, NULL, '',"
                " '', '{}', '{}', x'', NULL, NULL FROM n"
            )
            connection.commit()

        began = time.perf_counter()
        lines = store.runs()
        seconds = time.perf_counter() - began

        assert len(lines) == 10_001
        assert seconds < 5  # 0.2 is asked, and measured where nobody else works


async def _attempts(store: Store, statuses: Iterable[AttemptStatus], seconds: float = 0.25) -> None:
    with store.begin(head()) as keeper:
        await keeper.begin(["s0"])
        for index, status in enumerate(statuses):
            over = record(index, status, seconds=seconds, at=_at(0) + f".{index:05}")
            await keeper.advance(StageDone(over, None), [])
        await keeper.finish(None, RunEnd("success", 1.0))


def _many(**counts: int) -> list[AttemptStatus]:
    return [status for status in get_args(AttemptStatus) for _ in range(counts.get(status, 0))]


class TestEvidence:
    @pytest.mark.requirement("R99")
    def test_it_says_how_an_agent_did(self, store: Store) -> None:
        """The composer prefers who answered."""
        asyncio.run(_attempts(store, _many(succeeded=6, failed=2, cancelled=1)))
        asyncio.run(_attempts(store, ["timed_out"], seconds=9.0))

        evidence = store.evidence()[AGENT]

        assert (evidence.calls, evidence.failures) == (9, 3)
        assert evidence.error_rate == pytest.approx(1 / 3)
        assert evidence.p50_seconds == 0.25
        assert evidence.p95_seconds == 9.0
        assert evidence.mean_seconds == pytest.approx((6 * 0.25 + 9) / 7)
        assert evidence.last_seen_at == _at(0) + ".00007"

    def test_only_the_latest_attempts_count(self, store: Store) -> None:
        """An agent that was mended is not judged for ever by what it was."""
        asyncio.run(_attempts(store, [*_many(failed=50), *_many(succeeded=LATEST)]))

        evidence = store.evidence()[AGENT]

        assert (evidence.calls, evidence.failures) == (LATEST, 0)

    @pytest.mark.requirement("R99")
    def test_failures_are_told_by_kind(self, store: Store) -> None:
        """What fails how often is what gets mended first."""
        asyncio.run(_attempts(store, ["failed", "succeeded", "timed_out"]))
        asyncio.run(_attempts(store, ["failed"]))

        found = {(one.stage_id, one.code): one.count for one in store.failures()}

        assert found == {("s0", "agent_error"): 2, ("s2", "attempt_timeout"): 1}
        assert store.failures("nobody/else@1") == ()

    def test_a_run_that_went_on_counts_what_it_did_before(self, store: Store) -> None:
        """A crash does not make failures unseen."""

        async def work() -> None:
            with store.begin(head("run")) as keeper:
                await keeper.begin(["s0"])
                await keeper.advance(done(0), ["s1"])
            with store.reopen("run")[0] as keeper:
                await keeper.begin(["s1"])
                await keeper.finish(done(1), RunEnd("success", 1.0))

        asyncio.run(work())

        assert store.evidence()[AGENT].calls == 2

    def test_a_damaged_row_says_nothing_and_hides_no_other(self, store: Store) -> None:
        """One bad byte does not make every agent unknown."""
        asyncio.run(_attempts(store, _many(succeeded=3)))
        with closing(sqlite3.connect(store.folder / "runs.db")) as connection:
            connection.execute("UPDATE steps SET record = x'7b22ff' WHERE id = 2")
            connection.commit()

        assert store.evidence()[AGENT].calls == 2
        assert store.failures() == ()

    def test_what_is_long_ago_counts_no_more(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The answer takes as long after a million stages as after some thousand."""
        monkeypatch.setattr(module, "LATEST_STAGES", 3)
        asyncio.run(_attempts(store, [*_many(failed=3), "succeeded", "succeeded"]))

        evidence = store.evidence()[AGENT]

        assert (evidence.calls, evidence.failures) == (2, 0)

    def test_a_quantile_is_a_value_that_occurred(self) -> None:
        """No latency is made up between two."""
        values = [float(number) for number in range(1, 101)]

        assert [quantile(values, share) for share in (0.0, 0.5, 0.95, 1.0)] == [1, 50, 95, 100]
        assert quantile([], 0.5) == 0


class TestAlerts:
    @pytest.mark.requirement("R80")
    def test_an_agent_beyond_a_limit_is_named(self, store: Store) -> None:
        """What gets worse by and by is seen before users call."""
        asyncio.run(_attempts(store, _many(succeeded=6, failed=2), seconds=3.0))
        limits = MonitoringSettings(max_error_rate=0.2, max_p95_seconds=2.0)

        alerts = alerts_of(store.evidence().values(), limits)

        assert [(one.kind, one.value, one.limit) for one in alerts] == [
            ("error_rate", 0.25, 0.2),
            ("p95_seconds", 3.0, 2.0),
        ]
        assert str(alerts[0]) == (
            "agent text-agents/count@1.0.0: 25% of its attempts failed, 20% may (last 8 attempts)"
        )

    def test_nothing_is_said_of_few_attempts_or_when_switched_off(self, store: Store) -> None:
        """An alert that cries wolf is switched off, and then it says nothing at all."""
        asyncio.run(_attempts(store, _many(failed=4)))
        few = store.evidence().values()
        asyncio.run(_attempts(store, _many(failed=4)))
        many = store.evidence().values()

        assert alerts_of(few, MonitoringSettings()) == ()
        assert len(alerts_of(many, MonitoringSettings())) == 1
        assert alerts_of(many, MonitoringSettings(performance_alerts=False)) == ()
