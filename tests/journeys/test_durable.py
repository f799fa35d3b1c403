"""A run that is killed, starved of its disk or taken up twice ends as if nothing had happened."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from registry_core.store.store import Store
from tests.store.crashing import (
    STAGES,
    Witness,
    finish,
    kill_once_or_twice,
    resume_twice_at_once,
    say,
    start,
)
from tests.store.lane import STORAGE_FAILED
from tests.store.power import can_watch, crash, survive, watch

if TYPE_CHECKING:
    from pathlib import Path

_KILLS = 8  # fifty of them are a benchmark
_RESUMES = 4  # twenty of them are
_CRASHES = 60  # a thousand of them are


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place for a store."""
    return tmp_path / "state"


class TestKill:
    @pytest.mark.fault("F67")
    @pytest.mark.requirement("R98")
    @pytest.mark.parametrize("modes", [(), ("real",)])
    def test_a_killed_run_loses_and_repeats_nothing_that_was_kept(
        self, folder: Path, modes: tuple[str, ...]
    ) -> None:
        """A stage that was paid for is paid for once, whenever the power button was pressed."""
        chance = random.Random(67)  # noqa: S311 -- moments, not secrets

        tolls = [kill_once_or_twice(folder, f"run{n}", chance, *modes) for n in range(_KILLS)]

        for toll in tolls:
            assert (toll.lost, toll.wrong, toll.repeated) == (0, False, 0)
            assert toll.redone <= toll.kills
        with Store(folder) as store:
            assert store.check() == ()
            assert {line.status for line in store.runs()} == {"success"}


class TestTwoAtOnce:
    @pytest.mark.fault("F70")
    def test_one_goes_on_and_the_other_is_told(self, folder: Path) -> None:
        """Two who go on with one run would do every stage that is left twice."""
        for trial in range(_RESUMES):
            extra, said = resume_twice_at_once(folder, f"run{trial}")

            assert extra == 0
            assert str(sum(range(STAGES))) in said
            assert {"owned", "ended"} & set(said)


class TestDisk:
    @pytest.mark.fault("F71")
    @pytest.mark.parametrize("modes", [(), ("real",)])
    def test_a_full_disk_stops_the_run_and_space_lets_it_go_on(
        self, folder: Path, modes: tuple[str, ...]
    ) -> None:
        """No stage may run that nobody could remember."""
        child = start(folder, "run", "full", *modes)
        say(child)
        code, said = finish(child)
        file = folder.parent / "run.witness"
        stopped = Witness.read(file)
        again = start(folder, "run", *modes)
        say(again)
        ended = finish(again)
        witness = Witness.read(file)

        assert code == STORAGE_FAILED
        assert said.startswith("storage failed: ")
        assert max(stopped.did, default=-1) <= len(stopped.kept)
        assert ended == (0, str(sum(range(STAGES))))
        assert witness.repeated == 0

    @pytest.mark.fault("F71")
    @pytest.mark.skipif(not can_watch(), reason="needs strace, and to be allowed to use it")
    def test_a_disk_that_cannot_sync_stops_the_run(self, folder: Path) -> None:
        """What the disk did not confirm did not happen."""
        fail = "inject=fdatasync:error=EIO:when=12+"
        watch = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", fail)
        child = start(folder, "run", prefix=watch)
        say(child)
        code, said = finish(child)
        file = folder.parent / "run.witness"
        stopped = Witness.read(file)
        again = start(folder, "run")
        say(again)
        ended = finish(again)

        assert code == STORAGE_FAILED
        assert "the disk failed" in said
        assert max(stopped.did, default=-1) <= len(stopped.kept)
        assert ended == (0, str(sum(range(STAGES))))
        assert Witness.read(file).repeated == 0


class TestPower:
    @pytest.mark.fault("F68")
    @pytest.mark.skipif(not can_watch(), reason="needs strace, and to be allowed to use it")
    @pytest.mark.parametrize("modes", [(), ("tidy",)])
    def test_whatever_the_disk_had_not_confirmed_is_not_needed(
        self, folder: Path, modes: tuple[str, ...]
    ) -> None:
        """Unconfirmed writes are dropped, torn and reordered; what was kept is there."""
        chance = random.Random(68)  # noqa: S311 -- moments, not secrets
        story = watch(folder, *modes)

        verdicts = [survive(crash(story, folder, chance), story) for _ in range(_CRASHES)]

        assert [verdict for verdict in verdicts if verdict] == []

    @pytest.mark.skipif(not can_watch(), reason="needs strace, and to be allowed to use it")
    def test_the_replay_notices_who_does_not_wait_for_the_disk(self, folder: Path) -> None:
        """A test that nothing can fail proves nothing."""
        chance = random.Random(68)  # noqa: S311 -- moments, not secrets
        story = watch(folder, "forgetful")

        verdicts = [survive(crash(story, folder, chance), story) for _ in range(_CRASHES)]

        assert any(verdicts)
