"""Tests of comparing installed files with what was installed, and with what was locked."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from registry_core.discovery.auditing import audit, sealed_plugins
from registry_core.discovery.discover import discover
from registry_core.discovery.integrity import DamagedFile, damaged_files, read_lock, seal
from registry_core.discovery.trust import TrustList
from registry_core.errors import AgentLoadError, ConfigError
from registry_core.registry import Registry
from registry_core.settings.values import PluginSettings, Settings
from registry_core.testing.installed import installed_distribution
from tests.discovery.plugins import declared

if TYPE_CHECKING:
    from pathlib import Path


def locked(site: Path) -> Settings:
    """Return settings that admit only what is in *site* now."""
    file = site.parent / "agentreg.lock"
    sealed = sealed_plugins([str(site)])
    facts = {name: {"version": s.version, "record": s.record} for name, s in sealed.items()}
    file.write_text(json.dumps({"distributions": facts}))
    return Settings(plugins=PluginSettings(trust="locked", lock=str(file)))


def states(site: Path, settings: Settings) -> dict[str, tuple[str, str]]:
    """Return state and reason of each plugin in *site*."""
    plugins = discover(settings, path=[str(site)]).plugins
    return {record.distribution: (record.state, record.reason) for record in plugins}


@pytest.mark.fault("S2")
class TestDamage:
    def test_unchanged_files_are_no_finding(self, site: Path) -> None:
        """An audit that cries wolf is not run twice."""
        assert damaged_files(declared(site, "words", "echo")) == ()

    def test_changed_and_missing_files_are_named(self, site: Path) -> None:
        """The two ways in which an installation decays."""
        metadata = declared(site, "words", "echo")
        (site / "words" / "code.py").write_text("PWNED = True\n")
        (site / "words" / "plugin.py").unlink()

        assert damaged_files(metadata) == (
            DamagedFile("words/code.py", "changed"),
            DamagedFile("words/plugin.py", "missing"),
        )

    def test_a_script_beside_the_packages_is_verified_too(self, tmp_path: Path) -> None:
        """Commands lie in bin, three folders up."""
        site = tmp_path / "env" / "lib" / "python3" / "site-packages"
        record = b"../../../bin/words,sha256=AAAA,3\n../../../../out,sha256=AAAA,3\n"
        metadata = installed_distribution(site, "words", replacing={"RECORD": record})
        (tmp_path / "env" / "bin").mkdir()
        (tmp_path / "env" / "bin" / "words").write_text("evil")

        assert damaged_files(metadata) == (
            DamagedFile("../../../../out", "outside"),
            DamagedFile("../../../bin/words", "changed"),
        )


@pytest.mark.fault("S3")
class TestLocked:
    def test_what_the_lock_knows_takes_part(self, site: Path) -> None:
        """The plugins that somebody looked at."""
        declared(site, "words", "echo")

        assert states(site, locked(site)) == {"words": ("ok", "")}

    def test_a_new_plugin_is_listed_and_not_read(self, site: Path) -> None:
        """It came with something else, and nobody chose it."""
        settings = locked(site)
        declared(site, "new", "echo")

        assert states(site, settings) == {"new": ("blocked", "is new: the lock does not know it")}

    @pytest.mark.fault("S2", "F37")
    def test_another_version_another_record_and_another_file_are_refused(self, site: Path) -> None:
        """RECORD can be rewritten with the files; its own digest is in the lock."""
        for name in ("upgraded", "rewritten", "edited"):
            declared(site, name, "echo")
        settings = locked(site)
        lock = json.loads((site.parent / "agentreg.lock").read_text())
        lock["distributions"]["upgraded"]["version"] = "0.9"
        (site.parent / "agentreg.lock").write_text(json.dumps(lock))
        with (site / "rewritten-1.0.dist-info" / "RECORD").open("a") as record:
            record.write("evil.py,,\n")
        (site / "edited" / "code.py").write_text("PWNED = True\n")

        assert states(site, settings) == {
            "upgraded": ("blocked", "is version 1.0, and 0.9 is locked"),
            "rewritten": ("blocked", "has another RECORD than the one that is locked"),
            "edited": ("blocked", "edited/code.py is changed since it was installed"),
        }

    @pytest.mark.fault("S2")
    def test_a_file_changed_after_the_list_was_made_is_refused_when_loaded(
        self, site: Path
    ) -> None:
        """What was true at the start of a run may not be at its end."""
        declared(site, "words", "echo")
        settings = locked(site)
        registry = Registry.of(discover(settings, path=[str(site)]), settings)
        (site / "words" / "code.py").write_text("PWNED = True\n")

        with pytest.raises(AgentLoadError) as refused:
            registry.runner.loader.load(registry.resolve("echo"))

        assert refused.value.step == "trust"

    @pytest.mark.fault("S2")
    def test_swapped_bytecode_is_not_run(self, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """No RECORD has a digest of what Python compiles later."""
        import importlib.util
        import py_compile

        declared(site, "swapped-agents", "echo")
        settings = locked(site)
        source = site / "swapped_agents" / "code.py"
        good, status = source.read_text(), source.stat()
        evil = good.replace("return text", "return 'PW'")
        source.write_text(evil + "#" * (len(good) - len(evil)))
        compiled = importlib.util.cache_from_source(str(source))
        import os

        os.utime(source, ns=(status.st_mtime_ns, status.st_mtime_ns))
        py_compile.compile(str(source), compiled)
        source.write_text(good)
        os.utime(source, ns=(status.st_mtime_ns, status.st_mtime_ns))
        monkeypatch.setattr(sys, "path", [str(site), *sys.path])
        registry = Registry.of(discover(settings, path=[str(site)]), settings)

        echo = registry.runner.loader.load(registry.resolve("echo"))

        assert echo("hello") == "hello"

    def test_an_editable_install_cannot_be_locked(self, tmp_path: Path, site: Path) -> None:
        """Its files have no digests anywhere."""
        direct = {"url": tmp_path.as_uri(), "dir_info": {"editable": True}}
        content = {"direct_url.json": json.dumps(direct).encode()}
        declared(site, "words", "echo", replacing=content)

        assert sealed_plugins([str(site)]) == {}

    @pytest.mark.parametrize(
        "content",
        ["", "[]", "{}", '{"distributions": {"a": 1}}', '{"distributions": {"a": {"version": 1}}}'],
    )
    def test_a_lock_that_is_none_stops_everything(self, tmp_path: Path, content: str) -> None:
        """To go on without it would admit everybody."""
        file = tmp_path / "agentreg.lock"
        file.write_text(content)

        with pytest.raises(ConfigError):
            read_lock(str(file))

    def test_a_missing_lock_stops_everything(self, tmp_path: Path) -> None:
        """So would a typing error in its name."""
        settings = PluginSettings(trust="locked", lock=str(tmp_path / "gone"))

        with pytest.raises(ConfigError, match="there is no such lock file"):
            TrustList(settings)

    def test_without_a_record_there_is_nothing_to_seal(self, site: Path) -> None:
        """A digest of nothing is no digest."""
        metadata = installed_distribution(site, "words", replacing={"RECORD": None})

        assert seal(metadata, "1.0") is None


class TestAudit:
    @pytest.mark.fault("S1")
    def test_a_file_that_two_installed_names_both_owners(self, site: Path) -> None:
        """Installers overwrite in silence; whoever comes last is run."""
        victim = {"bin_words.py": "print('mine')\n"}
        installed_distribution(site, "victim", files=victim)
        installed_distribution(site, "evil", files={"bin_words.py": "print('PWNED')\n"})

        found = audit([str(site)])

        assert [(f.kind, f.owners) for f in found] == [
            ("damaged", ("victim",)),
            ("shared", ("evil", "victim")),
        ]
        assert all(f.is_wrong and f.subject.endswith("bin_words.py") for f in found)

    @pytest.mark.fault("S4")
    def test_code_that_runs_at_every_start_is_listed_with_its_owner(self, site: Path) -> None:
        """It runs before any of us, so all we can do is show it."""
        files = {"good.pth": "import good_hook\n", "sitecustomize.py": ""}
        installed_distribution(site, "good", files=files)
        (site / "evil.pth").write_text("/some/folder\nimport os; os.system('x')\n")

        found = {f.subject.rpartition("/")[2]: f for f in audit([str(site)])}

        assert {name: (f.owners, f.is_wrong) for name, f in found.items()} == {
            "good.pth": (("good",), False),
            "sitecustomize.py": (("good",), False),
            "evil.pth": ((), True),
        }
        assert "os.system" in found["evil.pth"].detail

    def test_an_ordinary_path_file_is_no_finding(self, site: Path) -> None:
        """Every editable install has one."""
        (site / "project.pth").write_text("/some/folder\n")

        assert audit([str(site)]) == ()
