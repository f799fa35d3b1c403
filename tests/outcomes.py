"""What each test of a run did, and which requirements and faults it carries.

Written by the test run, read by the matrix. A number that does not exist stops the
collection, so that a slip of the finger never counts as proof.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["NUMBERS", "Outcome", "OutcomeRecorder", "check_marks", "numbers_of", "read_outcomes"]

Verdict: TypeAlias = Literal["passed", "failed", "skipped"]

REQUIREMENTS = tuple(f"R{number}" for number in range(1, 109))
FAULTS = tuple(f"F{number}" for number in range(1, 101)) + tuple(f"S{n}" for n in range(1, 9))
NUMBERS = REQUIREMENTS + FAULTS
_MARKS = {"requirement": frozenset(REQUIREMENTS), "fault": frozenset(FAULTS)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one test did.

    Attributes:
        test: Node id.
        numbers: Requirements and faults it carries.
        verdict: An expected failure counts as skipped, since it proves nothing.
    """

    test: str
    numbers: tuple[str, ...]
    verdict: Verdict


def numbers_of(item: pytest.Item) -> tuple[str, ...]:
    """Return the numbers that the marks of *item* carry, each once, in the order written."""
    marks = [mark for name in _MARKS for mark in item.iter_markers(name)]
    return tuple(dict.fromkeys(str(number) for mark in marks for number in mark.args))


def check_marks(items: Iterable[pytest.Item]) -> None:
    """Check that every number in a mark exists.

    Raises:
        pytest.UsageError: If one does not; names the test and the number.
    """
    for item in items:
        for name, known in _MARKS.items():
            for mark in item.iter_markers(name):
                if not mark.args or not known.issuperset(mark.args):
                    message = f"{item.nodeid}: @pytest.mark.{name}{mark.args} names no {name}"
                    raise pytest.UsageError(message)


def read_outcomes(record: Path) -> tuple[Outcome, ...]:
    """Return what a run recorded, sorted by test."""
    rows = json.loads(record.read_text(encoding="utf-8"))
    return tuple(
        Outcome(row["test"], tuple(row["numbers"]), row["verdict"])
        for row in sorted(rows, key=lambda row: str(row["test"]))
    )


class OutcomeRecorder:
    """Pytest plugin that writes *record* when the run ends; works under xdist too."""

    def __init__(self, record: Path, config: pytest.Config) -> None:
        """Only the process that gathers the reports writes."""
        self._record = record
        self._gathers = not hasattr(config, "workerinput")
        self._outcomes: dict[str, Outcome] = {}

    def pytest_collection_modifyitems(self, items: Iterable[pytest.Item]) -> None:
        """Send the numbers along with each report: workers have the marks, not the record."""
        for item in items:
            item.user_properties.append(("numbers", " ".join(numbers_of(item))))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst of set-up, call and tear-down."""
        before = self._outcomes.get(report.nodeid)
        if before is not None and (before.verdict != "passed" or report.passed):
            return
        carried = dict(report.user_properties).get("numbers", "")
        numbers = tuple(str(carried).split())
        self._outcomes[report.nodeid] = Outcome(report.nodeid, numbers, report.outcome)

    def pytest_sessionfinish(self) -> None:
        """Write all outcomes at once."""
        if self._gathers:
            self._record.parent.mkdir(parents=True, exist_ok=True)
            rows = [asdict(outcome) for outcome in self._outcomes.values()]
            self._record.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
