"""The decorators leave code as it was and only note what its author said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest

from registry_core.authoring.agent import agent, middleware
from registry_core.authoring.declaration import declare
from registry_core.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from registry_core.definitions.middleware import Call, Proceed


@agent
def count_words(text: str) -> int:
    """Return how many words there are."""
    return len(text.split())


@agent(capabilities="content_analysis", tags="text")
async def shout(text: str) -> str:
    """Return the text in capitals."""
    return text.upper()


class TestAgent:
    def test_a_decorated_function_is_still_that_function(self) -> None:
        """An author tests an agent by calling it, with no registry anywhere near."""
        assert count_words("one two") == 2
        assert asyncio.run(shout("hey")) == "HEY"
        assert count_words.__name__ == "count_words"

    def test_one_name_may_stand_alone(self) -> None:
        """A text is an iterable of its letters; nobody means those."""
        declared = declare(shout).definition

        assert [claim.name for claim in declared.capabilities] == ["content_analysis"]
        assert declared.tags == ("text",)

    def test_what_an_author_passes_in_is_copied(self) -> None:
        """Changing the list later must not change what the agent declared."""
        scores = {"reporting": 0.5}

        @agent(capabilities=scores)
        def report(text: str) -> str:
            return text

        scores["reporting"] = 1.0

        assert declare(report).definition.capabilities[0].score == 0.5

    @pytest.mark.parametrize("target", [len, "count_words", 3], ids=str)
    def test_what_cannot_carry_a_mark_is_refused_at_once(self, target: object) -> None:
        """``@agent("name")`` is a slip; the error says how options are written."""
        with pytest.raises(DefinitionError, match="options are keywords"):
            agent(target)  # type: ignore[call-overload]


class TestMiddleware:
    def test_a_decorated_middleware_is_still_that_function(self) -> None:
        """It can be awaited alone, with a call and a way to proceed made by a test."""

        @middleware(scope="attempt")
        async def passing(call: Call, proceed: Proceed) -> object:
            assert call is not None
            return await proceed()

        async def answer() -> object:
            return 42

        assert asyncio.run(_through(passing, answer)) == 42


async def _through(layer: Callable[[Call, Proceed], Awaitable[object]], answer: Proceed) -> object:
    return await layer(cast("Call", "a call"), answer)
