"""What a model learns from the data, once, and keeps: the same pair scores alike on any day, in any batch.

That is how common values are, how much of a family the records are, and which values many share.
"""

# ruff: noqa: S608 - SQL is put together from names of ours and conditions of a checked model; values are bound.

from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.linkage.features import with_features
from empi_pipeline.linkage.model import CROWD, FAMILY, LEARNT_FACTORS, MatchModel
from empi_pipeline.linkage.shared_values import SHARED, shared_values, without_shared_values
from empi_pipeline.sql import load

SCHEMA = pa.schema([("column_name", pa.string()), ("value", pa.string()), ("frequency", pa.float64())])
"""Columns of a term-frequency table; `frequency` is the share of records, of those with any value, with this value."""

FAMILIES_FROM: Final = 0.1
"""Share of two humans among pairs of one surname and home from which on the guards against relatives are up."""

CROWD_FROM: Final = 50_000
"""Records of the index up to which the prior of the shipped model, 3e-5, is the chance that two of them are of one
human: a record has 1.5 others of its human. Beyond, strangers who agree by chance are more by so many times."""

_FAMILY_PRIOR: Final = 20.0
"""Pseudo-pairs of either kind: few records teach nothing, so the guards stay up."""

_FAMILY_COLUMNS: Final = ("first_name", "last_name", "birth_date", "house_number", "street", "phone", "given_sets")


def term_frequencies(con: duckdb.DuckDBPyConnection, cleaned: pa.Table, model: MatchModel) -> pa.Table:
    """Learns what is frozen into a model: how common values are, and which are shared by many.

    The values shared by many are rows of their own (columns `shared:...`, see `shared_values.py`); wherever the model
    sees them they count as missing, so here, too.

    Args:
        con: A DuckDB connection (scratch).
        cleaned: `record_id` and the cleaned columns of the records to learn from.
        model: The model about to be activated.

    Returns:
        A table of `SCHEMA`, one row per column and value, in order of both.
    """
    shared = shared_rows(shared_values(con, cleaned))
    return pa.concat_tables([plain_frequencies(con, without_shared_values(cleaned, shared), model), shared])


def plain_frequencies(con: duckdb.DuckDBPyConnection, cleaned: pa.Table, model: MatchModel) -> pa.Table:
    """Counts how common each value of the model's term-frequency columns is; arguments as `term_frequencies`.

    With a prior of p pseudo-records, frequency = (count + p * average) / (records + p), where `average` is the u of the
    column's exact level: the chance that two people share a value at all. So three records teach nothing, a million
    teach everything. The family share (`family_share`) and the crowd (`crowd_factor`) are rows of their own.
    """
    columns = model.term_frequency_columns
    counted_columns = [column for column in columns if column not in LEARNT_FACTORS]
    if not columns:
        return SCHEMA.empty_table()
    averages = average_frequencies(model)
    with with_features(con, cleaned, {*columns, *(_FAMILY_COLUMNS if FAMILY in columns else ())}) as table:
        parts = [
            f"select '{column}' as column_name, cast(\"{column}\" as varchar) as value, "
            f"(count(*) + $prior * cast({averages[column]!r} as double)) / (sum(count(*)) over () + $prior) "
            f"as frequency "
            f'from {table} where "{column}" is not null group by "{column}"'
            for column in counted_columns
        ]
        frequencies = SCHEMA.empty_table()
        if parts:
            query = " union all ".join(f"({part})" for part in parts)
            counted = con.sql(
                f"select column_name, value, cast(frequency as double) as frequency from ({query}) as counted"
                " order by all",
                params={"prior": float(model.term_frequency_prior)},
            )
            frequencies = counted.to_arrow_table().cast(SCHEMA)
        if FAMILY in columns:
            row = {"column_name": [FAMILY], "value": ["any"], "frequency": [_counted_family_share(con, table)]}
            frequencies = pa.concat_tables([pa.table(row, schema=SCHEMA), frequencies])
        if CROWD in columns:
            row = {"column_name": [CROWD], "value": ["any"], "frequency": [max(1.0, cleaned.num_rows / CROWD_FROM)]}
            frequencies = pa.concat_tables([pa.table(row, schema=SCHEMA), frequencies])
        return frequencies


def shared_rows(shared: pa.Table) -> pa.Table:
    """Values shared by many (`shared_values`) as rows of `SCHEMA`."""
    names = pc.binary_join_element_wise(SHARED, shared["column_name"], "")
    return pa.table([names, shared["value"], shared["humans"].cast(pa.float64())], schema=SCHEMA)


def family_share(term_frequencies: pa.Table) -> float:
    """How much of a family the records are that these frequencies were learned from: 0 (not at all) to 1; 1 if unknown.

    It is the frequency of the column `FAMILY`: how often two records of one surname and home are of two humans (given
    name and birth date clearly differ) rather than of one (both agree), at most 1. Twins, juniors and namesakes are as
    frequent as families are; where no data source delivers families, a second given name is a mistake.
    """
    return _factor(term_frequencies, FAMILY)


def crowd_factor(term_frequencies: pa.Table) -> float:
    """How many times as many strangers agree by chance as among `CROWD_FROM` records; at least 1, and 1 if unknown.

    True pairs grow with the records, pairs of strangers with their square. What few people have (a number, a home, a
    mailbox) becomes rarer as the index grows, which makes up for it; names, birth dates and towns do not.
    """
    return _factor(term_frequencies, CROWD)


def learnt_factors(term_frequencies: pa.Table) -> dict[str, float]:
    """What u of levels is multiplied by, for each of `LEARNT_FACTORS`."""
    return {FAMILY: family_share(term_frequencies), CROWD: crowd_factor(term_frequencies)}


def _factor(term_frequencies: pa.Table, column: str) -> float:
    rows = term_frequencies.filter(pc.equal(term_frequencies["column_name"], column))
    return float(rows["frequency"][0].as_py()) if rows.num_rows else 1.0


def has_families(term_frequencies: pa.Table) -> bool:
    """Whether relatives must be reckoned with: the `families` of the guards' `find_conflicts`."""
    return family_share(term_frequencies) >= FAMILIES_FROM


def _counted_family_share(con: duckdb.DuckDBPyConnection, table: str) -> float:
    relatives, selves = con.execute(load("linkage/families").replace("{records}", table)).fetchone() or (0, 0)
    return float(min(1.0, (relatives + _FAMILY_PRIOR) / (selves + _FAMILY_PRIOR)))


def average_frequencies(model: MatchModel) -> dict[str, float]:
    """Per term-frequency column: the u of the level that demands equality on it, the frequency of an average value."""
    averages: dict[str, float] = {}
    for comparison in model.comparisons:
        for level in comparison["comparison_levels"]:
            column = (level.get("tf_adjustment_column") or "").strip('"')
            if column and column not in LEARNT_FACTORS and column not in averages:
                averages[column] = float(level["u_probability"])
    return averages
