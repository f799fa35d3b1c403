"""What the folder keeps, and what it survives."""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path

import pytest
from middleware_cache.folder import ResultFolder

MIB = 1024 * 1024


def _key(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> ResultFolder:
    """Return an empty folder of one MiB."""
    return ResultFolder(tmp_path / "results", MIB)


class TestKeeping:
    def test_what_was_written_is_read(self, folder: ResultFolder) -> None:
        """The one thing it is for."""
        assert folder.write(_key("a"), b"data")
        assert folder.read(_key("a")) == b"data"
        assert folder.read(_key("b")) is None

    @pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
    def test_only_the_user_can_look_inside(self, folder: ResultFolder) -> None:
        """Results hold what the inputs held."""
        folder.write(_key("a"), b"data")

        modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.root.rglob("*")}
        assert stat.S_IMODE(folder.root.stat().st_mode) == 0o700
        assert modes == {0o700, 0o600}

    def test_it_never_outgrows_its_limit(self, folder: ResultFolder) -> None:
        """A cache that fills the disk is an outage."""
        for number in range(400):
            folder.write(_key(str(number)), bytes(10_000))

        sizes = [path.stat().st_size for path in folder.root.rglob("*") if path.is_file()]
        assert len(sizes) > 50
        assert sum(sizes) <= MIB

    def test_what_was_used_last_stays_longest(self, folder: ResultFolder) -> None:
        """The result everybody asks for must not go because it is old."""
        old, unused, new = (f"0{number}" for number in range(3))
        for age, key in ((200, old), (100, unused)):
            folder.write(key, bytes(25_000))
            path = folder.root / key[0] / key[1:]
            before = path.stat().st_mtime - age
            os.utime(path, (before, before))
        folder.read(old)

        folder.write(new, bytes(25_000))

        assert folder.read(unused) is None
        assert folder.read(old) is not None
        assert folder.read(new) is not None

    def test_what_is_too_large_is_not_kept(self, folder: ResultFolder) -> None:
        """One result must not throw out all others."""
        assert not folder.write(_key("a"), bytes(MIB))


class TestDamage:
    @pytest.mark.parametrize("damage", [b"", b"foreign", b"agentreg result 1\n"])
    def test_a_damaged_entry_is_not_there(self, folder: ResultFolder, damage: bytes) -> None:
        """Half a result is worse than none."""
        folder.write(_key("a"), b"data")
        path = next(path for path in folder.root.rglob("*") if path.is_file())
        path.write_bytes(damage)

        assert folder.read(_key("a")) is None

    def test_any_changed_byte_is_noticed(self, folder: ResultFolder) -> None:
        """Disks flip bits and people edit files."""
        folder.write(_key("a"), b"data")
        path = next(path for path in folder.root.rglob("*") if path.is_file())
        whole = path.read_bytes()

        for place in range(len(whole)):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            assert folder.read(_key("a")) is None

    def test_a_place_that_cannot_be_a_folder_is_survived(self, tmp_path: Path) -> None:
        """The home directory of a service account may be anything."""
        (tmp_path / "file").write_text("")
        folder = ResultFolder(tmp_path / "file" / "results", MIB)

        assert not folder.write(_key("a"), b"data")
        assert folder.read(_key("a")) is None

    @pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
    def test_a_folder_that_others_may_write_to_is_not_believed(self, folder: ResultFolder) -> None:
        """Else a neighbour could answer for any agent."""
        folder.write(_key("a"), b"data")
        folder.root.chmod(0o777)

        assert folder.read(_key("a")) is None
        assert not folder.write(_key("b"), b"data")


class TestPlace:
    @pytest.mark.parametrize(
        ("environment", "root"),
        [
            ({"AGENTREG_RESULT_CACHE": "/r", "XDG_CACHE_HOME": "/c"}, Path("/r")),
            ({"XDG_CACHE_HOME": "/c"}, Path("/c/agentreg/results")),
            ({"XDG_CACHE_HOME": "relative"}, Path.home() / ".cache/agentreg/results"),
            ({}, Path.home() / ".cache/agentreg/results"),
        ],
    )
    def test_the_nearest_wish_counts(self, environment: dict[str, str], root: Path) -> None:
        """Administrators move caches off home directories."""
        assert ResultFolder.of_user(environment).root == root

    @pytest.mark.parametrize(("text", "mib"), [("", 256), ("1", 1), ("much", 256), ("-1", 256)])
    def test_the_limit_can_be_told(self, text: str, mib: int) -> None:
        """A word that is no number must not stop a run."""
        environment = {"AGENTREG_RESULT_CACHE_MIB": text}

        assert ResultFolder.of_user(environment).limit_bytes == mib * MIB
