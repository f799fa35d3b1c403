"""Two writers lose nothing, a killed one spoils nothing, a failed one touches nothing."""

from __future__ import annotations

import stat
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from registry_core.errors import ConfigError
from registry_core.settings.writing import change_file, set_aside

if TYPE_CHECKING:
    from pathlib import Path

ADD = """
import sys
from registry_core.settings.editing import with_value
from registry_core.settings.writing import change_file
file, name, times = sys.argv[1:]
number = 0
while number < int(times):
    key = ("pins", f"{name}{number}")
    change_file(file, lambda old: with_value(file, old, key, "x"))
    number += 1
    print(number, flush=True)
"""


def writer(file: Path, name: str, times: int) -> subprocess.Popen[str]:
    """Start a process that adds pins to *file*, and says how many there are."""
    words = [sys.executable, "-c", ADD, str(file), name, str(times)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def pins(file: Path) -> dict[str, str]:
    """Return the pins in *file*."""
    found: dict[str, str] = tomllib.loads(file.read_text(encoding="utf-8")).get("pins", {})
    return found


@pytest.mark.requirement("R84")
class TestWriters:
    def test_processes_that_write_at_once_lose_nothing(self, tmp_path: Path) -> None:
        """A script and a person, or four jobs of a build."""
        file = tmp_path / "agentreg.toml"

        writers = [writer(file, name, 15) for name in "abcd"]
        for process in writers:
            process.communicate(timeout=60)

        assert [process.returncode for process in writers] == [0] * 4
        assert len(pins(file)) == 60
        names = sorted(path.name for path in tmp_path.iterdir())
        assert names == ["agentreg.toml", "agentreg.toml.bak"]

    @pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
    @pytest.mark.parametrize("after", [1, 3, 7])
    def test_a_writer_that_is_killed_leaves_the_old_or_the_new_file(
        self, tmp_path: Path, after: int
    ) -> None:
        """And nobody has to tidy up before the next change."""
        file = tmp_path / "agentreg.toml"
        with writer(file, "a", 100_000) as process:
            assert process.stdout is not None
            for _ in range(after):
                process.stdout.readline()
            process.kill()
            said = after + len(process.stdout.readlines())

        assert said <= len(pins(file)) <= said + 1
        assert change_file(file, lambda old: old + b"# after\n")


@pytest.mark.requirement("R83", "R84")
class TestChanging:
    def test_a_new_file_is_for_its_owner_only(self, tmp_path: Path) -> None:
        """It says which variables hold secrets."""
        file = tmp_path / "new" / "agentreg.toml"

        change_file(file, lambda old: old + b"a = 1\n")

        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700

    def test_mode_and_link_stay_and_the_content_before_is_kept(self, tmp_path: Path) -> None:
        """A file in a repository of dotfiles is a link, and readable to a group."""
        real, link = tmp_path / "real.toml", tmp_path / "agentreg.toml"
        real.write_bytes(b"a = 1\n")
        real.chmod(0o640)
        link.symlink_to(real)

        assert change_file(link, lambda _: b"a = 2\n")

        assert link.is_symlink()
        assert real.read_bytes() == b"a = 2\n"
        assert stat.S_IMODE(real.stat().st_mode) == 0o640
        assert (tmp_path / "real.toml.bak").read_bytes() == b"a = 1\n"

    def test_a_change_that_fails_touches_nothing(self, tmp_path: Path) -> None:
        """A file that is not there does not come into being either."""
        there, absent = tmp_path / "there.toml", tmp_path / "absent.toml"
        there.write_bytes(b"\xff")
        before = there.stat()

        def fail(_: bytes) -> bytes:
            raise ConfigError("a.toml", [])

        for file in (there, absent):
            with pytest.raises(ConfigError):
                change_file(file, fail)

        after = there.stat()
        assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["there.toml"]

    def test_the_same_content_is_no_change(self, tmp_path: Path) -> None:
        """What watches the file would start anew for nothing."""
        file = tmp_path / "agentreg.toml"
        file.write_bytes(b"a = 1\n")
        before = file.stat().st_ino

        assert not change_file(file, lambda old: old)
        assert file.stat().st_ino == before

    def test_what_could_not_be_read_again_is_not_written(self, tmp_path: Path) -> None:
        """The limit is the reader's."""
        file = tmp_path / "agentreg.toml"

        with pytest.raises(ConfigError, match="larger than 1 MiB"):
            change_file(file, lambda _: b"#" * (1 << 21))
        assert not file.exists()


@pytest.mark.requirement("R83")
class TestSettingAside:
    def test_each_content_that_was_set_aside_is_kept(self, tmp_path: Path) -> None:
        """Whatever it was, and however often."""
        file = tmp_path / "agentreg.toml"
        for content in (b"\xff\xfe broken", b"x" * (2 << 20)):
            file.write_bytes(content)

            kept = set_aside(file)

            assert kept.read_bytes() == content
            assert file.read_bytes() == b""
