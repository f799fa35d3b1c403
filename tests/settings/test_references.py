"""Secrets are named, never written; and looked up for the agent that they were written for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_core.errors import ConfigError
from registry_core.names import AgentId
from registry_core.settings.layers import file_layer
from registry_core.settings.reading import load_settings
from registry_core.settings.references import agent_config, overlaid, resolve_references

if TYPE_CHECKING:
    from pathlib import Path

    from registry_core.settings.values import Settings
    from registry_core.text.toml import TomlTable

AGENT = AgentId("text-agents/summarise@1.2.0")
CANARY = "sk-CANARYcanaryCANARY0123456789"
WRITTEN = f"""
[providers.openai]
api_key = {{ env = "OPENAI_API_KEY" }}
model = "small"
[agents."text-agents/summarise"]
config = {{ limits = {{ rpm = 1 }}, key = {{ provider = "openai.api_key" }} }}
[agents."text-agents/summarise@1.2.0".config]
model = {{ provider = "openai.model" }}
[agents."text-agents/other"]
config = {{ all = {{ provider = "openai" }} }}
# {CANARY}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a provider, and two agents that refer to it."""
    file = tmp_path / "agentreg.toml"
    file.write_text(WRITTEN, encoding="utf-8")
    return load_settings(file)


def refused(content: str) -> str:
    """Return why *content* cannot be used, as text and as Python shows it."""
    with pytest.raises(ConfigError) as error:
        file_layer("a.toml", content.encode())
    return f"{error.value} {error.value!r} {error.value.__cause__!r}"


@pytest.mark.requirement("R75", "R78")
class TestAgentConfig:
    def test_settings_go_under_the_stage_and_merge_with_it(self, settings: Settings) -> None:
        """A limit in the stage must not lose the others in the settings."""
        own: TomlTable = {"limits": {"tpm": 5}}

        config = agent_config(AGENT, own, settings, {"OPENAI_API_KEY": CANARY})

        assert config == {"limits": {"rpm": 1, "tpm": 5}, "key": CANARY, "model": "small"}
        assert own == {"limits": {"tpm": 5}}

    def test_an_agent_nobody_wrote_about_gets_what_its_stage_says(self, settings: Settings) -> None:
        """No variable is read for it."""
        config = agent_config(AgentId("a/b@1"), {"x": {"env": "HOME"}}, settings, {})

        assert config == {"x": {"env": "HOME"}}

    @pytest.mark.fault("F94")
    def test_a_reference_in_a_pipeline_is_a_plain_value(self, settings: Settings) -> None:
        """A pipeline that somebody sent must not read my variables."""
        own: TomlTable = {"key": {"env": "AWS_SECRET"}}

        found = agent_config(AGENT, own, settings, {"OPENAI_API_KEY": "x", "AWS_SECRET": CANARY})

        assert CANARY not in str(found)

    def test_a_whole_provider_can_be_given(self, settings: Settings) -> None:
        """A client takes address, key and model together."""
        own: TomlTable = {}

        found = agent_config(
            AgentId("text-agents/other@1"), own, settings, {"OPENAI_API_KEY": CANARY}
        )

        assert found == {"all": {"api_key": CANARY, "model": "small"}}

    def test_all_variables_that_are_missing_are_named(self, settings: Settings) -> None:
        """One round of setting them."""
        config: TomlTable = {"a": {"env": "NOT_THERE"}, "b": [{"env": "NOR_THIS"}]}

        with pytest.raises(ConfigError) as error:
            resolve_references(config, settings, {})

        assert [str(fault) for fault in error.value.faults] == [
            "a: the variable NOT_THERE is not set",
            "b[0]: the variable NOR_THIS is not set",
        ]

    @given(
        st.recursive(
            st.dictionaries(st.sampled_from("abc"), st.integers(), max_size=3),
            lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        )
    )
    def test_laying_a_document_over_itself_changes_nothing(self, document: dict[str, int]) -> None:
        """And shares nothing: who changes the copy does not change the settings."""
        copy = overlaid({**document}, {**document})

        assert copy == document
        for key in copy:
            assert copy[key] is not document[key] or isinstance(copy[key], int)


@pytest.mark.fault("F94")
class TestSecrets:
    @pytest.mark.parametrize(
        "content",
        [
            f'[providers.p]\napi_key = "{CANARY}"',
            '[providers.p]\napi_key = "hunter2CANARY"',
            '[providers.p]\nkey = "CANARY"',
            '[providers.p]\npasswords = ["CANARY"]',
            '[providers.p]\nsecret = { value = "CANARY" }',
            '[agents."a/b"]\nconfig = { access_token = "CANARY" }',
            f'[agents."a/b".config]\nnote = "{CANARY}"',
            f'[pins]\necho = "{CANARY}"',
            '[providers.p]\nurl = "https://me:CANARY@example.org"',
            f'[run]\nmiddleware = ["{CANARY}"]',
        ],
    )
    def test_a_secret_is_refused_with_its_line_and_not_repeated(self, content: str) -> None:
        """A file is copied, committed and shown to others."""
        text = refused(content)

        assert "line 2" in text
        assert "is a secret written out" in text
        assert "CANARY" not in text

    @pytest.mark.parametrize(
        "content",
        [
            f'[run]\ntimeout_seconds = "{CANARY}"',
            f"[run]\ntimeout_seconds = {CANARY}",
            f'[run]\ntimeout_seconds = "{CANARY}',
            f'[cli]\nlog_level = "{CANARY}"',
            f'[plugins]\ntrust = ["{CANARY}"]',
            f'[providers]\np = "{CANARY}"',
            f'format = "{CANARY}"',
            f'[agents."a/b"]\nconfig = "{CANARY}"',
            f'x = "\\q{CANARY}"',
        ],
    )
    def test_no_error_repeats_a_value(self, content: str) -> None:
        """It may be a password at the wrong place."""
        assert "CANARY" not in refused(content)

    @pytest.mark.parametrize(
        "content",
        [
            '[agents."a/b"]\nconfig = { max_tokens = 5, sort_key = "name", tokenizer = "bpe" }',
            '[providers.p]\nurl = "https://example.org:8080/v1"\nmodel = "gpt-4o"',
            '[providers.p]\napi_key = { env = "KEY" }\nkeys = [{ env = "A" }, { env = "B" }]',
            '[agents."a/b"]\nconfig = { password = "" }',
        ],
    )
    def test_what_is_no_secret_passes(self, content: str) -> None:
        """A false alarm has no way around it."""
        assert file_layer("a.toml", content.encode()).document

    def test_settings_hold_names_and_no_secrets(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """They are shown, logged and compared."""
        monkeypatch.setenv("OPENAI_API_KEY", CANARY)

        assert "CANARY" not in repr(settings)

    def test_a_provider_that_refers_to_a_provider_is_refused(self) -> None:
        """It could lead back to itself."""
        assert "refers to variables only" in refused('[providers.a]\nx = { provider = "a" }')

    def test_a_reference_to_no_provider_is_named_with_its_line(self, tmp_path: Path) -> None:
        """At the start, not in the middle of a run."""
        file = tmp_path / "agentreg.toml"
        file.write_text(WRITTEN.replace('"openai.api_key"', '"opanai.api_key"'), encoding="utf-8")

        with pytest.raises(ConfigError, match=r"toml:6.*did you mean 'openai.api_key'"):
            load_settings(file)
