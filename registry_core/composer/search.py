"""The best plans for a problem, in order, with a proof."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from registry_core.composer.assembly import assemble
from registry_core.composer.solution import Blocked, Found, Solution, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from registry_core.composer.index import Reach
    from registry_core.composer.problem import Objective, Problem
    from registry_core.composer.solution import SolveResult

__all__ = ["iterate", "solve"]


def solve(
    problem: Problem,
    *,
    objective: Objective = "stages",
    limit: int = 1,
    time_budget_seconds: float | None = 1.0,
    clock: Callable[[], float] = monotonic,
) -> SolveResult:
    """Return the *limit* best plans, or what stops every plan.

    >>> from registry_core.composer.index import Operation
    >>> from registry_core.composer.problem import Problem
    >>> solve(Problem.of([Operation("a", (1,), (2,))], have=[1], want=[3])).missing
    (3,)
    """
    reach = problem.index.reach(problem.have, problem.excluded)
    if blocked := _unreachable(problem, reach):
        return blocked
    plans = iterate(
        problem, objective=objective, time_budget_seconds=time_budget_seconds, clock=clock
    )
    found = tuple(plan for plan, _ in zip(plans, range(limit), strict=False))
    return Found(found, complete=False)


def iterate(
    problem: Problem,
    *,
    objective: Objective = "stages",
    time_budget_seconds: float | None = 1.0,
    clock: Callable[[], float] = monotonic,
) -> Iterator[Solution]:
    """Yield different plans, best first; thin version: one plan, without proof."""
    reach = problem.index.reach(problem.have, problem.excluded)
    if _unreachable(problem, reach):
        return
    chosen = set(reach.operations)
    for name in reversed(reach.operations):
        left = problem.index.reach(
            problem.have, {*problem.excluded, *(set(reach.operations) - chosen), name}
        )
        if left.needs.issuperset(problem.want) and problem.required <= set(left.operations):
            chosen.discard(name)
    plan = assemble(problem, chosen, objective=objective)
    value = {
        "stages": len(chosen),
        "depth": len(plan.layers),
        "cost": plan.cost,
        "latency": plan.latency_seconds,
    }[objective]
    yield Solution(
        plan.layers, plan.bindings, plan.cost, plan.latency_seconds, value, 0, proved=False
    )


def _unreachable(problem: Problem, reach: Reach) -> Unreachable | None:
    """What is missing, if anything is."""
    missing = tuple(need for need in dict.fromkeys(problem.want) if need not in reach.needs)
    absent = tuple(sorted(problem.required - set(reach.operations)))
    if not missing and not absent:
        return None
    blocked: dict[object, Blocked] = {}
    queue = [*missing]
    for name in absent:
        if name in problem.index:
            queue += [n for n in problem.index[name].needs if n not in reach.needs]
    for need in queue:
        if need not in blocked:
            givers = problem.index.givers(need)
            blocked[need] = Blocked(need, givers)
            queue += [
                n for name in givers for n in problem.index[name].needs if n not in reach.needs
            ]
    return Unreachable(
        tuple(sorted(reach.operations)), reach.needs, missing, tuple(blocked.values()), absent
    )
