"""Tests of exceptions that were raised in another process."""

from __future__ import annotations

import pytest

from registry_core.pipeline.policy import Policy
from registry_core.runtime.failures import Told, record_failure, tell, type_name
from registry_core.runtime.isolated_errors import raised_there


class TornPageError(ValueError, KeyError):
    """An exception with two built-in bases and a wish."""

    retry_after_seconds = 3.0


class TestRaisedThere:
    @pytest.mark.parametrize(
        "error",
        [
            TornPageError("page 3"),
            KeyError("pages"),
            OSError(2, "no such file"),
            UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"),
            ExceptionGroup("two", [ValueError("a")]),
            StopIteration(3),
            SystemExit(4),
            ValueError(),
        ],
        ids=lambda error: type(error).__name__,
    )
    def test_it_reads_and_is_retried_as_the_one_that_was_raised(self, error: BaseException) -> None:
        """Records and policies are written against what happens in process."""
        again = raised_there(tell(error))

        here, there = (record_failure(e, code="agent_error", stage_id="s") for e in (error, again))
        assert (there.type, there.message) == (here.type, here.message)
        assert names(again) == names(error)
        assert Policy().retries(again) is Policy().retries(error)

    def test_a_clause_for_a_built_in_class_catches_it(self) -> None:
        """Middleware says ``except ValueError`` and cannot import the plugin's own class."""
        again = raised_there(tell(TornPageError("page 3")))

        assert isinstance(again, ValueError)
        assert type_name(again) == type_name(TornPageError())

    def test_the_pause_that_it_asks_for_is_respected(self) -> None:
        """A service that says when to come back is to be believed."""
        told = tell(TornPageError("page 3"))

        assert told.retry_after_seconds == 3.0
        assert getattr(raised_there(told), "retry_after_seconds", 0.0) == 3.0

    def test_what_another_process_tells_is_as_short_in_a_record_as_what_is_seen_here(self) -> None:
        """A record of a lying worker must not fill the store."""
        told = Told(("a.Lie",) * 10_000, "m" * 10**6, "t" * 10**6, ("c" * 10**6,) * 10_000)

        record = record_failure(raised_there(told), code="agent_error", stage_id="s")

        sizes = [len(record.type), len(record.message), len(record.traceback), len(record.cause)]
        assert sizes == [5, 2000, 8000, 10]
        assert {len(line) for line in record.cause} == {2000}

    def test_names_that_are_nonsense_make_an_exception_all_the_same(self) -> None:
        """They come from a stranger's process."""
        again = raised_there(Told((), "x"))

        assert isinstance(again, BaseException)


def names(error: BaseException) -> set[str]:
    """Return what a policy compares."""
    return {cls.__name__ for cls in type(error).__mro__}
