"""How large values are: said where it is known, and never at the cost of a run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel

from registry_core import Policy, Substitute, agent
from registry_core.runtime.engine import execute
from registry_core.runtime.scope import RunOptions
from registry_core.runtime.sizes import size_of
from tests.runtime.rig import Part, Rig, assemble

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from registry_core.results.durable import RunEnd, StageDone
    from registry_core.results.run import RunResult

ALL = RunOptions(measure_share=1.0)


class Touchy(BaseModel):
    """A value that cannot be looked at."""

    number: int = 1

    def __len__(self) -> int:
        """Fail."""
        raise OSError

    def __repr__(self) -> str:
        """Fail."""
        raise OSError

    def __str__(self) -> str:
        """Fail."""
        raise OSError


class TouchyText(str):
    """Text that says nothing of its length."""

    __slots__ = ()

    def __len__(self) -> int:
        """Fail."""
        raise OSError


@agent
async def shout(text: str) -> str:
    """Return *text*, louder."""
    return f"{text}!"


@agent
async def letters(text: str) -> list[str]:
    """Return the letters of *text*."""
    return list(text)


@agent(mutates=True)
async def drain(words: list[str]) -> int:
    """Return how many *words* there were, and leave none."""
    count = len(words)
    words.clear()
    return count


@agent(mutates=False)
async def hand_on(touchy: Touchy) -> Touchy:
    """Return *touchy*."""
    return touchy


class Keeper:
    """Keeps nothing; a run that has one dumps its outputs."""

    async def begin(self, starting: Sequence[str]) -> None:
        """Forget it."""

    async def advance(self, done: StageDone, starting: Sequence[str]) -> None:
        """Forget it."""

    async def finish(self, done: StageDone | None, end: RunEnd) -> None:
        """Forget it."""


def sizes(result: RunResult) -> list[tuple[int | None, int | None]]:
    """Return how large what went in and came out of each stage was."""
    return [(stage.input_bytes, stage.output_bytes) for stage in result.stages]


def kept(rig: Rig, values: Mapping[str, object]) -> RunResult:
    """Return what came out of a run that is kept and measured."""
    return asyncio.run(
        execute(rig.pipeline, values, agents=rig.chains, options=ALL, keeper=Keeper())
    )


@pytest.mark.requirement("R34")
class TestMeasuredRuns:
    def test_text_and_bytes_have_a_size(self) -> None:
        """The stage that was slow today had a larger text."""
        result = assemble(shout, Part(shout, id="again")).run({"text": "né"}, options=ALL)

        assert result.output == "né!!"
        assert sizes(result) == [(3, 4), (4, 5)]

    def test_nothing_is_measured_unless_asked_for(self) -> None:
        """Who does not look should not pay."""
        assert sizes(assemble(shout).run({"text": "né"})) == [(None, None)]

    def test_other_values_have_the_size_of_the_json_that_a_kept_run_makes_anyway(self) -> None:
        """To make it for the number alone would cost more than the stage."""
        rig = assemble(letters, drain)
        listed = len('["a","b"]')  # also for the agent that leaves none of it

        assert sizes(kept(rig, {"text": "ab"})) == [(2, listed), (listed, 1)]
        assert sizes(rig.run({"text": "ab"}, options=ALL)) == [(2, None), (None, None)]

    def test_a_value_that_cannot_be_looked_at_is_handed_on(self) -> None:
        """A good stage never fails for the sake of a number about it."""
        touchy = Touchy()

        result = assemble(hand_on).run({"touchy": touchy}, options=ALL)

        assert result.status == "success"
        assert result.output is touchy
        assert sizes(result) == [(None, None)]

    def test_what_stands_in_for_an_output_is_measured_too(self) -> None:
        """It is what the next stage gets."""

        @agent
        async def broken(text: str) -> str:
            raise OSError(text)

        policy = Policy(on_error="skip", substitute=Substitute("nothing"))
        failing = assemble(Part(broken, policy=Policy(on_error="stop")))
        skipping = assemble(Part(broken, policy=policy))

        assert sizes(failing.run({"text": "ab"}, options=ALL)) == [(2, None)]
        assert sizes(skipping.run({"text": "ab"}, options=ALL)) == [(2, 7)]

    @pytest.mark.parametrize(("drawn", "is_measured"), [(0.25, True), (0.75, False)])
    def test_a_share_of_the_runs_is_measured(self, drawn: float, *, is_measured: bool) -> None:
        """A hundredth of a million runs says as much as all of them."""
        options = RunOptions(measure_share=0.5)

        [(size, _)] = sizes(assemble(shout).run({"text": "a"}, options=options, draw=lambda: drawn))

        assert (size is not None) is is_measured


@pytest.mark.requirement("R34")
class TestSizeOf:
    def test_what_is_not_known_for_sure_is_not_said(self) -> None:
        """A number that is a guess in one place is believed in another."""
        values = [None, 1, [1, 2], {"a": 1}, Touchy(), TouchyText("a")]

        assert {size_of(value) for value in values} == {None}

    def test_text_that_is_no_utf8_has_a_size(self) -> None:
        """Half a surrogate pair is rare, and no reason to fail."""
        assert size_of("\ud800") == 3
