"""A benchmark's table is quoted in decisions, so the frame itself is held to account."""

from __future__ import annotations

import sys

import pytest

from tests.benchmarks.frame import (
    Benchmark,
    NotThereYetError,
    benchmark,
    benchmarks_of,
    cpu_ratio,
    cpu_seconds,
    draw,
    measure,
)


@benchmark(name="answer", unit="ms", goal=42)
def answer() -> float:
    """Return exactly the goal."""
    return 42.0


@benchmark(name="absent", unit="x")
def absent() -> float:
    """Have nothing to measure."""
    reason = "catalog"
    raise NotThereYetError(reason)


class TestMeasuring:
    @pytest.mark.parametrize(
        ("value", "better", "met"),
        [(42, "lower", True), (43, "lower", False), (42, "higher", True), (41, "higher", False)],
    )
    def test_a_goal_binds_in_its_direction(self, value: float, better: str, *, met: bool) -> None:
        """A throughput below its goal must not read as a success."""
        subject = Benchmark(
            "n", "u", 42, "higher" if better == "higher" else "lower", lambda: value
        )

        assert measure(subject).met is met

    def test_what_does_not_exist_yet_has_no_value(self) -> None:
        """A missing room must neither stop the others nor pass for a fast one."""
        taken = measure(absent)

        assert (taken.value, taken.met, taken.remark) == (None, None, "not there yet: catalog")

    def test_what_fails_is_a_miss_and_stops_nobody(self) -> None:
        """One broken command must not hide the other numbers."""
        subject = Benchmark("n", "u", None, "lower", lambda: cpu_seconds(["false"]))

        taken = measure(subject)

        assert (taken.value, taken.met) == (None, False)
        assert taken.remark == "failed: ChildProcessError: false ended with 1"

    def test_benchmarks_of_a_module_keep_their_order(self) -> None:
        """A table that reorders itself cannot be compared with yesterday's."""
        assert benchmarks_of(globals()) == (answer, absent)

    def test_the_table_shows_each_with_its_goal(self) -> None:
        """The reader needs value, unit and goal on one line."""
        lines = draw([measure(answer), measure(absent)]).splitlines()

        assert [line.split() for line in lines] == [
            ["benchmark", "value", "unit", "goal", "met"],
            ["answer", "42", "ms", "42", "yes"],
            ["absent", "not", "there", "yet:", "catalog", "x"],
        ]


class TestProcessorTime:
    def test_a_process_has_a_cost_of_its_own(self) -> None:
        """Whole processes are compared: start-up is what a command's user waits for."""
        assert cpu_seconds([sys.executable, "-c", "pass"]) > 0

    def test_a_missing_program_is_not_there_yet(self) -> None:
        """The frame is older than the commands it measures."""
        with pytest.raises(NotThereYetError, match="no-such-program"):
            cpu_seconds(["no-such-program"])

    def test_a_program_that_fails_has_no_time(self) -> None:
        """A crash is quick, and would look like the best run of all."""
        with pytest.raises(ChildProcessError, match="ended with 3"):
            cpu_seconds([sys.executable, "-c", "raise SystemExit(3)"])

    def test_one_disturbed_pair_does_not_move_the_ratio(self) -> None:
        """Other work on the machine comes in bursts."""
        costs = iter([2.0, 2.0, 90.0, 2.0, 2.0])

        assert cpu_ratio(lambda: next(costs), lambda: 1.0, pairs=5) == 2.0
