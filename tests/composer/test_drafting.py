"""Agents and feeds become stages with names that people can read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from registry_core.catalog.catalog import Catalog
from registry_core.composer.drafting import Feed, draft, input_names, title, why
from registry_core.names import SchemaId
from registry_core.pipeline.pipeline import FromInput, FromStage, PipelineInput
from registry_core.schemas.from_model import schema_of
from tests.catalog.worlds import SCHEMAS, entry, record

PAGE, TITLED, *_ = SCHEMAS
ONE = entry("read", takes=(PAGE,), gives=TITLED)
OTHER = entry("read", takes=(PAGE,), gives=PAGE, distribution="other")
CATALOG = Catalog().adding([ONE, OTHER], schemas=SCHEMAS)


class TestDraft:
    def test_agents_of_one_name_get_stages_of_their_own(self) -> None:
        """Two teams may both call it ``read``."""
        feeds = [
            Feed(ONE.id, "a", None, PAGE.id, PAGE.id),
            Feed(OTHER.id, "a", ONE.id, TITLED.id, PAGE.id),
            Feed(None, "Page", OTHER.id, PAGE.id, PAGE.id),
        ]

        pipeline, edges = draft(CATALOG, [ONE.id, OTHER.id], feeds, name="p", have=[PAGE.id])

        assert [stage.id for stage in pipeline.stages] == ["read", "read_2"]
        assert pipeline.inputs == (PipelineInput("page", PAGE.id),)
        assert pipeline.outputs == ("read_2",)
        assert [edge.source for edge in edges if edge.stage] == [
            FromInput("page"),
            FromStage("read"),
        ]


class TestNames:
    def test_inputs_are_called_like_their_schemas(self) -> None:
        """They become keyword arguments and columns."""
        names = input_names([PAGE.id, SchemaId("page#0123456789ab"), schema_of(list[str]).id])

        assert [*names.values()] == ["page", "page_2", "list_str"]

    def test_a_pipeline_is_called_like_what_comes_out(self) -> None:
        """A name for files and metrics, whatever the schema is called."""
        assert title([schema_of(dict[str, int]).id, PAGE.id]) == "dict_str_int_Page"
        assert title([SchemaId("_#0123456789ab")]) == "plan"


class TestWhy:
    def test_a_reason_is_the_same_schema_a_proof_or_none(self) -> None:
        """Nothing is called fitting that was not proved."""
        assert why(CATALOG, PAGE.id, PAGE.id) == "same schema"
        assert why(CATALOG, TITLED.id, PAGE.id) == "fits Page (every value fits)"
        assert why(CATALOG, PAGE.id, TITLED.id) == "forced: not proved"

    @pytest.mark.requirement("R67")
    def test_a_later_version_that_fits_is_named_with_both_versions(self) -> None:
        """Who reads the plan sees that two releases of a model meet, and where."""
        newer = replace(record("Page", text="string", url="string"), version="1.1")
        same = record("Page", text="string", author="string")
        catalog = CATALOG.adding([], schemas=[newer, same])

        assert why(catalog, newer.id, PAGE.id) == "Page@1.1 taken as Page@1.0 (every value fits)"
        assert why(catalog, same.id, PAGE.id) == f"{same.id} taken as {PAGE.id} (every value fits)"
