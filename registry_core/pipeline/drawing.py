"""A plan as a picture: mermaid text for a page that renders it, or SVG that stands alone.

What is given stands on the left, what comes out on the right, and each stage in the column in
which it can run. Names come from strangers, so every text is escaped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from registry_core.pipeline.pipeline import FromInput, FromStage, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from registry_core.pipeline.plan import Edge, Plan

__all__ = ["escaped", "mermaid", "svg"]

_SVG = "http://www.w3.org/2000/svg"

# The goal takes values as a stage does, and no stage has an empty id.
_GOAL = FromStage("")

# Pixels. The font is monospaced, so the width of a text is known without measuring it.
_CHARACTER, _LINE, _HEADER, _PADDING = 7.3, 18, 46, 12
_COLUMN_GAP, _ROW_GAP, _LANE, _MARGIN = 72, 22, 10, 24
_LONGEST = 60

_STYLE = (
    "text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1f2430}"
    ".name{font-weight:700}.sub{fill:#667085}.box{fill:#fff;stroke:#98a2b3}"
    ".stage{stroke:#3b5bdb;stroke-width:1.5}.goal{stroke:#2b8a3e;stroke-width:1.5}"
    ".edge{fill:none;stroke:#5c6b8a;stroke-width:1.5}.port{fill:#5c6b8a}"
)


def mermaid(plan: Plan) -> str:
    """Return *plan* as a mermaid flowchart, from left to right.

    >>> from registry_core import Registry, agent
    >>> @agent
    ... def count_words(text: str) -> int:
    ...     return len(text.split())
    >>> print(mermaid(Registry().with_agents(count_words).plan(have=[str], want=[int])))
    flowchart LR
      given0(["str: str"])
      stage0["count_words<br>local/count_words@0"]
      goal(["result"])
      given0 -->|"text: str"| stage0
      stage0 -->|"int"| goal
    """
    names: dict[Source, str] = {_GOAL: "goal"}
    lines = ["flowchart LR"]
    for number, given in enumerate(plan.pipeline.inputs):
        names[FromInput(given.name)] = f"given{number}"
        label = _quoted(f"{given.name}: {_schema(given.schema)}")
        lines.append(f'  given{number}(["{label}"])')
    for number, stage in enumerate(plan.pipeline.stages):
        names[FromStage(stage.id)] = f"stage{number}"
        lines.append(f'  stage{number}["{_quoted(stage.id)}<br>{_quoted(stage.agent)}"]')
    lines.append('  goal(["result"])')
    for edge in plan.edges:
        label = _quoted(_label(edge))
        lines.append(f'  {names[edge.source]} -->|"{label}"| {names[FromStage(edge.stage)]}')
    return "\n".join(lines)


def svg(plan: Plan) -> str:
    """Return *plan* as one SVG document that needs nothing else.

    Each box lists the inputs it takes, with the schema of what arrives; pointing at a line
    shows why it fits.
    """
    boxes = {box.key: box for box in _boxes(plan)}
    columns = _columns(plan, boxes)
    rows = _ordered(_rows(plan, columns), plan, columns)
    spots, width, height = _placed(rows, boxes)
    size = f'width="{width:g}" height="{height:g}"'
    parts = [
        f'<svg xmlns="{_SVG}" role="img" {size} viewBox="0 0 {width:g} {height:g}">',
        f"<title>{escaped(plan.pipeline.name)}</title><style>{_STYLE}</style>",
        f'<rect {size} fill="#fff"/>',
        *(_drawn_edge(edge, spots, boxes, columns) for edge in plan.edges),
        *(_drawn_box(boxes[slot.key], spots[slot]) for row in rows for slot in row if slot.box),
        "</svg>",
    ]
    return "\n".join(parts)


@dataclass(frozen=True, slots=True)
class _Box:
    """What is drawn of an input, a stage or the goal."""

    key: Source
    kind: str
    name: str
    under: str
    takes: tuple[str, ...] = ()

    @property
    def width(self) -> float:
        texts = (self.name, self.under, *self.takes)
        return max(len(_cut(text)) for text in texts) * _CHARACTER + 2 * _PADDING

    @property
    def height(self) -> float:
        return _HEADER + _LINE * len(self.takes) + (6 if self.takes else 0)


@dataclass(frozen=True, slots=True)
class _Slot:
    """A place in a column: a box, or the lane in which its output passes."""

    key: Source
    column: int
    box: bool = True


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a slot lies: its column's left and right side, its top and its own right side."""

    left: float
    right: float
    top: float
    edge: float


def _boxes(plan: Plan) -> Iterator[_Box]:
    takes: dict[str, list[str]] = {}
    for edge in plan.edges:
        takes.setdefault(edge.stage, []).append(_label(edge))
    for given in plan.pipeline.inputs:
        yield _Box(FromInput(given.name), "given", given.name, _schema(given.schema))
    for stage in plan.pipeline.stages:
        inputs = tuple(takes.get(stage.id, ()))
        yield _Box(FromStage(stage.id), "stage", stage.id, stage.agent, inputs)
    under = " + ".join(_schema(schema) for schema in plan.want)
    yield _Box(_GOAL, "goal", "result", under, tuple(takes.get("", ())))


def _columns(plan: Plan, boxes: Iterable[Source]) -> dict[Source, int]:
    """Return the column of each box: 0 for what is given, the last one for the goal."""
    columns = {key: int(isinstance(key, FromStage)) for key in boxes}
    for stage in plan.pipeline.stages:
        before = [columns[edge.source] for edge in plan.edges if edge.stage == stage.id]
        columns[FromStage(stage.id)] = 1 + max(before, default=0)
    columns[_GOAL] = 1 + max(columns.values())
    return columns


def _rows(plan: Plan, columns: Mapping[Source, int]) -> list[list[_Slot]]:
    """Return the slots of each column; what passes a column has a lane in it."""
    slots = dict.fromkeys(_Slot(key, column) for key, column in columns.items())
    for edge in plan.edges:
        slots.update(dict.fromkeys(_lanes(edge, columns)))
    return [[s for s in slots if s.column == n] for n in range(columns[_GOAL] + 1)]


def _lanes(edge: Edge, columns: Mapping[Source, int]) -> list[_Slot]:
    passed = range(columns[edge.source] + 1, columns[FromStage(edge.stage)])
    return [_Slot(edge.source, column, box=False) for column in passed]


def _ordered(
    rows: list[list[_Slot]], plan: Plan, columns: Mapping[Source, int]
) -> list[list[_Slot]]:
    """Return each column sorted by the mean place of what leads to it, so that few lines cross."""
    leading: dict[_Slot, list[_Slot]] = {}
    for edge in plan.edges:
        target = FromStage(edge.stage)
        start, end = _Slot(edge.source, columns[edge.source]), _Slot(target, columns[target])
        for before, after in pairwise((start, *_lanes(edge, columns), end)):
            leading.setdefault(after, []).append(before)
    place: dict[_Slot, float] = {}

    def mean(slot: _Slot) -> float:
        places = [place[before] for before in leading.get(slot, ())]
        return sum(places) / len(places) if places else 0.5

    ordered: list[list[_Slot]] = []
    for row in rows:
        ordered.append(sorted(row, key=mean))
        place |= {slot: (n + 0.5) / len(row) for n, slot in enumerate(ordered[-1])}
    return ordered


def _placed(
    rows: list[list[_Slot]], boxes: Mapping[Source, _Box]
) -> tuple[dict[_Slot, _Spot], float, float]:
    """Return where each slot lies, and the width and height of the picture."""

    def high(slot: _Slot) -> float:
        return boxes[slot.key].height if slot.box else _LANE

    widths = [max((boxes[s.key].width for s in row if s.box), default=0.0) for row in rows]
    heights = [sum(map(high, row)) + _ROW_GAP * max(len(row) - 1, 0) for row in rows]
    lefts = list(accumulate((width + _COLUMN_GAP for width in widths), initial=float(_MARGIN)))
    if not rows[0]:
        lefts = [left - _COLUMN_GAP for left in lefts]
    spots: dict[_Slot, _Spot] = {}
    for row, width, height, left in zip(rows, widths, heights, lefts, strict=False):
        top = _MARGIN + (max(heights) - height) / 2
        for slot in row:
            own = boxes[slot.key].width if slot.box else width
            spots[slot] = _Spot(left, left + width, top, left + own)
            top += high(slot) + _ROW_GAP
    return spots, lefts[-1] - _COLUMN_GAP + _MARGIN, max(heights) + 2 * _MARGIN


def _drawn_edge(
    edge: Edge,
    spots: Mapping[_Slot, _Spot],
    boxes: Mapping[Source, _Box],
    columns: Mapping[Source, int],
) -> str:
    target = FromStage(edge.stage)
    start = spots[_Slot(edge.source, columns[edge.source])]
    end = spots[_Slot(target, columns[target])]
    port = boxes[target].takes.index(_label(edge))
    x, y = start.edge, start.top + _HEADER / 2
    goal_y = end.top + _HEADER + _LINE * (port + 0.5)
    path = [f"M{x:g},{y:g}", f"H{start.right:g}"]
    x = start.right
    for lane in _lanes(edge, columns):
        spot = spots[lane]
        path.append(_curve(x, y, spot.left, spot.top + _LANE / 2))
        path.append(f"H{spot.right:g}")
        x, y = spot.right, spot.top + _LANE / 2
    path.append(_curve(x, y, end.left, goal_y))
    why = escaped(f"{edge.gives.name} -> {edge.takes.name}: {edge.why}")
    return (
        f'<path class="edge" d="{" ".join(path)}"><title>{why}</title></path>'
        f'<circle class="port" cx="{end.left:g}" cy="{goal_y:g}" r="3.5"/>'
    )


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    middle = (x + to_x) / 2
    return f"C{middle:g},{y:g} {middle:g},{to_y:g} {to_x:g},{to_y:g}"


def _drawn_box(box: _Box, spot: _Spot) -> str:
    x, y = spot.left, spot.top
    texts = [("name", y + 18, box.name), ("sub", y + 35, box.under)]
    for number, text in enumerate(box.takes):
        texts.append(("in", y + _HEADER + _LINE * number + 13, text))
    lines = (
        f'<text class="{kind}" x="{x + _PADDING:g}" y="{base:g}">{escaped(_cut(text))}</text>'
        for kind, base, text in texts
    )
    rect = (
        f'<rect class="box {box.kind}" x="{x:g}" y="{y:g}" width="{box.width:g}" '
        f'height="{box.height:g}" rx="{8 if box.kind == "stage" else 16}"/>'
    )
    return rect + "".join(lines)


def _label(edge: Edge) -> str:
    same = edge.gives == edge.takes
    flow = edge.gives.name if same else f"{edge.gives.name} as {edge.takes.name}"
    return f"{edge.input}: {flow}" if edge.stage else flow


def _schema(schema: str) -> str:
    return schema.partition("#")[0]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def escaped(text: str) -> str:
    """Return *text* for a document: XML has no way to write a control character."""
    return escape("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text))


def _quoted(text: str) -> str:
    """Return *text* for a quoted mermaid label: all that could end it or be markup is a code."""
    return re.sub(r"[^\w .:,/@+-]", lambda found: f"#{ord(found[0])};", text)
