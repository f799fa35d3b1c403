"""What planning costs: Challenge sets, growing catalogs, the ten best of ten thousand."""

from __future__ import annotations

from pathlib import Path
from random import Random
from statistics import median
from time import process_time
from typing import TYPE_CHECKING

from registry_core.catalog.catalog import Catalog
from registry_core.composer.goal import CapabilityTerm
from registry_core.composer.index import Operation
from registry_core.composer.problem import Problem
from registry_core.composer.search import solve
from registry_core.composer.suggesting import suggest
from tests.benchmarks.compose import load
from tests.benchmarks.frame import NotThereYetError, benchmark
from tests.benchmarks.instances import Layered, layered
from tests.catalog.worlds import entry, record

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry_core.composer.problem import Objective

CHALLENGE = Path(__file__).parents[3] / "shared" / "data" / "wsc"
SETS = tuple(f"wsc08-0{number}.json" for number in range(1, 6))
REPEATS = 7


def _milliseconds(act: Callable[[], object], repeats: int = REPEATS) -> float:
    taken: list[float] = []
    for _ in range(repeats):
        start = process_time()
        act()
        taken.append((process_time() - start) * 1000)
    return median(taken)


def _slowest(objective: Objective) -> float:
    slowest = 0.0
    for name in SETS:
        if not (CHALLENGE / name).exists():
            raise NotThereYetError(name)
        problem = load(CHALLENGE / name)

        def prove(problem: Problem = problem) -> None:
            assert solve(problem, objective=objective).solutions[0].proved

        slowest = max(slowest, _milliseconds(prove))
    return slowest


def _dense(operations: int, types: int) -> Problem:
    """Everything can be reached from everything, by many short ways."""
    random = Random(5)  # noqa: S311 -- repeatable, not secret
    return Problem.of(
        [
            Operation(f"agent{i:05}", (random.randrange(types),), (random.randrange(types),))
            for i in range(operations)
        ],
        have=[0],
        want=[types - 1],
    )


@benchmark(name="fewest services proved, slowest Challenge set", unit="ms", goal=50)
def challenge_services() -> float:
    """Time of the slowest of five."""
    return _slowest("stages")


@benchmark(name="fewest layers proved, slowest Challenge set", unit="ms", goal=50)
def challenge_length() -> float:
    """Time of the slowest of five."""
    return _slowest("depth")


@benchmark(name="forward closure, 97 000 operations over 8 000", unit="x", goal=2)
def closure_growth() -> float:
    """Time for the same hidden composition among more bystanders."""
    small, large = (layered(Layered(count, seed=4)) for count in (8_000, 97_000))

    def reach(problem: Problem) -> float:
        ran = len(problem.index.reach(problem.have).operations)
        return _milliseconds(lambda: problem.index.reach(problem.have), 51) / ran

    return reach(large) / reach(small)


@benchmark(name="add one operation at 97 000", unit="ms", goal=1)
def addition() -> float:
    """Mean over a thousand additions."""
    problem = layered(Layered(97_000, seed=4))
    fresh = [Operation(f"new{i}", problem.have, problem.want) for i in range(1000)]

    def add() -> None:
        for operation in fresh:
            problem.index.add(operation)

    return _milliseconds(add, 1) / len(fresh)


@benchmark(name="ten best plans among 10 000 operations, layered", unit="ms", goal=100)
def ten_layered() -> float:
    """Time for all ten, proved, of a composition hidden among bystanders."""
    problem = layered(Layered(10_000, seed=4))
    return _milliseconds(lambda: solve(problem, limit=10))


@benchmark(name="ten best plans among 10 000 operations, dense", unit="ms", goal=100)
def ten_dense() -> float:
    """Time for all ten, proved, where all 10 000 can run."""
    problem = _dense(10_000, 500)
    return _milliseconds(lambda: solve(problem, limit=10))


@benchmark(name="first chain between two capabilities of 10 000 agents", unit="ms", goal=50)
def first_chain() -> float:
    """Time until the shortest one is known, where each agent can be followed by thirty."""
    random = Random(7)  # noqa: S311 -- repeatable, not secret
    schemas = [record(f"Kind{i}", **{f"key{i}": "string"}) for i in range(333)]
    agents = [
        entry(
            f"agent_{i}",
            takes=(random.choice(schemas),),
            gives=random.choice(schemas),
            capabilities={f"skill{i % 100}": 1.0},
        )
        for i in range(10_000)
    ]
    catalog = Catalog().adding(agents, schemas=schemas)
    start, end = CapabilityTerm.parse("skill1"), CapabilityTerm.parse("skill2")
    suggest(catalog, start, end, limit=1)  # what fits what is decided once
    return _milliseconds(lambda: suggest(catalog, start, end, limit=1))
