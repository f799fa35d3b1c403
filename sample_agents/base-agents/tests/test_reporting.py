"""Reports are written."""

from __future__ import annotations

import pytest
from base_agents import Outcome, ReportInput, ReportSection
from base_agents.reporting import outcome_to_report, report_outcome, write_report


class TestWriteReport:
    @pytest.mark.requirement("R88")
    def test_a_report_has_its_title_its_sections_and_their_tables(self) -> None:
        """It is pasted into tickets and chats as it is."""
        report = write_report(
            ReportInput(
                report_title="Stock *2*",
                sections=(
                    ReportSection(heading="Fruit", rows=({"fig": 2}, {"pear": None})),
                    ReportSection(heading="Nuts", paragraphs=("None.", "None at all!")),
                ),
            )
        )

        assert report.headline == "Stock *2*"
        assert report.section_count == 2
        assert report.markdown.splitlines() == [
            "# Stock \\*2\\*",
            "",
            "## Fruit",
            "",
            "| fig | pear |",
            "| --- | --- |",
            "| 2 |  |",
            "|  |  |",
            "",
            "## Nuts",
            "",
            "None.",
            "",
            "None at all!",
        ]


class TestOutcomes:
    def test_a_follow_up_is_the_converter_and_the_agent_in_one(self, outcome: Outcome) -> None:
        """Whether a plan has one stage or two must not change what comes out."""
        assert report_outcome(outcome) == write_report(outcome_to_report(outcome))

    def test_a_report_on_an_outcome_tells_all_of_it(self) -> None:
        """What a report leaves out, nobody looks up."""
        seen = Outcome.model_validate(
            {"outcome_of": "a", "headline": "b", "deep": [{"value": "kept"}]}
        )

        assert "| /deep/0/value | kept |" in report_outcome(seen).markdown
