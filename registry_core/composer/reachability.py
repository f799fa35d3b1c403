"""What stops every plan: the needs and operations that cannot be reached.

Read where a search found nothing, to say why. Goes backward from what is missing, so it
names what stands between the start and the goal and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.composer.solution import Blocked, Unreachable

if TYPE_CHECKING:
    from registry_core.composer.index import Reach, TypeId
    from registry_core.composer.problem import Problem

__all__ = ["find_missing"]


def find_missing(problem: Problem, reach: Reach) -> Unreachable | None:
    """Return what keeps the goal out of *reach*, or None when nothing does."""
    missing = tuple(need for need in dict.fromkeys(problem.want) if need not in reach.needs)
    absent = tuple(sorted(problem.required.difference(reach.operations)))
    if not missing and not absent:
        return None
    queue = [*missing]
    for name in absent:
        queue += _unmet(problem, reach, name)
    blocked: dict[TypeId, Blocked] = {}
    for need in queue:
        if need not in blocked:
            blocked[need] = Blocked(need, problem.index.givers(need))
            for name in blocked[need].givers:
                queue += _unmet(problem, reach, name)
    operations = tuple(sorted(reach.operations))
    return Unreachable(operations, reach.needs, missing, tuple(blocked.values()), absent)


def _unmet(problem: Problem, reach: Reach, name: str) -> list[TypeId]:
    """The needs of an operation that are out of reach; none for one that does not exist."""
    if name not in problem.index:
        return []
    return [need for need in problem.index[name].needs if need not in reach.needs]
