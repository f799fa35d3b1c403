"""Exceptions as records."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from registry_core.runtime.failures import carried, record_failure, type_name, uncovered


class Account(BaseModel):
    """Has a secret."""

    token: int


class HostileError(Exception):
    """Raises whatever one does with it."""

    def __str__(self) -> str:
        """Fail."""
        raise KeyboardInterrupt

    def __repr__(self) -> str:
        """Fail."""
        raise SystemExit


def raised(error: BaseException) -> BaseException:
    """Return *error* after it was raised, deep down."""

    def dig(depth: int) -> None:
        if depth == 0:
            raise error
        dig(depth - 1)

    try:
        dig(200)
    except BaseException as caught:  # noqa: BLE001 -- any will do
        return caught
    raise AssertionError


@pytest.mark.requirement("R15")
class TestRecord:
    def test_type_text_trace_and_causes_are_kept(self) -> None:
        """The log of a plugin's own process may be gone by morning."""
        error = raised(LookupError("no such page"))
        error.__cause__ = ConnectionError("reset")
        error.__cause__.__cause__ = OSError("cable")

        record = record_failure(error, code="agent_error", stage_id="fetch", attempt=2, at="now")

        assert (record.code, record.type, record.message) == (
            "agent_error",
            "LookupError",
            "no such page",
        )
        assert (record.stage_id, record.attempt, record.at) == ("fetch", 2, "now")
        assert record.cause == ("ConnectionError: reset", "OSError: cable")
        assert record.traceback.rstrip().endswith("raise error")

    @pytest.mark.fault("F48")
    @pytest.mark.parametrize(
        "error",
        [
            HostileError(),
            OSError("x" * 10_000_000),
            OSError("\ud800"),
            ExceptionGroup("many", [OSError()] * 1000),
            type("Odd", (BaseException,), {"__module__": "a.b"})(),
        ],
        ids=["hostile", "huge", "surrogate", "group", "odd"],
    )
    def test_no_exception_breaks_its_own_record(self, error: BaseException) -> None:
        """The report about a failure must not be the next failure."""
        record = record_failure(raised(error), code="agent_error", stage_id="s")

        assert 0 < len(record.message) <= 2000
        assert len(record.traceback) <= 8000
        assert record.type == type_name(error)

    def test_a_circle_of_causes_has_an_end(self) -> None:
        """Python allows one, and a naive walk never comes back."""
        one, two = OSError("one"), OSError("two")
        one.__cause__, two.__cause__ = two, one

        assert record_failure(one, code="agent_error", stage_id="s").cause == ("OSError: two",)

    @pytest.mark.fault("F33")
    @pytest.mark.requirement("R104")
    def test_a_validation_error_does_not_repeat_what_it_was_given(self) -> None:
        """Pydantic puts the value into its message; tokens end up in tickets."""
        given = {"token": "sk-CANARY"}
        with pytest.raises(ValidationError) as caught:
            Account.model_validate(given)

        record = record_failure(caught.value, code="agent_error", stage_id="s")

        assert record.message == "token: int parsing"
        assert "CANARY" not in str(record)


class TestCover:
    @pytest.mark.parametrize(
        "error", [SystemExit(1), KeyboardInterrupt(), GeneratorExit(), StopIteration()]
    )
    def test_what_would_end_the_host_travels_covered(self, error: BaseException) -> None:
        """Each means something to the event loop, and nothing good."""
        cover = carried(error)

        assert cover is not error
        assert uncovered(cover) is error

    def test_an_ordinary_exception_stays_what_it_is(self) -> None:
        """Middleware catches it by its class."""
        error = OSError()

        assert carried(error) is error
        assert uncovered(error) is error
