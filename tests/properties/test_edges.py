"""Laws of accepted edges: what was said to fit is never refused while a pipeline runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from registry_core import Registry, agent
from registry_core.errors import NoPlanError
from registry_core.schemas.codec import codec_of
from registry_core.schemas.from_model import schema_of
from registry_core.schemas.subtype import compare
from registry_core.schemas.verdict import Fits
from tests.catalog.worlds import dice
from tests.properties.test_schemas import accepts
from tests.schemas.edges import drawn_pair, flows, generated
from tests.schemas.subschema_cases import Case, find_file, load_cases

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from registry_core.definitions.schema import JsonValue
    from registry_core.results.run import RunResult

# A few of the ten thousand values that the benchmark sends.
SEEDS = range(10)
PAIRS = find_file("pydantic_pairs")
CASES = load_cases(PAIRS) if PAIRS else []
FITTING = [case for case in CASES if isinstance(compare(case.producer, case.consumer), Fits)]


@pytest.mark.fault("F34")
@pytest.mark.requirement("R67")
class TestAcceptedEdges:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_what_one_class_gives_the_other_takes_through_the_codec_of_runs(
        self, seed: int
    ) -> None:
        """A link that the planner accepts and the run refuses is found by users, at night."""
        producer, consumer = drawn_pair(dice(seed))
        given_as = schema_of(producer).emits
        if not isinstance(compare(given_as, schema_of(consumer).accepts), Fits):
            return

        along = [*flows(producer, consumer, generated(given_as, number=12, first=seed))]

        assert [flow.value for flow in along if flow.given and not flow.taken] == []

    @pytest.mark.parametrize("case", FITTING, ids=[case.id for case in FITTING])
    def test_documents_that_fit_share_their_values(self, case: Case) -> None:
        """Plugins without Python classes have nothing but their documents."""
        found = generated(case.producer, number=10, first=1)

        values = [value for value in found if accepts(case.producer, value)]

        assert [value for value in values if not accepts(case.consumer, value)] == []


class TestRuns:
    @pytest.mark.fault("F34")
    @pytest.mark.parametrize("seed", SEEDS)
    def test_no_stage_of_a_composed_pipeline_refuses_what_comes_before_it(self, seed: int) -> None:
        """From random models to a run: planned, bound, and each value crossing as it would."""
        first, second = drawn_pair(dice(seed))
        third, fourth = drawn_pair(dice(seed + 1))
        start, middle = _some(first, seed), _some(third, seed)
        if start is None or middle is None:
            return
        registry = Registry().with_agents(
            _agent("begin", int, first, start),
            _agent("carry", second, third, middle),
            _agent("finish", fourth, bool, value=True),
        )

        result = _run(registry)

        if result is not None:
            errors = [record.error.code for record in result.stages if record.error]
            assert errors == []


def _some(model: type[BaseModel], seed: int) -> JsonValue:
    """Return a value of *model*, or None where none was found."""
    values = generated(schema_of(model).emits, number=5, first=seed)
    return next((flow.value for flow in flows(model, model, values) if flow.given), None)


def _agent(name: str, takes: object, gives: object, value: JsonValue) -> Callable[..., object]:
    """Return an agent that takes anything of one type and gives one value of another."""

    def act(item: object) -> object:
        del item
        return codec_of(gives).take(value)

    act.__annotations__ = {"item": takes, "return": gives}
    return agent(name=name)(act)


def _run(registry: Registry) -> RunResult | None:
    try:
        plan = registry.plan(have=[int], want=[bool])
    except NoPlanError:
        return None
    return registry.run_sync(plan, 1)
