"""Tests of the order that middleware declares."""

from __future__ import annotations

from registry_core.definitions.layering import layering
from registry_core.definitions.middleware import MiddlewareDefinition
from registry_core.names import AgentName


def layer(
    name: str, *, order: int = 0, before: str = "", after: str = ""
) -> tuple[str, MiddlewareDefinition]:
    """Return a middleware of the distribution ``a``, with names of others in one text."""
    outer, inner = (tuple(f"a/{n}" for n in names.split()) for names in (before, after))
    definition = MiddlewareDefinition(
        AgentName(name), f"a:{name}", order=order, before=outer, after=inner
    )
    return f"a/{name}", definition


def names(*offers: tuple[str, MiddlewareDefinition]) -> str:
    """Return the short names in the order that was found."""
    return " ".join(offers[place][0].removeprefix("a/") for place in layering(offers).places)


class TestLayering:
    def test_without_constraints_order_decides_and_then_the_name(self) -> None:
        """Manifests from before there were constraints keep their meaning."""
        assert names(layer("c"), layer("z", order=-1), layer("b")) == "z b c"

    def test_a_constraint_beats_the_number(self) -> None:
        """A number is a guess about strangers; a name is knowledge of one."""
        assert names(layer("a", order=-5, after="z"), layer("z", order=9)) == "z a"
        assert names(layer("a", order=-5), layer("z", order=9, before="a")) == "z a"

    def test_the_number_still_decides_among_those_that_are_free(self) -> None:
        """One constraint must not shuffle those that it does not concern."""
        found = names(layer("d", order=1), layer("a", after="c"), layer("b"), layer("c"))

        assert found == "b c a d"

    def test_a_name_that_nobody_has_constrains_nothing(self) -> None:
        """A run names some of what is installed, never all."""
        assert names(layer("b", before="gone"), layer("a", after="gone")) == "a b"

    def test_a_circle_is_named_and_sorted_while_the_others_hold(self) -> None:
        """Two authors who disagree must not cost a third his place."""
        offers = (
            layer("a", after="b"),
            layer("b", after="a"),
            layer("c", order=9, before="a b"),
            layer("d", order=-9, after="b"),
        )

        assert names(*offers) == "c a b d"
        assert layering(offers).circles == (("a/a", "a/b"),)

    def test_one_that_goes_before_itself_is_a_circle_of_one(self) -> None:
        """A copied line is the likeliest mistake."""
        assert layering([layer("a", before="a")]).circles == (("a/a",),)

    def test_layers_of_one_name_all_stay(self) -> None:
        """A run may be given two functions that happen to share a name."""
        offers = [layer("a"), layer("b", before="a"), layer("a", order=1)]

        assert layering(offers).places == (1, 0, 2)

    def test_a_chain_of_ten_thousand_is_no_matter(self) -> None:
        """A manifest may be a megabyte of constraints, and a walk must not recurse."""
        chain = [layer(f"n{n}", before=f"n{n + 1}") for n in range(10_000)]
        ring = [*chain[:-1], layer("n9999", before="n0")]

        assert layering(chain).places == tuple(range(10_000))
        assert len(layering(ring).circles[0]) == 10_000
