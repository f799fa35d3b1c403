"""Tests of the part of the settings that discovery asks."""

from __future__ import annotations

from registry_core.settings.choosing import Defaults
from registry_core.settings.values import Settings


class TestDefaults:
    def test_they_are_those_of_the_settings(self) -> None:
        """A start that reads no settings file finds what one with an empty file finds."""
        settings = Settings()

        assert Defaults() == (settings.plugins, settings.pins)
