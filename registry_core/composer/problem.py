"""What is to be composed: operations, what is had, what is wanted.

Written by whoever knows catalogs and schemas, read by the search, which knows neither.
A type is any integer or text; whether a given type satisfies a needed one is decided by
the index alone. A problem never changes; the index it reads may grow between two searches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from registry_core.composer.index import Operation, OperationIndex, TypeId

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Budget", "Objective", "Problem"]

Objective: TypeAlias = Literal["stages", "depth", "latency", "cost"]


@dataclass(frozen=True, slots=True)
class Budget:
    """How much the operations of a solution may add up to.

    Attributes:
        name: What it is that adds up.
        uses: What each operation adds, finite and not negative; nothing where it is not listed.
        most: The largest sum allowed.
        strict: Whether *most* itself is too much.
    """

    name: str
    uses: Mapping[str, float]
    most: float
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """A question to an index of operations.

    Attributes:
        index: What could be used.
        have: Types that are given at the start.
        want: Needs that must all be satisfied in the end.
        excluded: Ids that must not be used.
        required: Ids that must be used, whether or not their output is.
        max_operations: Most operations a solution may use, or None for any number.
        budgets: What else must not add up to more than it may.
        max_latency_seconds: When the last need of the goal must be satisfied; not together with
            the objective ``depth``, which counts time in layers.
        sooner: Whether it must be satisfied before that.
    """

    index: OperationIndex
    have: tuple[TypeId, ...]
    want: tuple[TypeId, ...]
    excluded: frozenset[str] = field(default=frozenset())
    required: frozenset[str] = field(default=frozenset())
    max_operations: int | None = None
    budgets: tuple[Budget, ...] = ()
    max_latency_seconds: float | None = None
    sooner: bool = False

    @classmethod
    def of(
        cls,
        operations: Iterable[Operation],
        *,
        have: Iterable[TypeId],
        want: Iterable[TypeId],
        satisfies: Mapping[TypeId, Iterable[TypeId]] | None = None,
        max_operations: int | None = None,
    ) -> Problem:
        """Return the problem over a new index; keep the index yourself to ask it often.

        >>> from registry_core.composer.search import solve
        >>> read = Operation("read", needs=("Path",), gives=("Html",))
        >>> strip = Operation("strip", needs=("Markup",), gives=("Text",))
        >>> problem = Problem.of(
        ...     [strip, read], have=["Path"], want=["Text"], satisfies={"Html": ["Html", "Markup"]}
        ... )
        >>> [plan.operations for plan in solve(problem).solutions]
        [('read', 'strip')]
        """
        index = OperationIndex(operations, satisfies=satisfies)
        return cls(index, tuple(have), tuple(want), max_operations=max_operations)
