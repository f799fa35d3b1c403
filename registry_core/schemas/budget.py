"""What one answer may cost: steps, and frames of the interpreter's stack."""

from __future__ import annotations

__all__ = ["Budget", "ExhaustedError"]

_MAX_FRAMES = 750
"""Leaves a quarter of the usual 1 000 to whoever asks."""


class ExhaustedError(Exception):
    """An answer has cost as much as it may."""

    def __init__(self, bound: str) -> None:
        """Keep which *bound* was reached: ``steps`` or ``nesting``."""
        super().__init__(bound)
        self.bound = bound


class Budget:
    """Counts steps down, and frames up and down."""

    __slots__ = ("_frames", "_steps_left")

    def __init__(self, max_steps: int) -> None:
        """Allow *max_steps* steps."""
        self._steps_left = max_steps
        self._frames = 0

    def charge(self, steps: int) -> None:
        """Pay for *steps*.

        Raises:
            ExhaustedError: If they exceed what is left.
        """
        self._steps_left -= steps
        if self._steps_left < 0:
            raise ExhaustedError("steps")

    def enter(self, frames: int) -> None:
        """Go *frames* deeper.

        Raises:
            ExhaustedError: If the stack may not bear that.
        """
        self._frames += frames
        if self._frames > _MAX_FRAMES:
            raise ExhaustedError("nesting")

    def leave(self, frames: int) -> None:
        """Come back up."""
        self._frames -= frames

    def has_room(self, frames: int) -> bool:
        """Return whether *frames* more may be entered."""
        return self._frames + frames <= _MAX_FRAMES
