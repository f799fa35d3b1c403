"""Whatever observers do: events keep their order, and the counts add up."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_core.results.events import Event
from registry_core.runtime.observing import ObserverFeed

PATIENCE = 20.0  # seconds


@dataclass
class Odd:
    """An observer that raises at one event, or is slow, or neither."""

    raises_at: int
    pause_seconds: float
    heard: list[int] = field(default_factory=list[int])

    def __call__(self, event: Event) -> None:
        """Keep the number of the event."""
        self.heard.append(event.attempt)
        if event.attempt == self.raises_at:
            raise ValueError
        if self.pause_seconds:
            time.sleep(self.pause_seconds)  # noqa: TID251 -- slow on purpose


ODD = st.builds(Odd, st.integers(-20, 20), st.sampled_from([0.0, 0.0, 1e-4]))


@pytest.mark.requirement("R19", "R30")
@settings(deadline=None, max_examples=60)
@given(st.lists(ODD, max_size=4), st.integers(0, 40), st.integers(1, 50))
def test_order_is_kept_and_what_is_told_is_heard_or_dropped(
    observers: list[Odd], count: int, limit: int
) -> None:
    """Who reads a count of dropped events must be able to believe it."""
    feed = ObserverFeed(observers, limit=limit)
    told = [Event("attempt_finished", "run", "", attempt=n) for n in range(count)]
    told.append(Event("run_finished", "run", "", attempt=count))

    async def run() -> None:
        for event in told:
            feed.tell(event)
        assert await feed.drain(PATIENCE)
        feed.close()

    asyncio.run(run())

    for observer, report in zip(observers, feed.reports, strict=True):
        assert observer.heard == sorted(set(observer.heard))
        assert report.told == len(told)
        assert report.heard == len(observer.heard)
        assert report.heard + report.dropped == report.told
        assert report.failed == (observer.raises_at in observer.heard)
        if not report.failed:
            assert observer.heard[-1] == count
        if limit > count and not report.failed:
            assert report.dropped == 0
