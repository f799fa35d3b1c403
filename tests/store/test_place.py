"""Tests of where runs are kept: nothing of somebody else's is used, and nothing is overwritten."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from registry_core.errors import StoreError
from registry_core.store.place import is_kept_file, make_file, make_folder

if TYPE_CHECKING:
    from pathlib import Path


class TestFolder:
    def test_it_is_open_to_its_owner_alone(self, tmp_path: Path) -> None:
        """Inputs and outputs of runs are nobody else's business."""
        make_folder(tmp_path / "a" / "agentreg")
        make_folder(tmp_path / "a" / "agentreg")
        make_file(tmp_path / "a" / "agentreg" / "runs.db")

        mode = (tmp_path / "a" / "agentreg").stat().st_mode
        assert stat.S_IMODE(mode) == 0o700
        assert stat.S_IMODE((tmp_path / "a" / "agentreg" / "runs.db").stat().st_mode) == 0o600

    @pytest.mark.fault("F72")
    def test_one_that_others_can_write_to_is_refused(self, tmp_path: Path) -> None:
        """They could put another store in its place."""
        (tmp_path / "open").mkdir()
        (tmp_path / "open").chmod(0o777)

        with pytest.raises(StoreError, match="chmod go-w"):
            make_folder(tmp_path / "open")

    @pytest.mark.fault("F72")
    def test_one_of_another_user_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Root, too, must not follow a folder that somebody laid out."""
        monkeypatch.setattr(os, "geteuid", lambda: 12345)

        with pytest.raises(StoreError, match="belongs to user"):
            make_folder(tmp_path)

    @pytest.mark.fault("F72")
    @pytest.mark.parametrize("kind", ["file", "link"])
    def test_what_is_no_folder_is_refused_and_left(self, tmp_path: Path, kind: str) -> None:
        """A link would let somebody choose where runs go."""
        place = tmp_path / "agentreg"
        if kind == "file":
            place.write_text("mine")
        else:
            place.symlink_to(tmp_path)

        with pytest.raises(StoreError, match="is not a folder"):
            make_folder(place)

        assert place.is_symlink() or place.read_text() == "mine"

    def test_a_place_that_cannot_be_made_is_named(self, tmp_path: Path) -> None:
        """The message is all that a user has."""
        (tmp_path / "file").write_text("")

        with pytest.raises(StoreError) as caught:
            make_folder(tmp_path / "file" / "agentreg")

        assert caught.value.place == str(tmp_path / "file" / "agentreg")


class TestFile:
    @pytest.mark.fault("F72")
    @pytest.mark.parametrize("kind", ["folder", "link", "dangling", "pipe"])
    def test_what_is_no_file_is_refused_and_left(self, tmp_path: Path, kind: str) -> None:
        """Whatever stands there, it is not ours to replace."""
        place = tmp_path / "runs.db"
        (tmp_path / "other").write_text("mine")
        match kind:
            case "folder":
                place.mkdir()
            case "link":
                place.symlink_to(tmp_path / "other")
            case "dangling":
                place.symlink_to(tmp_path / "nothing")
            case _:
                os.mkfifo(place)

        with pytest.raises(StoreError, match="is not a regular file"):
            is_kept_file(place)
        with pytest.raises(StoreError, match="is not a regular file"):
            make_file(place)

        assert (tmp_path / "other").read_text() == "mine"
        assert not (tmp_path / "nothing").exists()

    def test_one_that_is_there_keeps_its_content(self, tmp_path: Path) -> None:
        """Two processes may begin at the same moment."""
        (tmp_path / "runs.db").write_text("kept")

        make_file(tmp_path / "runs.db")

        assert (tmp_path / "runs.db").read_text() == "kept"
