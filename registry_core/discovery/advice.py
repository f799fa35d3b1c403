"""What to type about a distribution whose own files cannot be used.

A file that changed since it was installed comes back when it is installed again; one that was
shipped so does not, and whoever reads this installed the plugin and did not write it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry_core.discovery.scan import FoundDistribution

__all__ = ["install", "mend", "remove", "update"]


def mend(found: FoundDistribution, file: str) -> str:
    """Return what to type about the unusable *file* of *found*.

    Args:
        found: Whose it is.
        file: As RECORD names it, or the name of one in the metadata folder.
    """
    from pathlib import Path

    from registry_core.discovery.integrity import is_as_recorded

    metadata = Path(found.metadata)
    path = file if "/" in file else f"{metadata.name}/{file}"
    if is_as_recorded(metadata, path):
        return update(found.name)
    return f"pip install --force-reinstall {found.name}"


def update(distribution: str) -> str:
    """Return what to type when an author's mistake is in the way."""
    return f"pip install --upgrade {distribution}, or tell its authors"


def remove(found: FoundDistribution) -> str:
    """Return what to type about what should not have been installed."""
    return f"pip uninstall {found.name}"


def install(found: FoundDistribution) -> str:
    """Return what to type about *found*, which cannot be used for its name or its place."""
    # A name that is none cannot be typed; pip would not know it either.
    return f"rm -r '{found.metadata}'" if found.is_unnamed else f"pip install {found.name}"
