"""What each step does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from base_agents.steps import (
    Count,
    CountEach,
    Dedupe,
    Extract,
    Join,
    Pick,
    Recase,
    Reverse,
    Sort,
    Split,
    Step,
    StepError,
    Take,
    carry_out,
)
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from pydantic import JsonValue

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
ITEMS = st.lists(SCALARS, max_size=12)


class TestCarryOut:
    @pytest.mark.requirement("R85")
    @pytest.mark.parametrize(
        ("step", "value", "result"),
        [
            (Split("lines"), "a\n\n b \r\nc", ["a", "b", "c"]),
            (
                Split("words"),
                "Don't stop, well-known Émile!",
                ["Don't", "stop", "well-known", "Émile"],
            ),
            (
                Split("sentences"),
                "It rained. We left! Why? 3.5 km",
                ["It rained.", "We left!", "Why?", "3.5 km"],
            ),
            (Split(","), ["a,b", "c"], ["a", "b", "c"]),
            (Sort(), [10, "b", 9.5, "A", None], [9.5, 10, "A", "b", None]),
            (Sort(descending=True), [1, 3, 2], [3, 2, 1]),
            (Sort(field="n"), [{"n": 2}, {"n": 1}], [{"n": 1}, {"n": 2}]),
            (
                Dedupe(),
                [1, "1", 1, True, {"a": 1, "b": 2}, {"b": 2, "a": 1}],
                [1, "1", True, {"a": 1, "b": 2}],
            ),
            (Count(), [1, 1], 2),
            (Count(), "two words", 2),
            (
                CountEach(),
                ["b", "a", "b"],
                [{"value": "b", "count": 2}, {"value": "a", "count": 1}],
            ),
            (Extract("numbers"), "3 of -4.5, v1.2, 20 000", [3, -4.5, 20, 0]),
            (
                Extract("emails"),
                "ada@example.org. Or <bob+x@mail.example.net>",
                ["ada@example.org", "bob+x@mail.example.net"],
            ),
            (
                Extract("urls"),
                "see https://a.example/b?c=d, or (http://e.example).",
                ["https://a.example/b?c=d", "http://e.example"],
            ),
            (Extract("dates"), "2024-02-29 and 12024-01-011", ["2024-02-29"]),
            (Pick("a"), [{"a": 1}, {"b": 2}, 3, {"a": None}], [1, None]),
            (Take(2), [1, 2, 3], [1, 2]),
            (Take(2, last=True), [1, 2, 3], [2, 3]),
            (Take(0, last=True), [1], []),
            (Reverse(), [1, 2], [2, 1]),
            (Join(", "), ["a", 1, None], "a, 1, null"),
            (Recase(upper=True), ["a", "ß"], ["A", "SS"]),
            (Recase(upper=False), "A", "a"),
        ],
    )
    def test_a_step_does_what_it_says(
        self, step: Step, value: JsonValue, result: JsonValue
    ) -> None:
        """These are the whole of what a task can do."""
        assert carry_out(step, value) == result

    @pytest.mark.parametrize(
        ("step", "value"),
        [
            (Sort(), "text"),
            (Sort(field="n"), [{"n": 1}, {"m": 1}]),
            (Split("words"), {"a": "b"}),
            (Extract("words"), ["a", 1]),
            (Count(), 3),
        ],
    )
    def test_a_step_that_cannot_be_taken_is_named(self, step: Step, value: JsonValue) -> None:
        """In a task of nine steps, one wants to know which."""
        with pytest.raises(StepError) as refused:
            carry_out(step, value)

        assert refused.value.step == step
        assert str(step) in str(refused.value)

    @given(ITEMS)
    def test_sorting_loses_nothing_and_is_done_once(self, items: list[JsonValue]) -> None:
        """An order that depends on how things stood is no order."""
        ordered = carry_out(Sort(), items)

        assert carry_out(Sort(), ordered) == ordered
        assert carry_out(CountEach(), ordered) == carry_out(CountEach(), items)

    @given(ITEMS)
    def test_what_is_counted_each_is_what_is_left_without_duplicates(
        self, items: list[JsonValue]
    ) -> None:
        """Two steps that disagree on what is equal would give tables that do not add up."""
        counted = carry_out(CountEach(), items)
        distinct = carry_out(Dedupe(), items)

        assert isinstance(counted, list)
        assert isinstance(distinct, list)
        assert len(counted) == len(distinct)

    def test_hostile_text_is_searched_in_one_pass(self) -> None:
        """A pattern that tries again and again would hold the interpreter for hours."""
        hostile = "a" * 50_000 + "@" + "b." * 50_000 + "-1" * 50_000 + "http://" * 10_000

        for kind in ("numbers", "words", "emails", "urls", "dates"):
            carry_out(Extract(kind), hostile)
