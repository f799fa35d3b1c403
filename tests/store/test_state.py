"""A store against a model of it: whatever happens in whatever order, both say the same."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from registry_core.errors import ResumeError
from registry_core.results.durable import RunEnd, StageDone
from registry_core.store.keeping import KeptRun
from registry_core.store.store import Store
from tests.store.engine import head, names, record

if TYPE_CHECKING:
    from registry_core.results.outcomes import AttemptStatus
    from registry_core.results.run import RunStatus

_STAGES = 4
_LASTING = {"succeeded"}


@dataclass
class Model:
    """What a run should look like."""

    status: str = ""  # empty until it has begun
    ended: dict[str, str] = field(default_factory=dict[str, str])
    begun: set[str] = field(default_factory=set[str])
    keeper: KeptRun | None = None
    fresh: bool = True  # nothing was kept since it was opened


class StoreMachine(RuleBasedStateMachine):
    """Two processes (two stores in one folder) that begin, work on, leave and take up runs."""

    runs = Bundle("runs")

    def __init__(self) -> None:
        """Begin with an empty folder."""
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.stores = [Store(Path(self.folder.name) / "state") for _ in range(2)]
        self.models: dict[str, Model] = {}

    def teardown(self) -> None:
        """Let go of everything."""
        for model in self.models.values():
            if model.keeper is not None:
                model.keeper.release()
        for store in self.stores:
            store.close()
        self.folder.cleanup()

    @rule(target=runs, store=st.integers(0, 1))
    def begin(self, store: int) -> str:
        """A run begins."""
        run_id = f"run{len(self.models)}"
        keeper = self.stores[store].begin(head(run_id, stages=_STAGES))
        self.models[run_id] = Model(keeper=keeper)
        return run_id

    @rule(run=runs, starting=st.sets(st.sampled_from(names(_STAGES))))
    def start(self, run: str, starting: set[str]) -> None:
        """It keeps that it begins, or goes on."""
        model = self.models[run]
        if model.keeper is None or not model.fresh:
            return
        asyncio.run(model.keeper.begin(sorted(starting)))
        model.fresh, model.status = False, "running"
        self._started(model, starting)

    @rule(
        run=runs,
        index=st.integers(0, _STAGES - 1),
        status=st.sampled_from(["succeeded", "failed", "cancelled"]),
        starting=st.sets(st.sampled_from(names(_STAGES)), max_size=2),
    )
    def advance(self, run: str, index: int, status: AttemptStatus, starting: set[str]) -> None:
        """A stage is over, others begin."""
        model = self.models[run]
        if model.keeper is None or model.fresh:
            return
        over = StageDone(record(index, status), b"%d" % index)
        asyncio.run(model.keeper.advance(over, sorted(starting)))
        model.begun.discard(f"s{index}")
        model.ended[f"s{index}"] = status
        self._started(model, starting)

    @rule(run=runs, status=st.sampled_from(["success", "failed", "cancelled", "timed_out"]))
    def finish(self, run: str, status: RunStatus) -> None:
        """The run ends."""
        model = self.models[run]
        if model.keeper is None or model.fresh:
            return
        asyncio.run(model.keeper.finish(None, RunEnd(status, 1.0)))
        model.status, model.keeper = status, None

    @rule(run=runs)
    def leave(self, run: str) -> None:
        """Its process is gone."""
        model = self.models[run]
        if model.keeper is not None:
            model.keeper.release()
            model.keeper = None

    @rule(run=runs, store=st.integers(0, 1))
    def go_on(self, run: str, store: int) -> None:
        """Somebody resumes it."""
        model = self.models[run]
        if not model.status:
            return
        if model.keeper is not None or model.status == "success":
            with pytest.raises(ResumeError) as caught:
                self.stores[store].reopen(run)
            expected = "ended" if model.status == "success" and model.keeper is None else "owned"
            assert caught.value.code == expected
            return
        model.keeper, earlier = self.stores[store].reopen(run)
        model.fresh = True
        lasting = {name for name, status in model.ended.items() if status in _LASTING}
        cut = {name for name, status in model.ended.items() if status == "cancelled"}
        assert set(earlier.done) == lasting
        assert all(earlier.done[name].output == name[1:].encode() for name in lasting)
        assert set(earlier.in_doubt) == model.begun | cut

    @rule(store=st.integers(0, 1))
    def close(self, store: int) -> None:
        """A store is closed and opened again; its runs go on."""
        held = any(model.keeper is not None for model in self.models.values())
        if not held:
            self.stores[store].close()

    @invariant()
    def both_say_the_same(self) -> None:
        """Each store, at any time."""
        kept = {name: model for name, model in self.models.items() if model.status}
        for store in self.stores:
            seen = {line.run_id: line.status for line in store.runs()}
            assert seen == {name: self._status(model) for name, model in kept.items()}
        for name, model in kept.items():
            states = {one.stage_id: one.state for one in self.stores[0].report(name).stages}
            alive = self._status(model) == "running"
            for stage in names(_STAGES):
                expected = model.ended.get(stage, "pending")
                if stage in model.begun:
                    expected = "running" if alive else "in_doubt"
                assert states[stage] == expected

    @staticmethod
    def _started(model: Model, starting: set[str]) -> None:
        model.begun |= starting
        for stage in starting:
            model.ended.pop(stage, None)

    @staticmethod
    def _status(model: Model) -> str:
        return "interrupted" if model.status == "running" and not model.keeper else model.status


TestStore = StoreMachine.TestCase
TestStore.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
