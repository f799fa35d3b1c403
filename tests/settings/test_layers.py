"""Defaults, the user's own file, the project's, variables, flags: who goes over whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from registry_core.errors import ConfigError
from registry_core.settings.layers import value_of
from registry_core.settings.origins import decisions
from registry_core.settings.reading import read_settings
from registry_core.settings.sources import SettingsSource, trusted_folders_file
from registry_core.settings.values import Settings
from registry_core.settings.writing import change_file

if TYPE_CHECKING:
    from pathlib import Path


def trust(folder: Path) -> None:
    """Trust *folder*, as the command does."""
    change_file(trusted_folders_file(), lambda old: old + bytes(folder) + b"\n")


@pytest.mark.requirement("R82")
class TestPrecedence:
    def test_each_layer_goes_over_the_one_below(
        self, own: Path, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One number, said in five places."""
        seen = [read_settings(SettingsSource()).run.timeout_seconds]
        own.write_text("[run]\ntimeout_seconds = 1", encoding="utf-8")
        seen.append(read_settings(SettingsSource()).run.timeout_seconds)
        project.write_text("[run]\ntimeout_seconds = 2", encoding="utf-8")
        seen.append(read_settings(SettingsSource(project)).run.timeout_seconds)
        monkeypatch.setenv("AGENTREG_RUN__TIMEOUT_SECONDS", "3")
        seen.append(read_settings(SettingsSource(project)).run.timeout_seconds)
        flag = SettingsSource(project, assign=["run.timeout_seconds=4"])
        seen.append(read_settings(flag).run.timeout_seconds)

        assert seen == [60, 1, 2, 3, 4]

    def test_a_table_with_one_key_keeps_the_defaults_of_its_siblings(self, own: Path) -> None:
        """Else one setting loses all others."""
        own.write_text('[cli]\nlog_level = "DEBUG"\n', encoding="utf-8")

        found = read_settings(SettingsSource()).cli

        assert (found.log_level, found.output_format, found.auto_save) == ("DEBUG", "text", True)

    def test_tables_of_two_files_become_one(self, own: Path, project: Path) -> None:
        """The team pins one name, I pin another."""
        own.write_text('[pins]\na = "mine"\nb = "mine"\n', encoding="utf-8")
        project.write_text('[pins]\nb = "ours"\n', encoding="utf-8")

        assert read_settings(SettingsSource(project)).pins == {"a": "mine", "b": "ours"}

    def test_a_reference_is_replaced_and_not_merged(self, own: Path, project: Path) -> None:
        """Two halves of two references would be none."""
        own.write_text('[agents."a/b"]\nconfig.key = { env = "KEY" }\n', encoding="utf-8")
        project.write_text(
            '[agents."a/b"]\nconfig.key = { provider = "p.key" }\n'
            '[providers.p]\nkey = { env = "OTHER" }',
            encoding="utf-8",
        )

        found = read_settings(SettingsSource(project)).agents["a/b"].config

        assert found == {"key": {"provider": "p.key"}}

    def test_paths_are_meant_from_the_file_they_stand_in(self, own: Path, project: Path) -> None:
        """Wherever one stands."""
        own.write_text('[pipelines]\na = "a.toml"\n', encoding="utf-8")
        project.write_text('[pipelines]\nb = "lines/b.toml"\n', encoding="utf-8")

        assert read_settings(SettingsSource(project)).pipelines == {
            "a": str(own.parent / "a.toml"),
            "b": str(project.parent / "lines" / "b.toml"),
        }

    def test_the_lock_lies_beside_the_file_that_asks_for_one(
        self, own: Path, project: Path
    ) -> None:
        """A project without a lock must not switch mine off."""
        own.write_text('[plugins]\ntrust = "locked"\n', encoding="utf-8")
        project.write_text("", encoding="utf-8")

        found = read_settings(SettingsSource(project)).plugins.lock

        assert found == str(own.parent / "agentreg.lock")


@pytest.mark.requirement("R82")
class TestOrigins:
    def test_each_key_says_who_decided_it(
        self, own: Path, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The first question when a setting does not do what one thinks."""
        own.write_text('[plugins]\nblock = ["a"]\n[pins]\nx = "y"\n', encoding="utf-8")
        project.write_text('[plugins]\nblock = ["b"]\n', encoding="utf-8")
        monkeypatch.setenv("AGENTREG_MONITORING__ENABLED", "false")

        source = SettingsSource(project, trust="installed")
        origins = {found.key: found.origin for found in decisions(source)}

        assert origins["plugins.block"] == f"{own}:2, {project}:2"
        assert origins["pins.x"] == f"{own}:4"
        assert origins["monitoring.enabled"] == "AGENTREG_MONITORING__ENABLED"
        assert origins["plugins.trust"] == "--trust"
        assert origins["run.timeout_seconds"] == "default"

    def test_every_setting_has_a_line(self) -> None:
        """A key that is missing is a key nobody finds."""
        keys = {found.key for found in decisions(SettingsSource())}

        assert {"format", "plugins.lock", "run.middleware", "cli.auto_save"} <= keys


@pytest.mark.fault("F92")
class TestProject:
    def test_a_file_that_one_stands_below_is_told_of_and_not_read(self, project: Path) -> None:
        """Whoever unpacks an archive and looks around has decided nothing."""
        project.write_text('[plugins]\nallow = ["evil"]\n', encoding="utf-8")

        source = SettingsSource()

        assert source.untrusted == str(project)
        assert read_settings(source) == Settings()

    def test_a_trusted_folder_s_file_is_read_from_anywhere_below(self, project: Path) -> None:
        """Said once for each project."""
        project.write_text('pins = { a = "b" }\n', encoding="utf-8")
        trust(project.parent)

        source = SettingsSource()

        assert not source.untrusted
        assert read_settings(source).pins == {"a": "b"}

    def test_trust_does_not_reach_below_the_folder(self, project: Path) -> None:
        """A dependency unpacked inside the project is still a stranger."""
        trust(project.parent)
        nearest = project.parent / "deep" / "agentreg.toml"
        nearest.write_text('pins = { a = "evil" }\n', encoding="utf-8")
        project.write_text('pins = { a = "b" }\n', encoding="utf-8")

        source = SettingsSource()

        assert source.untrusted == str(nearest)
        assert read_settings(source) == Settings()

    def test_trust_follows_no_link_to_another_place(
        self, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A folder is what it is, not what it is called."""
        trust(project.parent)
        other = tmp_path / "other"
        other.mkdir()
        (other / "agentreg.toml").write_text("", encoding="utf-8")
        (project.parent / "link").symlink_to(other)
        monkeypatch.chdir(project.parent / "link")

        assert SettingsSource().untrusted

    def test_a_named_file_needs_no_trust(self, project: Path) -> None:
        """Naming it is the decision."""
        project.write_text('pins = { a = "b" }\n', encoding="utf-8")

        source = SettingsSource("../../agentreg.toml")

        assert read_settings(source).pins == {"a": "b"}
        assert not source.untrusted

    def test_the_user_s_own_file_is_no_project(
        self, own: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Standing in its folder changes nothing."""
        own.write_text('pins = { a = "b" }\n', encoding="utf-8")
        monkeypatch.chdir(own.parent)

        source = SettingsSource()

        assert (source.untrusted, len(source.files)) == ("", 1)

    def test_a_current_directory_that_is_gone_has_no_project(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A shell stands in it still."""
        gone = tmp_path / "gone"
        gone.mkdir()
        monkeypatch.chdir(gone)
        gone.rmdir()

        assert SettingsSource().files == ()


@pytest.mark.requirement("R81")
class TestWords:
    @pytest.mark.parametrize(
        ("key", "word", "value"),
        [
            ("run.timeout_seconds", "5", 5),
            ("cli.auto_save", "false", False),
            ("cli.log_level", "DEBUG", "DEBUG"),
            ("pins.echo", "5", "5"),
            ("pins.echo", "words", "words"),
            ("plugins.allow", "a, b", ["a", "b"]),
            ("plugins.allow", '["a b"]', ["a b"]),
            ("plugins.lock", "true", "true"),
        ],
    )
    def test_a_word_is_read_as_what_its_key_wants(self, key: str, word: str, value: object) -> None:
        """Nobody quotes twice on a command line."""
        assert value_of(tuple(key.split(".")), word) == value

    def test_all_faults_of_all_places_come_at_once(
        self, own: Path, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One round of mending, not three."""
        own.write_text("[run]\ntimeout_seconds = 0\n", encoding="utf-8")
        project.write_text("[cli]\nauto_save = 1\nlog_levle = 2\n", encoding="utf-8")
        monkeypatch.setenv("AGENTREG_PLUGINS__TRUSTS", "locked")

        with pytest.raises(ConfigError) as refused:
            read_settings(SettingsSource(project))

        text = str(refused.value)
        assert len(refused.value.faults) == 4
        assert f"{own}: line 2: run.timeout_seconds: must be above 0" in text
        assert f"{project}: line 3: cli.log_levle: is unknown; did you mean 'log_level'?" in text
        assert "AGENTREG_PLUGINS__TRUSTS: plugins.trusts: is unknown" in text

    def test_a_variable_that_is_not_ours_is_left_alone(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Someone's CI has names like ours."""
        monkeypatch.setenv("AGENTREG_VERSION", "3")

        assert read_settings(SettingsSource()) == Settings()


class TestFingerprint:
    def test_what_discovery_does_not_depend_on_is_not_in_it(self, own: Path, project: Path) -> None:
        """To look closer once must not make an index anew."""
        own.write_text("", encoding="utf-8")
        project.write_text("", encoding="utf-8")
        plain = SettingsSource(project).fingerprint

        assert SettingsSource(project, assign=["cli.log_level=DEBUG"]).fingerprint == plain
        assert SettingsSource(project, assign=["pins.a=b"]).fingerprint != plain
        assert SettingsSource().fingerprint != plain
        own.write_text("# mine", encoding="utf-8")
        assert SettingsSource(project).fingerprint != plain
