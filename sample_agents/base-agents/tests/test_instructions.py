"""Words become steps."""

from __future__ import annotations

from contextlib import suppress

import pytest
from base_agents.instructions import FORMS, InstructionError, read_instruction
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
    Take,
)
from hypothesis import given
from hypothesis import strategies as st

# Words of the phrases themselves cannot be names of fields.
RESERVED = {"the", "first", "last", "field", "then", "by", "ascending", "descending"}
WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8).filter(
    lambda word: word.casefold() not in RESERVED
)
TEXTS = st.text(st.characters(exclude_categories=["C"], exclude_characters='"\\\n'), min_size=1)
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.builds(Split, st.sampled_from(["lines", "words", "sentences"]) | TEXTS),
    st.builds(Sort, st.booleans(), st.just("") | WORDS),
    st.builds(Extract, st.sampled_from(["numbers", "words", "emails", "urls", "dates"])),
    st.builds(Pick, WORDS),
    st.builds(Take, st.integers(0, 99), st.booleans()),
    st.builds(Join, TEXTS),
    st.builds(Recase, st.booleans()),
    st.sampled_from([Dedupe(), Count(), CountEach(), Reverse()]),
)


class TestReadInstruction:
    @pytest.mark.requirement("R85")
    @pytest.mark.parametrize(
        ("words", "step"),
        [
            ("Split the text into sentences", Split("sentences")),
            ("split by commas", Split(",")),
            ('split at " - "', Split(" - ")),
            ("extract all the numbers", Extract("numbers")),
            ("find emails", Extract("emails")),
            ("pick the field price", Pick("price")),
            ("take name", Pick("name")),
            ("pick theory", Pick("theory")),
            ("sort", Sort()),
            ("sort them by price descending", Sort(descending=True, field="price")),
            ("remove the duplicates", Dedupe()),
            ("keep only the last 3", Take(3, last=True)),
            ("take the first 2", Take(2)),
            ("count", Count()),
            ("count the words", Count()),
            ("count how often each word", CountEach()),
            ("reverse the list", Reverse()),
            ("to UPPER case", Recase(upper=True)),
            ("join with commas", Join(", ")),
            ('join them with "; then "', Join("; then ")),
        ],
    )
    def test_a_step_may_be_said_as_people_say_it(self, words: str, step: Step) -> None:
        """A task in words is not a programming language."""
        assert read_instruction(words) == (step,)

    def test_steps_stand_in_the_order_of_their_words(self) -> None:
        """Semicolons, lines and "then" all mean: next."""
        steps = read_instruction("Split by words, then lower case; sort\ncount each.")

        assert steps == (Split("words"), Recase(upper=False), Sort(), CountEach())

    def test_everything_that_is_not_understood_is_told_at_once(self) -> None:
        """Whoever mends a task wants to mend it once."""
        with pytest.raises(InstructionError) as refused:
            read_instruction("split by words; make it rhyme; sort; translate to Dutch")

        assert refused.value.phrases == ("make it rhyme", "translate to Dutch")
        assert FORMS[0] in str(refused.value)

    @pytest.mark.parametrize("instruction", [" ", ";;\n", "then"])
    def test_nothing_said_is_nothing_done(self, instruction: str) -> None:
        """A task that silently passes its payload through looks like one that worked."""
        with pytest.raises(InstructionError):
            read_instruction(instruction)

    @given(st.lists(STEPS, min_size=1, max_size=5))
    def test_steps_as_they_are_told_are_read_as_the_same_steps(self, steps: list[Step]) -> None:
        """So the steps of an output can be given as the next instruction."""
        told = "; ".join(map(str, steps))

        assert read_instruction(told) == tuple(steps)

    @given(st.text(max_size=2000))
    def test_any_text_is_read_or_refused(self, instruction: str) -> None:
        """Instructions are typed by strangers."""
        with suppress(InstructionError):
            assert read_instruction(instruction)
