"""What matching looks at beyond the cleaned columns: computed in DuckDB when needed, stored nowhere."""

# ruff: noqa: S608 - SQL is put together from names of ours and conditions of a checked model; values are bound.

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Final

import duckdb
import pyarrow as pa

from empi_pipeline.linkage.nicknames import name_sets
from empi_pipeline.schema import CLEANED_COLUMNS
from empi_pipeline.sql import load

FEATURES: Final[dict[str, str]] = {
    "given_sets": "smallint[]",
    "given_sound": "varchar",
    "given_parts": "varchar[]",
    "family_sound": "varchar",
    "family_parts": "varchar[]",
    "birth_year": "smallint",
    "birth_month": "smallint",
    "birth_day": "smallint",
    "ssn_last4": "varchar",
    "house_number": "varchar",
    "street": "varchar",
    "street_word": "varchar",
    "home": "varchar",
    "previous_name": "varchar",
    "previous_names": "varchar[]",
    "other_homes": "varchar[]",
    "other_house_number": "varchar",
    "other_street_word": "varchar",
    "identifier_set": "varchar[]",
    "identifier_1": "varchar",
    "identifier_2": "varchar",
    "family": "varchar",
    "crowd": "varchar",
}
"""Derived columns a model may use beside the cleaned ones, with their types (`sql/linkage/record_features.sql`)."""

MODEL_COLUMNS: Final = (*CLEANED_COLUMNS, *FEATURES)
"""Every record column that a match model's SQL may name."""

_serial = count()


def features_query(columns: Collection[str], extra: Sequence[str] = (), joins: Sequence[str] = ()) -> str:
    """A select of record_id, the columns asked for and the extra ones; arguments as `with_features`.

    It reads `cleaned_records` (record_id and the cleaned columns, as text) and, for features, `name_sets`.
    """
    derived = any(column in FEATURES for column in _wanted(columns))
    if not derived:
        return _selected(columns, "cleaned_records", extra, joins)
    query: str = load("linkage/features")
    for name in ("name_features", "record_features"):
        query = query.replace(f"${name}", load(f"linkage/{name}"))
    return _selected(columns, f"({query})", extra, joins)


def record_features_query(columns: Collection[str], extra: Sequence[str]) -> str:
    """The same of records whose names' own features are known, `records_with_names`: a projection."""
    return _selected(columns, f"({load('linkage/record_features')})", extra, ())


def _wanted(columns: Collection[str]) -> list[str]:
    return [column for column in MODEL_COLUMNS if column in {name.lower() for name in columns}]


def _selected(columns: Collection[str], source: str, extra: Sequence[str], joins: Sequence[str]) -> str:
    selected = ", ".join(["record_id", *(f'"{column}"' for column in _wanted(columns)), *extra])
    return f"select {selected} from {source} as featured {' '.join(joins)}"


@contextmanager
def with_features(
    con: duckdb.DuckDBPyConnection,
    cleaned: pa.Table,
    columns: Collection[str],
    extra: Sequence[str] = (),
    joins: Sequence[str] = (),
) -> Iterator[str]:
    """A temporary table of the records with just the columns asked for; dropped at the end.

    Args:
        con: A DuckDB connection (scratch); not used by anything else meanwhile.
        cleaned: `record_id` and the cleaned columns; a column that is absent counts as missing in every record.
        columns: Names out of `MODEL_COLUMNS`.
        extra: Further select expressions over those columns (`"… as name"`).
        joins: Join clauses for what else `extra` reads.

    Yields:
        The name of the table: record_id (bigint), the columns asked for, the extra ones.
    """
    wanted = _wanted(columns)
    derived = any(column in FEATURES for column in wanted)
    table = f"linkage_records_{next(_serial)}"
    # Casts: an all-NULL column arrives untyped and would become INTEGER, on which string functions fail.
    delivered = set(cleaned.column_names)
    needed = CLEANED_COLUMNS if derived else tuple(wanted)
    texts = [
        f'cast("{c}" as varchar) as "{c}"' if c in delivered else f'cast(null as varchar) as "{c}"' for c in needed
    ]
    con.register("linkage_delivered", cleaned)
    try:
        typed = ", ".join(["cast(record_id as bigint) as record_id", *texts])
        con.execute(f"create or replace temp view cleaned_records as select {typed} from linkage_delivered")
        if derived:
            con.register("name_sets", name_sets())
        con.execute(f"create temp table {table} as {features_query(wanted, extra, joins)}")
    finally:
        con.execute("drop view if exists cleaned_records")
        con.unregister("linkage_delivered")
        if derived:
            con.unregister("name_sets")
    try:
        yield table
    finally:
        con.execute(f"drop table if exists {table}")
