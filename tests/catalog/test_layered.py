"""A changed copy of a large map costs what changed, and is right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_core.catalog.layered import Layered

KEYS = st.integers(0, 400)
CHANGES = st.lists(
    st.tuples(st.dictionaries(KEYS, st.integers(), max_size=40), st.sets(KEYS, max_size=40)),
    max_size=12,
)


class TestLayered:
    @given(CHANGES)
    def test_any_history_gives_the_map_that_a_dict_would_be(
        self, changes: list[tuple[dict[int, int], set[int]]]
    ) -> None:
        """Every index of the catalog lies on it."""
        layered, plain = Layered[int, int](), dict[int, int]()

        for new, gone in changes:
            there = gone & plain.keys()
            before = dict(layered)
            changed = layered.changed(new, without=there)
            assert dict(layered) == before
            layered = changed
            plain = {k: v for k, v in plain.items() if k not in there} | new

        assert layered == plain
        assert len(layered) == len(plain)
        assert sorted(layered) == sorted(plain)
        assert {key for key in range(401) if key in layered} == plain.keys()
        assert all(layered.get(key) == plain.get(key) for key in range(401))

    def test_a_key_that_is_not_there_cannot_be_taken_away(self) -> None:
        """Twice removed is a mistake of the caller's."""
        numbers = Layered({"one": 1}).changed({}, without=["one"])

        with pytest.raises(KeyError):
            numbers.changed({}, without=["one"])
        with pytest.raises(KeyError):
            numbers["one"]
        assert numbers.changed({"one": 2}) == {"one": 2}
