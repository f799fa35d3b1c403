"""How large values are, as far as that can be had for nothing.

A value is not asked: what it says of itself may take long, be wrong or raise. Nor is it dumped
to be measured: that costs more than many a stage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from registry_core.runtime.values import Offer

__all__ = ["input_bytes", "size_of"]


def size_of(value: object, dumped: bytes | None = None) -> int | None:
    r"""Return the length of bytes, of text as UTF-8, of what was *dumped* anyway; else None.

    >>> size_of(b"\x00\x01"), size_of("né"), size_of([1, 2], b"[1,2]"), size_of([1, 2])
    (2, 3, 5, None)
    """
    if type(value) is bytes:
        return len(value)
    if type(value) is str:
        # ASCII knows its length: a megabyte of it costs no more than a letter.
        return len(value) if value.isascii() else len(value.encode(errors="surrogatepass"))
    return None if dumped is None else len(dumped)


def input_bytes(offers: Mapping[str, Offer]) -> int | None:
    """Return how large all *offers* are together, or None where that of one is not known."""
    total = 0
    for offer in offers.values():
        size = size_of(offer.value) if offer.size_bytes is None else offer.size_bytes
        if size is None:
            return None
        total += size
    return total
