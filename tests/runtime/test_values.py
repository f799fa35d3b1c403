"""Values on their way between agents of different authors."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

import pytest
from pydantic import BaseModel
from typing_extensions import TypedDict

from registry_core import Policy, agent
from tests.runtime.rig import Part, assemble

if TYPE_CHECKING:
    from registry_core.results.run import RunResult


class Page(BaseModel):
    """A page, as its producer knows it."""

    title: str
    size: float
    seen: date = date(2030, 1, 1)


class Sheet(BaseModel):
    """The same, as another team wrote it."""

    title: str
    size: float


@dataclass
class Note:
    """The same once more."""

    title: str


class Row(TypedDict):
    """And as a dictionary."""

    title: str


class Strict(BaseModel):
    """Something that a page is not."""

    title: str
    missing: int


GIVEN: list[object] = []
TAKEN: list[object] = []


@pytest.fixture(autouse=True)
def forget() -> None:
    """Start with nothing given."""
    GIVEN.clear()
    TAKEN.clear()


@agent(mutates=False)
async def give_page(title: str) -> Page:
    """Return a page."""
    page = Page(title=title, size=1)
    GIVEN.append(page)
    return page


@agent(mutates=False)
async def take_page(page: Page) -> str:
    """Take it."""
    TAKEN.append(page)
    return page.title


@agent
async def change_page(page: Page) -> str:
    """Change it."""
    TAKEN.append(page)
    page.title = "changed"
    return page.title


@agent
async def take_sheet(sheet: Sheet) -> str:
    """Take the other team's form of it."""
    TAKEN.append(sheet)
    return sheet.title


@agent
async def take_note(note: Note) -> str:
    """Take a dataclass."""
    return note.title


@agent
async def take_row(row: Row) -> str:
    """Take a dictionary."""
    return row["title"]


@agent
async def take_strict(strict: Strict) -> str:
    """Take what is not there."""
    return strict.title


@agent
async def take_number(number: float) -> float:
    """Return it."""
    return number


@agent
async def take_words(words: list[str]) -> int:
    """Return how many there are."""
    words.append("mine")
    return len(words)


@agent
async def choose(choice: Literal["a", "b"]) -> Literal["a", "b"]:
    """Return the choice."""
    return choice


def refusal(result: RunResult) -> str:
    """Return the text of a run that refused a value."""
    assert result.error is not None
    assert result.error.code == "invalid_input"
    return result.error.message


class TestBetweenStages:
    def test_the_same_class_on_both_sides_is_the_same_object(self) -> None:
        """Dumping a gigabyte to load it again helps nobody."""
        assemble(give_page, take_page).run({"title": "t"})

        assert TAKEN[0] is GIVEN[0]

    @pytest.mark.requirement("R67")
    @pytest.mark.fault("F38")
    @pytest.mark.parametrize("taker", [take_sheet, take_note, take_row])
    def test_classes_of_two_teams_meet_as_json(self, taker: object) -> None:
        """Two plugins never import each other's models."""
        assert callable(taker)

        result = assemble(give_page, taker).run({"title": "t"})

        assert result.output == "t"

    @pytest.mark.requirement("R28")
    @pytest.mark.fault("F33")
    def test_a_misfit_names_both_sides_and_the_place_and_not_the_value(self) -> None:
        """The value may be a secret; the place is what is needed."""
        result = assemble(give_page, take_strict).run({"title": "sk-CANARY"})

        assert refusal(result) == (
            "output of stage 'give_page' does not fit input 'strict': missing: missing"
        )
        assert "CANARY" not in str(result.stages)
        assert result.stages[1].attempts == ()

    @pytest.mark.fault("F28")
    @pytest.mark.parametrize("number", [float("nan"), float("inf")])
    def test_what_json_has_no_word_for_does_not_cross(self, number: float) -> None:
        """Turned into null it would be another value."""

        @agent
        async def give_odd(title: str) -> Page:
            return Page(title=title, size=number)

        result = assemble(give_odd, take_sheet).run({"title": "t"})

        assert "has no JSON form" in refusal(result)


class TestFromTheCaller:
    @pytest.mark.parametrize(
        ("target", "value", "output"),
        [
            (take_page, Page(title="t", size=1), "t"),
            (take_page, {"title": "t", "size": 1, "seen": "2031-02-03"}, "t"),
            (take_page, Sheet(title="t", size=1), "t"),
            (take_row, Page(title="t", size=1).model_dump(include={"title"}), "t"),
            (take_note, Note("t"), "t"),
            (take_number, 3, 3.0),
            (take_words, ["a"], 2),
            (choose, "a", "a"),
        ],
    )
    def test_objects_and_json_are_both_welcome(
        self, target: object, value: object, output: object
    ) -> None:
        """A notebook has objects, a request has JSON."""
        assert callable(target)
        rig = assemble(target)

        result = rig.run({rig.pipeline.inputs[0].name: value})

        assert result.output == output

    @pytest.mark.requirement("R7")
    @pytest.mark.fault("F28", "F31")
    @pytest.mark.parametrize(
        ("target", "value"),
        [
            (take_number, "1"),
            (take_number, float("nan")),
            (take_number, None),
            (take_number, True),
            (take_words, "sk-CANARY"),
            (take_words, ["sk-CANARY", 1]),
            (take_page, {"title": "sk-CANARY"}),
            (take_page, object()),
            (choose, "sk-CANARY"),
        ],
    )
    def test_nothing_is_guessed(self, target: object, value: object) -> None:
        """A one in quotes is a text, and whoever sent it has a bug."""
        assert callable(target)
        rig = assemble(target)

        result = rig.run({rig.pipeline.inputs[0].name: value})

        assert "does not fit input" in refusal(result)
        assert "CANARY" not in result.to_json()


class TestOutput:
    @pytest.mark.fault("F60")
    @pytest.mark.parametrize("answer", ["eight", None, [1], object(), 1.5])
    def test_a_value_of_another_type_is_no_answer(self, answer: object) -> None:
        """The next agent would fail over it, and be blamed."""

        @agent
        async def lies(number: int) -> int:
            del number
            return answer  # type: ignore[return-value]

        result = assemble(lies).run({"number": 1})

        assert result.error is not None
        assert result.error.code == "invalid_output"
        assert type(answer).__name__ in result.error.message

    def test_a_type_that_is_no_class_is_checked_by_its_schema(self) -> None:
        """``Literal`` has no instances."""

        @agent
        async def lies(number: int) -> Literal["a", "b"]:
            return "c" if number else "a"  # type: ignore[return-value]

        rig = assemble(lies)

        assert rig.run({"number": 0}).output == "a"
        assert rig.run({"number": 1}).status == "failed"


@pytest.mark.requirement("R28", "R108")
class TestCopies:
    def test_an_agent_that_changes_its_input_changes_nobody_elses(self) -> None:
        """Who reads the same value next must see what was given."""
        rig = assemble(
            give_page,
            Part(change_page, sources={"page": "give_page"}),
            Part(take_page, sources={"page": "give_page"}),
            outputs=("change_page", "take_page"),
        )

        assert rig.run({"title": "t"}).output == {"change_page": "changed", "take_page": "t"}

    def test_the_callers_own_object_stays_as_it_was(self) -> None:
        """It goes into a hundred runs."""
        page = Page(title="t", size=1)

        assemble(change_page).run({"page": page})

        assert page.title == "t"

    def test_the_only_reader_with_one_attempt_gets_the_object_itself(self) -> None:
        """A copy that nobody can notice is time and memory wasted."""
        assemble(give_page, change_page).run({"title": "t"})

        assert TAKEN[0] is GIVEN[0]

    def test_with_more_than_one_attempt_it_is_a_copy(self) -> None:
        """The second attempt needs the original."""
        assemble(give_page, Part(change_page, policy=Policy())).run({"title": "t"})

        assert TAKEN[0] is not GIVEN[0]

    def test_a_value_is_let_go_when_its_last_reader_is_done(self) -> None:
        """Ten stages of a gigabyte each must not need ten gigabytes."""
        pages: list[weakref.ref[Page]] = []

        @agent(mutates=False)
        async def make(title: str) -> Page:
            page = Page(title=title, size=1)
            pages.append(weakref.ref(page))
            return page

        @agent(mutates=False)
        async def shorten(page: Page) -> str:
            return page.title

        @agent(mutates=False)
        async def look(title: str) -> bool:
            return bool(title) and pages[0]() is None

        result = assemble(make, shorten, look).run({"title": "t"})

        assert result.output is True
