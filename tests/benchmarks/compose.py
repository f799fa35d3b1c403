"""Compose the query of a Web Service Challenge set, and prove the result.

    python -m tests.benchmarks.compose SET.json [--objective stages|depth] [--limit N]

Prints one JSON object. Without an objective both are searched: `services_unbounded` is the
fewest services of any composition, `length` the fewest parallel layers, and `services` the
fewest services of a composition of that length. With one, `services` and `length` are
those of the best plan under it. Milliseconds are the median over the repetitions, with the
index loaded.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, TypedDict, cast

from registry_core.composer.index import Operation, OperationIndex
from registry_core.composer.problem import Problem
from registry_core.composer.search import solve

if TYPE_CHECKING:
    from registry_core.composer.index import TypeId
    from registry_core.composer.problem import Objective
    from registry_core.composer.solution import SolveResult

__all__ = ["load"]

_TIME_BUDGET_SECONDS = 60.0


class _Service(TypedDict):
    id: str
    inputs: list[str]
    outputs: list[str]


class _Query(TypedDict):
    have: list[str]
    want: list[str]


class _Set(TypedDict):
    services: list[_Service]
    taxonomy: dict[str, list[str]]
    query: _Query


def load(path: Path) -> Problem:
    """Return the query of a set over an index of its services."""
    content = cast("_Set", json.loads(path.read_text(encoding="utf-8")))
    taxonomy = content["taxonomy"]
    satisfies: dict[TypeId, list[str]] = {name: _broader(name, taxonomy) for name in taxonomy}
    index = OperationIndex(
        (
            Operation(service["id"], tuple(service["inputs"]), tuple(service["outputs"]))
            for service in content["services"]
        ),
        satisfies=satisfies,
    )
    return Problem(index, tuple(content["query"]["have"]), tuple(content["query"]["want"]))


def _broader(concept: str, taxonomy: dict[str, list[str]]) -> list[str]:
    """The concept and everything broader."""
    found = [concept]
    for narrow in found:
        found += [broad for broad in taxonomy.get(narrow, ()) if broad not in found]
    return found


def _time(
    problem: Problem, objective: Objective, limit: int, repeat: int
) -> tuple[SolveResult, float]:
    """The result, and the median of the milliseconds that it took."""
    taken: list[float] = []
    while True:
        start = perf_counter()
        result = solve(
            problem, objective=objective, limit=limit, time_budget_seconds=_TIME_BUDGET_SECONDS
        )
        taken.append((perf_counter() - start) * 1000)
        if len(taken) >= repeat:
            return result, round(median(taken), 2)


def _report(problem: Problem, objective: Objective, limit: int, repeat: int) -> dict[str, object]:
    result, milliseconds = _time(problem, objective, limit, repeat)
    if not result.solutions:
        return {"solvable": False, "milliseconds": milliseconds}
    best = result.solutions[0]
    return {
        "objective": objective,
        "services": len(best.operations),
        "length": best.depth,
        "value": best.value,
        "lower_bound": best.lower_bound,
        "proof": best.proved,
        "plans": len(result.solutions),
        "milliseconds": milliseconds,
    }


def _both(problem: Problem, limit: int, repeat: int) -> dict[str, object]:
    short, short_milliseconds = _time(problem, "depth", limit, repeat)
    # A search that ran to its end also proved the order of the plans of one length.
    ended = short_milliseconds < _TIME_BUDGET_SECONDS * 1000
    small, small_milliseconds = _time(problem, "stages", limit, repeat)
    if not short.solutions or not small.solutions:
        return {"solvable": False, "milliseconds": short_milliseconds}
    return {
        "services": len(short.solutions[0].operations),
        "length": short.solutions[0].depth,
        "services_unbounded": len(small.solutions[0].operations),
        "proof": {
            "services": ended and small.solutions[0].proved,
            "length": short.solutions[0].proved,
        },
        "milliseconds": {"services": small_milliseconds, "length": short_milliseconds},
    }


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", type=Path)
    parser.add_argument("--objective", choices=["stages", "depth", "latency", "cost"])
    parser.add_argument("--limit", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    problem = load(given.set)
    report = (
        _both(problem, given.limit, given.repeat)
        if given.objective is None
        else _report(problem, given.objective, given.limit, given.repeat)
    )
    print(json.dumps({"set": given.set.stem, **report}))  # noqa: T201 -- it is a command


if __name__ == "__main__":
    _main()
