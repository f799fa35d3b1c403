"""Charts as inline SVG, coloured by the page's style sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from report_agents.markup import Markup, element

if TYPE_CHECKING:
    from collections.abc import Sequence

    from document_schemas import Keyword

__all__ = ["keyword_bars", "sentence_columns", "sentiment_course"]

_WIDTH, _WIDE = 430, 620
_LONGEST_LABEL = 26
_SMALLEST_SPAN = 0.1


def keyword_bars(keywords: Sequence[Keyword]) -> Markup:
    """Return one bar for each keyword, as long as it is relevant, with its count."""
    row, label, gap = 26, 236, 56
    room = _WIDE - label - gap
    bars: list[Markup] = []
    for index, keyword in enumerate(keywords):
        y, length = index * row, max(2.0, keyword.relevance * room)
        middle = y + row / 2
        count = f"{keyword.occurrences:,}\u00d7"
        bars += (
            _text(_short(keyword.phrase), x=label - 12, y=middle, anchor="end", class_="label"),
            element("rect", x=label, y=y + 6, width=length, height=row - 12, rx=3, class_="bar"),
            _text(count, x=label + length + 8, y=middle, class_="count"),
        )
    listed = ", ".join(f"{one.phrase} {one.occurrences}" for one in keywords)
    described = f"Keywords with counts: {listed}"
    return _chart(bars, width=_WIDE, height=len(keywords) * row, described=described)


def sentence_columns(counts: Sequence[int], *, band: int = 5) -> Markup:
    """Return one column for each band of sentence lengths, *band* words wide."""
    height, foot, head = 200, 26, 22
    step, most = _WIDTH / max(1, len(counts)), max(counts, default=0) or 1
    columns: list[Markup] = []
    for index, count in enumerate(counts):
        x, tall = index * step, (height - foot - head) * count / most
        last = index == len(counts) - 1
        name = f"{index * band + 1}+" if last else f"{index * band + 1}\u2013{(index + 1) * band}"
        middle, top = x + step / 2, height - foot - tall
        columns += (
            element("rect", x=x + 3, y=top, width=step - 6, height=tall, rx=3, class_="bar"),
            _text(f"{count:,}", x=middle, y=top - 9, anchor="middle", class_="count"),
            _text(name, x=middle, y=height - 9, anchor="middle", class_="label"),
        )
    base = element("line", x1=0, x2=_WIDTH, y1=height - foot, y2=height - foot, class_="axis")
    described = f"Sentences by length, {band} words a column: {', '.join(map(str, counts))}"
    return _chart([*columns, base], width=_WIDTH, height=height, described=described)


def sentiment_course(course: Sequence[float]) -> Markup:
    """Return one column for each part of the text, up for positive and down for negative."""
    height, foot = 200, 26
    highest, lowest = max((0.0, *course)), min((0.0, *course))
    scale = (height - foot - 8) / max(_SMALLEST_SPAN, highest - lowest)
    zero = 4 + highest * scale
    step = _WIDTH / max(1, len(course))
    columns: list[Markup] = []
    for index, value in enumerate(course):
        tall = max(1.5, abs(value) * scale)
        columns.append(
            element(
                "rect",
                x=index * step + 2,
                y=zero - tall if value >= 0 else zero,
                width=step - 4,
                height=tall,
                rx=2,
                class_="good" if value >= 0 else "bad",
            )
        )
    marks = (
        element("line", x1=0, x2=_WIDTH, y1=zero, y2=zero, class_="axis"),
        _text("beginning", x=0, y=height - 9, class_="label"),
        _text("end", x=_WIDTH, y=height - 9, anchor="end", class_="label"),
    )
    described = f"Polarity from beginning to end: {', '.join(f'{value:.2f}' for value in course)}"
    return _chart([*columns, *marks], width=_WIDTH, height=height, described=described)


def _chart(shapes: Sequence[Markup], *, width: float, height: float, described: str) -> Markup:
    return element(
        "svg",
        element("title", described),
        *shapes,
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        xmlns="http://www.w3.org/2000/svg",
    )


def _text(text: str, *, x: float, y: float, class_: str, anchor: str = "start") -> Markup:
    return element("text", text, x=x, y=y, dy="0.35em", text_anchor=anchor, class_=class_)


def _short(phrase: str) -> str:
    if len(phrase) <= _LONGEST_LABEL:
        return phrase
    return phrase[: _LONGEST_LABEL - 1].rstrip() + "\u2026"
