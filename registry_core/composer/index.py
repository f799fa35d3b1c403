"""Which operations consume a need, and which give something that satisfies it.

Compiled once per catalog and read by every search. It only grows: adding an operation
touches that operation's own types, so it costs the same at ten operations and at a
hundred thousand.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

__all__ = ["Operation", "OperationIndex", "Reach", "TypeId"]

TypeId: TypeAlias = int | str


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that can be run once, when all its needs are satisfied.

    Attributes:
        id: Unique in its index; ties between plans are broken by it.
        needs: One type for each input that must be fed, in the order of the inputs.
        gives: Types it produces.
        cost: What one run costs; finite and not negative.
        latency_seconds: How long one run takes; finite and not negative.
        reluctance: Of plans that are alike in value and size, the one with the smaller sum comes
            first; finite and not negative.
    """

    id: str
    needs: tuple[TypeId, ...]
    gives: tuple[TypeId, ...]
    cost: float = 1.0
    latency_seconds: float = 1.0
    reluctance: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what could not be ordered.

        Raises:
            ValueError: If the id is empty, or a number is negative or not finite.
        """
        if not self.id:
            message = "an operation needs an id"
            raise ValueError(message)
        for number in (self.cost, self.latency_seconds, self.reluctance):
            if not isfinite(number) or number < 0:
                message = (
                    f"operation {self.id}: cost, latency and reluctance must be finite and >= 0"
                )
                raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Reach:
    """What can come out of a start.

    Attributes:
        operations: Ids of the operations that can run, in an order in which they can.
        needs: The needs that can be satisfied.
    """

    operations: tuple[str, ...]
    needs: frozenset[TypeId]


class OperationIndex:
    """Operations by what they need and by what they give.

    >>> index = OperationIndex([Operation("read", ("Path",), ("Html",))])
    >>> index.relate("Html", ["Html", "Markup"])
    >>> sorted(index.reach(["Path"]).needs)
    ['Html', 'Markup', 'Path']
    """

    __slots__ = (
        "_arity",
        "_consumers",
        "_givers",
        "_operations",
        "_ready",
        "_satisfied_by",
        "_satisfies",
    )

    def __init__(
        self,
        operations: Iterable[Operation] = (),
        *,
        satisfies: Mapping[TypeId, Iterable[TypeId]] | None = None,
    ) -> None:
        """Compile *operations*.

        Args:
            operations: In any order; no answer depends on it.
            satisfies: For a produced type, every need it satisfies. A type that is not
                listed satisfies the need of the same name, and no other.
        """
        self._operations: dict[str, Operation] = {}
        self._arity: dict[str, int] = {}
        self._consumers: dict[TypeId, list[str]] = {}
        self._givers: dict[TypeId, list[str]] = {}
        self._ready: list[str] = []
        self._satisfies: dict[TypeId, tuple[TypeId, ...]] = {}
        self._satisfied_by: dict[TypeId, list[TypeId]] = {}
        for given, needs in (satisfies or {}).items():
            self.relate(given, needs)
        for operation in operations:
            self.add(operation)

    def __len__(self) -> int:
        """How many operations there are."""
        return len(self._operations)

    def __contains__(self, operation_id: object) -> bool:
        """Whether an operation has the id."""
        return operation_id in self._operations

    def __getitem__(self, operation_id: str) -> Operation:
        """The operation with the id."""
        return self._operations[operation_id]

    def add(self, operation: Operation) -> None:
        """Add one operation, in time that depends on its own types only.

        Raises:
            ValueError: If the id is taken.
        """
        if operation.id in self._operations:
            message = f"operation {operation.id} is in the index already"
            raise ValueError(message)
        needs = set(operation.needs)
        self._operations[operation.id] = operation
        self._arity[operation.id] = len(needs)
        if not needs:
            self._ready.append(operation.id)
        for need in needs:
            self._consumers.setdefault(need, []).append(operation.id)
        for given in dict.fromkeys(operation.gives):
            self._givers.setdefault(given, []).append(operation.id)

    def relate(self, given: TypeId, needs: Iterable[TypeId]) -> None:
        """Say that the produced type *given* satisfies each of *needs*, and no other need.

        Raises:
            ValueError: If this was said of *given* before.
        """
        if given in self._satisfies:
            message = f"what {given!r} satisfies is in the index already"
            raise ValueError(message)
        self._satisfies[given] = tuple(dict.fromkeys(needs))
        for need in self._satisfies[given]:
            self._satisfied_by.setdefault(need, []).append(given)

    def satisfies(self, given: TypeId) -> tuple[TypeId, ...]:
        """Every need that the produced type *given* satisfies."""
        return self._satisfies.get(given, (given,))

    def reach(self, have: Iterable[TypeId], excluded: Container[str] = ()) -> Reach:
        """Everything that can come out of *have* without the *excluded* operations.

        Counts down the unmet needs of each operation that a reached need touches, so the
        time depends on what is reached and not on how much is indexed.
        """
        unmet: dict[str, int] = {}
        runnable = [name for name in self._ready if name not in excluded]
        reached: list[str] = []
        needs: set[TypeId] = set()
        given = dict.fromkeys(have)
        while given or runnable:
            for need in [n for t in given for n in self.satisfies(t)]:
                if need in needs:
                    continue
                needs.add(need)
                for name in self._consumers.get(need, ()):
                    left = unmet.get(name) or self._arity[name]
                    if left > 1:
                        unmet[name] = left - 1
                    elif name not in excluded:
                        runnable.append(name)
            reached += runnable
            given = {t: None for name in runnable for t in self._operations[name].gives}
            runnable = []
        return Reach(tuple(reached), frozenset(needs))

    def consumers(self, need: TypeId) -> Sequence[str]:
        """Ids of the operations that have *need*, in the order in which they were added."""
        return self._consumers.get(need, ())

    def givers(self, need: TypeId) -> tuple[str, ...]:
        """Ids of the operations that give something which satisfies *need*, sorted.

        >>> OperationIndex([Operation("read", ("Path",), ("Html",))]).givers("Html")
        ('read',)
        """
        types = list(self._satisfied_by.get(need, ()))
        if need not in self._satisfies:
            types.append(need)
        return tuple(sorted({name for t in types for name in self._givers.get(t, ())}))
