"""What the settings say of an agent reaches its code, and nothing that is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from registry_core import Pipeline, Registry, agent
from registry_core.discovery.installation import Installation
from registry_core.settings.checking import settings_of
from registry_core.settings.layers import file_layer

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonObject

CANARY = "sk-CANARYcanaryCANARY0123456789"
WRITTEN = b"""
[providers.openai]
api_key = { env = "OPENAI_API_KEY" }
[agents."local/translate".config]
api_key = { provider = "openai.api_key" }
limits = { rpm = 1 }
[agents."local/plain".config]
limit = 1
"""


@dataclass(frozen=True)
class Translating:
    """How to translate."""

    api_key: str
    limits: dict[str, int] = field(default_factory=dict[str, int])
    language: str = "fr"


@agent
def translate(text: str, config: Translating) -> str:
    """Show what it was made with, but for the key."""
    known = config.api_key == CANARY
    return f"{text} {known} {sorted(config.limits.items())} {config.language}"


@agent
def plain(text: str) -> int:
    """Take no configuration."""
    return len(text)


def registry_under(written: bytes) -> Registry:
    """Return a registry of two agents under what is *written*."""
    settings = settings_of(file_layer("agentreg.toml", written).document)
    return Registry(Installation(settings=settings)).with_agents(translate, plain)


@pytest.fixture
def registry() -> Registry:
    """A registry of two agents, one of which has a key."""
    return registry_under(WRITTEN)


@pytest.mark.requirement("R75", "R78")
class TestBringingIn:
    def test_the_settings_go_under_the_stage(
        self, registry: Registry, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The key from the variable, one limit from each, the language from the stage."""
        monkeypatch.setenv("OPENAI_API_KEY", CANARY)
        config: JsonObject = {"limits": {"tpm": 5}, "language": "de"}

        result = registry.run_sync(Pipeline("p").stage(translate, config=config), "a")

        assert result.output == "a True [('rpm', 1), ('tpm', 5)] de"

    def test_what_neither_the_stage_nor_the_settings_give_is_missed_by_name(self) -> None:
        """Before the first stage runs, however late in the pipeline it is missed."""
        ran: list[str] = []

        @agent
        def reads(text: str) -> str:
            ran.append(text)
            return text

        pipeline = Pipeline("p").stage(reads).stage(translate, config={"language": "de"})

        result = registry_under(b"").run_sync(pipeline, "a")

        assert result.error is not None
        assert (result.error.code, ran) == ("load_error", [])
        assert "api_key" in result.error.message

    @pytest.mark.fault("F94")
    def test_nothing_that_is_kept_of_a_run_holds_the_secret(
        self, registry: Registry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Results, events, logs and pipelines are shown to others."""
        monkeypatch.setenv("OPENAI_API_KEY", CANARY)
        caplog.set_level("DEBUG")
        events: list[object] = []
        pipeline = registry.bind(Pipeline("p").stage(translate))

        result = registry.run_sync(pipeline, "a", observers=[events.append])

        assert result.ok
        kept = f"{result.to_json()} {result!r} {events!r} {pipeline.to_json()} {caplog.text}"
        assert "CANARY" not in kept + repr(registry.settings)

    def test_a_variable_that_is_not_set_ends_the_run_with_its_name(
        self, registry: Registry, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Better than a service that says 401."""
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)

        result = registry.run_sync("translate", "a")

        assert result.error is not None
        assert "api_key: the variable OPENAI_API_KEY is not set" in result.error.message

    @pytest.mark.fault("F94")
    def test_a_configuration_that_does_not_fit_is_refused_without_its_values(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The value that does not fit may be the key."""
        monkeypatch.setenv("OPENAI_API_KEY", CANARY)
        written = WRITTEN.replace(b"{ rpm = 1 }", b'{ provider = "openai.api_key" }')

        result = registry_under(written).run_sync("translate", "a")

        assert not result.ok
        assert "CANARY" not in f"{result.to_json()} {result!r}"

    def test_an_agent_without_configuration_says_so(self, registry: Registry) -> None:
        """A setting without effect would be worse."""
        result = registry.run_sync("plain", "a")

        assert result.error is not None
        assert "it takes no configuration" in result.error.message
