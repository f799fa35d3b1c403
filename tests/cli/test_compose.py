"""A plan in the form that its reader can use."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from registry_core.names import AgentId
from registry_core.store.evidence import AgentEvidence
from registry_core.store.store import Store

if TYPE_CHECKING:
    from tests.cli.conftest import Agentreg

GOAL = ("compose", "--have", "HtmlPage", "--want", "DocumentReport")


class TestDraw:
    def test_a_plan_is_drawn_as_mermaid_or_as_svg(self, agentreg: Agentreg) -> None:
        """One goes into a page, the other into a ticket."""
        assert agentreg(*GOAL, "--draw", "mermaid").out.startswith("flowchart LR\n")
        assert agentreg(*GOAL, "--draw", "svg").out.startswith("<svg ")

    @pytest.mark.requirement("R91")
    def test_a_page_holds_the_drawing_the_reasons_and_who_was_not_chosen(
        self, agentreg: Agentreg
    ) -> None:
        """One file for whoever has to agree to the plan."""
        page = agentreg(*GOAL, "--draw", "html").out

        assert page.startswith("<!DOCTYPE html>")
        assert "<svg " in page
        assert "why it fits" in page
        assert "Not in the plan (" in page

    def test_a_drawing_is_not_json(self, agentreg: Agentreg) -> None:
        """A script that asks for both is told, and does not parse a picture."""
        typed = agentreg(*GOAL, "--draw", "svg", "--json")

        assert typed.code == 2
        assert "choose one" in typed.err


class TestExplain:
    @pytest.mark.requirement("R91")
    def test_each_agent_that_lost_is_a_line_with_its_reason(self, agentreg: Agentreg) -> None:
        """Whose agent is not used asks why."""
        lost = agentreg(*GOAL, "--explain").out.partition("not in the best plan:\n")[2]

        assert "pdf-agents/pdf_to_text@" in lost
        assert "HtmlPage is no PdfFile, for its input 'file': must be \"application/pdf\"" in lost

    def test_without_rivals_it_says_so(self, agentreg: Agentreg) -> None:
        """An empty list could be a bug."""
        typed = agentreg("compose", "--have", "DocumentText", "--want", "Summary", "--explain")

        assert typed.out.endswith("nobody else could have taken part\n")

    def test_a_script_reads_the_same_facts(self, agentreg: Agentreg) -> None:
        """CI compares them between two versions."""
        (plan,) = agentreg(*GOAL, "--explain", "--json").rows()

        rejected = plan["rejected"]
        assert isinstance(rejected, list)
        first = rejected[0]
        assert isinstance(first, dict)
        assert first["kind"] == "unconnected"
        assert first.keys() == {"agent", "part", "kind", "facts", "text"}

    @pytest.mark.requirement("R91", "R97")
    def test_each_agent_of_the_plan_is_shown_with_the_factors_of_its_score(
        self, agentreg: Agentreg
    ) -> None:
        """The choice can be checked by hand, and turned by a setting."""
        text = agentreg(*GOAL, "--explain").out
        (plan,) = agentreg(*GOAL, "--explain", "--json").rows()

        assert "capability 0.90 x 0.40 (as claimed) + success 0.90 x 0.30" in text
        scores = plan["scores"]
        assert isinstance(scores, dict)
        assert len(scores) == plan["stages"]
        for score in scores.values():
            assert isinstance(score, dict)
            assert isinstance(score["factors"], list)
            assert [f["name"] for f in score["factors"] if isinstance(f, dict)] == [
                "capability",
                "success",
                "latency",
                "availability",
            ]

    def test_a_plan_alone_is_not_explained(self, agentreg: Agentreg) -> None:
        """Nobody pays for what was not asked."""
        (plan,) = agentreg(*GOAL, "--json").rows()

        assert "rejected" not in plan
        assert "scores" not in plan


class TestEvidence:
    @pytest.mark.requirement("R2", "R91", "R97")
    def test_what_kept_runs_say_of_an_agent_is_shown_and_counts(
        self, agentreg: Agentreg, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nobody has to read a database to know why the plan changed."""
        goal = ("compose", "--have", "DocumentText", "--want", "Summary")
        (before,) = agentreg(*goal, "--json").rows()
        agent = AgentId("text-agents/summarise@0.1.0")
        now = datetime.fromtimestamp(time.time(), UTC).isoformat()
        kept = AgentEvidence(agent, 20, 15, 0.5, 0.5, 0.9, now)
        evidence: dict[AgentId, AgentEvidence] = {agent: kept}

        def kept_runs(_: Store) -> dict[AgentId, AgentEvidence]:
            return evidence

        monkeypatch.setattr(Store, "evidence", kept_runs)

        text = agentreg(*goal, "--explain").out
        (after,) = agentreg(*goal, "--json").rows()

        assert "(5 of 20 calls)" in text
        assert "(median 0.5 s)" in text
        assert (before["success"], before["latency_seconds"]) == (1.0, 1.0)
        assert after["success"] == pytest.approx(0.38)
        assert after["latency_seconds"] == pytest.approx(0.574, abs=1e-3)
