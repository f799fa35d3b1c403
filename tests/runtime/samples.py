"""Two agents of the host's own, to stand beside isolated ones."""

from __future__ import annotations

from registry_core.authoring.agent import agent


@agent(mutates=False)
async def title(text: str) -> str:
    """Begin with a capital."""
    return text.title()


@agent(mutates=False)
async def lengthen(count: int) -> str:
    """Say it aloud."""
    return f"{count}!"
