"""A plan in the form that its reader can use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Agentreg

GOAL = ("compose", "--have", "HtmlPage", "--want", "DocumentReport")


class TestDraw:
    def test_a_plan_is_drawn_as_mermaid_or_as_svg(self, agentreg: Agentreg) -> None:
        """One goes into a page, the other into a ticket."""
        assert agentreg(*GOAL, "--draw", "mermaid").out.startswith("flowchart LR\n")
        assert agentreg(*GOAL, "--draw", "svg").out.startswith("<svg ")

    def test_a_drawing_is_not_json(self, agentreg: Agentreg) -> None:
        """A script that asks for both is told, and does not parse a picture."""
        typed = agentreg(*GOAL, "--draw", "svg", "--json")

        assert typed.code == 2
        assert "choose one" in typed.err
