"""Tests of the way from what is installed to one record a plugin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn

import pytest

from registry_core.discovery.discover import discover
from registry_core.discovery.probe import Probed
from registry_core.registry import Registry
from registry_core.settings.values import PluginSettings, Settings
from registry_core.testing.installed import installed_distribution
from tests.discovery.plugins import coded, declared, manifest_json

if TYPE_CHECKING:
    from pathlib import Path

    from registry_core.discovery.report import DiscoveryReport, PluginRecord


def no_import(module: str) -> NoReturn:
    """Stand in for the child process where none may be started."""
    pytest.fail(f"{module} was to be imported")


def report_on(site: Path, settings: Settings | None = None) -> DiscoveryReport:
    """Return what is found in *site* when nothing may be imported."""
    return discover(settings, path=[str(site)], read_code=no_import)


def only(site: Path, settings: Settings | None = None) -> PluginRecord:
    """Return the record of the one plugin in *site*."""
    (record,) = report_on(site, settings).plugins
    return record


class TestGoodPlugins:
    def test_a_plugin_with_a_manifest_is_known_and_not_imported(self, site: Path) -> None:
        """Listing executes nothing; that is the first promise."""
        metadata = declared(site, "word-agents", "echo")

        record = only(site)

        assert (record.state, record.full_name) == ("ok", "word-agents:word-agents")
        assert (record.version, record.location) == ("1.0", str(metadata))
        assert record.manifest is not None
        assert [agent.name for agent in record.manifest.agents] == ["echo"]
        assert not (site / "word_agents" / "imported").exists()

    def test_a_plugin_without_one_is_read_by_the_probe(self, site: Path) -> None:
        """The one case in which code runs, and not in this process."""
        coded(site, "words", "")
        asked: list[str] = []

        def read_code(module: str) -> Probed:
            asked.append(module)
            return Probed(code="died", reason="died while it was imported: SIGSEGV")

        (record,) = discover(path=[str(site)], read_code=read_code).plugins

        assert asked == ["words"]
        assert (record.state, record.code) == ("broken", "died")

    def test_fields_of_a_later_host_are_notes(self, site: Path) -> None:
        """A plugin may say more than this host understands."""
        declared(site, "words", manifest=manifest_json("words", "echo", colour="red"))

        assert only(site).notes == ("manifest: colour is unknown to this host",)

    def test_records_come_sorted_whatever_the_folder_says(self, site: Path) -> None:
        """Two machines with the same plugins give the same answer."""
        for name in ("zebra", "apple", "mango"):
            declared(site, name)

        assert [record.name for record in report_on(site).plugins] == ["apple", "mango", "zebra"]


@pytest.mark.fault("F12")
class TestMetadata:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (None, "METADATA is missing"),
            (b"Version: 1.0\n\n", "METADATA has no Name"),
            (b"Name: words\n\n", "METADATA has no Version"),
            (b"Name: words\nName: other\nVersion: 1.0\n\n", "METADATA has twice Name"),
            (b"Name: words\nVersion: not.a.version\n\n", "is not a version"),
            (b"Name: words\nVersion: " + b"1" * 5000 + b"\n\n", "is not a version"),
            (b"Name: words\nVersion: 2.0\n\n", "METADATA says version 2.0, and its folder '1.0'"),
            (b"Name: other\nVersion: 1.0\n\n", "METADATA says 'other', and its folder"),
            ("Name: w\u043erds\nVersion: 1.0\n\n".encode(), "METADATA says 'w\\u043erds'"),
            (b"\x7fELF\x00\xff\xfe", "METADATA is not UTF-8"),
            (b"Name: words\nVersion: 1.0\n\n" + b"x" * (1 << 20), "METADATA is larger"),
        ],
    )
    def test_one_that_cannot_be_believed_breaks_that_plugin_alone(
        self, site: Path, content: bytes | None, reason: str
    ) -> None:
        """A distribution may claim to be another one."""
        declared(site, "words", replacing={"METADATA": content})
        declared(site, "canary", "sing")

        by_name = {record.distribution: record for record in report_on(site).plugins}

        assert (by_name["words"].state, by_name["words"].code) == ("broken", "metadata")
        assert reason in by_name["words"].reason
        assert by_name["canary"].state == "ok"

    def test_the_body_may_hold_anything(self, site: Path) -> None:
        """A README in Latin-9 is no reason to lose a plugin; headers are what counts."""
        content = b"Name: words\r\nVersion: 1.0\r\n\r\nName: other\n"
        declared(site, "words", replacing={"METADATA": content})

        assert only(site).state == "ok"


class TestCompatibility:
    @pytest.mark.parametrize(
        ("requirement", "reason"),
        [
            ("gone>=1", "needs gone>=1, which is not installed"),
            ("canary>=2", "needs canary>=2, and 1.0 is installed"),
            ("(" * 5000 + "x", "is not a requirement"),
            ("x; python_version ~= 'x", "is not a requirement"),
            ("x\u043e>=1", "is not a requirement"),
        ],
    )
    def test_a_requirement_that_is_not_met_is_named_with_what_mends_it(
        self, site: Path, requirement: str, reason: str
    ) -> None:
        """It would fail at its first import, in the middle of a run."""
        declared(site, "canary", "sing")
        declared(site, "words", "echo", requires=[requirement])

        record = report_on(site).plugins[1]

        assert (record.state, record.code) == ("incompatible", "requirement")
        assert reason in record.reason
        assert "pip install" in record.fix

    def test_a_requirement_for_another_platform_or_extra_does_not_count(self, site: Path) -> None:
        """Markers say where it applies."""
        needs = ["gone>=1; python_version < '3'", "gone; extra == 'all'"]
        declared(site, "words", "echo", requires=needs)

        assert only(site).state == "ok"

    def test_an_incompatible_plugin_without_a_manifest_is_not_probed(self, site: Path) -> None:
        """There is nothing to learn from an import that cannot work."""
        installed_distribution(
            site, "words", files={"words.py": ""}, plugins={"words": "words"}, requires=["gone"]
        )

        assert only(site).state == "incompatible"

    def test_another_hook_api_is_refused_with_both_versions(self, site: Path) -> None:
        """The user learns which side to upgrade."""
        declared(site, "words", manifest=manifest_json("words", host_api=">=9"))

        record = only(site)

        assert (record.state, record.code) == ("incompatible", "host_api")
        assert ">=9" in record.reason
        assert "1.0" in record.reason


@pytest.mark.fault("F17")
class TestOwnership:
    def test_a_foreign_module_is_refused_before_import(self, site: Path) -> None:
        """The value of an entry point is text that anybody can write."""
        installed_distribution(site, "evil", plugins={"evil": "os.path"})

        assert (only(site).state, only(site).code) == ("broken", "ownership")

    def test_a_foreign_target_in_a_manifest_is_refused(self, site: Path) -> None:
        """So is a manifest."""
        declared(site, "evil", manifest=manifest_json("subprocess", "getoutput"))

        assert (only(site).state, only(site).code) == ("broken", "ownership")

    @pytest.mark.fault("F93")
    def test_a_manifest_behind_a_link_is_refused(self, site: Path) -> None:
        """A link out of the distribution is somebody else's file."""
        declared(site, "evil", "echo")
        (site.parent / "outside.json").write_text(manifest_json("evil", "echo"))
        (site / "evil" / "agents.json").unlink()
        (site / "evil" / "agents.json").symlink_to(site.parent / "outside.json")

        assert (only(site).state, only(site).code) == ("broken", "manifest")


@pytest.mark.fault("F10")
class TestContestedNames:
    def test_nobody_gets_a_plugin_name_that_two_claim(self, site: Path) -> None:
        """First on the path would be luck, and luck is no policy."""
        declared(site, "one", "echo", plugin="words")
        declared(site, "two", "echo", plugin="words")

        report = report_on(site)

        assert [record.state for record in report.plugins] == ["conflict", "conflict"]
        (conflict,) = [c for c in report.conflicts if c.kind == "plugin"]
        assert conflict.owners == ("one", "two")
        assert conflict.pin == 'agentreg.toml: [pins] words = "one"'

    def test_the_full_id_always_works(self, site: Path) -> None:
        """A conflict over a short name takes nothing away from the long one."""
        declared(site, "one", "echo", plugin="words")
        declared(site, "two", "echo", plugin="words")
        registry = Registry.of(report_on(site))

        assert registry.resolve("two/echo") == "two/echo@1.0"
        assert registry.agents == ("one/echo@1.0", "two/echo@1.0")

    def test_a_pin_decides(self, site: Path) -> None:
        """The user's word, written once."""
        declared(site, "one", "echo", plugin="words")
        declared(site, "two", "echo", plugin="words")

        report = report_on(site, Settings(pins={"words": "two", "echo": "two"}))

        assert {r.distribution: r.state for r in report.plugins} == {"one": "conflict", "two": "ok"}
        assert report.conflicts == ()

    def test_a_short_agent_name_of_two_owners_is_told(self, site: Path) -> None:
        """It stops working the day that the second one is installed."""
        declared(site, "one", "echo")
        declared(site, "two", "echo")

        (conflict,) = report_on(site).conflicts

        assert (conflict.kind, conflict.name, conflict.owners) == ("agent", "echo", ("one", "two"))

    def test_one_agent_id_from_two_plugins_of_a_distribution_runs_for_neither(
        self, site: Path
    ) -> None:
        """An id leads to one agent or to none."""
        files = {"w/__init__.py": "", "w/code.py": "", "w/a.json": manifest_json("w", "echo")}
        installed_distribution(
            site, "words", files=files, manifests={"one": "w:a.json", "two": "w:a.json"}
        )

        report = report_on(site)

        assert [(r.state, r.code) for r in report.plugins] == [("conflict", "agent_id")] * 2
        assert Registry.of(report).agents == ()

    @pytest.mark.fault("S1")
    def test_code_that_two_distributions_installed_runs_for_neither(self, site: Path) -> None:
        """Whose it is now, only the installer knew."""
        declared(site, "victim", "echo")
        code = {"victim/code.py": "def echo(text): return 'PWNED'\n"}
        declared(site, "evil", manifest=manifest_json("victim", "echo"), files=code)

        report = report_on(site)

        assert {r.distribution: r.code for r in report.plugins} == {
            "evil": "file",
            "victim": "file",
        }
        (conflict,) = [c for c in report.conflicts if c.kind == "file"]
        assert conflict.owners == ("evil", "victim")


@pytest.mark.fault("F11")
class TestCopies:
    def test_the_first_on_the_path_is_used_and_the_other_is_told(self, tmp_path: Path) -> None:
        """9.9 in front of 1.0 is how a plugin is replaced in silence."""
        evil = declared(tmp_path / "a", "words", "echo", version="9.9")
        good = declared(tmp_path / "b", "words", "echo", version="1.0")

        report = discover(path=[str(tmp_path / "a"), str(tmp_path / "b")], read_code=no_import)

        assert [record.version for record in report.plugins] == ["9.9"]
        (conflict,) = report.conflicts
        assert (conflict.kind, conflict.owners) == ("distribution", (str(evil), str(good)))

    def test_two_versions_in_one_folder_are_told(self, site: Path) -> None:
        """An upgrade that was cut short leaves both."""
        declared(site, "words", "echo", version="1.0")
        declared(site, "words", "echo", version="2.0")

        assert [conflict.kind for conflict in report_on(site).conflicts] == ["distribution"]

    def test_a_plugin_hidden_by_a_copy_without_plugins_is_told(self, tmp_path: Path) -> None:
        """It would be missing with no sign of why."""
        installed_distribution(tmp_path / "a", "words")
        declared(tmp_path / "b", "words", "echo")

        report = discover(path=[str(tmp_path / "a"), str(tmp_path / "b")], read_code=no_import)

        assert [conflict.kind for conflict in report.conflicts] == ["distribution"]

    def test_what_setuptools_leaves_in_an_editable_project_is_no_copy(
        self, tmp_path: Path, site: Path
    ) -> None:
        """Every developer has it, and nothing is wrong."""
        project = tmp_path / "project"
        (project / "words.egg-info").mkdir(parents=True)
        (project / "words.egg-info" / "entry_points.txt").write_text("[registry_core.plugins]\n")
        direct = json.dumps({"url": project.as_uri(), "dir_info": {"editable": True}})
        (project / "words").mkdir()
        (project / "words" / "plugin.py").touch()
        declared(site, "words", "echo", replacing={"direct_url.json": direct.encode()})

        report = discover(path=[str(site), str(project)], read_code=no_import)

        assert ([record.state for record in report.plugins], report.conflicts) == (["ok"], ())


@pytest.mark.fault("S3")
class TestTrust:
    @pytest.mark.parametrize(
        ("settings", "reason"),
        [
            (PluginSettings(block=("Word_Agents",)), "is on the block list"),
            (PluginSettings(block=("word-agents:word-agents",)), "is on the block list"),
            (PluginSettings(allow=("other",)), "is not on the allow list"),
            (PluginSettings(allow=("word-agents",), block=("word-agents",)), "on the block list"),
        ],
    )
    def test_a_plugin_that_may_not_is_listed_and_not_read(
        self, site: Path, settings: PluginSettings, reason: str
    ) -> None:
        """Installed is not trusted; and what is blocked must be seen to be."""
        coded(site, "word-agents", "raise SystemExit")

        record = only(site, Settings(plugins=settings))

        assert (record.state, record.code) == ("blocked", "settings")
        assert reason in record.reason

    def test_one_agent_can_be_kept_out(self, site: Path) -> None:
        """The rest of its plugin is good."""
        declared(site, "words", "echo", "shout")
        settings = Settings(plugins=PluginSettings(block=("words/shout",)))

        report = report_on(site, settings)

        assert report.plugins[0].blocked_agents == ("shout",)
        assert Registry.of(report).agents == ("words/echo@1.0",)

    def test_one_agent_alone_can_be_let_in(self, site: Path) -> None:
        """The others of its plugin were never looked at."""
        declared(site, "words", "echo", "shout")
        declared(site, "other", "sing")
        settings = Settings(plugins=PluginSettings(allow=("words/echo@1.0",)))

        report = report_on(site, settings)

        assert [record.state for record in report.plugins] == ["blocked", "ok"]
        assert Registry.of(report, settings).agents == ("words/echo@1.0",)
