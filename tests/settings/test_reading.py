"""What is written becomes settings, or everything that is wrong with it."""

from __future__ import annotations

import contextlib
import time
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_core.definitions.schema import JsonObject  # noqa: TC001 -- hints are resolved
from registry_core.errors import ConfigError
from registry_core.pipeline.toml import toml_text
from registry_core.settings import (
    MonitoringSettings,
    PluginSettings,
    RunSettings,
    Settings,
    SettingsSource,
    load_settings,
)
from registry_core.settings.origins import decisions
from registry_core.settings.reading import read_settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A settings file that is named by nobody yet."""
    return tmp_path / "agentreg.toml"


def refused(file: Path, content: str | bytes) -> ConfigError:
    """Return why *content* cannot be used."""
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError) as error:
        load_settings(file)
    return error.value


class TestReading:
    def test_everything_can_be_written(self, file: Path) -> None:
        """Each field has a place in the file."""
        file.write_text(
            """
[plugins]
allow = ["web-agents"]
block = ["evil-agents"]
[pins]
summarise = "text-agents"
[run]
middleware = ["middleware-cache/cache"]
collectors = ["metrics-otel/collector"]
timeout_seconds = 5.0
""",
            encoding="utf-8",
        )
        assert load_settings(file) == Settings(
            plugins=PluginSettings(allow=("web-agents",), block=("evil-agents",)),
            pins={"summarise": "text-agents"},
            run=RunSettings(
                middleware=("middleware-cache/cache",),
                collectors=("metrics-otel/collector",),
                timeout_seconds=5.0,
            ),
        )

    def test_nothing_written_means_the_defaults(self) -> None:
        """Most people never write a file."""
        assert load_settings() == Settings()

    @pytest.mark.requirement("R80")
    def test_monitoring_is_on_and_keeps_a_week(self) -> None:
        """What is promised of an installation that nobody configured."""
        assert load_settings().monitoring == MonitoringSettings(
            enabled=True, metrics_retention_days=7, performance_alerts=True
        )

    def test_the_user_s_own_file_is_found(self, tmp_path: Path) -> None:
        """Where the platform keeps such files."""
        own = tmp_path / "config" / "agentreg" / "agentreg.toml"
        own.parent.mkdir(parents=True)
        own.write_text('pins = {echo = "words"}', encoding="utf-8")

        assert load_settings().pins == {"echo": "words"}

    def test_a_variable_names_another(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Services are configured so."""
        file.write_text('pins = {echo = "words"}', encoding="utf-8")
        monkeypatch.setenv("AGENTREG_CONFIG", str(file))

        assert load_settings().pins == {"echo": "words"}

    @pytest.mark.fault("F92")
    def test_a_file_in_the_current_directory_is_not_read(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A folder one merely stands in decides nothing."""
        file.write_text('[plugins]\nallow = ["evil"]\n', encoding="utf-8")
        monkeypatch.chdir(file.parent)

        assert load_settings() == Settings()

    @pytest.mark.fault("F91")
    def test_a_byte_order_mark_and_carriage_returns_are_text(self, file: Path) -> None:
        """Editors on Windows write both."""
        file.write_bytes(b'\xef\xbb\xbf[pins]\r\necho = "words"\r\n')

        assert load_settings(file).pins == {"echo": "words"}


class TestPrecedence:
    def test_flags_and_variables_add_to_the_block_list(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever forbids something is heard, wherever it is said."""
        file.write_text('[plugins]\nblock = ["a"]\n', encoding="utf-8")
        monkeypatch.setenv("AGENTREG_BLOCK", "b, c")

        assert read_settings(SettingsSource(file, block=["d"])).plugins.block == (
            "a",
            "b",
            "c",
            "d",
        )

    def test_a_flag_replaces_the_allow_list(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """To try one plugin alone, for once."""
        file.write_text('[plugins]\nallow = ["a"]\n', encoding="utf-8")
        monkeypatch.setenv("AGENTREG_ALLOW", "b")

        assert read_settings(SettingsSource(file)).plugins.allow == ("b",)
        assert read_settings(SettingsSource(file, allow=["c"])).plugins.allow == ("c",)

    def test_a_lock_in_the_file_lies_beside_it(self, file: Path) -> None:
        """The two are committed together."""
        file.write_text('[plugins]\ntrust = "locked"\nlock = "deep/my.lock"\n', encoding="utf-8")

        plugins = load_settings(file).plugins

        assert (plugins.trust, plugins.lock) == ("locked", str(file.parent / "deep" / "my.lock"))

    def test_a_lock_on_the_command_line_lies_where_one_stands(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As every other path that is typed."""
        monkeypatch.chdir(tmp_path)

        plugins = read_settings(SettingsSource(trust="locked", lock="my.lock")).plugins

        assert plugins.lock == str(tmp_path / "my.lock")

    def test_an_unknown_trust_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """To take it for the default would admit everybody."""
        monkeypatch.setenv("AGENTREG_TRUST", "lokced")

        with pytest.raises(ConfigError, match=r"AGENTREG_TRUST .*'installed' or 'locked'"):
            load_settings()

    def test_equal_sources_have_equal_fingerprints(self, file: Path) -> None:
        """The index is kept by it."""
        file.write_text("", encoding="utf-8")
        before = SettingsSource(file).fingerprint
        again = SettingsSource(file).fingerprint
        file.write_text('[plugins]\nblock = ["a"]\n', encoding="utf-8")

        assert before == again != SettingsSource(file).fingerprint


@pytest.mark.fault("F91")
class TestFaults:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            ("[plugin]\n", "line 1: plugin: is unknown; did you mean 'plugins'?"),
            ("[plugins]\nalow = []\n", "line 2: plugins.alow: is unknown; did you mean 'allow'?"),
            ("[plugins]\nallow = [1]\n", "line 2: plugins.allow[0]"),
            ("[run]\ntimeout_seconds = -1.0\n", "line 2: run.timeout_seconds"),
            ("[run]\ntimeout_seconds = nan\n", "line 2: run.timeout_seconds: must be a finite"),
            ("[monitoring]\nmetrics_retention_days = 0\n", "line 2: monitoring.metrics_ret"),
            ("[monitoring]\nmax_error_rate = 1.1\n", "must be between 0 and 1"),
            ("[monitoring]\nmax_p95_seconds = 0.0\n", "must be above 0"),
            ("[monitoring]\nenable = true\n", "did you mean 'enabled'?"),
            ("a = 1\na = 2\n", "line 2"),
            ("a = [\n", "Invalid value"),
            (b"a = '\xff'\n", "byte 5: is not UTF-8"),
        ],
    )
    def test_a_fault_is_named_with_its_line(
        self, file: Path, content: str | bytes, reason: str
    ) -> None:
        """The file is edited by hand, so the line is what helps."""
        assert reason in str(refused(file, content))

    def test_all_faults_come_at_once(self, file: Path) -> None:
        """One edit, not three."""
        error = refused(file, "[plugins]\nallow = 1\nblock = 2\n[run]\nmiddleware = 3\n")

        assert len(error.faults) == 3

    def test_a_named_file_that_is_missing_or_a_folder_is_refused(self, tmp_path: Path) -> None:
        """Whoever names a file means it."""
        for file in (tmp_path / "gone.toml", tmp_path):
            with pytest.raises(ConfigError):
                load_settings(file)


@pytest.mark.fault("F89")
class TestHostileFiles:
    @pytest.mark.parametrize(
        "content",
        [
            pytest.param("a." * 20_000 + "b = 1\n", id="dotted key"),
            pytest.param("[" + "a." * 20_000 + "b]\n", id="dotted table"),
            pytest.param("x = { " + "a." * 20_000 + "b = 1 }\n", id="in an inline table"),
            pytest.param("x = " + "[" * 100_000 + "\n", id="deep array"),
            pytest.param("x = " + "{ a = " * 10_000 + "\n", id="deep tables"),
            pytest.param("# " + "x" * (11 << 20), id="large"),
        ],
    )
    def test_it_is_refused_at_once(self, file: Path, content: str) -> None:
        """The parser would take gigabytes for some of them."""
        start = time.process_time()

        refused(file, content)

        assert time.process_time() - start < 5

    def test_dots_in_values_are_only_text(self, file: Path) -> None:
        """A long path is no long key."""
        file.write_text(f'[pins]\necho = "{"a." * 40}b"\n', encoding="utf-8")

        assert load_settings(file).pins["echo"].startswith("a.a.")


SECTIONS = st.sampled_from([field.name for field in fields(Settings)] + ["new"])
NAMES = st.sampled_from(
    [
        *("a", "a/b", "a/b@1", "config", "env", "provider", "api_key", "block", "lock", "format"),
        *("timeout_seconds", "middleware", "log_level", "max_error_rate", "half_life_days", ""),
    ]
)
VALUES = st.recursive(
    st.integers() | st.booleans() | st.floats() | st.sampled_from(["", "a", "a.b", "HOME", "a/b"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.requirement("R81")
@pytest.mark.fault("F91")
class TestAnything:
    @settings(deadline=None)
    @given(st.dictionaries(SECTIONS, VALUES, max_size=4))
    def test_any_document_is_settings_or_refused(self, document: JsonObject) -> None:
        """Nothing else is ever raised, whatever somebody wrote where."""
        source = SettingsSource()
        try:
            content = toml_text(document).encode()
        except ValueError:  # a number that TOML of ours does not have
            return
        source.files = (("a.toml", content),)
        with contextlib.suppress(ConfigError):
            assert read_settings(source).format == 1
            assert decisions(source)

    @settings(deadline=None)
    @given(st.binary(max_size=100))
    def test_any_bytes_are_settings_or_refused(self, content: bytes) -> None:
        """The file may be a picture."""
        source = SettingsSource()
        source.files = (("a.toml", content),)
        with contextlib.suppress(ConfigError):
            assert read_settings(source).format == 1

    @settings(deadline=None)
    @given(NAMES, st.text(max_size=20))
    def test_any_variable_is_a_setting_or_refused(self, name: str, value: str) -> None:
        """Variables come from anywhere."""
        source = SettingsSource()
        source.said = (("AGENTREG_RUN__X", f"run.{name}", value),)
        with contextlib.suppress(ConfigError):
            assert read_settings(source).format == 1
