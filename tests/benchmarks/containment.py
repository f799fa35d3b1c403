"""How many pairs of schemas are decided rightly, and at what cost.

On its own, ``python -m tests.benchmarks.containment``, or with all other benchmarks. A file of
cases that is not on the machine is reported as not there.
"""

from __future__ import annotations

import statistics
import sys
from time import process_time

from registry_core.schemas.subtype import compare
from registry_core.schemas.verdict import Fits, Misfit
from tests.benchmarks.frame import (
    Benchmark,
    NotThereYetError,
    benchmark,
    benchmarks_of,
    draw,
    measure,
)
from tests.schemas.subschema_cases import Case, find_file, load_cases


def _cases(name: str) -> list[Case]:
    path = find_file(name)
    if path is None:
        raise NotThereYetError(name)
    return load_cases(path)


def _benchmarks_for(name: str, *, percent: float) -> tuple[Benchmark, Benchmark, Benchmark]:
    @benchmark(name=f"{name}: decided rightly", unit="%", goal=percent, better="higher")
    def right() -> float:
        cases = _cases(name)
        verdicts = [compare(case.producer, case.consumer) for case in cases]
        hits = [
            isinstance(verdict, Fits if case.fits else Misfit)
            for case, verdict in zip(cases, verdicts, strict=True)
        ]
        return 100 * sum(hits) / len(hits)

    @benchmark(name=f"{name}: fits against the truth", unit="pairs", goal=0)
    def unsound() -> float:
        refuted = [case for case in _cases(name) if not case.fits]
        return sum(isinstance(compare(case.producer, case.consumer), Fits) for case in refuted)

    @benchmark(name=f"{name}: median pair", unit="ms", goal=0.3)
    def median() -> float:
        return 1_000 * statistics.median(map(_seconds, _cases(name)))

    return right, unsound, median


def _seconds(case: Case) -> float:
    """Return the processor time of one comparison; nothing is kept between two of them."""
    start = process_time()
    compare(case.producer, case.consumer)
    return process_time() - start


PYDANTIC_RIGHT, PYDANTIC_UNSOUND, PYDANTIC_MEDIAN = _benchmarks_for("pydantic_pairs", percent=96)
SUBSET_RIGHT, SUBSET_UNSOUND, SUBSET_MEDIAN = _benchmarks_for("is_json_schema_subset", percent=90)
COMPAT_RIGHT, COMPAT_UNSOUND, COMPAT_MEDIAN = _benchmarks_for("jsoncompat_backcompat", percent=90)


if __name__ == "__main__":
    sys.stdout.write(draw(map(measure, benchmarks_of(globals()))) + "\n")
