"""Observers hear what happens; what they do with it changes nothing."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING

import pytest

from registry_core.results.events import Event
from registry_core.runtime import observing
from registry_core.runtime.observing import FeedReport, ObserverFeed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from registry_core.results.events import Observer

SOON = 5.0  # seconds; never reached unless something is broken
TENANT = ContextVar("tenant", default="nobody")


def events(count: int = 3, run: str = "run") -> tuple[Event, ...]:
    """Return the events of a run of *count* stages."""
    stages = (Event("stage_finished", run, "", f"stage-{n}") for n in range(count))
    return (Event("run_started", run, ""), *stages, Event("run_finished", run, ""))


def tell(feed: ObserverFeed, *told: Event, seconds: float = SOON) -> bool:
    """Tell some events, and return whether they were all heard in time."""

    async def run() -> bool:
        for event in told:
            feed.tell(event)
        return await feed.drain(seconds)

    return asyncio.run(run())


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """Give what a hanging observer waits for; it is let go at the end."""
    event = threading.Event()
    yield event
    event.set()


def hanging(held: threading.Event) -> Callable[[Event], None]:
    """Return an observer that hears one event and does not come back."""

    def hang(event: Event) -> None:
        assert event is not None
        held.wait()

    return hang


class TestTelling:
    def test_everything_is_heard_in_order_before_the_run_returns(self) -> None:
        """Whoever counts events after a run counts all of them."""
        heard: list[Event] = []
        feed = ObserverFeed([heard.append])

        assert tell(feed, *events())

        assert heard == list(events())
        assert feed.reports == (FeedReport(told=5, heard=5, dropped=0, failed=False),)

    def test_an_event_is_heard_in_the_context_it_was_told_in(self) -> None:
        """A trace of a request must contain the runs that the request began."""
        heard: list[str] = []

        def whose(event: Event) -> None:
            assert event is not None
            heard.append(TENANT.get())

        feed = ObserverFeed([whose, whose])

        async def request(tenant: str) -> None:
            TENANT.set(tenant)
            feed.tell(events()[0])

        async def requests() -> None:
            await asyncio.gather(request("one"), request("two"))
            await feed.drain(SOON)

        asyncio.run(requests())

        assert sorted(heard) == ["one", "one", "two", "two"]

    def test_nobody_listening_costs_nothing(self) -> None:
        """Most runs have no observer, and need not even make the events."""
        feed = ObserverFeed([])

        assert not feed
        assert tell(feed, *events())

    def test_a_feed_goes_on_after_a_pause(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A service may be idle all night, and needs no thread for that."""
        monkeypatch.setattr(observing, "_IDLE_SECONDS", 0.0)
        monkeypatch.setattr(observing, "_ENDED_SECONDS", 0.0)
        heard: list[Event] = []
        feed = ObserverFeed([heard.append])

        for _ in range(50):
            assert tell(feed, *events(run="first"))

        assert heard == list(events(run="first")) * 50


class TestTrouble:
    @pytest.mark.requirement("R19")
    def test_an_observer_that_hangs_delays_a_run_by_the_bound_and_no_other_observer(
        self, held: threading.Event
    ) -> None:
        """A metrics server that is down must not take the pipelines with it."""
        heard: list[Event] = []
        feed = ObserverFeed([hanging(held), heard.append])

        assert not tell(feed, *events(), seconds=0.05)

        assert heard == list(events())
        stuck, fine = feed.reports
        assert (stuck.told, stuck.heard, stuck.dropped) == (5, 1, 0)
        assert (fine.told, fine.heard, fine.dropped) == (5, 5, 0)

    @pytest.mark.requirement("R19")
    def test_what_does_not_fit_is_dropped_and_counted_but_never_the_end(
        self, held: threading.Event, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Memory stays bounded; and what waits for the end of a run is not left waiting."""
        heard: list[Event] = []
        started = threading.Event()

        def slow(event: Event) -> None:
            heard.append(event)
            started.set()
            held.wait()

        feed = ObserverFeed([slow], limit=10)
        feed.tell(events()[0])
        started.wait(SOON)
        for event in events(1_000)[1:]:
            feed.tell(event)
        held.set()

        assert tell(feed)
        assert [event.kind for event in heard] == [
            "run_started",
            *["stage_finished"] * 10,
            "run_finished",
        ]
        assert feed.reports == (FeedReport(told=1_002, heard=12, dropped=990, failed=False),)
        assert len([r for r in caplog.records if "too slow" in r.message]) == 1

    @pytest.mark.requirement("R19", "R106")
    def test_even_the_ends_of_runs_are_bounded(self, held: threading.Event) -> None:
        """A batch of a million runs must not fill the memory for one stuck observer."""
        feed = ObserverFeed([hanging(held)], limit=10)

        for number in range(1_000):
            feed.tell(events(run=str(number))[-1])

        (report,) = feed.reports
        assert report.dropped >= 979

    @pytest.mark.requirement("R19")
    @pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt, StopIteration])
    def test_an_observer_that_raises_hears_no_more_and_is_named_once(
        self, error: type[BaseException], caplog: pytest.LogCaptureFixture
    ) -> None:
        """One line says which; a line for each event would be an outage of its own."""

        def careless(event: Event) -> None:
            raise error(event.kind)

        feed = ObserverFeed([careless])

        with caplog.at_level(logging.WARNING):
            assert tell(feed, *events())

        assert feed.reports == (FeedReport(told=5, heard=1, dropped=4, failed=True),)
        (record,) = caplog.records
        assert "careless" in record.message
        assert error.__name__ in record.message

    def test_an_async_observer_is_refused_with_a_line(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It would be called and never run; silence would look like a quiet day."""

        async def later(event: Event) -> None:
            assert event is not None

        feed = ObserverFeed([later])  # type: ignore[list-item]

        assert tell(feed, *events())
        assert feed.reports[0].failed
        assert "later raised TypeError" in caplog.text

    def test_after_the_end_only_the_ends_of_runs_are_heard(self, held: threading.Event) -> None:
        """What was left behind frees its memory, and a trace is still ended."""
        heard: list[str] = []
        first = threading.Event()

        def slow(event: Event) -> None:
            heard.append(event.kind)
            first.set()
            held.wait()

        feed = ObserverFeed([slow])
        for event in events():
            feed.tell(event)
        first.wait(SOON)
        feed.close()
        feed.close()
        held.set()
        feed.tell(events()[0])

        assert tell(feed)
        assert heard == ["run_started", "run_finished"]
        assert feed.reports == (FeedReport(told=6, heard=2, dropped=4, failed=False),)

    def test_stuck_threads_are_bounded(
        self, held: threading.Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An observer that always hangs would otherwise cost a thread for each run."""
        monkeypatch.setattr(observing, "_MOST_THREADS", 3)
        monkeypatch.setattr(observing, "_THREAD", "observer of this test")
        feeds = [ObserverFeed([hanging(held)]) for _ in range(10)]

        for feed in feeds:
            feed.tell(events()[0])

        running = [t for t in threading.enumerate() if t.name == "observer of this test"]
        assert len(running) == 3
        assert all(tell(feed, *events()) for feed in feeds[3:])
        assert feeds[-1].reports == (FeedReport(told=6, heard=0, dropped=6, failed=False),)


class TestEnding:
    @pytest.mark.requirement("R103")
    def test_no_thread_is_left_after_the_end(self) -> None:
        """Thousands of runs in one process must not leave thousands of threads."""
        mine: list[threading.Thread] = []
        feed = ObserverFeed([lambda _: mine.append(threading.current_thread())])

        assert tell(feed, *events())
        feed.close()

        mine[0].join(SOON)
        assert not mine[0].is_alive()

    def test_a_loop_that_ended_first_is_no_trouble(self, held: threading.Event) -> None:
        """The slow observer of a command line may outlive the run's event loop."""
        done = threading.Event()

        def slow(event: Event) -> None:
            held.wait()
            if event.kind == "run_finished":
                done.set()

        observers: list[Observer] = [slow]
        feed = ObserverFeed(observers)
        assert not tell(feed, *events(), seconds=0.01)

        held.set()

        assert done.wait(SOON)
        assert tell(feed)

    def test_the_end_of_a_process_can_wait_without_an_event_loop(
        self, held: threading.Event
    ) -> None:
        """A command that ends at once would take the last trace with it."""
        heard: list[Event] = []
        feed, stuck = ObserverFeed([heard.append]), ObserverFeed([hanging(held)])
        for event in events():
            feed.tell(event)
            stuck.tell(event)

        assert feed.wait(SOON)
        assert not stuck.wait(0.01)
        assert heard == list(events())
