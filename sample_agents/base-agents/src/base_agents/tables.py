"""Tables as text: CSV and JSON read into rows, rows written as CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, cast

import jmespath
from jmespath.exceptions import JMESPathError

from base_agents.outcome import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydantic import JsonValue

    from base_agents.models import Row

__all__ = ["TableError", "columns_of", "find", "read_csv", "read_json", "write_csv"]


class TableError(ValueError):
    """A text is not the table it is said to be, or an expression finds nothing to work on."""

    def __init__(self, place: str, reason: str) -> None:
        """Keep the *place*: a line, a row or an expression; and the *reason*."""
        super().__init__(place, reason)
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        """Place first."""
        return f"{self.place}: {self.reason}"


def read_csv(text: str, delimiter: str) -> tuple[Row, ...]:
    r"""Return the rows of CSV with a line of column names; all cells are texts.

    Raises:
        TableError: If there is no such line, a name stands in it twice, or a row has more or
            fewer cells than columns.

    >>> read_csv("name,age\nAda,36\n", ",")
    ({'name': 'Ada', 'age': '36'},)
    """
    reader = csv.reader(
        io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter, strict=True
    )
    try:
        columns = next(reader, list[str]())
        if not columns or len(set(columns)) < len(columns):
            raise TableError("line 1", "must name each column, and each differently")
        rows: list[Row] = []
        for cells in reader:
            if cells and len(cells) != len(columns):
                reason = f"has {len(cells)} cells for {len(columns)} columns"
                raise TableError(f"line {reader.line_num}", reason)
            if cells:
                rows.append(dict(zip(columns, cells, strict=True)))
    except csv.Error as error:
        raise TableError(f"line {reader.line_num}", str(error)) from None
    return tuple(rows)


def read_json(text: str, rows_at: str) -> tuple[Row, ...]:
    """Return the objects in the list that *rows_at* leads to in a JSON document.

    Raises:
        TableError: If it is not JSON, or no list of objects is there.

    >>> read_json('{"people": [{"name": "Ada"}]}', "people")
    ({'name': 'Ada'},)
    """
    try:
        document: JsonValue = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise TableError(f"line {error.lineno}, column {error.colno}", error.msg) from None
    except (ValueError, RecursionError) as error:
        raise TableError("table", f"is not JSON ({error})") from None
    rows = find(rows_at, document)
    if not isinstance(rows, list):
        raise TableError(repr(rows_at), "must lead to a list")
    return tuple(_row(index, row) for index, row in enumerate(rows))


def find(expression: str, value: JsonValue) -> JsonValue:
    """Return what the JMESPath *expression* finds in *value*; None where there is nothing.

    Raises:
        TableError: If it is not JMESPath, or a function in it is given what it cannot take.

    >>> find("sum(prices)", {"prices": [1, 2.5]})
    3.5
    """
    try:
        found: object = jmespath.search(expression, value)
    except (JMESPathError, RecursionError) as error:
        # The library's own text repeats the value.
        raise TableError(repr(expression), f"cannot be used ({type(error).__name__})") from None
    return cast("JsonValue", found)


def columns_of(rows: Iterable[Row]) -> tuple[str, ...]:
    """Return the keys of all *rows* in the order of their first appearance."""
    return tuple(dict.fromkeys(key for row in rows for key in row))


def write_csv(rows: Iterable[Row], columns: Sequence[str], delimiter: str) -> str:
    r"""Return *rows* as CSV: a line of names, an empty cell for None (RFC 4180).

    >>> write_csv([{"a": 1, "b": None}, {"a": [2]}], ["a", "b"], ",")
    'a,b\r\n1,\r\n[2],\r\n'
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return out.getvalue()


def _row(index: int, row: JsonValue) -> Row:
    if not isinstance(row, dict):
        raise TableError(f"row {index}", "must be an object")
    return row


def _cell(value: JsonValue) -> str:
    return "" if value is None else text_of(value)


def _refuse_constant(name: str) -> float:
    message = f"{name} is not JSON"
    raise ValueError(message)
