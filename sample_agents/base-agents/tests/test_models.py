"""What holds between the models, whoever uses them."""

from __future__ import annotations

import json
from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from base_agents import Outcome, ReportInput, TaskInput, TransformInput

from registry_core import Registry
from registry_core.errors import DefinitionError
from registry_core.schemas.codec import codec_of
from registry_core.schemas.from_model import schema_of
from registry_core.schemas.subtype import compare
from registry_core.schemas.verdict import Fits, Misfit

if TYPE_CHECKING:
    from pydantic import BaseModel


class TestJson:
    @pytest.mark.requirement("R7")
    def test_a_value_comes_back_from_json_as_it_was(self, value: BaseModel) -> None:
        """Whatever crosses a process or lies in a file passes through JSON."""
        codec = codec_of(type(value))

        again = codec.load(codec.dump(value))

        assert again == value

    @pytest.mark.requirement("R7")
    def test_a_field_that_is_not_there_is_refused_by_its_name(self, value: BaseModel) -> None:
        """A misspelt optional field would otherwise just have no effect."""
        document = {**value.model_dump(mode="json"), "instrcution": 1}

        with pytest.raises(DefinitionError) as refused:
            codec_of(type(value)).take(document)

        assert [fault.path for fault in refused.value.faults] == ["instrcution"]

    @pytest.mark.requirement("R7")
    def test_a_field_that_is_missing_is_named(self, value: BaseModel) -> None:
        """Nobody wants to compare two documents by eye."""
        document = value.model_dump(mode="json")
        needed = [name for name, field in type(value).model_fields.items() if field.is_required()]
        for name in needed:
            del document[name]

        with pytest.raises(DefinitionError) as refused:
            codec_of(type(value)).take(document)

        assert [fault.path for fault in refused.value.faults] == needed

    @pytest.mark.requirement("R7")
    def test_a_fault_deep_inside_is_told_with_its_path(self) -> None:
        """Sections of a report come from many places."""
        section: dict[str, object] = {"heading": "a", "paragrahps": []}
        text = json.dumps({"report_title": "a", "sections": [section]}).encode()

        with pytest.raises(DefinitionError) as refused:
            codec_of(ReportInput).load(text)

        assert [fault.path for fault in refused.value.faults] == ["sections.0.paragrahps"]


class TestSchemas:
    @pytest.mark.requirement("R7")
    def test_each_has_a_name_a_version_and_a_structure_of_its_own(
        self, values: tuple[BaseModel, ...]
    ) -> None:
        """A lock file pins schemas by them."""
        schemas = [schema_of(type(value)) for value in values]

        assert [schema.name for schema in schemas] == [type(value).__name__ for value in values]
        assert {schema.version for schema in schemas} == {"1.0"}
        assert len({schema.fingerprint for schema in schemas}) == len(schemas)

    def test_no_model_passes_for_another(self, values: tuple[BaseModel, ...]) -> None:
        """A planner that feeds one agent's task to another as its text plans nonsense."""
        schemas = [schema_of(type(value)) for value in values]

        fitting = [
            (given.name, taken.name)
            for given, taken in permutations(schemas, 2)
            if not isinstance(compare(given.emits, taken.accepts), Misfit)
        ]

        assert fitting == []

    @pytest.mark.requirement("R88")
    def test_outcomes_are_what_agents_give_and_nothing_else(
        self, values: tuple[BaseModel, ...]
    ) -> None:
        """That is the one bridge between them; an input that crossed it would skip its agent."""
        taken = schema_of(Outcome).accepts

        crossing = {
            type(value)
            for value in values
            if isinstance(compare(schema_of(type(value)).emits, taken), Fits)
        }

        assert crossing == {type(value) for value in values if isinstance(value, Outcome)}
        assert len(crossing) == 6

    def test_nothing_fits_what_other_distributions_take_or_give(self) -> None:
        """Installing this must not change how a page becomes a report."""
        catalog = Registry.discover().catalog
        entries = catalog.entries.values()
        own = [e.definition for e in entries if e.id.distribution == "base-agents"]
        foreign = [e.definition for e in entries if e.id.distribution != "base-agents"]

        fitting = [
            (given.name, taken.name)
            for givers, takers in ((own, foreign), (foreign, own))
            for given in givers
            for taken in takers
            for item in taken.inputs
            if isinstance(catalog.fits(given.output, item.schema), Fits)
        ]

        assert own
        assert fitting == []


class TestBounds:
    @pytest.mark.parametrize("instruction", ["", "count;" * 400])
    def test_an_instruction_says_something_and_ends(self, instruction: str) -> None:
        """Neither would come from a person."""
        with pytest.raises(DefinitionError):
            codec_of(TaskInput).take({"instruction": instruction, "payload": None})

    def test_an_expression_ends(self) -> None:
        """JMESPath is parsed by recursion."""
        document = {"table": "a\n", "table_format": "csv", "mapping": {"a": "(" * 1001}}

        with pytest.raises(DefinitionError) as refused:
            codec_of(TransformInput).take(json.loads(json.dumps(document)))

        assert [fault.path for fault in refused.value.faults] == ["mapping.a"]
