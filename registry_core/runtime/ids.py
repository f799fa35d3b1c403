"""Ids of runs: unique without asking anybody, sorted by the moment they were made."""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["run_id"]


def run_id(moment: datetime) -> str:
    """Return a new id, a UUID of version 7 for *moment*.

    The twelve bits after the milliseconds hold the fraction of the millisecond, so ids made
    one after the other sort that way down to a microsecond; 62 bits are random.

    Source:
        RFC 9562, "Universally Unique IDentifiers", sections 5.7 and 6.2 (method 3).

    >>> from datetime import UTC, datetime
    >>> run_id(datetime(2030, 1, 1, tzinfo=UTC))[:15]
    '01b8dac5-b400-7'
    """
    since_epoch = round(moment.timestamp() * 1_000_000)
    milliseconds, microseconds = divmod(since_epoch, 1000)
    bits = milliseconds << 80 | 7 << 76 | (microseconds * 4096 // 1000) << 64
    return str(uuid.UUID(int=bits | 0b10 << 62 | secrets.randbits(62)))
