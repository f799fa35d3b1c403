"""What was decided once is known to the next process, and nothing else is."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from registry_core import Registry
from registry_core.catalog.fitting import Verdicts
from registry_core.discovery import deciding
from registry_core.discovery.deciding import keep, keeping, recalled
from registry_core.schemas.verdict import Fits, Misfit, Undecided
from tests.catalog.worlds import SCHEMAS

if TYPE_CHECKING:
    from pathlib import Path

    from registry_core.catalog.fitting import Pair
    from registry_core.schemas.verdict import Verdict

PAGE, TITLED = SCHEMAS[:2]
KNOWN: dict[Pair, Verdict] = {
    ("0" * 12, "1" * 12): Fits("same structure"),
    ("1" * 12, "0" * 12): Misfit("/a/0", "must be string", {"a": [None, 1.5]}),
    ("2" * 12, "0" * 12): Undecided("format", "", "nobody knows"),
}


class TestKeeping:
    def test_every_kind_of_verdict_comes_back_as_it_was(self, tmp_path: Path) -> None:
        """The explanation of tomorrow is that of today, witness included."""
        keep(str(tmp_path / "cache"), KNOWN)

        assert recalled(str(tmp_path / "cache")) == KNOWN

    def test_what_was_decided_is_written_when_nobody_needs_it_any_more(
        self, tmp_path: Path
    ) -> None:
        """A command ends without asking anybody to save."""
        cache = str(tmp_path)
        verdicts = keeping(cache)
        verdict = verdicts.of(TITLED, PAGE)
        del verdicts
        gc.collect()

        again = keeping(cache)

        assert again.known == {(TITLED.fingerprint, PAGE.fingerprint): verdict}

    def test_what_is_recalled_is_not_compared_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """That is what it is for."""
        keep(str(tmp_path), {(TITLED.fingerprint, PAGE.fingerprint): Fits("recalled")})
        monkeypatch.setattr("registry_core.catalog.fitting.compare", None)

        assert keeping(str(tmp_path)).of(TITLED, PAGE) == Fits("recalled")

    def test_nothing_is_written_when_nothing_was_decided(self, tmp_path: Path) -> None:
        """Most commands decide nothing new."""
        keep(str(tmp_path), KNOWN, more_than=len(KNOWN))

        assert [*tmp_path.iterdir()] == []


class TestDistrust:
    @pytest.mark.fault("S5")
    @pytest.mark.parametrize("place", [0, 20, 24, 60, -1])
    def test_a_flipped_byte_makes_it_no_file(self, tmp_path: Path, place: int) -> None:
        """A wrong verdict would break a pipeline while it runs."""
        keep(str(tmp_path), KNOWN)
        (file,) = tmp_path.iterdir()
        content = bytearray(file.read_bytes())
        content[place] ^= 1
        file.write_bytes(content)

        assert recalled(str(tmp_path)) == {}

    @pytest.mark.fault("S5")
    def test_what_others_may_write_is_not_believed(self, tmp_path: Path) -> None:
        """They would choose what fits."""
        keep(str(tmp_path), KNOWN)
        (file,) = tmp_path.iterdir()
        file.chmod(0o622)

        assert recalled(str(tmp_path)) == {}

    def test_what_other_code_decided_is_not_believed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An upgrade of the host may decide otherwise, and mostly for a reason."""
        keep(str(tmp_path), KNOWN)
        monkeypatch.setattr(deciding, "_writer", lambda: "another host")

        assert recalled(str(tmp_path)) == {}

    def test_a_folder_that_cannot_be_written_costs_nothing_but_time(self, tmp_path: Path) -> None:
        """The next process compares once more."""
        (tmp_path / "file").write_text("")

        keep(str(tmp_path / "file"), KNOWN)

        assert recalled(str(tmp_path / "file")) == {}
        assert len(Verdicts()) == 0


class TestRegistry:
    @pytest.mark.requirement("R67")
    def test_the_registry_of_the_next_process_knows_what_this_one_decided(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nobody has to switch it on."""
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        registry = Registry.discover()
        registry.plans(have=["HtmlPage"], want=["DocumentReport"])
        decided = dict(registry.catalog.schemas.verdicts.known)
        del registry
        gc.collect()

        again = Registry.discover().catalog.schemas.verdicts

        assert decided
        assert again.known == decided
