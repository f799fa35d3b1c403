"""What is expected of one run of an agent; declared, until something is measured.

Whoever knows better passes a function of its own: the planner asks for nothing else about
how agents behave.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry_core.catalog.entry import CatalogEntry

__all__ = ["Expect", "Expectation", "chance", "declared", "loss"]

_UNVOUCHED = 0.5
_LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected of one run of an agent.

    Attributes:
        latency_seconds: How long it takes.
        success: Chance that it succeeds, from 0 to 1.
        score: How good it is at what it does, from 0 to 1.
        merit: What decides between plans that are alike in value and number of stages, from 0
            to 1; higher is better.
    """

    latency_seconds: float = 1.0
    success: float = 1.0
    score: float = _UNVOUCHED
    merit: float = 1.0


Expect: TypeAlias = "Callable[[CatalogEntry], Expectation]"


def declared(entry: CatalogEntry) -> Expectation:
    """Return what the agent's own definition lets one expect.

    Without measurements each agent takes one second and succeeds. Its score is the best that
    it claims for any capability; one that claims nothing has half of a perfect score.
    """
    claims = [claim.score for claim in entry.definition.capabilities]
    return Expectation(score=max(claims, default=_UNVOUCHED))


def loss(chance: float) -> float:
    """Return what a chance takes away, so that losses add up where chances multiply.

    To nine places, and no chance counts for less than one in a billion.

    >>> loss(1.0), round(loss(0.5) + loss(0.5), 6) == round(loss(0.25), 6)
    (0.0, True)
    """
    return round(-log(min(max(chance, _LEAST), 1.0)), 9) + 0.0


def chance(losses: float) -> float:
    """Return the chance that is left after *losses*, to six places.

    >>> chance(loss(0.9) + loss(0.5))
    0.45
    """
    return round(exp(-losses), 6)
