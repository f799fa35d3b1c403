"""Tests of trying the import of every plugin on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from registry_core.discovery.checkup import check_imports
from registry_core.discovery.discover import discover
from registry_core.discovery.probe import Probed, probe
from registry_core.settings.values import PluginSettings, Settings
from tests.discovery.plugins import declared

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.fault("F1", "F3")
class TestCheckImports:
    def test_a_plugin_whose_manifest_hides_a_broken_import_is_found(self, site: Path) -> None:
        """A good manifest says nothing about the code beside it."""
        files = {"words/code.py": "import os; os._exit(7)\n"}
        declared(site, "words", "echo", files=files)
        report = discover(path=[str(site)])

        (check,) = check_imports(report.plugins, read_code=lambda m: probe(m, path=[str(site)]))

        assert (check.code, check.reason) == (
            "died",
            "words.code: died while it was imported: exit 7",
        )

    def test_a_manifest_that_is_not_the_code_is_found(self, site: Path) -> None:
        """Built yesterday, renamed today."""
        declared(site, "words", "echo")
        report = discover(path=[str(site)])

        (check,) = check_imports(report.plugins, read_code=lambda m: probe(m, path=[str(site)]))

        assert (check.code, check.reason) == (
            "manifest",
            "its manifest is not what words.plugin declares",
        )

    @pytest.mark.fault("S3")
    def test_what_may_not_take_part_is_not_imported(self, site: Path) -> None:
        """Not even to be looked at."""
        declared(site, "words", "echo")
        settings = Settings(plugins=PluginSettings(block=("words",)))
        report = discover(settings, path=[str(site)])

        def refuse(module: str) -> Probed:
            pytest.fail(module)

        assert check_imports(report.plugins, read_code=refuse) == ()
