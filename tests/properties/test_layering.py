"""Laws of the order of middleware: nobody's luck, and every promise that can be kept."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from registry_core.definitions.layering import layering
from registry_core.definitions.middleware import MiddlewareDefinition
from registry_core.names import AgentName

NAMES = tuple("abcdefg")
SOME = st.lists(st.sampled_from((*NAMES, "gone")), max_size=2).map(tuple)


@st.composite
def offers(draw: st.DrawFn) -> dict[str, MiddlewareDefinition]:
    """Return middleware with names of their own and any constraints."""
    chosen = draw(st.lists(st.sampled_from(NAMES), unique=True))
    return {
        name: MiddlewareDefinition(
            AgentName(name),
            f"m:{name}",
            order=draw(st.integers(-2, 2)),
            before=draw(SOME),
            after=draw(SOME),
        )
        for name in chosen
    }


def order_of(given_: dict[str, MiddlewareDefinition]) -> list[str]:
    """Return the names, the outermost first."""
    names = list(given_)
    return [names[place] for place in layering(given_.items()).places]


def constraints(given_: dict[str, MiddlewareDefinition]) -> set[tuple[str, str]]:
    """Return who must be further out than whom."""
    out = {(name, other) for name, item in given_.items() for other in item.before}
    out |= {(other, name) for name, item in given_.items() for other in item.after}
    return {(outer, inner) for outer, inner in out if {outer, inner} <= given_.keys()}


def leads(pairs: set[tuple[str, str]], start: str, goal: str) -> bool:
    """Return whether one or more constraints lead from *start* to *goal*."""
    reached: set[str] = set()
    todo = [start]
    while todo:
        here = todo.pop()
        fresh = {inner for outer, inner in pairs if outer == here} - reached
        reached |= fresh
        todo.extend(fresh)
    return goal in reached


class TestLayering:
    @given(found=offers(), data=st.data())
    def test_the_order_of_installation_makes_no_difference(
        self, found: dict[str, MiddlewareDefinition], data: st.DataObject
    ) -> None:
        """Two machines with the same plugins wrap calls alike."""
        shuffled = dict(data.draw(st.permutations(list(found.items()))))

        assert order_of(shuffled) == order_of(found)
        assert layering(shuffled.items()).circles == layering(found.items()).circles

    @given(found=offers())
    def test_all_stay_and_every_constraint_outside_a_circle_holds(
        self, found: dict[str, MiddlewareDefinition]
    ) -> None:
        """Whoever says after the cache must be after the cache, whatever others say."""
        pairs = constraints(found)

        order = order_of(found)

        assert sorted(order) == sorted(found)
        for outer, inner in pairs:
            if not leads(pairs, inner, outer):
                assert order.index(outer) < order.index(inner)

    @given(found=offers())
    def test_circles_are_exactly_those_who_lead_to_themselves(
        self, found: dict[str, MiddlewareDefinition]
    ) -> None:
        """A circle that is not told is a constraint that is silently broken."""
        pairs = constraints(found)

        circles = layering(found.items()).circles

        told = [name for circle in circles for name in circle]
        assert sorted(told) == sorted(name for name in found if leads(pairs, name, name))
        for circle in circles:
            assert all(leads(pairs, one, other) for one in circle for other in circle)

    @given(found=offers())
    def test_without_constraints_the_order_is_that_of_numbers_and_names(
        self, found: dict[str, MiddlewareDefinition]
    ) -> None:
        """What was declared before constraints existed means what it meant."""
        free = {name: replace(item, before=(), after=()) for name, item in found.items()}

        assert order_of(free) == sorted(free, key=lambda name: (free[name].order, name))
