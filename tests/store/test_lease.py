"""Tests of leases: one holder, gone with its process, whatever number that had."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from registry_core.errors import ResumeError, StoreError
from registry_core.store.lease import Lease, is_leased, take_lease

if TYPE_CHECKING:
    from pathlib import Path

_HOLD = """
import sys, time
from pathlib import Path
from registry_core.store.lease import take_lease
lease = take_lease(Path(sys.argv[1]), "run")
print("held", flush=True)
sys.stdin.read()
"""


class TestOneHolder:
    @pytest.mark.fault("F70")
    def test_the_second_is_told_who_has_it(self, tmp_path: Path) -> None:
        """The number is what a user can look up, or end."""
        lease = take_lease(tmp_path, "run")

        with pytest.raises(ResumeError) as caught:
            take_lease(tmp_path, "run")

        assert caught.value.code == "owned"
        assert str(caught.value) == f"run run is owned by pid {os.getpid()}"
        lease.release()

    def test_it_can_be_had_again_once_it_is_released(self, tmp_path: Path) -> None:
        """Twice over does no harm."""
        first = take_lease(tmp_path, "run")
        first.release()
        second = take_lease(tmp_path, "run")
        first.release()

        assert is_leased(tmp_path, "run")
        second.release()
        assert not is_leased(tmp_path, "run")
        assert list(tmp_path.iterdir()) == []

    def test_runs_do_not_share_one(self, tmp_path: Path) -> None:
        """Any text is the id of a run, one with a slash as well."""
        leases = [take_lease(tmp_path, name) for name in ("a", "b", "../c", "")]

        assert len(list(tmp_path.iterdir())) == 4
        for lease in leases:
            lease.release()

    @pytest.mark.fault("F77")
    def test_a_process_that_is_gone_holds_none(self, tmp_path: Path) -> None:
        """Its number may be another program's by now."""
        command = [sys.executable, "-c", _HOLD, str(tmp_path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            held = is_leased(tmp_path, "run")
            with pytest.raises(ResumeError, match=f"pid {child.pid}"):
                take_lease(tmp_path, "run")
            child.kill()

        assert held
        assert not is_leased(tmp_path, "run")
        take_lease(tmp_path, "run").release()

    def test_of_many_at_once_one_gets_it(self, tmp_path: Path) -> None:
        """The file goes and comes while they look, and still nobody shares it."""
        held: list[Lease] = []

        def take(_: int) -> Lease | None:
            with suppress(ResumeError):
                return take_lease(tmp_path, "run")
            return None

        with ThreadPoolExecutor(8) as pool:
            for _ in range(20):
                held = [lease for lease in pool.map(take, range(8)) if lease is not None]
                assert len(held) == 1
                held[0].release()

    def test_a_place_without_locks_is_a_failure_of_storage(self, tmp_path: Path) -> None:
        """Without a lock nothing may run."""
        with pytest.raises(StoreError):
            take_lease(tmp_path / "nowhere", "run")
