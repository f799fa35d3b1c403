"""Tests of the reader of entry_points.txt."""

from __future__ import annotations

import pytest

from registry_core.discovery.entry_points import (
    EntryPointError,
    PluginEntry,
    mentions_us,
    parse_entry_points,
)

PLUGINS = "[registry_core.plugins]\n"
MANIFESTS = "[registry_core.manifests]\n"


class TestParsing:
    def test_module_and_manifest_of_one_name_are_one_plugin(self) -> None:
        """Two lines in a project file, one thing for the user."""
        data = f"{PLUGINS}words = words.plugin\n{MANIFESTS}words = words.data:agents.json\n"

        assert parse_entry_points(data.encode()) == (
            PluginEntry("words", "words.plugin", "words/data/agents.json"),
        )

    def test_comments_empty_lines_and_other_groups_are_passed_over(self) -> None:
        """Most packages have console scripts too."""
        data = f"# c\r\n\r\n[console_scripts]\r\nx = y:z\r\n{PLUGINS}a = b\n; d\n"

        assert parse_entry_points(data.encode()) == (PluginEntry("a", "b"),)

    def test_plugins_come_sorted(self) -> None:
        """The order of lines differs between build back ends."""
        data = f"{PLUGINS}b = x\na = x\n"

        assert [entry.name for entry in parse_entry_points(data.encode())] == ["a", "b"]

    def test_a_file_without_our_groups_is_not_ours_to_judge(self) -> None:
        """Somebody else's broken file is somebody else's business."""
        assert not mentions_us(b"[console_scripts]\n\xff")


@pytest.mark.fault("F13")
class TestOddFiles:
    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (PLUGINS.encode() + b"a = b\n\xff\n", "byte 30 is not UTF-8"),
            (f"{PLUGINS}no equals sign\n".encode(), "line 2: is not of the form name = value"),
            (f"{PLUGINS}a = b\n  .more\n".encode(), "line 3: is not of the form name = value"),
            (f"{PLUGINS}a = b\n{PLUGINS}".encode(), "stands twice"),
            (f"{PLUGINS}a = b\na = c\n".encode(), "'a' stands twice"),
            (f"{PLUGINS}a = b\0c\n".encode(), "line 2: is not of the form name = value"),
            (f"\ufeff{PLUGINS}a = b\n".encode(), "line 1: is not of the form name = value"),
        ],
    )
    def test_it_is_refused_whole_and_says_where(self, data: bytes, reason: str) -> None:
        """Half of a file read is worse than none: which half is luck."""
        with pytest.raises(EntryPointError, match=reason):
            parse_entry_points(data)

    @pytest.mark.fault("F14")
    def test_a_thousand_plugins_in_one_file_are_the_end(self) -> None:
        """A file may be small and still hold more than anybody can use."""
        lines = "".join(f"p{number} = m\n" for number in range(1001))

        with pytest.raises(EntryPointError, match="more than 1000"):
            parse_entry_points(f"{PLUGINS}{lines}".encode())


class TestValues:
    @pytest.mark.fault("F17")
    @pytest.mark.parametrize("value", ["os:system", "builtins:exec", "a b", "1a", "a[x]"])
    def test_only_a_module_is_a_plugin(self, value: str) -> None:
        """An attribute, a call or an extra is not a module with hooks."""
        with pytest.raises(EntryPointError, match="must be a module"):
            parse_entry_points(f"{PLUGINS}a = {value}\n".encode())

    @pytest.mark.fault("F93")
    @pytest.mark.parametrize("value", ["../x.json", "a:../../etc/x.json", "a:b.txt", "a", "a:/"])
    def test_a_manifest_is_a_json_file_of_a_package(self, value: str) -> None:
        """A path that climbs reads other people's files."""
        with pytest.raises(EntryPointError, match=r"must read package:file\.json"):
            parse_entry_points(f"{MANIFESTS}a = {value}\n".encode())


@pytest.mark.fault("F15")
class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            pytest.param("w\u043erds", id="Cyrillic"),
            pytest.param("\uff57ords", id="fullwidth"),
            pytest.param("wo\u200brds", id="zero width"),
            pytest.param("\u202ewords", id="right to left"),
            pytest.param("-words", id="hyphen first"),
            pytest.param("wo rds", id="space"),
        ],
    )
    def test_a_look_alike_is_refused_and_shown_escaped(self, name: str) -> None:
        """Two names that look the same on a screen are how one is taken for the other."""
        with pytest.raises(EntryPointError) as refused:
            parse_entry_points(f"{PLUGINS}{name} = words\n".encode())

        assert str(refused.value).isascii()

    def test_another_case_is_refused_with_the_form_expected(self) -> None:
        """Words and words must not be two plugins."""
        with pytest.raises(EntryPointError, match="expected 'words'"):
            parse_entry_points(f"{PLUGINS}Words = words\n".encode())
