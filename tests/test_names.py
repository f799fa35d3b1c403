"""Tests of names: what passes, what is refused, and in which form."""

from __future__ import annotations

import pytest

from registry_core.errors import InvalidNameError
from registry_core.names import (
    AgentId,
    AgentName,
    CapabilityName,
    PluginName,
    SchemaId,
    SchemaName,
)

Kind = type[AgentId | AgentName | CapabilityName | PluginName | SchemaId | SchemaName]


class TestGrammar:
    @pytest.mark.parametrize(
        ("kind", "text"),
        [
            (PluginName, "web-agents"),
            (AgentName, "html_to_text"),
            (AgentId, "web-agents/html_to_text@1.2.0"),
            (AgentId, "a/b@1!2.0+local"),
            (CapabilityName, "content_analysis.sentiment"),
            (CapabilityName, "acme:ocr"),
            (SchemaName, "list[str] | None"),
            (SchemaId, "HtmlPage#1f0c9a62b7e4"),
        ],
    )
    def test_a_name_is_the_text_it_was_written_as(self, kind: Kind, text: str) -> None:
        """It can be compared, sorted, hashed and sent as JSON without a thought."""
        name = kind.parse(text)

        assert (name, hash(name), type(name)) == (text, hash(text), kind)

    @pytest.mark.fault("F15")
    @pytest.mark.parametrize("kind", [PluginName, AgentName, AgentId, CapabilityName, SchemaId])
    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "w\u043erds",
            "\uff57ords",
            "wo\u200brds",
            "\u202ewords",
            "a\nb",
            "a\0",
            "-a",
            "a ",
        ],
    )
    def test_a_look_alike_is_refused_and_shown_escaped(self, kind: Kind, text: str) -> None:
        """What looks the same on a screen must not be two things."""
        with pytest.raises(InvalidNameError) as refused:
            kind.parse(text)

        assert str(refused.value).isascii()
        assert (refused.value.given, "\n" in str(refused.value)) == (text, False)

    @pytest.mark.parametrize("text", ["Web_Agents", "web.agents", "WEB--agents", "web-_.agents"])
    def test_a_plugin_name_has_one_form(self, text: str) -> None:
        """Installers treat these as one project, so do we."""
        assert PluginName.parse(text) == "web-agents"

    def test_a_long_name_is_decided_at_once(self) -> None:
        """A pattern that backtracks would stop every command."""
        with pytest.raises(InvalidNameError):
            PluginName.parse("a-" * 100_000 + "!")


class TestParts:
    def test_an_agent_id_knows_its_parts(self) -> None:
        """Lists are grouped by distribution."""
        agent = AgentId.of("Web_Agents", "html_to_text", "1.2.0")

        assert agent == "web-agents/html_to_text@1.2.0"
        assert (agent.distribution, agent.agent, agent.version) == (
            "web-agents",
            "html_to_text",
            "1.2.0",
        )

    def test_a_capability_knows_its_broader_term(self) -> None:
        """Who asks for the broader one finds this one too."""
        name = CapabilityName.parse("a.b.c")

        assert name.broader == "a.b"
        assert CapabilityName.parse("a").broader is None

    def test_a_schema_id_knows_name_and_fingerprint(self) -> None:
        """The name is for people, the fingerprint for comparing."""
        schema = SchemaId.parse("Html Page#1f0c9a62b7e4")

        assert (schema.name, schema.fingerprint) == ("Html Page", "1f0c9a62b7e4")
