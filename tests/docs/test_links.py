"""A link to a place that moved is a promise broken in public."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import PAGES, anchors_of, links_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def dead_links(page: Path) -> Iterator[str]:
    """Yield the links of *page* to files or headings that are not there."""
    for number, target in links_of(page):
        if ":" in target:
            continue  # elsewhere: a test must not depend on other people's servers
        path, _, anchor = target.partition("#")
        destination = (page.parent / path).resolve() if path else page
        if not destination.exists():
            yield f"{name_of(page)}:{number}: {target} does not exist"
        elif anchor and destination.suffix == ".md" and anchor not in anchors_of(destination):
            yield f"{name_of(page)}:{number}: {target} has no such heading"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_within_the_workspace_lead_somewhere(page: Path) -> None:
    """Readers follow them once, and trust the rest accordingly."""
    assert list(dead_links(page)) == []
