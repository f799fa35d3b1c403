"""Every agent can follow every other."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from registry_core import Registry

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel

CAPABILITIES = (
    "task_processing",
    "content_analysis",
    "data_transformation",
    "communication",
    "validation",
    "reporting",
)


@pytest.fixture(scope="module")
def registry() -> Registry:
    """Everything that is installed."""
    return Registry.discover()


@pytest.mark.requirement("R88")
@pytest.mark.parametrize(("first", "second"), list(product(CAPABILITIES, repeat=2)))
class TestPairs:
    def test_the_two_compose_and_the_pipeline_runs(
        self,
        first: str,
        second: str,
        registry: Registry,
        inputs: dict[str, BaseModel],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A registry whose agents cannot be put together is a list."""
        monkeypatch.chdir(tmp_path)
        plan = registry.plan(capabilities=[first, second])

        result = registry.run_sync(plan, inputs[first])

        result.raise_for_status()
        agents = [registry.catalog.definition(stage.agent) for stage in plan.pipeline.stages]
        assert [agent.capabilities[0].name for agent in agents] == [first, second]
        assert getattr(result.output, "outcome_of", "") == second

    def test_a_schema_at_each_end_leads_through_both(
        self, first: str, second: str, registry: Registry, inputs: dict[str, BaseModel]
    ) -> None:
        """Most users know what they have and what they want, and no capability."""
        have = type(inputs[first])
        last = registry.plan(capabilities=[second]).want

        plan = registry.plan(have=[have], want=last)

        assert len(plan.pipeline.stages) == (1 if first == second else 2)
        assert plan.proved
