"""The seam where something cleverer than rules can be put in: by name, from entry points.

A provider is looked up only when a configuration names it. The rules that are built in are
offline and always give the same; what is named may be neither, so outputs say whose they are.
"""

from __future__ import annotations

from importlib.metadata import entry_points

__all__ = ["RULES", "ProviderError", "provider"]

RULES = "rules"


class ProviderError(LookupError):
    """A name does not lead to exactly one provider."""

    def __init__(self, group: str, name: str, known: tuple[str, ...]) -> None:
        """Keep the *group* of entry points, the *name* and the names that are *known* in it."""
        super().__init__(group, name, known)
        self.group = group
        self.name = name
        self.known = known

    def __str__(self) -> str:
        """Say what there is, and how often."""
        found = f"has {self.known.count(self.name)} times" if self.name in self.known else "lacks"
        there = ", ".join(sorted({RULES, *self.known}))
        return f"group {self.group!r} of entry points {found} {self.name!r}; there is {there}"


def provider(group: str, name: str) -> object:
    """Return what the entry point *name* of *group* leads to; imports it.

    Raises:
        ProviderError: If there is none, or several.
    """
    offered = entry_points(group=group)
    found = [entry for entry in offered if entry.name == name]
    if len(found) != 1:
        raise ProviderError(group, name, tuple(sorted(entry.name for entry in offered)))
    loaded: object = found[0].load()
    return loaded
