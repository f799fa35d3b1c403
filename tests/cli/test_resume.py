"""Tests of ``agentreg resume``, and of what ``agentreg run`` leaves for it."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from registry_core.registry import Registry
from registry_core.results.durable import StageDone
from registry_core.results.run import RunResult
from registry_core.store.database import open_database
from registry_core.store.history import read_content, read_history
from registry_core.store.resuming import head_of_run
from registry_core.store.store import Store
from tests.store.engine import BEGAN

if TYPE_CHECKING:
    from pathlib import Path

    from registry_core.definitions.schema import JsonValue
    from registry_core.results.durable import RunHead
    from tests.cli.conftest import Agentreg

_TEXT: JsonValue = {"title": "", "source_name": "note", "text": "Bonjour tout le monde. " * 9}


@pytest.fixture
def store(agentreg: Agentreg, tmp_path: Path) -> Store:
    """The user's own store."""
    del agentreg
    return Store(tmp_path / "state" / "agentreg")


@pytest.fixture
def words(tmp_path: Path) -> tuple[str, ...]:
    """A run of two stages, as it is typed."""
    file = tmp_path / "text.json"
    file.write_text(json.dumps(_TEXT), encoding="utf-8")
    return ("run", "--have", f"DocumentText=@{file}", "--want", "DocumentReport", "--json")


def _result_of(typed: str) -> RunResult:
    return RunResult.from_json(json.dumps(json.loads(typed)["result"]))


def _kept_outputs(store: Store, run_id: str) -> dict[str, bytes | None]:
    with closing(open_database(store.folder / "runs.db")) as connection:
        history = read_history(connection, run_id)
        assert history is not None
        return {
            name: step.output if step.blob is None else read_content(connection, run_id, step.blob)
            for name, step in history.ended.items()
        }


def _began(registry: Registry) -> RunHead:
    plan = registry.plan(have=["DocumentText"], want=["DocumentReport"])
    values = {declared.name: _TEXT for declared in plan.pipeline.inputs}
    return head_of_run(
        plan.pipeline,
        values,
        registry.catalog,
        run_id="cut",
        started_at=BEGAN,
        metadata={},
    )


class TestRun:
    @pytest.mark.requirement("R98")
    def test_a_run_is_kept_and_looked_up_by_its_id(
        self, agentreg: Agentreg, words: tuple[str, ...]
    ) -> None:
        """What was printed yesterday is still to be had."""
        ran = _result_of(agentreg(*words).out)

        facts = agentreg("status", ran.run_id, "--json").facts()

        stages = [stage.stage_id for stage in ran.stages]
        assert facts["status"] == "success"
        assert [one["stage_id"] for one in facts["stages"]] == stages  # type: ignore[index, union-attr, call-overload]
        assert agentreg("runs", "--json").rows()[0]["run_id"] == ran.run_id
        assert agentreg("runs", "--check").code == 0

    def test_nothing_is_kept_where_that_is_not_wanted(
        self, agentreg: Agentreg, words: tuple[str, ...], store: Store
    ) -> None:
        """A read-only home is no reason not to run."""
        agentreg(*words, "--no-store")
        agentreg("--set", "monitoring.enabled=false", *words)

        assert not store.folder.exists()

    @pytest.mark.fault("F72")
    def test_a_place_that_cannot_be_used_is_named_with_the_way_out(
        self, agentreg: Agentreg, words: tuple[str, ...], store: Store
    ) -> None:
        """Nothing runs that was to be kept and cannot be."""
        store.folder.parent.mkdir(parents=True)
        store.folder.write_text("")

        typed = agentreg(*words)

        assert typed.code == 1
        assert f"storage failed: {store.folder}: is not a folder" in typed.err
        assert "--no-store" in typed.err


class TestResume:
    @pytest.mark.requirement("R98")
    def test_only_what_is_left_runs(
        self, agentreg: Agentreg, words: tuple[str, ...], store: Store
    ) -> None:
        """What was paid for is not paid for again, and the result is the same."""
        whole = _result_of(agentreg(*words).out)
        registry = Registry.discover()
        head = _began(registry)
        first = whole.stages[0]

        async def cut() -> None:
            # As far as its first stage, with what that gave when the run was not cut.
            with store.begin(head) as keeper:
                await keeper.begin([first.stage_id])
                following = [stage.stage_id for stage in whole.stages[1:2]]
                output = _kept_outputs(store, whole.run_id)[first.stage_id]
                await keeper.advance(StageDone(first, output), following)

        asyncio.run(cut())
        typed = agentreg("resume", "cut", "--json")
        went_on = _result_of(typed.out)

        assert typed.code == 0, typed.err
        assert went_on.run_id == "cut"
        assert went_on.status == "success"
        assert went_on.stages[0] == first
        assert agentreg("status", "cut", "--json").facts()["status"] == "success"
        assert agentreg("resume", "cut").code == 1
        store.close()
