"""Chains of agents, and what a goal may be made of, as they are typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Agentreg

GOAL = ("compose", "--have", "HtmlPage", "--want", "DocumentReport")
EXTRACTION = "data_transformation.text_extraction"


class TestSuggest:
    @pytest.mark.requirement("R76", "R77")
    def test_chains_are_lines_and_the_shortest_comes_first(self, agentreg: Agentreg) -> None:
        """Somebody asks what there is before they ask for anything."""
        typed = agentreg("suggest", EXTRACTION, "content_analysis", "--limit", "3")

        first, *_ = [line for line in typed.out.splitlines() if "->" in line]
        assert first.split()[0] == "2"
        assert first.count("->") == 1

    def test_a_script_gets_plans(self, agentreg: Agentreg) -> None:
        """Each of them could be run."""
        words = ("suggest", EXTRACTION, "content_analysis", "--json", "--objective", "cost")
        rows = agentreg(*words).rows()

        costs = [float(str(row["cost"])) for row in rows]
        assert costs == sorted(costs)
        assert len(costs) > 1
        assert all(row["objective"] == "cost" for row in rows)

    def test_what_nobody_offers_ends_with_1(self, agentreg: Agentreg) -> None:
        """A slip is told from an empty answer."""
        typed = agentreg("suggest", EXTRACTION, "raporting")

        assert typed.code == 1
        assert "missing: raporting" in typed.err


class TestGoals:
    @pytest.mark.requirement("R76")
    def test_stages_are_put_between_what_was_named(self, agentreg: Agentreg) -> None:
        """The ends are known, and the way is not."""
        (plan,) = agentreg(
            "compose", "--have", "HtmlPage", "--first", EXTRACTION, "--last", "reporting", "--json"
        ).rows()

        pipeline = plan["pipeline"]
        assert isinstance(pipeline, dict)
        stages = pipeline["stages"]
        assert isinstance(stages, list)
        assert len(stages) > 1

    def test_a_limit_that_no_plan_keeps_ends_with_1_and_the_number_to_type(
        self, agentreg: Agentreg
    ) -> None:
        """Then it is money that is missing, and no agent."""
        typed = agentreg(*GOAL, "--max-cost", "0.01")

        assert typed.code == 1
        assert "where 0.01 is the most" in typed.err

    def test_versions_are_typed_after_the_name(self, agentreg: Agentreg) -> None:
        """As in a list of requirements."""
        typed = agentreg(*GOAL, "--require", "web-agents/html_to_text>=99")

        assert typed.code == 1
        assert "html_to_text>=99" in typed.err

    def test_two_objectives_show_what_can_be_chosen_between(self, agentreg: Agentreg) -> None:
        """Each line of the front says what it has of both."""
        rows = agentreg(
            *GOAL, "--objective", "stages", "--objective", "cost", "--limit", "9", "--json"
        ).rows()

        assert [row["objective"] for row in rows] == ["stages"] * len(rows)
        assert all(row["against"] == "cost" for row in rows)

    def test_three_objectives_are_wrong_usage(self, agentreg: Agentreg) -> None:
        """A front has two sides."""
        words = [word for name in ("cost", "depth", "score") for word in ("--objective", name)]

        assert agentreg(*GOAL, *words).code == 2
