"""Tables into tables: rows are mapped column by column, the same way every time."""

from __future__ import annotations

import json

from base_agents.models import Row, TransformInput, TransformOutput
from base_agents.outcome import Outcome, leaves
from base_agents.tables import columns_of, find, read_csv, read_json, write_csv
from registry_core import Example, Resources, agent

__all__ = ["data_transformer", "outcome_to_table", "tabulate_outcome"]


@agent(
    capabilities="data_transformation",
    tags=["csv", "jmespath", "json", "offline", "rules"],
    resources=Resources(memory_mib=128, cpu_cores=1),
    timeout_seconds=60,
    idempotent=True,
    mutates=False,
    examples=[
        Example(
            inputs={
                "request": {
                    "table": "name,price\npear,1.50\nfig,4\n",
                    "table_format": "csv",
                    "mapping": {"fruit": "name", "cents": "to_number(price)"},
                    "with_csv": True,
                }
            },
            output={
                "outcome_of": "data_transformation",
                "headline": "2 rows of 2 columns",
                "columns": ["fruit", "cents"],
                "rows": [{"fruit": "pear", "cents": 1.5}, {"fruit": "fig", "cents": 4}],
                "csv": "fruit,cents\r\npear,1.5\r\nfig,4\r\n",
            },
        )
    ],
)
def data_transformer(request: TransformInput) -> TransformOutput:
    """Turn a CSV or JSON table into another, each column found by a JMESPath expression.

    Raises:
        TableError: If the text is no such table, or an expression cannot be used on it.
    """
    if request.table_format == "csv":
        found = read_csv(request.table, request.delimiter)
    else:
        found = read_json(request.table, request.rows_at)
    rows = tuple(_mapped(row, request.mapping) for row in found)
    columns = tuple(request.mapping) or columns_of(rows)
    counted = f"{len(rows)} row{'s' * (len(rows) != 1)}"
    return TransformOutput(
        headline=f"{counted} of {len(columns)} column{'s' * (len(columns) != 1)}",
        columns=columns,
        rows=rows,
        csv=write_csv(rows, columns, request.delimiter) if request.with_csv else None,
    )


@agent(
    tags=["converter"],
    cost=0.1,
    resources=Resources(memory_mib=32, cpu_cores=1),
    idempotent=True,
    mutates=False,
)
def outcome_to_table(outcome: Outcome) -> TransformInput:
    """Make a table of an outcome: a row for each fact, with its place and its value."""
    facts = [("/headline", outcome.headline), *leaves(outcome)]
    rows = [{"fact": place, "value": value} for place, value in facts]
    return TransformInput(table=json.dumps(rows, ensure_ascii=False), table_format="json")


@agent(
    capabilities={"data_transformation": 0.5},
    tags=["follow-up", "offline", "rules"],
    resources=Resources(memory_mib=64, cpu_cores=1),
    timeout_seconds=60,
    idempotent=True,
    mutates=False,
)
def tabulate_outcome(outcome: Outcome) -> TransformOutput:
    """Turn any agent's outcome into a table, a row for each fact."""
    return data_transformer(outcome_to_table(outcome))


def _mapped(row: Row, mapping: dict[str, str]) -> Row:
    return {column: find(expression, row) for column, expression in mapping.items()} or row
