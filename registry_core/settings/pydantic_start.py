"""Let pydantic start where it can fail without taking an agent along.

At the first model, pydantic reads the entry points of every distribution to find plugins of its
own, and one corrupt file among them raises. It does so once: from the second model on it goes
without. So the first model of a process had better not be an agent's.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache

__all__ = ["start_pydantic"]


@cache
def start_pydantic() -> None:
    """Make a first model, and let it fail."""
    from pydantic import create_model

    with suppress(Exception):  # whatever a corrupt distribution leads to
        create_model("First")
