"""A problem as numbers, told as far as somebody asks."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from registry_core.composer.index import Operation
from registry_core.composer.outline import outline
from registry_core.composer.problem import Problem
from registry_core.composer.timing import keep_timely
from tests.composer.brute_force import drawn

if TYPE_CHECKING:
    from registry_core.composer.task import Network

SEEDS = st.integers(min_value=0, max_value=2**32)


def outlined(problem: Problem) -> Network:
    """The operations that can run, for the fewest of them."""
    reach = problem.index.reach(problem.have, problem.excluded)
    return outline(problem, reach, objective="stages")


class TestOutline:
    def test_a_level_looks_no_further_than_its_bound(self) -> None:
        """Where everything can run, a plan of three must not cost a look at ten thousand."""
        steps = [Operation(f"step{i}", (i,), (i + 1,)) for i in range(100)]
        aside = [Operation(f"aside{i}", (i,), (f"end{i}",)) for i in range(100)]
        network = outlined(Problem.of([*steps, *aside], have=[0], want=[3]))

        task = keep_timely(network, 3)

        assert task.names == ("step0", "step1", "step2")
        assert len(cast("dict[int, frozenset[int]]", network.needs)) < 10

    def test_what_is_required_is_part_of_the_goal(self) -> None:
        """Somebody who asks for an agent wants to see it work, whatever it gives."""
        operations = [Operation("log", (1,), ("Log",)), Operation("do", (1,), (2,))]
        asked = Problem.of(operations, have=[1], want=[2])
        problem = Problem(asked.index, asked.have, asked.want, required=frozenset({"log"}))

        task = keep_timely(outlined(problem), inf)

        assert task.names == ("do", "log")
        assert task.gives[0] | task.gives[1] == task.goal

    @settings(max_examples=200, deadline=None)
    @given(seed=SEEDS)
    def test_the_tables_tell_the_same_from_both_sides(self, seed: int) -> None:
        """A user of a need that does not have it would be started too early, or never."""
        network = outlined(drawn(seed, "stages").problem)
        numbers = range(len(network.names))
        needs = {need for i in numbers for need in network.needs[i] | network.gives[i]}

        users = {need: {i for i in numbers if need in network.needs[i]} for need in needs}
        makers = {need: {i for i in numbers if need in network.gives[i]} for need in needs}

        assert {need: set(network.users[need]) for need in needs} == users
        assert {need: set(network.makers[need]) for need in needs} == makers
        assert set(network.ready) == {i for i in numbers if not network.needs[i]}
