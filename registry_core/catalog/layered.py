"""An immutable map that another one is made of without copying it.

A small layer of what changed lies on a large map that all snapshots share. When the layer has
grown to the square root of the map the two are joined, so one change costs little whatever
the size, and looking something up asks two dictionaries at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import isqrt
from typing import Final, TypeVar, cast

__all__ = ["Layered"]

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


class _Gone:
    """Stands for a key that was removed."""

    __slots__ = ()


_GONE: Final = _Gone()
_SMALLEST_JOIN = 64


class Layered(Mapping[KeyT, ValueT]):
    """A map of which a changed copy is cheap.

    >>> numbers = Layered({"one": 1, "two": 2})
    >>> dict(numbers.changed({"three": 3}, without=["one"]))
    {'two': 2, 'three': 3}
    >>> len(numbers)
    2
    """

    __slots__ = ("_base", "_layer", "_length")

    def __init__(self, content: Mapping[KeyT, ValueT] | None = None) -> None:
        """Hold what *content* holds."""
        self._base: dict[KeyT, ValueT] = dict(content or {})
        self._layer: dict[KeyT, ValueT | _Gone] = {}
        self._length = len(self._base)

    def __getitem__(self, key: KeyT) -> ValueT:
        """Return the value of *key*."""
        if self._layer and key in self._layer:
            value = self._layer[key]
            if isinstance(value, _Gone):
                raise KeyError(key)
            return value
        return self._base[key]

    def __contains__(self, key: object) -> bool:
        """Whether *key* has a value."""
        layer = cast("Mapping[object, object]", self._layer)
        if layer and key in layer:
            return layer[key] is not _GONE
        return key in self._base

    def __len__(self) -> int:
        """How many keys there are."""
        return self._length

    def __iter__(self) -> Iterator[KeyT]:
        """Every key."""
        layer = self._layer
        if not layer:
            return iter(self._base)
        kept = (key for key in self._base if key not in layer)
        added = (key for key, value in layer.items() if value is not _GONE)
        return (key for keys in (kept, added) for key in keys)

    def __repr__(self) -> str:
        """As a map of its content."""
        return f"Layered({dict(self)!r})"

    def changed(
        self, new: Mapping[KeyT, ValueT], without: Iterable[KeyT] = ()
    ) -> Layered[KeyT, ValueT]:
        """Return this map with what is *new*, and without some of its keys.

        Raises:
            KeyError: If one of them is not in this map.
        """
        other: Layered[KeyT, ValueT] = Layered()
        other._base = self._base
        other._layer = layer = dict(self._layer)
        other._length = self._length
        for key in without:
            if key not in other:
                raise KeyError(key)
            layer[key] = _GONE
            other._length -= 1
        for key, value in new.items():
            other._length += key not in other
            layer[key] = value
        if len(layer) > max(_SMALLEST_JOIN, isqrt(len(self._base))):
            other._join()
        return other

    def _join(self) -> None:
        """Make one map of both; only before anybody else sees this one."""
        joined = dict(self._base)
        for key, value in self._layer.items():
            if isinstance(value, _Gone):
                joined.pop(key, None)
            else:
                joined[key] = value
        self._base, self._layer = joined, {}
