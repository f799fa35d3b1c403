"""Reports: titles, paragraphs and tables as one Markdown text."""

from __future__ import annotations

from base_agents.markdown import document, paragraph, table
from base_agents.models import ReportInput, ReportOutput, ReportSection, Row
from base_agents.outcome import Outcome, leaves
from registry_core import Example, Resources, agent

__all__ = ["outcome_to_report", "report_outcome", "write_report"]


@agent(
    capabilities="reporting",
    tags=["markdown", "offline", "rules"],
    resources=Resources(memory_mib=64, cpu_cores=1),
    timeout_seconds=30,
    idempotent=True,
    mutates=False,
    examples=[
        Example(
            inputs={
                "request": {
                    "report_title": "Stock",
                    "sections": [{"heading": "Fruit", "rows": [{"count": 2}]}],
                }
            },
            output={
                "outcome_of": "reporting",
                "headline": "Stock",
                "markdown": "# Stock\n\n## Fruit\n\n| count |\n| --- |\n| 2 |\n",
                "section_count": 1,
            },
        )
    ],
)
def write_report(request: ReportInput) -> ReportOutput:
    """Write a report in Markdown: sections with paragraphs and a table each."""
    sections = [
        (section.heading, [*map(paragraph, section.paragraphs), table(section.rows)])
        for section in request.sections
    ]
    return ReportOutput(
        headline=request.report_title,
        markdown=document(request.report_title, sections),
        section_count=len(sections),
    )


@agent(
    tags=["converter"],
    cost=0.1,
    resources=Resources(memory_mib=32, cpu_cores=1),
    idempotent=True,
    mutates=False,
)
def outcome_to_report(outcome: Outcome) -> ReportInput:
    """Make a report of an outcome: its headline, and a table of all that it says."""
    facts: tuple[Row, ...] = tuple(
        {"fact": leaf.place, "value": leaf.value} for leaf in leaves(outcome)
    )
    section = ReportSection(heading=f"Outcome of {outcome.outcome_of}", rows=facts)
    return ReportInput(report_title=outcome.headline, sections=(section,))


@agent(
    capabilities={"reporting": 0.5},
    tags=["follow-up", "markdown", "offline", "rules"],
    resources=Resources(memory_mib=64, cpu_cores=1),
    timeout_seconds=30,
    idempotent=True,
    mutates=False,
)
def report_outcome(outcome: Outcome) -> ReportOutput:
    """Write a report on any agent's outcome."""
    return write_report(outcome_to_report(outcome))
