"""Hold the search to brute force on many random problems.

    python -m tests.benchmarks.compose_law [--problems 10000] [--first 0]

Prints one JSON object; ends with code 1 at the first problem whose plans differ.
"""

from __future__ import annotations

import argparse
import json
from typing import get_args

from registry_core.composer.problem import Objective
from registry_core.composer.search import solve
from tests.composer.brute_force import Ranked, drawn, rank


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.problems)
    solvable = plans = 0
    for seed in seeds:
        for objective in get_args(Objective):
            small = drawn(seed, objective)
            expected = rank(small, objective)
            result = solve(
                small.problem, objective=objective, limit=10_000, time_budget_seconds=None
            )
            if [Ranked.of(small.problem, plan) for plan in result.solutions] != expected:
                print(json.dumps({"differs": seed, "objective": objective}))  # noqa: T201 -- a command
                return 1
            solvable += bool(expected)
            plans += len(expected)
    print(json.dumps({"problems": len(seeds), "solvable": solvable, "plans": plans}))  # noqa: T201 -- a command
    return 0


if __name__ == "__main__":
    raise SystemExit(_main())
