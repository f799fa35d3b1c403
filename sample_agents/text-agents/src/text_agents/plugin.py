"""What this distribution tells the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core import CapabilityDefinition, capability, hookimpl
from text_agents.keywords import extract_keywords
from text_agents.language import detect_language
from text_agents.personal_data import find_personal_data
from text_agents.readability import measure_readability
from text_agents.sentiment import analyse_sentiment
from text_agents.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["registry_agents", "registry_capabilities"]

_CAPABILITIES = {
    "content_analysis.keywords": "Finds the phrases that say what a text is about.",
    "content_analysis.language": "Tells which language a text is written in.",
    "content_analysis.personal_data": "Finds what identifies persons.",
    "content_analysis.readability": "Measures how hard a text is to read.",
    "content_analysis.sentiment": "Tells how a text feels.",
    "content_analysis.summary": "Says in a few sentences what a text says.",
}


@hookimpl
def registry_agents() -> list[Callable[..., object]]:
    """Offer one agent for each question."""
    return [
        analyse_sentiment,
        detect_language,
        extract_keywords,
        find_personal_data,
        measure_readability,
        summarise,
    ]


@hookimpl
def registry_capabilities() -> list[CapabilityDefinition]:
    """Define what the agents claim, all narrower than ``content_analysis``."""
    return [capability(name, summary) for name, summary in _CAPABILITIES.items()]
