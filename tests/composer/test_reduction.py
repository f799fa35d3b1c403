"""Reductions keep every set of operations that reaches the goal, and no other."""

from __future__ import annotations

from itertools import combinations
from math import inf
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from registry_core.composer.bits import bits, mask_of
from registry_core.composer.cuts import Cuts
from registry_core.composer.outline import outline
from registry_core.composer.reduction import dominators, landmark_clauses, simplify
from registry_core.composer.timing import finish, keep_timely
from tests.composer.brute_force import drawn

if TYPE_CHECKING:
    from registry_core.composer.task import Task

SEEDS = st.integers(min_value=0, max_value=2**32)


def task_of(seed: int) -> Task | None:
    """A small task whose goal can be reached, timed by depth."""
    problem = drawn(seed, "depth").problem
    reach = problem.index.reach(problem.have, problem.excluded)
    if not (reach.needs >= set(problem.want) and problem.required <= set(reach.operations)):
        return None
    return keep_timely(outline(problem, reach, objective="depth"), inf)


def reaching(task: Task, bound: int) -> set[frozenset[str]]:
    """The minimal sets that reach the goal in time, by id."""
    found: set[frozenset[str]] = set()
    for size in range(len(task.names) + 1):
        for chosen in combinations(range(len(task.names)), size):
            ids = frozenset(task.names[i] for i in chosen)
            in_time = finish(task, allowed=chosen) <= bound
            if in_time and not any(smaller <= ids for smaller in found):
                found.add(ids)
    return found


class TestSimplify:
    @settings(max_examples=200, deadline=None)
    @given(seed=SEEDS, bound=st.integers(min_value=1, max_value=8))
    def test_the_plans_in_time_stay_the_same(self, seed: int, bound: int) -> None:
        """A reduction that lost one plan could lose the best."""
        task = task_of(seed)
        if task is None or not (plans := reaching(task, bound)):
            return

        assert reaching(simplify(task, bound), bound) == plans


class TestClauses:
    @settings(max_examples=200, deadline=None)
    @given(seed=SEEDS)
    def test_every_plan_meets_every_clause(self, seed: int) -> None:
        """A clause that one plan misses would turn a bound into a lie."""
        task = task_of(seed)
        if task is None:
            return
        bound = len(task.names)
        small = simplify(task, bound)
        cuts = Cuts(small)
        every = (1 << len(small.names)) - 1

        found, chosen = cuts.clauses(0, range(len(small.names)), every)

        assert cuts.reaches(chosen)
        for plan in reaching(small, bound):
            members = mask_of(small.names.index(name) for name in plan)
            assert all(members & clause for clause in [*found, *landmark_clauses(small)])


class TestDominators:
    @settings(max_examples=200, deadline=None)
    @given(seed=SEEDS)
    def test_a_stand_in_takes_the_place_of_its_operation_in_every_plan(self, seed: int) -> None:
        """What is set aside at first must be replaceable wherever it occurs."""
        task = task_of(seed)
        if task is None:
            return
        small = simplify(task, len(task.names))
        cuts = Cuts(small)

        for plan in reaching(small, len(task.names)):
            members = mask_of(small.names.index(name) for name in plan)
            for number in bits(members):
                for other in bits(dominators(small)[number]):
                    assert not members >> other & 1
                    assert cuts.reaches(members & ~(1 << number) | 1 << other)
