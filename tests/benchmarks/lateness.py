"""How late a run ends whose agent does not end, however it is told to."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

from tests.benchmarks.frame import benchmark
from tests.runtime.scenarios import HANGS, LIMITS, Free, end, misbehaving

if TYPE_CHECKING:
    from tests.runtime.scenarios import Ender, Hang

GRACE_SECONDS = 0.1
ENDERS: tuple[Ender, ...] = ("attempt timeout", "run deadline", "caller")


def _late(hang: Hang, ender: Ender, *, is_watched: bool) -> float:
    async def main() -> float:
        free = Free()
        rig = misbehaving(hang.acts, free, ender)
        ended = await end(rig, ender, free, is_watched=is_watched, grace_seconds=GRACE_SECONDS)
        return ended.seconds - LIMITS[ender] - GRACE_SECONDS

    late = asyncio.run(main())
    gc.collect()
    return late


@benchmark(name="agents that do not end: latest end after limit and grace", unit="s", goal=0.2)
def latest_end() -> float:
    """Return the greatest lateness of all who give the event loop a turn, both ways in."""
    return max(
        _late(hang, ender, is_watched=is_watched)
        for hang in HANGS
        for ender in ENDERS
        for is_watched in (False, True)
        if "caller" in hang.by
    )
