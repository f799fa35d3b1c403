"""The pages of the workspace and their fenced blocks, so that what they show can be run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PAGES", "ROOT", "Fence", "anchors_of", "fences_of", "links_of", "name_of"]

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "plugins/*/*.md", "sample_agents/*/*.md")
    for page in ROOT.glob(pattern)
)

_OPENING = re.compile(r"(?P<indent> *)(?P<ticks>`{3,}|~{3,})(?P<info>[^`]*)")
_TITLE = re.compile(r'title="([^"]+)"')
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
_HEADING = re.compile(r"#{1,6}\s+(.+?)\s*#*")


@dataclass(frozen=True, slots=True)
class Fence:
    """One fenced block.

    Attributes:
        page: The page it stands on.
        line: Line of the page on which *text* begins, from 1.
        language: First word of the info string, such as ``python``, or empty.
        title: The file that a reader is told to write it to, from ``title="…"``, or empty.
        text: What stands between the fences, without the indent of the fence.
        appended: Whether the text goes to the end of the file instead of replacing it.
    """

    page: Path
    line: int
    language: str
    title: str
    text: str
    appended: bool = False

    def __str__(self) -> str:
        """As an editor's error list reads it."""
        return f"{name_of(self.page)}:{self.line}"


def name_of(page: Path) -> str:
    """Return where *page* stands in the workspace."""
    return page.relative_to(ROOT).as_posix() if page.is_relative_to(ROOT) else str(page)


def fences_of(page: Path) -> tuple[Fence, ...]:
    """Return the fenced blocks of *page*, in order; one that is never closed runs to the end."""
    fences: list[Fence] = []
    numbered = enumerate(page.read_text(encoding="utf-8").splitlines(), start=1)
    for number, opening in numbered:
        start = _OPENING.fullmatch(opening)
        if start is None:
            continue
        lines: list[str] = []
        for _, line in numbered:
            if line.strip().startswith(start["ticks"]) and not line.strip(" `~"):
                break
            lines.append(line.removeprefix(start["indent"]))
        language, _, rest = start["info"].strip().partition(" ")
        title = _TITLE.search(rest)
        text = "".join(f"{line}\n" for line in lines)
        appended = rest.endswith(" append")
        name = title[1] if title else ""
        fences.append(Fence(page, number + 1, language, name, text, appended))
    return tuple(fences)


def _prose_of(page: Path) -> list[tuple[int, str]]:
    """Return the numbered lines of *page* outside its fences."""
    fenced = {
        fence.line + offset for fence in fences_of(page) for offset in range(fence.text.count("\n"))
    }
    lines = page.read_text(encoding="utf-8").splitlines()
    return [(number, line) for number, line in enumerate(lines, start=1) if number not in fenced]


def links_of(page: Path) -> tuple[tuple[int, str], ...]:
    """Return line and target of each link in the prose of *page*."""
    return tuple(
        (number, target)
        for number, line in _prose_of(page)
        for target in _LINK.findall(re.sub(r"`[^`]*`", "``", line))
    )


def anchors_of(page: Path) -> frozenset[str]:
    """Return the anchors that the headings of *page* get on a code forge."""
    headings = (_HEADING.fullmatch(line) for _, line in _prose_of(page))
    return frozenset(
        re.sub(r"[^\w\- ]", "", heading[1].lower()).replace(" ", "-")
        for heading in headings
        if heading is not None
    )
