"""When the next attempt begins."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from registry_core.pipeline.policy import Backoff
from registry_core.runtime.retry import pause_before


class RateLimitError(Exception):
    """Says how long to stay away."""

    def __init__(self, seconds: object) -> None:
        """Keep it where the runtime looks."""
        self.retry_after_seconds = seconds


class TestPause:
    @pytest.mark.requirement("R46")
    def test_without_jitter_the_series_is_the_table(self) -> None:
        """An operator must be able to compute when the next call comes."""
        backoff = Backoff(first_seconds=1, factor=2, ceiling_seconds=10, jitter=False)

        pauses = [pause_before(backoff, n, draw=lambda: 0.0, error=OSError()) for n in range(1, 7)]

        assert pauses == [1, 2, 4, 8, 10, 10]

    @pytest.mark.fault("F51")
    def test_callers_that_failed_together_do_not_come_back_together(self) -> None:
        """Two hundred clients at the ceiling would take the recovering service down again."""
        drawn = random.Random(1).random  # noqa: S311 -- no secret

        pauses = [pause_before(Backoff(), 20, draw=drawn, error=OSError()) for _ in range(200)]

        busiest = Counter(int(pause * 10) for pause in pauses).most_common(1)[0][1]
        assert busiest <= 8
        assert max(pauses) <= 30

    @pytest.mark.requirement("R46")
    @pytest.mark.parametrize(("hint", "pause"), [(7, 7), (0.1, 0.2), (-1, 0.2)])
    def test_a_service_that_says_when_to_come_back_is_respected(
        self, hint: float, pause: float
    ) -> None:
        """Coming earlier than told is how clients get banned."""
        backoff = Backoff(jitter=False)

        assert pause_before(backoff, 1, draw=lambda: 1.0, error=RateLimitError(hint)) == pause

    @pytest.mark.parametrize("hint", [float("nan"), float("inf"), "soon", True, None])
    def test_a_hint_that_is_no_time_is_ignored(self, hint: object) -> None:
        """A stranger's attribute must not park a run for ever."""
        backoff = Backoff(jitter=False)

        assert pause_before(backoff, 1, draw=lambda: 1.0, error=RateLimitError(hint)) == 0.2
