"""What a search answers: plans in an executable order, or what stopped it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from registry_core.composer.index import TypeId

__all__ = ["Binding", "Blocked", "Exceeded", "Found", "Solution", "SolveResult", "Unreachable"]


@dataclass(frozen=True, slots=True)
class Binding:
    """One need, and the thing that satisfies it.

    Attributes:
        consumer: The operation that is fed, or None for the goal itself.
        position: Which of the consumer's needs, from 0.
        need: The type that is needed.
        source: The operation whose output is taken, or None for what is given at the start.
        given: The type that is taken.
    """

    consumer: str | None
    position: int
    need: TypeId
    source: str | None
    given: TypeId


@dataclass(frozen=True, slots=True)
class Solution:
    """A plan of which no operation can be left out.

    Attributes:
        layers: Ids by the parallel layer in which each can run, sorted within a layer.
        bindings: One for each need of each operation, in running order, then of the goal.
        cost: Sum over the operations.
        latency_seconds: Time until the last need of the goal is satisfied.
        value: What the objective measures: a count, layers, seconds or a cost.
        lower_bound: No plan that was still to come has a smaller value.
        proved: Whether this is proved to be the next plan in order.
    """

    layers: tuple[tuple[str, ...], ...]
    bindings: tuple[Binding, ...]
    cost: float
    latency_seconds: float
    value: float
    lower_bound: float
    proved: bool

    @property
    def operations(self) -> tuple[str, ...]:
        """Ids in an executable order."""
        return tuple(name for layer in self.layers for name in layer)

    @property
    def depth(self) -> int:
        """How many layers must run one after the other."""
        return len(self.layers)


@dataclass(frozen=True, slots=True)
class Found:
    """At least one plan.

    Attributes:
        solutions: Best first.
        complete: Whether these are all the plans there are.
    """

    solutions: tuple[Solution, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Blocked:
    """A need that nothing reachable satisfies.

    Attributes:
        need: The type that is needed.
        givers: Operations that would satisfy it and cannot run, sorted; often none exists.
    """

    need: TypeId
    givers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No plan, whatever its size.

    Attributes:
        operations: Ids of everything that can run, sorted.
        needs: What can be satisfied.
        missing: The needs of the goal that cannot, in its order.
        blocked: The missing needs and, behind each, those that hold up its givers; nearest
            to the goal first.
        absent: Required operations that cannot run or do not exist, sorted.
        solutions: Always empty.
    """

    operations: tuple[str, ...]
    needs: frozenset[TypeId]
    missing: tuple[TypeId, ...]
    blocked: tuple[Blocked, ...]
    absent: tuple[str, ...] = ()
    solutions: tuple[Solution, ...] = ()


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A plan exists, and none was found that is small enough.

    Attributes:
        lower_bound: The fewest operations a plan can have, as far as was proved.
        proved: False when the time ended before it was certain that none is small enough.
        solutions: Always empty.
    """

    lower_bound: int
    proved: bool
    solutions: tuple[Solution, ...] = ()


SolveResult: TypeAlias = Found | Unreachable | Exceeded
