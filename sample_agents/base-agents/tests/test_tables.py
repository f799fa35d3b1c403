"""Tables as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from base_agents.tables import TableError, columns_of, find, read_csv, read_json, write_csv
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from base_agents import Row

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.tuples(
        st.lists(CELLS, min_size=width, max_size=width, unique=True),
        st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=5),
    )
)


class TestCsv:
    def test_quotes_delimiters_and_line_ends_inside_of_cells_are_kept(self) -> None:
        """Addresses have all three."""
        text = '\ufeffname;note\r\n"Ada; ""A""";"one\ntwo"\r\n\r\nBob;\r\n'

        assert read_csv(text, ";") == (
            {"name": 'Ada; "A"', "note": "one\ntwo"},
            {"name": "Bob", "note": ""},
        )

    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("", "line 1"),
            ("a,a\n1,2\n", "line 1"),
            ("a,b\n1,2\n1\n", "line 3"),
            ("a,b\n1,2,3\n", "line 2"),
            ('a,b\n"1,2\n', "line 2"),
        ],
    )
    def test_what_is_no_table_is_refused_with_its_line(self, text: str, place: str) -> None:
        """A cell too few would shift every number after it."""
        with pytest.raises(TableError) as refused:
            read_csv(text, ",")

        assert refused.value.place == place

    @pytest.mark.requirement("R87")
    @given(TABLES, st.sampled_from([",", ";", "\t", "|"]))
    def test_what_is_written_is_read_as_it_was(
        self, table: tuple[list[str], list[list[str]]], delimiter: str
    ) -> None:
        """Tables go through several hands."""
        columns, cells = table
        rows: tuple[Row, ...] = tuple({**dict(zip(columns, row, strict=True))} for row in cells)

        assert read_csv(write_csv(rows, columns, delimiter), delimiter) == rows

    def test_what_is_no_text_is_written_as_json(self) -> None:
        """Python's own words for true and nothing mean nothing elsewhere."""
        text = write_csv([{"a": True, "b": None, "c": {"d": [1.5]}}], ["a", "b", "c"], ",")

        assert text == 'a,b,c\r\ntrue,,"{""d"": [1.5]}"\r\n'


class TestJson:
    @pytest.mark.parametrize(
        ("text", "rows_at", "place"),
        [
            ("[{}", "@", "line 1, column 4"),
            ("[NaN]", "@", "table"),
            ("[" * 100_000, "@", "table"),
            ('{"rows": {}}', "rows", "'rows'"),
            ("[{}, 1]", "@", "row 1"),
        ],
    )
    def test_what_is_no_list_of_objects_is_refused_with_its_place(
        self, text: str, rows_at: str, place: str
    ) -> None:
        """In a document of a megabyte, one wants to know where."""
        with pytest.raises(TableError) as refused:
            read_json(text, rows_at)

        assert refused.value.place == place

    def test_columns_stand_in_the_order_in_which_rows_bring_them(self) -> None:
        """Alphabetical columns put the name in the middle."""
        rows = read_json(json.dumps([{"b": 1}, {"a": 2, "b": 3}]), "@")

        assert columns_of(rows) == ("b", "a")


class TestFind:
    @pytest.mark.parametrize("expression", ["a[", "nonsense(a)", "abs('secret')", "(" * 1000])
    def test_an_expression_that_cannot_be_used_is_named_and_no_value_is(
        self, expression: str
    ) -> None:
        """Errors are logged; what the table holds may be nobody's business."""
        with pytest.raises(TableError) as refused:
            find(expression, {"a": "confidential"})

        assert refused.value.place == repr(expression)
        assert "confidential" not in str(refused.value)
