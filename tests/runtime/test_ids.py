"""Ids of runs."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from registry_core.runtime.ids import run_id

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.requirement("R101")
class TestRunId:
    def test_a_hundred_thousand_made_at_one_moment_by_eight_threads_differ(self) -> None:
        """Two runs with one id overwrite each other's records."""

        def make(count: int) -> set[str]:
            return {run_id(NOW) for _ in range(count)}

        with ThreadPoolExecutor(8) as threads:
            ids = set[str]().union(*threads.map(make, [12_500] * 8))

        assert len(ids) == 100_000

    def test_ids_sort_by_the_moment_they_were_made(self) -> None:
        """A listing by id is then a listing by time, without an index."""
        moments = [NOW + timedelta(microseconds=n) for n in (0, 1, 999, 1000, 10**6, 10**12)]

        ids = [run_id(moment) for moment in moments]

        assert ids == sorted(ids)

    def test_an_id_is_a_uuid_of_version_7(self) -> None:
        """Every database has a type for it."""
        made = uuid.UUID(run_id(NOW))

        assert (made.version, made.variant) == (7, uuid.RFC_4122)
