"""From a set of operations to a wired plan."""

from __future__ import annotations

import pytest

from registry_core.composer.assembly import assemble
from registry_core.composer.index import Operation
from registry_core.composer.problem import Problem
from registry_core.composer.solution import Binding


def diamond() -> Problem:
    """One source, two branches of unequal length in time, one join."""
    return Problem.of(
        [
            Operation("left", ("a",), ("b",), cost=0.1, latency_seconds=0.1),
            Operation("right", ("a",), ("c",), cost=0.2, latency_seconds=0.7),
            Operation("join", ("b", "c"), ("d",), latency_seconds=0.2),
        ],
        have=["a"],
        want=["d"],
    )


class TestLayers:
    def test_branches_share_a_layer_and_the_join_comes_after(self) -> None:
        """What does not depend on each other runs side by side."""
        plan = assemble(diamond(), ["join", "right", "left"], objective="depth")

        assert plan.layers == (("left", "right"), ("join",))
        assert plan.cost == 1.3
        assert plan.latency_seconds == 0.9


class TestBindings:
    def test_every_need_is_bound_in_running_order_and_the_goal_last(self) -> None:
        """A runner reads the plan from top to bottom."""
        plan = assemble(diamond(), ["join", "right", "left"], objective="depth")

        assert plan.bindings == (
            Binding("left", 0, "a", None, "a"),
            Binding("right", 0, "a", None, "a"),
            Binding("join", 0, "b", "left", "b"),
            Binding("join", 1, "c", "right", "c"),
            Binding(None, 0, "d", "join", "d"),
        )

    def test_the_type_of_the_same_name_is_preferred(self) -> None:
        """An exact match loses nothing; a narrower type is used where there is no other."""
        problem = Problem.of(
            [Operation("x", ("a",), ("Html", "Text"))],
            have=["a"],
            want=["Text"],
            satisfies={"Html": ["Html", "Text"]},
        )

        plan = assemble(problem, ["x"], objective="stages")

        assert plan.bindings[-1].given == "Text"

    def test_what_is_there_first_by_the_clock_wins_under_latency(self) -> None:
        """Two quick stages in a row beat a slow one beside them."""
        problem = Problem.of(
            [
                Operation("slow", ("a",), ("c", "e"), latency_seconds=9),
                Operation("quick-1", ("a",), ("b",)),
                Operation("quick-2", ("b",), ("c",)),
            ],
            have=["a"],
            want=["c", "e"],
        )
        every = ["slow", "quick-1", "quick-2"]

        by_clock = assemble(problem, every, objective="latency")
        by_layer = assemble(problem, every, objective="depth")

        assert by_clock.bindings[-2].source == "quick-2"
        assert by_layer.bindings[-2].source == "slow"

    def test_a_set_that_does_not_reach_the_goal_is_refused(self) -> None:
        """A plan with a hole must not come out wired."""
        with pytest.raises(ValueError, match="join, left does not reach"):
            assemble(diamond(), ["join", "left"], objective="stages")
