"""DuckDB queries that are planned once and run many times: for one record, planning takes longer than running.

DuckDB (2.0) keeps the plan of a prepared statement only if it reads no table, no view and no variable; otherwise it
plans anew at each run. So the rows come in as JSON text, which is a parameter.
"""

# ruff: noqa: S608 - SQL is put together from names and queries of ours; values are quoted here, in one place.

import json
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Final

import duckdb

FOR_MANY_ROWS: Final = ("in_clause",)
"""Optimizers that do harm here: a list of words becomes a hash join, which takes far longer than looking one word up.
For `open_scratch`, before anything is planned."""

_serial: Final = count()


class PlannedQuery:
    """One query over rows that come with each run. Not for several threads at once, as its connection is not."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        query: str,
        inputs: Mapping[str, Mapping[str, str]],
        constants: Mapping[str, Mapping[str, Sequence[str | int]]] | None = None,
    ) -> None:
        """Plan it.

        Args:
            con: A DuckDB connection, not used by anything else while this runs.
            query: A select over the inputs and constants, as if they were tables.
            inputs: Name of a table to its columns and their types.
            constants: Name of a table to its columns, the same at each run.
        """
        self._con = con
        self._name = f"planned_{next(_serial)}"
        tables = [f"{name} as ({_constant(columns)})" for name, columns in (constants or {}).items()]
        for position, (name, columns) in enumerate(inputs.items(), 1):
            rows = f"from_json(${position}::varchar, '{json.dumps([dict(columns)])}')"
            tables.append(f"{name} as materialized (select unnest({rows}, recursive := true))")
        con.execute(f"prepare {self._name} as with {', '.join(tables)} select * from ({query}) as planned")

    def run(self, *rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Run it.

        Args:
            rows: Of each input, in the order of `inputs`; a column that is absent is NULL.

        Returns:
            The rows of the result, by column.
        """
        arguments = ", ".join(_quoted(json.dumps(each)) for each in rows)
        result = self._con.execute(f"execute {self._name}({arguments})")
        columns = [column[0] for column in result.description or []]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]

    def close(self) -> None:
        """Forget the plan."""
        self._con.execute(f"deallocate {self._name}")


def _constant(columns: Mapping[str, Sequence[str | int]]) -> str:
    lists = {
        name: ", ".join(_quoted(value) if isinstance(value, str) else str(value) for value in values)
        for name, values in columns.items()
    }
    return "select " + ", ".join(f"unnest([{values}]) as {name}" for name, values in lists.items())


def _quoted(text: str) -> str:
    """An SQL literal. DuckDB knows no escapes in it but the doubled quote."""
    return "'" + text.replace("'", "''") + "'"
