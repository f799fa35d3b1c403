"""A plan as a picture, for a page or a pull request."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

from registry_core.names import SchemaId
from registry_core.pipeline.drawing import mermaid, svg
from registry_core.pipeline.pipeline import (
    FromInput,
    FromStage,
    Pipeline,
    PipelineInput,
    Source,
    Stage,
)
from registry_core.pipeline.plan import Edge, Plan

PAGE, TONE, REPORT = (SchemaId(f"{name}#0123456789ab") for name in ("Page", "Tone", "Report"))
HOSTILE = 'a"]; click x href "javascript:1" <script>&amp;\x1b'


def edge(stage: str, name: str, source: Source, schema: SchemaId, takes: str = "") -> Edge:
    """Return the edge on which a value of *schema* flows."""
    taken = SchemaId(takes) if takes else schema
    return Edge(stage, name, source, schema, taken, why=f"same {HOSTILE}")


def plan(*, feel: str = "feel") -> Plan:
    """Return a plan of three stages; the report reads the page past the stage between."""
    stages = (Stage("feel", feel), Stage("tune", "kit/tune@1"), Stage("report", "kit/report@1"))
    edges = (
        edge("feel", "page", FromInput("page"), PAGE),
        edge("tune", "tone", FromStage("feel"), TONE),
        edge("report", "page", FromInput("page"), PAGE, "Text#0123456789ab"),
        edge("report", "tone", FromStage("tune"), TONE),
        edge("", "Report", FromStage("report"), REPORT),
    )
    pipeline = Pipeline("p", stages=stages, inputs=(PipelineInput("page", PAGE),))
    return Plan(pipeline, (PAGE,), (REPORT,), edges, "stages", 3, 3, proved=True, depth=3, cost=3)


def texts(document: str) -> list[str]:
    """Return the texts that a reader of an SVG sees."""
    return [node.text or "" for node in ET.fromstring(document).iter() if _tag(node) == "text"]  # noqa: S314 -- it is ours


def _tag(node: ET.Element) -> str:
    return node.tag.rpartition("}")[2]


class TestMermaid:
    def test_every_value_is_an_arrow(self) -> None:
        """A reviewer follows the arrows."""
        arrows = [line.strip() for line in mermaid(plan()).splitlines() if "-->" in line]

        assert arrows == [
            'given0 -->|"page: Page"| stage0',
            'stage0 -->|"tone: Tone"| stage1',
            'given0 -->|"page: Page as Text"| stage2',
            'stage1 -->|"tone: Tone"| stage2',
            'stage2 -->|"Report"| goal',
        ]

    def test_a_name_cannot_end_its_label(self) -> None:
        """Names come from strangers, and mermaid has links and scripts."""
        line = next(li for li in mermaid(plan(feel=HOSTILE)).splitlines() if "stage0[" in li)

        assert re.fullmatch(r'  stage0\["feel<br>[^"<>\[\]&]*"\]', line)


class TestSvg:
    def test_every_input_and_output_is_a_line_of_text(self) -> None:
        """What flows where must be legible without opening anything else."""
        assert texts(svg(plan())) == [
            *("page", "Page"),
            *("feel", "feel", "page: Page"),
            *("tune", "kit/tune@1", "tone: Tone"),
            *("report", "kit/report@1", "page: Page as Text", "tone: Tone"),
            *("result", "Report", "Report"),
        ]

    def test_it_stands_alone(self) -> None:
        """It is attached to a ticket, where nothing can be fetched."""
        root = ET.fromstring(svg(plan(feel=HOSTILE)))  # noqa: S314 -- it is ours

        assert {_tag(node) for node in root.iter()} == {
            *("svg", "title", "style", "rect", "path", "circle", "text")
        }
        assert "href" not in re.sub(r"<(title|text)[^>]*>[^<]*", "", svg(plan(feel=HOSTILE)))

    def test_boxes_do_not_overlap_and_lie_inside(self) -> None:
        """A picture with text on text is worse than none."""
        root = ET.fromstring(svg(plan()))  # noqa: S314 -- it is ours
        rects = [n for n in root.iter() if _tag(n) == "rect" and "box" in n.get("class", "")]
        sides = [
            tuple(float(rect.get(key, "")) for key in ("x", "y", "width", "height"))
            for rect in rects
        ]

        assert all(
            x + width <= other_x or y + height <= other_y or other_x + w <= x or other_y + h <= y
            for n, (x, y, width, height) in enumerate(sides)
            for other_x, other_y, w, h in sides[:n]
        )
        width, height = float(root.get("width", "")), float(root.get("height", ""))
        assert all(x + w < width and y + h < height for x, y, w, h in sides)

    def test_columns_follow_the_order_of_work(self) -> None:
        """Left to right is first to last."""
        root = ET.fromstring(svg(plan()))  # noqa: S314 -- it is ours
        names = [n for n in root.iter() if n.get("class") == "name"]

        lefts = [float(node.get("x", "")) for node in names]

        assert lefts == sorted(lefts)
        assert len(set(lefts)) == 5

    def test_a_plan_that_is_given_nothing_has_no_empty_column(self) -> None:
        """Some agents need no input."""
        bare = plan()
        pipeline = replace(bare.pipeline, inputs=(), stages=bare.pipeline.stages[:1])
        edges = (edge("", "Tone", FromStage("feel"), TONE),)

        drawn = svg(replace(bare, pipeline=pipeline, edges=edges, have=()))

        assert 'x="24"' in drawn
