"""Tables become other tables."""

from __future__ import annotations

import pytest
from base_agents import Outcome, TransformInput
from base_agents.transformation import data_transformer, outcome_to_table, tabulate_outcome
from hypothesis import given
from hypothesis import strategies as st

from registry_core import Registry

PEOPLE = """{"people": [
    {"name": {"first": "Ada", "last": "L\u00f3pez"}, "born": 1815, "tags": ["a", "b"]},
    {"name": {"first": "Bob"}, "tags": []}
]}"""


class TestDataTransformer:
    @pytest.mark.requirement("R87")
    def test_each_column_is_what_its_expression_finds_in_a_row(self) -> None:
        """Renaming, picking, joining and computing are one thing: an expression."""
        request = TransformInput(
            table=PEOPLE,
            table_format="json",
            rows_at="people",
            mapping={"last": "name.last", "tags": "join('+', tags)", "old": "born < `1900`"},
            with_csv=True,
        )

        made = data_transformer(request)

        assert made.rows == (
            {"last": "L\u00f3pez", "tags": "a+b", "old": True},
            {"last": None, "tags": "", "old": None},
        )
        assert made.csv == "last,tags,old\r\nL\u00f3pez,a+b,true\r\n,,\r\n"
        assert made.headline == "2 rows of 3 columns"

    @pytest.mark.requirement("R87")
    def test_without_a_mapping_rows_stay_as_they_are(self) -> None:
        """CSV into JSON is the commonest wish of all."""
        made = data_transformer(TransformInput(table="a,b\n1,x\n", table_format="csv"))

        assert (made.columns, made.rows, made.csv) == (("a", "b"), ({"a": "1", "b": "x"},), None)

    def test_a_column_of_nothing_is_still_a_column(self) -> None:
        """Whoever reads the table expects the columns that were asked for, rows or no rows."""
        made = data_transformer(
            TransformInput(table="a\n", table_format="csv", mapping={"b": "a"}, with_csv=True)
        )

        assert (made.columns, made.rows, made.csv) == (("b",), (), "b\r\n")

    @pytest.mark.requirement("R87")
    def test_a_hundred_equal_runs_give_the_same_bytes(self) -> None:
        """Whoever compares two results must see what changed, and nothing else."""
        request = TransformInput(
            table=PEOPLE,
            table_format="json",
            rows_at="people",
            mapping={"all": "@", "keys": "sort(keys(@))"},
            with_csv=True,
        )
        registry = Registry.discover()
        plan = registry.plan(have=[TransformInput], want=["TransformOutput"])

        runs = [registry.run_sync(plan, request) for _ in range(100)]

        assert {run.status for run in runs} == {"success"}
        assert len({data_transformer(request).model_dump_json() for _ in range(100)}) == 1
        assert len({repr(run.output) for run in runs}) == 1

    @given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers()), max_size=6))
    def test_no_row_is_lost_or_moved(self, rows: list[dict[str, int]]) -> None:
        """Row by row is the whole promise."""
        made = data_transformer(
            TransformInput(
                table=repr(rows).replace("'", '"'), table_format="json", mapping={"x": "a"}
            )
        )

        assert [row["x"] for row in made.rows] == [row.get("a") for row in rows]


class TestOutcomes:
    def test_a_follow_up_is_the_converter_and_the_agent_in_one(self, outcome: Outcome) -> None:
        """Whether a plan has one stage or two must not change what comes out."""
        assert tabulate_outcome(outcome) == data_transformer(outcome_to_table(outcome))

    def test_an_outcome_is_a_row_for_each_fact(self) -> None:
        """A table of unlike things has two columns: where and what."""
        seen = Outcome.model_validate({"outcome_of": "a", "headline": "b", "c": {"d": 1}})

        assert tabulate_outcome(seen).rows == (
            {"fact": "/headline", "value": "b"},
            {"fact": "/c/d", "value": 1},
        )
