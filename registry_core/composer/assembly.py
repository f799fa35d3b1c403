"""From a set of operations to a plan: who feeds whom, and what can run side by side.

Each need takes the source that is there first, so a plan is as short as its operations
allow. Of several at one time the start wins, then the smaller id; of one source's types, the one
of the same name.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import groupby
from typing import TYPE_CHECKING

from registry_core.composer.measure import to_integers
from registry_core.composer.solution import Binding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.composer.index import Operation, TypeId
    from registry_core.composer.problem import Objective, Problem

__all__ = ["Assembly", "assemble"]

# No operation has an empty id, and it sorts first.
_START = ""


@dataclass(frozen=True, slots=True)
class Assembly:
    """A set of operations, wired.

    Attributes:
        layers: Ids by parallel layer, sorted within a layer.
        bindings: One for each need, in running order, then those of the goal.
        cost: Sum over the operations.
        latency_seconds: Time until all have run.
    """

    layers: tuple[tuple[str, ...], ...]
    bindings: tuple[Binding, ...]
    cost: float
    latency_seconds: float


def assemble(problem: Problem, chosen: Iterable[str], *, objective: Objective) -> Assembly:
    """Return the *chosen* operations wired so that the objective is met.

    Raises:
        ValueError: If some of them cannot run, or they do not reach what is wanted.
    """
    operations = {name: problem.index[name] for name in sorted(chosen)}
    latencies, scale = to_integers(operation.latency_seconds for operation in operations.values())
    costs, cost_scale = to_integers(operation.cost for operation in operations.values())
    seconds = dict(zip(operations, latencies, strict=True))
    paces = seconds if objective == "latency" else dict.fromkeys(operations, 1)
    order, sources = _run(problem, operations, paces)
    if len(order) < len(operations) or not sources.keys() >= set(problem.want):
        message = f"{', '.join(operations) or 'nothing'} does not reach what is wanted"
        raise ValueError(message)
    layer = {_START: 0}
    finish = {_START: 0}
    for name in order:
        before = [sources[need][0] for need in operations[name].needs]
        layer[name] = 1 + max((layer[source] for source in before), default=0)
        finish[name] = seconds[name] + max((finish[source] for source in before), default=0)
    ran = sorted(order, key=lambda name: (layer[name], name))
    return Assembly(
        tuple(tuple(names) for _, names in groupby(ran, key=layer.__getitem__)),
        tuple(
            Binding(name, position, need, sources[need][0] or None, sources[need][1])
            for name, needs in [*((n, operations[n].needs) for n in ran), (None, problem.want)]
            for position, need in enumerate(needs)
        ),
        sum(costs) / cost_scale,
        max(finish.values()) / scale,
    )


def _run(
    problem: Problem, operations: dict[str, Operation], paces: dict[str, int]
) -> tuple[list[str], dict[TypeId, tuple[str, TypeId]]]:
    """Let everything run as early as it can: ids in that order, first source of each need."""
    unmet = {name: set(operation.needs) for name, operation in operations.items()}
    sources: dict[TypeId, tuple[str, TypeId]] = {}
    arrivals = [(0, _START), *((paces[name], name) for name in operations if not unmet[name])]
    heapify(arrivals)
    order: list[str] = []
    while arrivals:
        now, source = heappop(arrivals)
        order.append(source)
        fresh: set[TypeId] = set()
        for given in operations[source].gives if source else problem.have:
            for need in problem.index.satisfies(given):
                if need not in sources:
                    fresh.add(need)
                if need in fresh and (need not in sources or given == need):
                    sources[need] = (source, given)
        for name, needs in unmet.items():
            if not needs.isdisjoint(fresh):
                needs.difference_update(fresh)
                if not needs:
                    heappush(arrivals, (now + paces[name], name))
    return order[1:], sources
