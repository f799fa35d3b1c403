"""What many durations add up to."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_core.results.metrics import (
    Distribution,
    Measured,
    MetricsSnapshot,
    Series,
    buckets_of,
    floor_of,
    measured,
)
from registry_core.runtime.metrics import Recorder

DURATIONS = st.lists(st.floats(0, 1e6), min_size=1, max_size=300)


def distribution(*seconds: float) -> Distribution:
    """Return the distribution of some durations."""
    recorder = Recorder()
    for one in seconds:
        recorder.record(one)
    return recorder.distribution()


def series(status: str, *seconds: float, stage: str = "read", agent: str = "a/b@1") -> Series:
    """Return the series of a stage."""
    return Series("report", stage, agent, status, distribution(*seconds))


class TestBuckets:
    @given(st.floats(0, 1e9))
    def test_a_bucket_is_at_most_a_sixteenth_wide(self, seconds: float) -> None:
        """What is said of an error must hold from a nanosecond to a year."""
        (bucket,) = buckets_of([seconds])

        floor, ceiling = floor_of(bucket), floor_of(bucket + 1)

        assert floor <= seconds < ceiling
        assert ceiling - floor <= floor / 16 or seconds < 1e-300


class TestQuantiles:
    @pytest.mark.requirement("R20")
    @given(DURATIONS, st.sampled_from([0.5, 0.95, 0.99]))
    def test_a_percentile_is_off_by_less_than_a_sixteenth(
        self, seconds: list[float], share: float
    ) -> None:
        """Somebody is woken up because of it."""
        true = sorted(seconds)[math.ceil(share * len(seconds)) - 1]

        assert distribution(*seconds).quantile(share) == pytest.approx(true, rel=1 / 16, abs=1e-300)

    def test_usual_durations_come_much_closer(self) -> None:
        """The bound is for the worst case; between neighbours the rank is interpolated."""
        draw = random.Random(5)  # noqa: S311 -- durations, no secrets
        seconds = [draw.lognormvariate(-3, 1) for _ in range(20_000)]

        found = distribution(*seconds)

        for share in (0.5, 0.95, 0.99):
            true = sorted(seconds)[math.ceil(share * len(seconds)) - 1]
            assert found.quantile(share) == pytest.approx(true, rel=0.01)

    @given(DURATIONS, DURATIONS)
    def test_distributions_add_up_like_what_they_are_of(
        self, left: list[float], right: list[float]
    ) -> None:
        """An agent's numbers are those of its stages together."""
        both = distribution(*left) + distribution(*right)
        at_once = distribution(*left, *right)

        assert both.buckets == at_once.buckets
        assert (both.count, both.max_seconds) == (at_once.count, at_once.max_seconds)
        assert both.total_seconds == pytest.approx(at_once.total_seconds)

    def test_of_nothing_everything_is_zero(self) -> None:
        """A dashboard is opened before the first run."""
        nothing = Distribution()

        assert (nothing.quantile(0.95), nothing.mean_seconds) == (0.0, 0.0)
        assert nothing + distribution(1.0) == distribution(1.0) == distribution(1.0) + nothing
        assert measured([]) == Measured()


class TestMeasured:
    def test_the_error_rate_leaves_out_what_was_never_decided(self) -> None:
        """Whoever cancels a run does not make its agents worse."""
        found = measured(
            [
                series("succeeded", 1.0, 1.0, 1.0),
                series("failed", 4.0),
                series("skipped", 2.0),
                series("cancelled", 99.0),
                series("not_run", 0.0),
            ]
        )

        assert (found.count, found.failures, found.undecided) == (5, 2, 2)
        assert (found.error_rate, found.mean_seconds, found.max_seconds) == (0.4, 1.8, 4.0)

    def test_a_snapshot_is_read_by_agent_stage_and_pipeline(self) -> None:
        """One question each: whom to blame, where to look, what to tell the customer."""
        snapshot = MetricsSnapshot(
            stages=(
                series("succeeded", 1.0),
                series("failed", 3.0),
                series("succeeded", 5.0, stage="write"),
            ),
            runs=(Series("report", "", "", "partial", distribution(9.0)),),
        )

        assert snapshot.by_agent["a/b@1"].count == 3
        assert snapshot.by_stage["report/read"].error_rate == 0.5
        assert snapshot.by_stage["report/write"].mean_seconds == 5.0
        assert (snapshot.by_pipeline["report"].count, snapshot.by_pipeline["report"].failures) == (
            1,
            0,
        )

    @pytest.mark.requirement("R20", "R104")
    @given(DURATIONS)
    def test_a_snapshot_goes_to_json_and_comes_back_equal(self, seconds: list[float]) -> None:
        """It is written by one process and read by another."""
        snapshot = MetricsSnapshot(stages=(series("succeeded", *seconds),))

        assert MetricsSnapshot.from_json(snapshot.to_json()) == snapshot
