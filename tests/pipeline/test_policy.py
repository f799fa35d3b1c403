"""A policy that could not be carried out is never made."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, replace

import pytest

from registry_core.errors import PipelineError
from registry_core.pipeline.policy import Backoff, Policy, Substitute


def faults_of(**values: object) -> set[str]:
    """Return the paths of what is wrong with a policy of these *values*."""
    with pytest.raises(PipelineError) as caught:
        Policy(**values)  # type: ignore[arg-type]
    return {fault.path for fault in caught.value.faults}


@pytest.mark.requirement("R10", "R11")
class TestValues:
    @pytest.mark.parametrize("value", [0, -1, 2.5, True, "3", math.nan, None])
    def test_attempts_are_counted_in_whole_numbers_from_one(self, value: object) -> None:
        """Zero attempts would never call the agent and call that a failure."""
        assert faults_of(max_attempts=value) == {"max_attempts"}

    @pytest.mark.parametrize("value", [0, -1, math.inf, math.nan, "3", True])
    def test_a_timeout_is_a_positive_finite_number(self, value: object) -> None:
        """NaN is never reached, and text is a typing slip."""
        assert faults_of(timeout_seconds=value) == {"timeout_seconds"}

    def test_pauses_grow_from_a_finite_start(self) -> None:
        """A pause that shrinks or never ends is a mistake."""
        backoff = Backoff(first_seconds=-1, factor=0.5, ceiling_seconds=math.inf)

        assert faults_of(backoff=backoff) == {
            "backoff.first_seconds",
            "backoff.factor",
            "backoff.ceiling_seconds",
        }

    def test_all_faults_come_at_once(self) -> None:
        """Each would cost a run to find."""
        assert faults_of(on_error="skipp", max_attempts=0, retry_on="OSError") == {
            "on_error",
            "max_attempts",
            "retry_on",
        }

    def test_it_cannot_be_changed_and_a_changed_copy_is_checked_again(self) -> None:
        """What was valid once is valid for ever."""
        policy = Policy()

        with pytest.raises(FrozenInstanceError):
            policy.max_attempts = -5  # type: ignore[misc]
        with pytest.raises(PipelineError):
            replace(policy, max_attempts=-5)


@pytest.mark.requirement("R10")
class TestRetryCount:
    @pytest.mark.parametrize(("count", "attempts"), [(0, 1), (1, 1), (3, 3)])
    def test_it_is_read_as_that_many_attempts_and_at_least_one(
        self, count: int, attempts: int
    ) -> None:
        """A policy that was written for another system means the same calls here."""
        assert Policy(retry_count=count) == Policy(max_attempts=attempts)

    @pytest.mark.parametrize("value", [-1, 2.5, True, "3", math.nan])
    def test_it_is_a_whole_number_from_zero(self, value: object) -> None:
        """The other name does not make a wrong number right."""
        assert faults_of(retry_count=value) == {"retry_count"}

    @pytest.mark.parametrize("attempts", [2, 3, 5])
    def test_both_names_at_once_are_refused(self, attempts: int) -> None:
        """Whichever won, somebody would be surprised; the default, said aloud, counts as said."""
        with pytest.raises(PipelineError) as caught:
            Policy(max_attempts=attempts, retry_count=5)

        [fault] = caught.value.faults
        assert fault.path == "retry_count"
        assert "max_attempts" in fault.message

    def test_a_changed_copy_keeps_the_attempts(self) -> None:
        """The alias is gone once it is read."""
        policy = replace(Policy(retry_count=4), timeout_seconds=1.0)

        assert policy == Policy(max_attempts=4, timeout_seconds=1.0)


class TestOutcomes:
    @pytest.mark.requirement("R8", "R10")
    def test_how_often_is_one_question_and_what_then_is_another(self) -> None:
        """Stopping after three tries and skipping at once are both said plainly."""
        table = {
            "stop": Policy(on_error="stop"),
            "skip": Policy(on_error="skip", substitute=Substitute(None)),
            "retry": Policy(),
            "retry, then skip": Policy(then="skip", substitute=Substitute(0), max_attempts=2),
            "fallback": Policy(on_error="fallback", fallback="other"),
        }

        assert {name: (p.attempts, p.last_resort) for name, p in table.items()} == {
            "stop": (1, "stop"),
            "skip": (1, "skip"),
            "retry": (3, "stop"),
            "retry, then skip": (2, "skip"),
            "fallback": (1, "fallback"),
        }

    @pytest.mark.requirement("R38")
    def test_skipping_needs_something_to_put_in_its_place(self) -> None:
        """The next stage cannot take nothing."""
        assert faults_of(on_error="skip") == {"substitute"}
        assert faults_of(then="skip") == {"substitute"}
        assert faults_of(on_error="fallback") == {"fallback"}

    def test_programming_errors_are_not_tried_again(self) -> None:
        """They would fail the same way, later."""
        policy = Policy(retry_on=("OSError",))

        assert policy.retries(ConnectionResetError())
        assert not policy.retries(ValueError())
        assert not policy.retries(PermissionError())
