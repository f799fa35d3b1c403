"""What has ended and nobody has read: the buffer between workers and who reads their records."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from registry_core.results.batch import ItemRecord, Outcome, item_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Outbox"]

_Row: TypeAlias = tuple[int, float, float, Outcome, str]


class Outbox:
    """Records in the order of the source, or in the order in which items end.

    Attributes:
        sent: How many were taken.
    """

    __slots__ = ("_batch_id", "_is_ordered", "_ready", "_stored", "notify", "sent")

    def __init__(self, batch_id: str, *, is_ordered: bool) -> None:
        """Begin empty."""
        self.sent = 0
        self.notify: Callable[[], None] = _nobody
        self._batch_id = batch_id
        self._is_ordered = is_ordered
        self._ready: dict[int, _Row] = {}
        self._stored = 0

    def put(self, index: int, queue: float, run: float, outcome: Outcome, key: str) -> None:
        """Store what an item left, and notify who waits for it."""
        place = index if self._is_ordered else self._stored
        self._stored += 1
        self._ready[place] = (index, queue, run, outcome, key)
        if place == self.sent:
            self.notify()

    def take(self) -> ItemRecord | None:
        """Return the next record in its order, or None where it is not there yet."""
        row = self._ready.pop(self.sent, None)
        if row is None:
            return None
        self.sent += 1
        return item_record(self._batch_id, *row)

    def rest(self) -> Iterator[ItemRecord]:
        """Take all records that are there, in their order, over any gap."""
        for place in sorted(self._ready):
            yield item_record(self._batch_id, *self._ready.pop(place))


def _nobody() -> None:
    pass
