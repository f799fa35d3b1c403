"""Tests of the commands that list and explain; the sample plugins are installed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Agentreg

SAMPLES = {"document-schemas", "pdf-agents", "report-agents", "text-agents", "web-agents"}


class TestPlugins:
    def test_every_installed_plugin_is_a_row(self, agentreg: Agentreg) -> None:
        """What is installed and not listed cannot be mended."""
        names = {str(row["name"]) for row in agentreg("plugins", "--json").rows()}

        assert SAMPLES | {"registry-core", "middleware-cache"} <= names

    def test_a_blocked_plugin_is_still_listed_and_says_why(
        self, agentreg: Agentreg, tmp_path: Path
    ) -> None:
        """Blocking must be visible, or nobody finds out why agents are missing."""
        file = tmp_path / "agentreg.toml"
        file.write_text('[plugins]\nblock = ["web-agents"]\n', encoding="utf-8")

        rows = agentreg("--config", str(file), "plugins", "--json").rows()

        found = next(row for row in rows if row["name"] == "web-agents")
        assert (found["state"], found["reason"]) == ("blocked", "is on the block list")

    def test_a_pipe_gets_plain_aligned_text(self, agentreg: Agentreg) -> None:
        """Tools such as cut and awk read it."""
        lines = agentreg("plugins").out.splitlines()

        assert lines[0].split() == [
            "PLUGIN",
            "DISTRIBUTION",
            "VERSION",
            "STATE",
            "AGENTS",
            "REASON",
        ]
        assert not any("\x1b" in line for line in lines)


class TestAgents:
    @pytest.mark.requirement("R64", "R72")
    def test_a_broader_capability_finds_the_narrower_agents(self, agentreg: Agentreg) -> None:
        """Users ask for content analysis and mean all kinds of it."""
        rows = agentreg("agents", "--capability", "content_analysis", "--json").rows()

        assert "text-agents" in {str(row["id"]).partition("/")[0] for row in rows}
        assert len(rows) >= 6

    @pytest.mark.requirement("R72", "R91")
    def test_of_a_capability_the_best_comes_first_with_its_score(self, agentreg: Agentreg) -> None:
        """Whoever has to pick one picks the first."""
        rows = agentreg("agents", "--capability", "content_analysis", "--json").rows()

        totals = [score["total"] for row in rows if isinstance(score := row["score"], dict)]
        assert totals == sorted(totals, key=str, reverse=True)
        assert len(totals) == len(rows)

    def test_agents_are_found_by_what_they_take_and_give(self, agentreg: Agentreg) -> None:
        """The way to see how one gets from here to there."""
        rows = agentreg("agents", "--takes", "PdfFile", "--gives", "DocumentText", "--json").rows()

        assert [str(row["id"]).partition("@")[0] for row in rows] == ["pdf-agents/pdf_to_text"]

    def test_an_unknown_schema_exits_with_1_and_offers_near_ones(self, agentreg: Agentreg) -> None:
        """Schema names are typed by hand."""
        typed = agentreg("agents", "--takes", "HtmlPag")

        assert typed.code == 1
        assert "HtmlPage" in typed.err


class TestShow:
    @pytest.mark.requirement("R91")
    def test_the_factors_of_its_score_are_shown_on_request(self, agentreg: Agentreg) -> None:
        """One number would be an opinion."""
        typed = agentreg("show", "html_to_text", "--explain")

        assert "score for data_transformation.text_extraction" in typed.out
        assert "success 0.90 x 0.30 (not measured)" in typed.out
        assert "scores" in agentreg("show", "html_to_text", "--explain", "--json").facts()

    @pytest.mark.requirement("R67")
    def test_the_versions_of_its_schemas_are_shown(self, agentreg: Agentreg) -> None:
        """Two agents that do not meet may hold different releases of one model."""
        facts = agentreg("show", "html_to_text", "--json").facts()

        versions = facts["schema versions"]
        assert isinstance(versions, dict)
        assert {name.partition("#")[0] for name in versions} >= {"HtmlPage", "DocumentText"}
        assert set(versions.values()) == {"1.0"}
        assert facts["across versions"] == facts["schema conflicts"] == []

    def test_a_short_name_shows_the_whole_agent(self, agentreg: Agentreg) -> None:
        """Before using an agent one wants to know what it takes and what it costs."""
        facts = agentreg("show", "html_to_text", "--json").facts()

        assert str(facts["id"]).startswith("web-agents/html_to_text@")
        assert str(facts["output"]).startswith("DocumentText#")
        assert facts["idempotent"] is True


class TestCompose:
    def test_the_planner_picks_the_agent_that_reads_the_file(
        self, agentreg: Agentreg, tmp_path: Path
    ) -> None:
        """Nobody should have to say that a PDF needs the PDF agent."""
        file = tmp_path / "paper.pdf"
        file.write_bytes(b"%PDF-1.4")

        plans = agentreg("compose", str(file), "--want", "DocumentReport", "--json").rows()

        stages = plans[0]["pipeline"]
        assert isinstance(stages, dict)
        assert "pdf-agents/pdf_to_text@" in str(stages["stages"])
        assert plans[0]["proved"] is True

    def test_the_text_says_why_each_value_fits(self, agentreg: Agentreg) -> None:
        """A plan without reasons has to be believed."""
        typed = agentreg("compose", "--have", "HtmlPage", "--want", "DocumentText")

        assert "page <- HtmlPage (given): same schema" in typed.out

    def test_capabilities_alone_give_a_chain(self, agentreg: Agentreg) -> None:
        """Some users think in steps and not in schemas."""
        typed = agentreg(
            "compose",
            "--have",
            "HtmlPage",
            "--capability",
            "data_transformation.text_extraction",
            "--capability",
            "content_analysis.summary",
        )

        assert "html_to_text" in typed.out
        assert "summarise" in typed.out

    def test_without_a_goal_the_usage_is_explained(self, agentreg: Agentreg) -> None:
        """The first try usually lacks something."""
        typed = agentreg("compose", "--have", "HtmlPage")

        assert typed.code == 2
        assert "--want SCHEMA" in typed.err

    def test_no_plan_exits_with_1_and_says_what_is_missing(self, agentreg: Agentreg) -> None:
        """The next thing to do is to install what is missing."""
        typed = agentreg("compose", "--have", "DocumentText", "--want", "PdfFile")

        assert typed.code == 1
        assert "no pipeline from DocumentText to PdfFile" in typed.err
        assert "missing: PdfFile" in typed.err


class TestDoctor:
    def test_a_healthy_environment_exits_with_0(self, agentreg: Agentreg) -> None:
        """CI jobs call it and expect silence."""
        typed = agentreg("doctor")

        assert typed.code == 0
        assert "plugins are ok" in typed.out

    def test_anything_wrong_exits_with_1_and_says_what_to_type(
        self, agentreg: Agentreg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An explanation without a next step is half an explanation."""
        metadata = tmp_path / "site" / "odd_agents-1.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text("Name: odd-agents\nVersion: 1.0\n", encoding="utf-8")
        (metadata / "RECORD").write_text("", encoding="utf-8")
        (metadata / "entry_points.txt").write_text(
            "[registry_core.plugins]\nodd-agents = os\n", encoding="utf-8"
        )
        monkeypatch.setattr("sys.path", [str(tmp_path / "site"), *sys.path])

        typed = agentreg("doctor")

        assert typed.code == 1
        assert "odd-agents:odd-agents 1.0 is broken (ownership)" in typed.out
        assert "pip uninstall odd-agents" in typed.out
