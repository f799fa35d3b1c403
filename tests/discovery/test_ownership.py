"""Tests of who owns which file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from registry_core.discovery.ownership import OwnedFiles, read_record
from registry_core.testing.installed import installed_distribution

if TYPE_CHECKING:
    from pathlib import Path


def editable(site: Path, project: Path, *, pth: str | None = None, url: str | None = None) -> Path:
    """Return the metadata of *project*, installed editable."""
    direct = {"url": url or project.as_uri(), "dir_info": {"editable": True}}
    line = str(project / "src") if pth is None else pth
    return installed_distribution(
        site,
        "words",
        files={"_words.pth": f"{line}\n"},
        replacing={"direct_url.json": json.dumps(direct).encode()},
    )


class TestRecord:
    def test_what_record_lists_is_owned(self, site: Path) -> None:
        """The installer wrote it, with the files."""
        owned = OwnedFiles(installed_distribution(site, "words", files={"words/code.py": ""}))

        assert owned.module_file("words.code") == site / "words" / "code.py"
        assert owned.find("words/code.py") == site / "words" / "code.py"

    @pytest.mark.parametrize(
        ("file", "module"),
        [("words/__init__.py", "words"), ("words.cpython-311-x86_64-linux-gnu.so", "words")],
    )
    def test_packages_and_compiled_modules_are_modules(
        self, site: Path, file: str, module: str
    ) -> None:
        """Not every module is a .py file of its name."""
        owned = OwnedFiles(installed_distribution(site, "words", files={file: ""}))

        assert owned.module_file(module) == site / file

    def test_a_recorded_file_that_is_gone_is_not_there(self, site: Path) -> None:
        """A list of files is not the files."""
        owned = OwnedFiles(installed_distribution(site, "words", files={"words.py": ""}))
        (site / "words.py").unlink()

        assert owned.module_file("words") is None

    @pytest.mark.fault("F17")
    @pytest.mark.parametrize("module", ["os", "builtins", "sys", "json"])
    def test_the_standard_library_belongs_to_nobody(self, site: Path, module: str) -> None:
        """Even a file of that name would not be what Python imports."""
        owned = OwnedFiles(installed_distribution(site, "evil", files={f"{module}.py": ""}))

        assert owned.module_file(module) is None

    @pytest.mark.fault("F17")
    def test_another_distribution_s_module_is_not_owned(self, site: Path) -> None:
        """Naming somebody else's code is not having written it."""
        installed_distribution(site, "words", files={"words.py": ""})
        evil = OwnedFiles(installed_distribution(site, "evil"))

        assert evil.module_file("words") is None

    @pytest.mark.fault("F93")
    @pytest.mark.parametrize("path", ["../secret.json", "/etc/passwd", "a/../../secret.json"])
    def test_a_record_that_climbs_out_gets_nothing(self, site: Path, path: str) -> None:
        """RECORD is text too."""
        (site.parent / "secret.json").write_text("{}")
        record = f"{path},,\n".encode()
        owned = OwnedFiles(installed_distribution(site, "evil", replacing={"RECORD": record}))

        assert path in owned.recorded
        assert owned.find(path) is None

    @pytest.mark.fault("F93")
    def test_a_link_that_leads_out_gets_nothing(self, site: Path) -> None:
        """A name inside may stand for a place outside."""
        (site.parent / "secret.json").write_text("{}")
        owned = OwnedFiles(installed_distribution(site, "evil", files={"a.json": "", "b": ""}))
        (site / "a.json").unlink()
        (site / "a.json").symlink_to(site.parent / "secret.json")
        (site / "b").unlink()
        (site / "b").symlink_to("b")

        assert (owned.find("a.json"), owned.find("b")) == (None, None)

    def test_a_link_that_stays_inside_is_a_file(self, site: Path) -> None:
        """Some installers link files from a store; to one place under the root it is the same."""
        owned = OwnedFiles(installed_distribution(site, "words", files={"a.py": "", "b.py": ""}))
        (site / "a.py").unlink()
        (site / "a.py").symlink_to("b.py")

        assert owned.module_file("a") == site / "b.py"

    @pytest.mark.parametrize("record", [b"\xff", b'"' + b"x" * 200_000, b"\n\n", b",,\n"])
    def test_an_odd_record_owns_nothing(self, site: Path, record: bytes) -> None:
        """Doubt is not ownership."""
        metadata = installed_distribution(site, "evil", replacing={"RECORD": record})

        assert read_record(metadata) == ()

    def test_names_with_commas_are_read_as_csv_means_them(self, site: Path) -> None:
        """RECORD is a table, not a list of lines."""
        owned = OwnedFiles(installed_distribution(site, "words", files={'a, "b".json': "{}"}))

        assert owned.find('a, "b".json') == site / 'a, "b".json'


class TestEditable:
    def test_the_project_is_owned_where_its_path_file_leads(
        self, tmp_path: Path, site: Path
    ) -> None:
        """While a plugin is being written it lies in its repository."""
        code = tmp_path / "project" / "python" / "words.py"
        code.parent.mkdir(parents=True)
        code.touch()
        owned = OwnedFiles(editable(site, tmp_path / "project", pth=str(code.parent)))

        assert owned.editable_project == str(tmp_path / "project")
        assert owned.module_file("words") == code

    def test_without_a_path_file_src_and_the_top_are_searched(
        self, tmp_path: Path, site: Path
    ) -> None:
        """Import hooks of some back ends list no folder."""
        code = tmp_path / "project" / "src" / "words.py"
        code.parent.mkdir(parents=True)
        code.touch()

        owned = OwnedFiles(editable(site, tmp_path / "project", pth="import hook; hook.install()"))

        assert owned.module_file("words") == code

    def test_a_path_file_that_leads_elsewhere_adds_nothing(
        self, tmp_path: Path, site: Path
    ) -> None:
        """Ownership ends where the project does."""
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "words.py").touch()
        (tmp_path / "project").mkdir()

        owned = OwnedFiles(editable(site, tmp_path / "project", pth=str(tmp_path / "other")))

        assert owned.module_file("words") is None

    @pytest.mark.parametrize(
        "direct",
        [
            b"[" * 100_000,
            b"[]",
            b"{}",
            b'{"dir_info": {"editable": true}, "url": "file:///"}',
            b'{"dir_info": {"editable": true}, "url": "https://[x"}',
            b'{"dir_info": {"editable": true}, "url": "https://example.org/words"}',
            b'{"dir_info": {"editable": true}, "url": "file:///%00"}',
            b'{"dir_info": {"editable": 1}, "url": "file:///tmp"}',
        ],
    )
    def test_an_odd_direct_url_makes_no_project(self, site: Path, direct: bytes) -> None:
        """The whole file system is nobody's project, nor is a web page."""
        metadata = installed_distribution(site, "evil", replacing={"direct_url.json": direct})

        assert OwnedFiles(metadata).editable_project == ""

    def test_a_direct_url_that_record_leaves_out_makes_no_project(
        self, tmp_path: Path, site: Path
    ) -> None:
        """Installers list all that they write, so what is not listed was put there by others."""
        metadata = editable(site, tmp_path)
        record = metadata / "RECORD"
        lines = record.read_text().splitlines(keepends=True)

        record.write_text("".join(line for line in lines if "direct_url" not in line))

        assert (metadata / "direct_url.json").exists()
        assert OwnedFiles(metadata).editable_project == ""
