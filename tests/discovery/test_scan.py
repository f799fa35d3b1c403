"""Tests of the walk over the path."""

from __future__ import annotations

import os
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from registry_core.discovery.scan import FoundDistribution, scan
from registry_core.testing.installed import installed_distribution

if TYPE_CHECKING:
    from pathlib import Path


def names(*path: Path | str) -> list[str]:
    """Return the names of what is found on *path*, in order."""
    return [item.name for item in scan(map(str, path))]


class TestScan:
    def test_names_and_versions_are_those_of_the_folders(self, site: Path) -> None:
        """Nothing is opened to know what is there."""
        metadata = installed_distribution(site, "Word_Agents", "1.2")

        assert scan([str(site)]) == (FoundDistribution("word-agents", "1.2", str(metadata)),)

    def test_the_order_is_that_of_the_path_then_of_the_names(self, tmp_path: Path) -> None:
        """The order of a directory listing differs between machines."""
        for folder, name in (("b", "one"), ("b", "four"), ("a", "two")):
            installed_distribution(tmp_path / folder, name)

        assert names(tmp_path / "b", tmp_path / "a") == ["four", "one", "two"]

    def test_one_folder_by_two_names_is_searched_once(self, tmp_path: Path, site: Path) -> None:
        """lib64 is a link to lib on many systems; nothing is installed twice there."""
        installed_distribution(site, "words")
        (tmp_path / "link").symlink_to(site)

        assert names(site, tmp_path / "link", f"{site}/.") == ["words"]

    def test_an_old_egg_info_folder_counts(self, site: Path) -> None:
        """It may be what another plugin requires."""
        (site / "words-2.0-py3.11.egg-info").mkdir()

        assert [(item.name, item.version) for item in scan([str(site)])] == [("words", "2.0")]

    def test_what_is_no_folder_is_passed_over(self, tmp_path: Path, site: Path) -> None:
        """Paths hold files, archives and things that are gone."""
        (site / "words-1.0.dist-info").write_text("a file")
        broken = tmp_path / "broken.zip"
        broken.write_bytes(b"no archive")

        assert names(site, tmp_path / "gone", broken) == []

    @pytest.mark.fault("F15")
    def test_a_folder_with_a_look_alike_name_is_known_by_its_escaped_one(self, site: Path) -> None:
        """It must not pass for the other one in any list."""
        (site / "w\u043erds-1.0.dist-info").mkdir()

        (found,) = scan([str(site)])

        assert (found.name, found.problem) == ("w\\u043erds", "its name is not a name")

    def test_a_plugin_in_an_archive_is_found_and_says_why_it_cannot_be_used(
        self, tmp_path: Path
    ) -> None:
        """Its files lie in no folder, so nobody can check whose they are."""
        archive = tmp_path / "words.zip"
        with zipfile.ZipFile(archive, "w") as content:
            content.writestr("words-1.0.dist-info/METADATA", "Name: words\nVersion: 1.0\n")
            content.writestr("words-1.0.dist-info/entry_points.txt", "[registry_core.plugins]\n")

        (found,) = scan([str(archive)])

        assert found.name == "words"
        assert "lies in the archive" in found.problem

    def test_an_import_hook_that_fails_hides_nobody(
        self, site: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Other people's hooks run in everybody's process."""

        class Finder:
            def find_distributions(self, *_: object) -> None:
                raise OSError

        installed_distribution(site, "words")
        monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
        monkeypatch.setattr(sys, "path", [str(site)])

        assert [item.name for item in scan()] == ["words"]


@pytest.mark.fault("F92")
class TestCurrentDirectory:
    def test_it_is_never_searched(self, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A folder one merely stands in installs nothing."""
        installed_distribution(site, "evil")
        monkeypatch.chdir(site)

        assert names("", ".", site) == []

    def test_the_installation_itself_is_searched_from_within(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who stands in site-packages has not lost the plugins."""
        folder = tmp_path / "lib" / "python3" / "site-packages"
        installed_distribution(folder, "words")
        monkeypatch.setattr(sys, "prefix", str(tmp_path))
        monkeypatch.chdir(folder)

        assert names(folder) == ["words"]

    def test_one_that_is_gone_stops_nothing(
        self, tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Shells outlive the folders that they stand in."""
        gone = tmp_path / "gone"
        gone.mkdir()
        monkeypatch.chdir(gone)
        installed_distribution(site, "words")
        gone.rmdir()

        assert names(site) == ["words"]
        os.chdir(tmp_path)
