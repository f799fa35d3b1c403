"""Lightest hitting sets against trying every set, and against an independent solver."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_core.composer.bits import bits, mask_of
from registry_core.composer.hitting import HittingSets


def clauses_of(random: Random, *, members: int, count: int, longest: int) -> list[int]:
    """Random clauses of one to *longest* members."""
    return [
        mask_of(random.sample(range(members), random.randint(1, min(longest, members))))
        for _ in range(count)
    ]


class TestLightest:
    @settings(max_examples=300, deadline=None)
    @given(seed=st.integers(min_value=0, max_value=2**32))
    def test_it_is_the_first_of_the_lightest(self, seed: int) -> None:
        """Every proof that a plan is best rests on this."""
        random = Random(seed)  # noqa: S311 -- repeatable, not secret
        members = random.randint(1, 9)
        clauses = clauses_of(random, members=members, count=random.randint(0, 12), longest=4)
        weights = [random.choice([1, 1, 2, 3, 10**20]) for _ in range(members)]
        best = min(
            (sum(weights[i] for i in chosen), size, chosen)
            for size in range(members + 1)
            for chosen in combinations(range(members), size)
            if all(mask_of(chosen) & clause for clause in clauses)
        )

        sets = HittingSets(weights)
        lightest = sets.lightest(clauses)
        none = sets.lightest(clauses, below=best[0])

        assert lightest is not None
        assert sets.weigh(lightest) == best[0]
        assert none is None

    @settings(max_examples=300, deadline=None)
    @given(seed=st.integers(min_value=0, max_value=2**32))
    def test_of_equal_weights_the_smallest_numbers_come_first(self, seed: int) -> None:
        """The tie-break by sorted ids is settled here."""
        random = Random(seed)  # noqa: S311 -- repeatable, not secret
        members = random.randint(1, 9)
        clauses = clauses_of(random, members=members, count=random.randint(0, 12), longest=4)
        weights = [random.choice([1, 1, 1, 5]) for _ in range(members)]
        best = min(
            (sum(weights[i] for i in chosen), size, chosen)
            for size in range(members + 1)
            for chosen in combinations(range(members), size)
            if all(mask_of(chosen) & clause for clause in clauses)
        )
        unit = [weight * (members + 1) + 1 for weight in weights]

        first = HittingSets(unit).first(clauses)

        assert first is not None
        assert tuple(bits(first)) == best[2]

    def test_an_empty_clause_cannot_be_met(self) -> None:
        """It says that a goal cannot be reached, which is an answer and not an error."""
        assert HittingSets([1]).lightest([0]) is None
        assert HittingSets([1]).first([0]) is None

    @pytest.mark.parametrize("seed", range(5))
    def test_a_maxsat_solver_finds_the_same_weight(self, seed: int) -> None:
        """Sizes that nobody can enumerate, checked by a solver with nothing in common."""
        hitman = pytest.importorskip("pysat.examples.hitman", reason="python-sat is not here")
        clauses = clauses_of(Random(seed), members=60, count=80, longest=5)  # noqa: S311 -- repeatable, not secret

        lightest = HittingSets([1] * 60).lightest(clauses)

        assert lightest is not None
        sets = [list(bits(clause)) for clause in clauses]
        with hitman.Hitman(bootstrap_with=sets, htype="sorted") as solver:
            assert lightest.bit_count() == len(solver.get())
