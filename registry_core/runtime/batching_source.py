"""Where the items of a batch come from: one iterator that all workers pull from.

A synchronous source is that iterator itself. Of an asynchronous one, and of one that blocks,
items are put on a shelf as room there allows, and the workers take them from the shelf.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator, Sized
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Shelf", "as_shelf", "check_source", "size_of"]

T = TypeVar("T")


def check_source(items: object) -> None:
    """Return quietly if a batch can be made of *items*.

    Raises:
        TypeError: If they cannot be iterated over, or are one text: its characters are never
            what was meant.
    """
    if isinstance(items, str | bytes) or not isinstance(items, Iterable | AsyncIterable):
        message = f"a batch takes an iterable of items, not {type(items).__name__}"
        raise TypeError(message)


def size_of(items: object) -> int | None:
    """Return how many items there are, or None where only time will tell."""
    return len(items) if isinstance(items, Sized) else None


def as_shelf(
    items: Iterable[T] | AsyncIterable[T], *, blocking: bool, room: int
) -> Shelf[T] | None:
    """Return a shelf for *items*, or None where workers can pull from them directly."""
    if isinstance(items, AsyncIterable):
        return Shelf(items, room)
    if not blocking:
        return None
    ahead = max(room // 2, 1)
    return Shelf(_from_thread(items, ahead), room - ahead or 1)


class Shelf(Iterator[T], Generic[T]):
    """Items that were got from the source and wait to be pulled.

    As an iterator it stops when it is empty, and goes on when it is not any more.

    Attributes:
        since: When the item pulled last was put here.
        closed: Whether the source has ended.
    """

    __slots__ = ("_gap", "_items", "_room", "_source", "closed", "since")

    def __init__(self, source: AsyncIterable[T], room: int) -> None:
        """Take from *source*, at most *room* items ahead of who pulls."""
        self.since = 0.0
        self.closed = False
        self._source = source
        self._room = room
        self._items: deque[tuple[T, float]] = deque()
        self._gap: asyncio.Event | None = None

    @property
    def is_bare(self) -> bool:
        """Whether nothing waits, and nothing comes any more."""
        return self.closed and not self._items

    def __len__(self) -> int:
        """How many items wait."""
        return len(self._items)

    def __bool__(self) -> bool:
        """A shelf is there, whether it is empty or not."""
        return True

    def __next__(self) -> T:
        """Return the item that has waited longest."""
        if not self._items:
            raise StopIteration
        item, self.since = self._items.popleft()
        if self._gap is not None:
            self._gap.set()
        return item

    async def fill(self, now: Callable[[], float], arrived: Callable[[], None]) -> None:
        """Get items until the source ends; raises what it raises.

        Args:
            now: The time.
            arrived: Called when there is something to pull, and at the end.
        """
        gap = self._gap = asyncio.Event()
        source = aiter(self._source)
        try:
            async for item in source:
                self._items.append((item, now()))
                arrived()
                while len(self._items) >= self._room:
                    gap.clear()
                    await gap.wait()
        finally:
            if isinstance(source, AsyncGenerator):
                await source.aclose()
        self.closed = True
        arrived()


async def _from_thread(items: Iterable[T], room: int) -> AsyncGenerator[T, None]:
    """Yield *items*, got by a daemon thread that is at most *room* of them ahead.

    A thread that is in the middle of getting one cannot be ended; it ends when it has it.
    """
    got = _Got[T](asyncio.get_running_loop(), room)
    thread = threading.Thread(
        target=got.get_all, args=(items,), name="registry-batch-source", daemon=True
    )
    thread.start()
    try:
        is_last = False
        while not is_last:
            is_last = await got.news()
            while got.items:
                yield got.items.popleft()
                got.free.release()
        if got.error is not None:
            raise got.error
    finally:
        got.is_closed = True
        got.free.release()


class _Got(Generic[T]):
    """What a thread got, on its way to the event loop.

    Attributes:
        items: Appended there, taken here.
        free: How many more there may be.
        error: What getting one raised.
        is_closed: Whether nobody takes any more.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, room: int) -> None:
        self.items: deque[T] = deque()
        self.free = threading.Semaphore(room)
        self.error: BaseException | None = None
        self.is_closed = False
        self._is_over = False
        self._loop = loop
        self._more = asyncio.Event()

    def get_all(self, items: Iterable[T]) -> None:
        """Get items until there are no more, or nobody takes any; the thread's whole life."""
        try:
            iterator = iter(items)
            while self.free.acquire() and not self.is_closed:
                self.items.append(next(iterator))
                self._tell()
        except StopIteration:
            pass
        except BaseException as error:  # noqa: BLE001 -- raised again where the batch is
            self.error = error
        self._is_over = True
        self._tell()

    async def news(self) -> bool:
        """Come back when there are items, or the thread is over; return whether it is."""
        if not self.items and not self._is_over:
            # Cleared before it is looked again: what comes in between sets it.
            self._more.clear()
            if not self.items and not self._is_over:
                await self._more.wait()
        return self._is_over

    def _tell(self) -> None:
        if not self._more.is_set():
            with suppress(RuntimeError):  # the loop has closed meanwhile: nobody waits
                self._loop.call_soon_threadsafe(self._more.set)
