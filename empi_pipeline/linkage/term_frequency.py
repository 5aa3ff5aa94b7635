"""How common a value is, learned once and then frozen, so that the same pair scores alike on any day, in any batch."""

import duckdb
import pyarrow as pa

from empi_pipeline.linkage.features import with_features
from empi_pipeline.linkage.model import MatchModel

SCHEMA = pa.schema([("column_name", pa.string()), ("value", pa.string()), ("frequency", pa.float64())])
"""Columns of a term-frequency table; `frequency` is the share of records, of those with a value, that have this value."""


def term_frequencies(con: duckdb.DuckDBPyConnection, cleaned: pa.Table, model: MatchModel) -> pa.Table:
    """Counts how common each value of the model's term-frequency columns is.

    With a prior of p pseudo-records, frequency = (count + p × average) / (records + p), where `average` is the u of the
    column's exact level: the chance that two people share a value at all. So three records teach nothing, a million
    teach everything.

    Args:
        con: A DuckDB connection (scratch).
        cleaned: `record_id` and the cleaned columns of the records to learn from.
        model: The model about to be activated.

    Returns:
        A table of `SCHEMA`, one row per column and value, in order of both.
    """
    columns = model.term_frequency_columns
    if not columns:
        return SCHEMA.empty_table()
    averages = average_frequencies(model)
    with with_features(con, cleaned, columns) as table:
        parts = [
            f"select '{column}' as column_name, cast(\"{column}\" as varchar) as value, "
            f"(count(*) + $prior * cast({averages[column]!r} as double)) / (sum(count(*)) over () + $prior) as frequency "
            f'from {table} where "{column}" is not null group by "{column}"'
            for column in columns
        ]
        query = " union all ".join(f"({part})" for part in parts)
        counted = con.sql(
            f"select column_name, value, cast(frequency as double) as frequency from ({query}) as counted order by all",
            params={"prior": float(model.term_frequency_prior)},
        )
        return counted.to_arrow_table().cast(SCHEMA)


def average_frequencies(model: MatchModel) -> dict[str, float]:
    """Per term-frequency column: the u of the level that demands equality on it, the frequency of an average value."""
    averages: dict[str, float] = {}
    for comparison in model.comparisons:
        for level in comparison["comparison_levels"]:
            column = (level.get("tf_adjustment_column") or "").strip('"')
            if column and column not in averages:
                averages[column] = float(level["u_probability"])
    return averages
