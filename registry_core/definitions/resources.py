"""What an agent needs while it runs."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Resources"]


@dataclass(frozen=True, slots=True)
class Resources:
    """Needs of one running attempt.

    Attributes:
        memory_mib: Memory, in MiB; 0 means not worth counting.
        cpu_cores: Processor cores; 0 means not worth counting.
        max_concurrency: How many attempts may run at once, or None for no limit.
    """

    memory_mib: int = 0
    cpu_cores: float = 0.0
    max_concurrency: int | None = None
