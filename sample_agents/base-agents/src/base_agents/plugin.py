"""What this distribution tells the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from base_agents.analysis import analyze_outcome, content_analyzer, outcome_to_passage
from base_agents.delivery import deliver, deliver_outcome, outcome_to_message
from base_agents.models import FileDestination, WebhookDestination
from base_agents.reporting import outcome_to_report, report_outcome, write_report
from base_agents.tasks import outcome_to_task, process_outcome, task_processor
from base_agents.transformation import data_transformer, outcome_to_table, tabulate_outcome
from base_agents.validation import outcome_to_record, validate_outcome, validate_record
from registry_core import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["registry_agents", "registry_schemas"]


@hookimpl
def registry_agents() -> list[Callable[..., object]]:
    """Offer an agent, its follow-up and its converter for each base capability."""
    return [
        *(task_processor, process_outcome, outcome_to_task),
        *(content_analyzer, analyze_outcome, outcome_to_passage),
        *(data_transformer, tabulate_outcome, outcome_to_table),
        *(deliver, deliver_outcome, outcome_to_message),
        *(validate_record, validate_outcome, outcome_to_record),
        *(write_report, report_outcome, outcome_to_report),
    ]


@hookimpl
def registry_schemas() -> list[type]:
    """Offer both kinds of destination by name; agents take either."""
    return [FileDestination, WebhookDestination]
