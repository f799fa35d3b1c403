"""Tests of going on: only with what the run was decided on, and never twice by accident."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from registry_core import Registry, agent
from registry_core.errors import DefinitionError, ResumeError
from registry_core.pipeline.pipeline import Pipeline
from registry_core.store.lease import is_leased
from registry_core.store.resuming import head_of_run, plan_digest, resume
from tests.store.engine import BEGAN

if TYPE_CHECKING:
    from registry_core.catalog.catalog import Catalog
    from registry_core.store.store import Store


@agent(idempotent=True)
def add_one(number: int) -> int:
    """Return the next number."""
    return number + 1


@agent
def charge(number: int) -> str:
    """Charge a card."""
    return f"charged {number}"


@agent(name="charge", cost=2.0)
def charge_more(number: int) -> str:
    """Charge a card."""
    return f"charged {number}"


def _registry() -> Registry:
    return Registry().with_agents(add_one, charge)


def _kept(store: Store, *, begun: str) -> tuple[Catalog, Pipeline]:
    """Keep a run that was cut while *begun* ran."""
    registry = _registry()
    pipeline = registry.bind(Pipeline("pay").stage("add_one").stage("charge"))
    values = {declared.name: 41 for declared in pipeline.inputs}
    head = head_of_run(
        pipeline, values, registry.catalog, run_id="run", started_at=BEGAN, metadata={"a": "b"}
    )
    with store.begin(head) as keeper:
        asyncio.run(keeper.begin([begun] if begun else []))
    return registry.catalog, pipeline


class TestResume:
    def test_it_gives_all_that_an_engine_needs(self, store: Store) -> None:
        """Another process, on another day, has nothing but the store."""
        catalog, pipeline = _kept(store, begun="add_one")

        found = resume(store, "run", catalog)

        assert found.pipeline == pipeline
        assert list(found.values.values()) == [41]
        assert found.earlier.in_doubt == ("add_one",)
        assert found.earlier.head.metadata == {"a": "b"}
        found.keeper.release()

    def test_a_value_without_json_is_refused_at_once(self) -> None:
        """A run that could never be gone on with must not pretend."""
        registry = _registry()
        pipeline = registry.bind(Pipeline("pay").stage("add_one"))

        with pytest.raises(DefinitionError):
            head_of_run(
                pipeline, {"x": object()}, registry.catalog, run_id="r", started_at="", metadata={}
            )


class TestDrift:
    @pytest.mark.fault("F75")
    def test_a_changed_agent_is_named_with_its_step(self, store: Store) -> None:
        """Half a run by the old agent and half by the new one is nobody's plan."""
        _kept(store, begun="")
        changed = Registry().with_agents(add_one, charge_more).catalog

        with pytest.raises(ResumeError) as caught:
            resume(store, "run", changed)

        assert caught.value.code == "changed"
        assert "plan changed at step 2 (charge: local/charge@" in caught.value.reason
        assert "agentreg resume run --accept-drift" in caught.value.reason
        assert not is_leased(store.folder / "leases", "run")
        resume(store, "run", changed, accept_drift=True).keeper.release()

    @pytest.mark.fault("F75")
    def test_an_agent_that_is_gone_is_a_change(self, store: Store) -> None:
        """It could only fail later, after more was paid for."""
        _kept(store, begun="")

        with pytest.raises(ResumeError, match="step 1"):
            resume(store, "run", Registry().catalog)

    def test_the_digest_says_nothing_of_what_is_not_named(self) -> None:
        """Installing something else changes no plan."""
        registry = _registry()
        pipeline = registry.bind(Pipeline("pay").stage("add_one"))

        alone = plan_digest(pipeline, Registry().with_agents(add_one).catalog)

        assert alone == plan_digest(pipeline, registry.catalog)
        assert len(json.loads(alone)) == 2


class TestDoubt:
    def test_what_may_have_charged_a_card_asks_first(self, store: Store) -> None:
        """Only a person can look whether the money went."""
        catalog, _ = _kept(store, begun="charge")

        with pytest.raises(ResumeError) as caught:
            resume(store, "run", catalog)

        assert caught.value.code == "in_doubt"
        assert "charge" in caught.value.reason
        assert "--retry-in-doubt" in caught.value.reason
        resume(store, "run", catalog, retry_in_doubt=True).keeper.release()

    def test_what_does_no_harm_twice_just_runs(self, store: Store) -> None:
        """Nobody wants to be asked about reading a page."""
        catalog, _ = _kept(store, begun="add_one")

        resume(store, "run", catalog).keeper.release()
