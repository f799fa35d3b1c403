"""What stages need together when as many run at once as can."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from registry_core.composer.footprint import peak
from tests.catalog.worlds import dice


def heaviest(uses: list[int], reads: dict[int, set[int]]) -> int:
    """Return the same by trying every set of stages."""
    before: list[set[int]] = []
    for place in range(len(uses)):
        before.append(set(reads.get(place, set())))
        for other in reads.get(place, set()):
            before[place] |= before[other]
    apart = [
        chosen
        for size in range(len(uses) + 1)
        for chosen in combinations(range(len(uses)), size)
        if not any(a in before[b] for a, b in combinations(chosen, 2))
    ]
    return max(sum(uses[place] for place in chosen) for chosen in apart)


class TestPeak:
    @settings(max_examples=300, deadline=None)
    @given(seed=st.integers(min_value=0, max_value=2**32))
    def test_it_is_the_heaviest_set_of_stages_that_do_not_wait_for_each_other(
        self, seed: int
    ) -> None:
        """A plan that is said to fit into the memory must fit into it, however it is timed."""
        rng = dice(seed)
        count = rng.randint(0, 8)
        uses = [rng.choice((0, 1, 2, 50, 64, 100)) for _ in range(count)]
        reads = {
            place: {other for other in range(place) if rng.random() < 0.3} for place in range(count)
        }

        assert peak(uses, reads) == heaviest(uses, reads)

    def test_stages_in_a_row_need_what_the_largest_needs(self) -> None:
        """Each is over before the next begins."""
        assert peak([100, 300, 200], {1: {0}, 2: {1}}) == 300

    def test_a_large_plan_is_measured_at_once(self) -> None:
        """Two hundred stages side by side, and one that gathers them."""
        assert peak([3] * 200 + [500], {200: set(range(200))}) == 600
