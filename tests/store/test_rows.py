"""Tests of rows: what is written comes back equal, and what is not what was written is noticed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_core.results.durable import StageDone
from registry_core.store.database import MIGRATIONS
from registry_core.store.rows import (
    RUN_COLUMNS,
    DamagedRowError,
    add_run,
    add_step,
    content_digest,
    read_run,
    read_step,
)
from tests.store.engine import head, record

if TYPE_CHECKING:
    from registry_core.results.outcomes import AttemptStatus
    from registry_core.store.writer import Row

_STEP = (
    "SELECT run_id, stage, record, output, blob, starting, steps.seal"
    " FROM steps JOIN runs ON number = run"
)
_RUN = f"SELECT {RUN_COLUMNS} FROM runs"  # noqa: S608 -- ours


def _written(change: tuple[tuple[str, Row], ...], query: str) -> Row:
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in chain.from_iterable(MIGRATIONS):
            connection.execute(statement)
        for statement, row in change:
            connection.execute(statement, row)
        found: Row = connection.execute(query).fetchone()
        return found


def _written_step(change: tuple[tuple[str, Row], ...]) -> Row:
    return _written((*add_run(head("run"))[0], *change), _STEP)


_IDS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,9}", fullmatch=True)


class TestSteps:
    @given(
        output=st.none() | st.binary(max_size=8) | st.binary(min_size=5000, max_size=5001),
        starting=st.lists(_IDS, max_size=3),
        status=st.sampled_from(["succeeded", "failed", "timed_out", "cancelled"]),
    )
    def test_a_step_comes_back_equal(
        self, output: bytes | None, starting: list[str], status: AttemptStatus
    ) -> None:
        """A resume goes by nothing else."""
        over = StageDone(record(3, status), output)

        step = read_step(_written_step(add_step("run", over, starting)))

        assert step.done == over.record
        assert step.starting == tuple(starting)
        if step.blob is None:
            assert step.output == output
        else:
            assert step.output is None
            assert step.blob == content_digest(output or b"")

    @pytest.mark.fault("F73")
    @given(column=st.integers(0, 6), data=st.data())
    def test_any_other_bit_is_noticed(self, column: int, data: st.DataObject) -> None:
        """A disk that forgets must not decide what is charged twice."""
        row = list(_written_step(add_step("run", StageDone(record(0), b"12"), ["s1"])))
        value = row[column]
        raw = bytearray(value if isinstance(value, bytes) else str(value).encode())
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] ^= 1 << data.draw(st.integers(0, 6))
        row[column] = bytes(raw) if isinstance(value, bytes) else raw.decode("utf-8", "replace")

        with pytest.raises(DamagedRowError):
            read_step(tuple(row))


class TestRuns:
    def test_a_run_comes_back_equal(self) -> None:
        """Its digest is what tells whether it may go on."""
        change, row = add_run(head("run"))

        assert read_run(_written(change, _RUN)) == row

    @pytest.mark.fault("F73")
    def test_a_status_that_nobody_wrote_is_noticed(self) -> None:
        """One byte must not make a run that was cut a run that succeeded."""
        change, _ = add_run(head("run"))
        row = list(_written(change, _RUN))
        row[2] = "success"

        with pytest.raises(DamagedRowError):
            read_run(tuple(row))
