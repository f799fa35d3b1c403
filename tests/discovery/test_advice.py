"""What is typed about a broken plugin is what mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from registry_core.discovery.discover import discover
from tests.discovery.plugins import declared

if TYPE_CHECKING:
    from pathlib import Path

UPDATE = "pip install --upgrade words, or tell its authors"
AGAIN = "pip install --force-reinstall words"
REMOVE = "pip uninstall words"


def advised(site: Path) -> str:
    """Return what to type about the one plugin in *site*."""
    (record,) = discover(path=[str(site)]).plugins
    assert record.state == "broken"
    return record.fix


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A place to install to."""
    return tmp_path / "site"


class TestAdvice:
    @pytest.mark.fault("F13")
    def test_what_was_shipped_broken_is_not_to_be_installed_again(self, site: Path) -> None:
        """The same wheel holds the same mistake."""
        torn = b"[registry_core.plugins]\nwords\n"
        declared(site, "words", "echo", replacing={"entry_points.txt": torn})

        assert advised(site) == UPDATE

    @pytest.mark.fault("F13", "S2")
    @pytest.mark.parametrize("file", ["entry_points.txt", "METADATA"])
    def test_what_broke_since_is_to_be_installed_again(self, site: Path, file: str) -> None:
        """Its authors can do nothing about a disk."""
        folder = declared(site, "words", "echo")
        kept = (folder / file).read_bytes() if file == "entry_points.txt" else b""
        (folder / file).write_bytes(kept + b"\xff\n")

        assert advised(site) == AGAIN

    @pytest.mark.parametrize(("changed", "fix"), [(False, UPDATE), (True, AGAIN)])
    def test_a_manifest_is_the_authors_unless_it_changed_since(
        self, site: Path, *, changed: bool, fix: str
    ) -> None:
        """Who edited it locally should not write to them."""
        declared(site, "words", "echo", manifest=None if changed else "{")
        if changed:
            (site / "words" / "agents.json").write_text("{")

        assert advised(site) == fix

    def test_a_manifest_that_went_missing_is_to_be_installed_again(self, site: Path) -> None:
        """RECORD says that there was one."""
        declared(site, "words", "echo")
        (site / "words" / "agents.json").unlink()

        assert advised(site) == AGAIN

    @pytest.mark.fault("F15", "F17")
    @pytest.mark.parametrize(
        "entries",
        [
            "[registry_core.plugins]\nweb-\u0430gents = words.plugin\n",
            "[registry_core.plugins]\nwords = os:system\n",
            "[registry_core.manifests]\nwords = words:../../etc/passwd.json\n",
        ],
        ids=["look-alike", "foreign-code", "foreign-file"],
    )
    def test_what_pretends_or_reaches_out_is_to_be_removed(self, site: Path, entries: str) -> None:
        """Another version of a trap is a trap."""
        declared(site, "words", "echo", replacing={"entry_points.txt": entries.encode()})

        assert advised(site) == REMOVE

    @pytest.mark.fault("F12")
    def test_what_claims_the_name_of_another_is_to_be_removed(self, site: Path) -> None:
        """By the name of its folder, which is the one that pip goes by."""
        metadata = b"Metadata-Version: 2.1\nName: web-agents\nVersion: 1.0\n\n"
        declared(site, "words", "echo", replacing={"METADATA": metadata})

        assert advised(site) == REMOVE

    @pytest.mark.fault("F15")
    def test_what_has_no_name_is_named_by_its_folder(self, site: Path) -> None:
        """No command of pip can be told of it."""
        folder = declared(site, "words", "echo").rename(site / "-words-1.0.dist-info")

        assert advised(site) == f"rm -r '{folder}'"
