"""A plugin author's file, as an editor sees it: only type checkers run this.

An ignore comment marks a mistake that both checkers must find; one that is not needed is an
error itself, so a checker that stops seeing the mistake fails this file.
"""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING, assert_type

from registry_core import AgentDefinition, Resources, agent, middleware

if TYPE_CHECKING:
    from registry_core import Call, Proceed, RunContext


@agent
def count_words(text: str) -> int:
    """Return how many words there are."""
    return len(text.split())


@agent(capabilities={"content_analysis": 0.8}, resources=Resources(memory_mib=64), idempotent=True)
async def shorten(text: str, context: RunContext) -> str:
    """Return the beginning of *text*."""
    return text[: context.attempt]


@agent(tags=["wrong"], cost="much")  # type: ignore[call-overload, untyped-decorator]
def expensive(text: str) -> str:
    """Return *text*; its cost is not a number."""
    return text


@middleware(scope="attempt")
async def timed(call: Call, proceed: Proceed) -> object:
    """Return what the call gives, and say so."""
    value = await proceed()
    print(call.agent, call.attempt)  # noqa: T201 -- as an author would
    return value


@middleware(scope="attempt")  # type: ignore[type-var]
async def hasty(call: Call) -> object:
    """Return a fact; it could never go on to the agent."""
    return call.stage_id


@middleware(scope="pipeline")  # type: ignore[arg-type]
async def broad(call: Call, proceed: Proceed) -> object:
    """Return what the first call gives; there is no such scope."""
    return await proceed() if call.attempt == 1 else None


async def decorated_functions_stay_what_they_were(context: RunContext) -> None:
    """A test of an agent calls it like any function, and its editor still helps."""
    assert_type(count_words("one two"), int)
    assert_type(await shorten("one two", context), str)
    count_words(12)  # type: ignore[arg-type]


def definitions_are_frozen(definition: AgentDefinition) -> None:
    """Nobody changes what another one declared."""
    try:
        definition.cost = 2.0  # type: ignore[misc]
    except FrozenInstanceError:
        return
