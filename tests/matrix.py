"""Which tests prove which requirement and hold which fault.

Usage: ``python -m tests.matrix [--unproved] [--check]``. Reads the record of the last
``make test``, and makes one when there is none.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from tests.outcomes import FAULTS, REQUIREMENTS, Verdict, read_outcomes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.outcomes import Outcome

__all__ = ["Row", "draw", "read_titles", "rows_of"]

Standing: TypeAlias = Literal["proved", "failed", "skipped", "open"]

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "build" / "outcomes.json"
TITLES = ROOT.parent / "shared"
TITLE_WIDTH = 70


@dataclass(frozen=True, slots=True)
class Row:
    """A number with the tests that carry it.

    Attributes:
        number: ``R1`` to ``R108``, ``F1`` to ``F100``, ``S1`` to ``S8``.
        tests: Verdicts by test; the cases of a parametrised test are counted together.
    """

    number: str
    tests: Mapping[str, Counter[Verdict]]

    @property
    def standing(self) -> Standing:
        """Proved when something passed and nothing failed."""
        total = sum(self.tests.values(), Counter[str]())
        if total["failed"]:
            return "failed"
        if total["passed"]:
            return "proved"
        return "skipped" if total["skipped"] else "open"


def rows_of(numbers: Iterable[str], outcomes: Iterable[Outcome]) -> tuple[Row, ...]:
    """Return one row for each of *numbers*, in their order."""
    tests: dict[str, dict[str, Counter[Verdict]]] = {number: {} for number in numbers}
    for outcome in outcomes:
        test = outcome.test.partition("[")[0]
        for number in outcome.numbers:
            if number in tests:
                tests[number].setdefault(test, Counter())[outcome.verdict] += 1
    return tuple(Row(number, carriers) for number, carriers in tests.items())


def read_titles(folder: Path) -> dict[str, str]:
    """Return a short title for each number that a table in *folder* explains, if it is there."""
    titles: dict[str, str] = {}
    for name in ("REQUIREMENTS", "FAULTS"):
        table = folder / f"{name}.md"
        if table.is_file():
            cells = re.findall(
                r"^\| ([RFS]\d+) \| (.+?) \|", table.read_text("utf-8"), re.MULTILINE
            )
            titles.update((number, title[:TITLE_WIDTH]) for number, title in cells)
    return titles


def draw(rows: Iterable[Row], titles: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of the table: a number with its standing, then its tests."""
    for row in rows:
        yield f"{row.number:5} {row.standing:8} {titles.get(row.number, '')}".rstrip()
        for test, verdicts in row.tests.items():
            counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
            yield f"        {test}  {counts}"


def summarise(kind: str, rows: Sequence[Row]) -> str:
    """Return the closing line of one kind of number."""
    standings = Counter(row.standing for row in rows)
    counts = ", ".join(
        f"{standings[name]} {name}" for name in ("proved", "failed", "skipped", "open")
    )
    return f"{len(rows)} {kind}: {counts}"


def run_tests() -> None:
    """Run every suite of the workspace and leave a record."""
    suites = [ROOT / "tests", *ROOT.glob("plugins/*/tests"), *ROOT.glob("sample_agents/*/tests")]
    command = [sys.executable, "-m", "pytest", "--quiet", f"--outcomes={RECORD}", *map(str, suites)]
    subprocess.run(command, check=False, cwd=ROOT, stdout=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the matrix; with ``--check``, return 1 unless every number is proved."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("--unproved", action="store_true", help="leave out what is proved")
    parser.add_argument("--check", action="store_true", help="fail unless every number is proved")
    options = parser.parse_args(arguments)

    if not RECORD.is_file():
        run_tests()
    outcomes = read_outcomes(RECORD)
    titles = read_titles(TITLES)
    kinds = {
        "requirements": rows_of(REQUIREMENTS, outcomes),
        "faults": rows_of(FAULTS, outcomes),
    }
    rows = [row for kind in kinds.values() for row in kind]
    unproved = [row for row in rows if row.standing != "proved"]
    for line in draw(unproved if options.unproved else rows, titles):
        print(line)
    for kind, counted in kinds.items():
        print(summarise(kind, counted))
    return int(options.check and bool(unproved))


if __name__ == "__main__":
    raise SystemExit(main())
