"""How much memory the stages of a plan need when as many run at once as can.

Source:
    R. P. Dilworth, "A decomposition theorem for partially ordered sets", 1950: the heaviest set
    of stages of which none waits for another is as heavy as the lightest cover by chains, and
    that is a matching.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["peak"]


def peak(uses: Sequence[int], reads: Mapping[int, set[int]]) -> int:
    """Return the largest sum of *uses* over stages none of which waits for another.

    Args:
        uses: What each stage needs, in an order in which every stage comes after what it reads.
        reads: The places of the stages that each stage reads.

    >>> peak([5, 3, 4], {2: {0}})
    8
    """
    count = len(uses)
    before: list[set[int]] = []
    room: list[dict[int, int]] = [{} for _ in range(2 * count + 2)]
    start, end = 2 * count, 2 * count + 1
    for place, use in enumerate(uses):
        direct = reads.get(place, set())
        before.append(direct.union(*(before[other] for other in direct)))
        room[start][place] = room[count + place][end] = use
        for other in before[place]:
            room[other][count + place] = sum(uses)
    return sum(uses) - _flow(room, start, end)


def _flow(room: list[dict[int, int]], start: int, end: int) -> int:
    """Return how much can flow from *start* to *end*, and use up the *room* for it."""
    total = 0
    while True:
        came = {start: start}
        for node in (queue := [start]):
            for other, left in room[node].items():
                if left and other not in came:
                    came[other] = node
                    queue.append(other)
        if end not in came:
            return total
        route = [end]
        while route[-1] != start:
            route.append(came[route[-1]])
        steps = [*zip(route[1:], route, strict=False)]
        amount = min(room[node][other] for node, other in steps)
        for node, other in steps:
            room[node][other] -= amount
            room[other][node] = room[other].get(node, 0) + amount
        total += amount
