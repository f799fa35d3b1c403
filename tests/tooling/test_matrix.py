"""The matrix may claim a proof only where a test passed."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from tests.matrix import ROOT, draw, read_titles, rows_of, summarise
from tests.outcomes import FAULTS, NUMBERS, REQUIREMENTS, Outcome, read_outcomes

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["pytester"]


class TestNumbers:
    def test_there_are_as_many_as_were_promised(self) -> None:
        """A number that the matrix does not know would never be missed."""
        assert len(REQUIREMENTS) == 108
        assert len(FAULTS) == 108
        assert len(set(NUMBERS)) == 216


class TestRows:
    def test_one_failure_outweighs_every_pass(self) -> None:
        """A requirement that fails on one input is not met."""
        rows = rows_of(
            ["R1"],
            [Outcome("a.py::t[1]", ("R1",), "passed"), Outcome("b.py::t", ("R1",), "failed")],
        )

        assert [row.standing for row in rows] == ["failed"]

    def test_a_skipped_test_proves_nothing(self) -> None:
        """Absent data must not turn into a proof."""
        rows = rows_of(["F1", "F2"], [Outcome("a.py::t", ("F1",), "skipped")])

        assert [row.standing for row in rows] == ["skipped", "open"]

    def test_cases_of_one_test_are_counted_together(self) -> None:
        """A thousand lines of parameters would bury the rest."""
        outcomes = [Outcome(f"a.py::t[{case}]", ("R1", "R2"), "passed") for case in range(3)]

        lines = list(draw(rows_of(["R1", "R2", "R3"], outcomes), {"R1": "Say hello"}))

        assert lines == [
            "R1    proved   Say hello",
            "        a.py::t  3 passed",
            "R2    proved",
            "        a.py::t  3 passed",
            "R3    open",
        ]

    def test_the_summary_counts_each_number_once(self) -> None:
        """The closing line is what people read."""
        outcomes = [Outcome("a.py::t", ("R1",), "passed"), Outcome("a.py::u", ("R1",), "passed")]

        line = summarise("requirements", rows_of(["R1", "R2"], outcomes))

        assert line == "2 requirements: 1 proved, 0 failed, 0 skipped, 1 open"


class TestTitles:
    def test_titles_are_read_from_the_tables(self, tmp_path: Path) -> None:
        """A number alone tells a reader nothing."""
        table = (tmp_path / "FAULTS").with_suffix(".md")
        table.write_text("| # | Inject |\n|---|---|\n| F1 | gone | x |\n", "utf-8")

        titles = read_titles(tmp_path)

        assert titles == {"F1": "gone"}

    def test_without_the_tables_there_are_only_numbers(self, tmp_path: Path) -> None:
        """A checkout of its own has no tables beside it."""
        assert read_titles(tmp_path / "absent") == {}


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """Return a project whose suite uses our hooks."""
    pytester.makeini(f"[pytest]\npythonpath = {ROOT}\nmarkers =\n  requirement\n  fault\n")
    pytester.makeconftest("from tests.conftest import *")
    return pytester


class TestRecord:
    @pytest.mark.parametrize("workers", ["0", "2"])
    def test_a_run_leaves_each_outcome_with_its_numbers(
        self, suite: pytest.Pytester, workers: str
    ) -> None:
        """Workers must record the same as a single process."""
        (suite.path / "test_some.py").write_text(
            textwrap.dedent("""
                import pytest

                @pytest.mark.requirement("R1", "R2")
                @pytest.mark.fault("S8")
                def test_good(): pass

                @pytest.mark.requirement("R3")
                def test_bad(): assert False

                @pytest.mark.requirement("R4")
                def test_late(request): request.addfinalizer(lambda: 1 / 0)

                @pytest.mark.fault("F1")
                @pytest.mark.skip
                def test_not(): pass
            """),
            encoding="utf-8",
        )

        suite.runpytest_subprocess("--outcomes=build/o.json", "-n", workers)

        assert read_outcomes(suite.path / "build" / "o.json") == (
            Outcome("test_some.py::test_bad", ("R3",), "failed"),
            Outcome("test_some.py::test_good", ("R1", "R2", "S8"), "passed"),
            Outcome("test_some.py::test_late", ("R4",), "failed"),
            Outcome("test_some.py::test_not", ("F1",), "skipped"),
        )

    def test_a_number_that_does_not_exist_stops_the_run(self, suite: pytest.Pytester) -> None:
        """A slip of the finger would otherwise count as proof of nothing."""
        test = 'import pytest\n@pytest.mark.fault("F101")\ndef test_it(): pass\n'
        (suite.path / "test_slip.py").write_text(test, encoding="utf-8")

        result = suite.runpytest_subprocess()

        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["*test_it: @pytest.mark.fault('F101',) names no fault*"])
