"""Is every value of one schema a value of another?

Read by the catalog, which links agents by it, and by the command line. The promise: never `Fits`
where a counterexample exists, and never `Misfit` without one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.schemas.atoms import Claim
from registry_core.schemas.budget import ExhaustedError
from registry_core.schemas.closing import closable
from registry_core.schemas.document import Document
from registry_core.schemas.fingerprint import structure
from registry_core.schemas.limits import check_instance
from registry_core.schemas.problem import Found, Nothing, Unknown
from registry_core.schemas.regex_terms import TermTooDeepError
from registry_core.schemas.search import Search
from registry_core.schemas.verdict import Fits, Misfit, Undecided, Verdict

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonObject, JsonValue
    from registry_core.schemas.atoms import Node

__all__ = ["MAX_STEPS", "compare"]

MAX_STEPS = 20_000

_SECOND = 1_000_000


def compare(
    producer: JsonObject,
    consumer: JsonObject,
    *,
    closed: bool = False,
    max_steps: int = MAX_STEPS,
) -> Verdict:
    """Return whether every value of *producer* is a value of *consumer*.

    Args:
        producer: JSON Schema of what is given.
        consumer: JSON Schema of what is taken.
        closed: Whether the producer's objects that do not say otherwise hold no undeclared members.
        max_steps: How many visits the answer may cost before it is `Undecided`.

    Returns:
        `Fits` when that was proved, `Misfit` with a value that the one gives and the other
        refuses, `Undecided` otherwise.

    >>> compare({"type": "integer"}, {"type": "number"})
    Fits(note='')
    >>> compare({"type": "number"}, {"type": "integer"})
    Misfit(pointer='', reason='must be an integer', witness=0.5)
    """
    verdict = _search(producer, consumer, closed=closed, max_steps=max_steps)
    if isinstance(verdict, Undecided) and _look_alike(producer, consumer):
        return Fits("same structure")
    return verdict


def _look_alike(producer: JsonObject, consumer: JsonObject) -> bool:
    shallow = check_instance(producer) is None and check_instance(consumer) is None
    return shallow and structure(producer) == structure(consumer)


def _search(producer: JsonObject, consumer: JsonObject, *, closed: bool, max_steps: int) -> Verdict:
    given = Document(producer, closed=closable(producer) if closed else frozenset()).root
    taken = Document(consumer, first=_SECOND).root
    search = Search(max_steps)
    try:
        outcome = search.find(frozenset({Claim(given, holds=True), Claim(taken, holds=False)}))
        match outcome:
            case Nothing():
                return Fits()
            case Unknown(keyword, reason):
                return Undecided(keyword, "", reason)
            case Found(value):
                return _confirm(search, given, taken, value)
    except ExhaustedError as exhausted:
        within = f"within {max_steps} steps" if exhausted.bound == "steps" else "at this depth"
        return Undecided(exhausted.bound, "", f"not decided {within}")
    except TermTooDeepError:
        return Undecided("pattern", "", "a pattern nests too deeply")


def _confirm(search: Search, given: Node, taken: Node, value: JsonValue) -> Verdict:
    """Let the judge see the counterexample before anybody else does."""
    refusal = search.judge.refusal(taken, value)
    doubt = search.judge.refusal(given, value) or refusal
    if refusal and refusal.certain and search.judge.accepts(given, value):
        return Misfit(refusal.pointer, refusal.reason, value)
    keyword, pointer = (doubt.keyword, doubt.pointer) if doubt else ("", "")
    return Undecided(keyword, pointer, "a counterexample was found but could not be confirmed")
