"""Runs each SQL condition of a match model on no data, to find what only the database can tell."""

# ruff: noqa: S608 - SQL is put together from names of ours and conditions of a checked model; values are bound.

import duckdb

from empi_pipeline.linkage import expressions
from empi_pipeline.linkage.features import FEATURES, MODEL_COLUMNS
from empi_pipeline.linkage.model import MatchModel


def trial_problems(con: duckdb.DuckDBPyConnection, model: MatchModel) -> list[tuple[str, str]]:
    """(path, reason) for every condition that DuckDB refuses, that is not true or false, or whose sides differ in type.

    Args:
        con: A DuckDB connection without data; no record is ever seen here, so reasons may quote DuckDB.
        model: A model that passed the structural checks.
    """
    typed = {column: FEATURES.get(column, "varchar") for column in MODEL_COLUMNS}
    sides = [", ".join(f'cast(null as {kind}) as "{column}_{side}"' for column, kind in typed.items()) for side in "lr"]
    con.execute(f"create temp table pair as select {sides[0]}, {sides[1]}")
    record = ", ".join(f'cast(null as {kind}) as "{column}"' for column, kind in typed.items())
    con.execute(f"create temp table record as select {record}")

    problems = []
    for position, comparison in enumerate(model.comparisons):
        for number, level in enumerate(comparison["comparison_levels"]):
            if level["sql_condition"].strip().upper() == "ELSE":
                continue
            sql = expressions.printed(expressions.parse_comparison(level["sql_condition"], MODEL_COLUMNS))
            reason = _refusal(con, f"select typeof({sql}) from pair")
            if reason:
                problems.append((f"comparisons.{position}.comparison_levels.{number}.sql_condition", reason))
    for number, rule in enumerate(model.blocking_rules):
        path = f"blocking_rules_to_generate_predictions.{number}.blocking_rule"
        tree = expressions.parse_blocking_rule(rule, MODEL_COLUMNS)
        reason = _refusal(con, f"select typeof({expressions.printed(tree)}) from record as l, record as r")
        if reason:
            problems.append((path, reason))
            continue
        for left, right in expressions.blocking_parts(tree).equalities:
            kinds = con.execute(f"select typeof({left}), typeof({right}) from record").fetchone()
            if kinds is not None and kinds[0] != kinds[1]:
                problems.append((path, f"compares {kinds[0]} with {kinds[1]}: both sides must be of one type"))
    return problems


def _refusal(con: duckdb.DuckDBPyConnection, query: str) -> str | None:
    try:
        row = con.execute(query).fetchone()
    except duckdb.Error as error:
        return f"DuckDB refuses it: {str(error).split(chr(10))[0][:300]}"
    if row is None or row[0] != "BOOLEAN":
        return f"must be true or false, not {row[0] if row else 'nothing'}"
    return None
