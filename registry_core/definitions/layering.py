"""Who wraps whom: middleware in the order that it declares.

The same declarations give the same order, whoever was installed or named first. Constraints
that contradict each other are set aside and named; the others hold all the same.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TypeAlias

    from registry_core.definitions.middleware import MiddlewareDefinition

    Offer: TypeAlias = tuple[str, MiddlewareDefinition]
    Inner: TypeAlias = Sequence[Sequence[int]]

__all__ = ["Layering", "layering"]


@dataclass(frozen=True, slots=True)
class Layering:
    """An order of middleware.

    Attributes:
        places: Where each layer stands among those given, the outermost first.
        circles: Names that go before and after each other in a circle, each circle sorted.
    """

    places: tuple[int, ...]
    circles: tuple[tuple[str, ...], ...] = ()


def layering(offers: Iterable[Offer]) -> Layering:
    """Return the order of middleware of one scope, by what each says of the others.

    Whatever is free to come next comes by ``order``, then by name. A name that nobody has
    constrains nothing. Among those in a circle only ``order`` and name count.

    Args:
        offers: Full names with their declarations.

    Source:
        A. B. Kahn, "Topological sorting of large networks", 1962; circles as M. Sharir, "A
        strong-connectivity algorithm and its applications in data flow analysis", 1981.

    >>> from registry_core.definitions.middleware import MiddlewareDefinition
    >>> from registry_core.names import AgentName
    >>> cache = MiddlewareDefinition(AgentName("cache"), "a:cache")
    >>> trace = MiddlewareDefinition(AgentName("trace"), "a:trace", before=("a/cache",))
    >>> layering([("a/cache", cache), ("a/trace", trace)]).places
    (1, 0)
    """
    given = list(offers)
    # From here on a layer is its rank by (order, name): the smallest free number comes next.
    ranked = sorted(range(len(given)), key=lambda place: _key(given[place]))
    inner = _constraints([given[place] for place in ranked])
    circle_of = _circles(inner)
    apart = [
        [other for other in others if circle_of[other] != circle_of[layer]]
        for layer, others in enumerate(inner)
    ]
    members: dict[int, set[str]] = defaultdict(set)
    for layer, others in enumerate(inner):
        if len(others) > len(apart[layer]):
            members[circle_of[layer]].add(given[ranked[layer]][0])
    return Layering(
        places=tuple(ranked[layer] for layer in _sorted(apart)),
        circles=tuple(sorted(tuple(sorted(names)) for names in members.values())),
    )


def _key(offer: Offer) -> tuple[int, str]:
    name, definition = offer
    return definition.order, name


def _constraints(offers: Sequence[Offer]) -> Inner:
    """Return, for each layer, those that must be further in."""
    called: dict[str, list[int]] = defaultdict(list)
    for layer, (name, _) in enumerate(offers):
        called[name].append(layer)
    inner: list[set[int]] = [set() for _ in offers]
    for layer, (_, definition) in enumerate(offers):
        for name in definition.before:
            inner[layer].update(called.get(name, ()))
        for name in definition.after:
            for outer in called.get(name, ()):
                inner[outer].add(layer)
    return [sorted(others) for others in inner]


def _circles(inner: Inner) -> Sequence[int]:
    """Return, for each layer, the number of the circle it is in; alone in one when in none."""
    outer: list[list[int]] = [[] for _ in inner]
    for layer, others in enumerate(inner):
        for other in others:
            outer[other].append(layer)
    circle_of = [-1] * len(inner)
    for start in reversed(tuple(_left(inner, range(len(inner))))):
        if circle_of[start] < 0:
            todo = [start]
            while todo:
                layer = todo.pop()
                circle_of[layer] = start
                todo.extend(other for other in outer[layer] if circle_of[other] < 0)
    return circle_of


def _left(inner: Inner, starts: Iterable[int]) -> Iterator[int]:
    """Yield each layer after all that a walk inward from it meets for the first time."""
    seen: set[int] = set()
    for start in starts:
        path = [] if start in seen else [(start, iter(inner[start]))]
        seen.add(start)
        while path:
            layer, others = path[-1]
            following = next((other for other in others if other not in seen), None)
            if following is None:
                path.pop()
                yield layer
            else:
                seen.add(following)
                path.append((following, iter(inner[following])))


def _sorted(inner: Inner) -> Iterator[int]:
    waiting_for = [0] * len(inner)
    for others in inner:
        for other in others:
            waiting_for[other] += 1
    free = [layer for layer, count in enumerate(waiting_for) if not count]
    while free:
        layer = heapq.heappop(free)
        yield layer
        for other in inner[layer]:
            waiting_for[other] -= 1
            if not waiting_for[other]:
                heapq.heappush(free, other)
