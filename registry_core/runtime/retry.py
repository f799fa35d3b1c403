"""When the next attempt begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.runtime.failures import asked_pause

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry_core.pipeline.policy import Backoff

__all__ = ["pause_before"]


def pause_before(
    backoff: Backoff, retry: int, *, draw: Callable[[], float], error: BaseException
) -> float:
    """Return the pause before retry number *retry*, in seconds.

    With jitter the pause is drawn evenly between nothing and its longest, so that callers that
    failed together do not come back together. A number in the error's ``retry_after_seconds``
    is respected as the least pause.

    Args:
        backoff: How pauses grow.
        retry: 1 for the first retry.
        draw: Gives a number from 0 to 1.
        error: What the last attempt raised.

    Source:
        M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

    >>> from registry_core.pipeline.policy import Backoff
    >>> pause_before(Backoff(), 3, draw=lambda: 0.5, error=OSError())
    0.4
    """
    longest = backoff.longest_seconds(retry)
    pause = draw() * longest if backoff.jitter else longest
    return max(pause, asked_pause(error))
