"""What is to be composed: operations, what is had, what is wanted.

Written by whoever knows catalogs and schemas, read by the search, which knows neither.
A type is any integer or text; whether a given type satisfies a needed one is decided by
the index alone. A problem never changes; the index it reads may grow between two searches.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from registry_core.composer.index import Operation, OperationIndex, TypeId

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Objective", "Problem"]

Objective: TypeAlias = Literal["stages", "depth", "latency", "cost"]


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
    """

    index: OperationIndex
    have: tuple[TypeId, ...]
    want: tuple[TypeId, ...]
    excluded: frozenset[str] = field(default=frozenset())
    required: frozenset[str] = field(default=frozenset())
    max_operations: int | None = None

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
