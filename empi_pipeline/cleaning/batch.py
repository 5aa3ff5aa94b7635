"""Cleaning of one table of person records: repeated values once and joined back, the others as they stream by."""

# ruff: noqa: S608 - the SQL holds words and column names of this package, never a delivered value.

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.cleaning import queries, records, vocabulary
from empi_pipeline.cleaning.formats import DATE_COLUMNS, DateColumn, DateOrder, SourceCleaning, order_of
from empi_pipeline.cleaning.rulebook import GROUPS
from empi_pipeline.cleaning.stages import Stage
from empi_pipeline.schema import CLEANED_COLUMNS

NOTHING_LEARNT: Final[Mapping[DateColumn, DateOrder | None]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Cleaned records and what it took.

    Attributes:
        table: record_id (int64) and CLEANED_COLUMNS (text, NULL where missing), one row per input row, in no particular
            order.
        rule_counts: `<group>.<stage>` to the number of records in which it changed or nulled something; every rule is
            listed.
    """

    table: pa.Table
    rule_counts: Mapping[str, int]


def clean(
    con: duckdb.DuckDBPyConnection,
    person_records: pa.Table,
    sources: Mapping[str, SourceCleaning],
    today: date,
    date_orders: Mapping[DateColumn, DateOrder | None] = NOTHING_LEARNT,
) -> Cleaning:
    """Standardise person records for matching; the same record gives the same result in any batch.

    Args:
        con: A scratch connection; nothing is left behind in it.
        person_records: record_id, the 15 standard columns (an absent one counts as empty) and optionally `extra`, JSON
            text whose keys middle_name, name_suffix (or suffix) and email are used.
        sources: Settings by data source; a data source without any is cleaned with the defaults.
        today: Dates after this day are nulled, and two-digit years end with it.
        date_orders: What `infer_date_formats` learnt first for each data source; without it `03/04/1990` is March 4.

    Returns:
        One cleaned row per input row, and counts by rule.
    """
    columns = ["record_id", *CLEANED_COLUMNS]
    counts = {f"{section}.{stage.name}": 0 for section, stage in _counted_stages()}
    with _scratch(con, person_records, today), vocabulary.registered(con):
        _create_base(con, person_records, sources, date_orders)
        ((*filled,),) = con.execute(queries.filled_groups()).fetchall()
        needed = {name for group in GROUPS for name in group.after}
        empty = {group.name for group, values in zip(GROUPS, filled, strict=True) if not values} - needed
        for group in GROUPS:
            if group.name not in empty and not group.mostly_unique:
                con.execute(queries.distinct_values(group))
                counts |= _counts_of_distinct(con, group.name, group.stages)
        cleaned = con.sql(queries.assembled(empty)).to_arrow_table()
        passed = con.sql(queries.passed_through()).to_arrow_table()
    counts |= _counts_of_flags(cleaned, "record", records.BEFORE, queries.BEFORE_FLAG)
    counts |= _counts_of_flags(cleaned, "record", records.AFTER, queries.AFTER_FLAG)
    for group in GROUPS:
        if group.mostly_unique and group.name not in empty:
            counts |= _counts_of_flags(cleaned, group.name, group.stages, f"changed_{group.name}")
    return Cleaning(pa.concat_tables([cleaned.select(columns), passed.select(columns)]), counts)


@contextmanager
def _scratch(con: duckdb.DuckDBPyConnection, person_records: pa.Table, today: date) -> Iterator[None]:
    """The delivery and the day of cleaning in the connection; afterwards everything of ours is gone from it."""
    con.register("cleaning_delivery", person_records)
    try:
        con.execute("set variable cleaning_today = ?", [today])
        yield
    finally:
        con.execute("reset variable cleaning_today")
        con.execute("drop view if exists temp.cleaning_base")
        for table in ("cleaning_sources", *(f"cleaned_{group.name}" for group in GROUPS)):
            con.execute(f"drop table if exists temp.{table}")
        con.unregister("cleaning_delivery")


def _create_base(
    con: duckdb.DuckDBPyConnection,
    person_records: pa.Table,
    sources: Mapping[str, SourceCleaning],
    date_orders: Mapping[DateColumn, DateOrder | None],
) -> None:
    names = [name for (name,) in con.execute("select distinct data_source::varchar from cleaning_delivery").fetchall()]
    con.execute(
        "create temp table cleaning_sources (name varchar, pass_through boolean, birth_date_order varchar, "
        "death_date_order varchar)"
    )
    rows = [
        (
            name,
            name in sources and sources[name].pass_through,
            *(order_of(name, column, sources, date_orders) for column in DATE_COLUMNS),
        )
        for name in names
    ]
    if rows:
        con.executemany("insert into cleaning_sources values (?, ?, ?, ?)", rows)
    con.execute(queries.delivered(person_records.column_names))


def _counted_stages() -> Iterator[tuple[str, Stage]]:
    yield from (("record", stage) for stage in records.BEFORE)
    yield from ((group.name, stage) for group in GROUPS for stage in group.stages if stage.counted)
    yield from (("record", stage) for stage in records.AFTER)


def _counts_of_distinct(con: duckdb.DuckDBPyConnection, group: str, stages: tuple[Stage, ...]) -> dict[str, int]:
    sums = ", ".join(
        f"coalesce(sum(records) filter (where changed_{index}), 0)::bigint" for index in range(len(stages))
    )
    # fetchall, not fetchone: DuckDB refuses other work on the connection while a result is unfinished.
    ((*counts,),) = con.execute(f"select {sums} from cleaned_{group}").fetchall()
    return {f"{group}.{stage.name}": count for stage, count in zip(stages, counts, strict=True) if stage.counted}


def _counts_of_flags(cleaned: pa.Table, group: str, stages: tuple[Stage, ...], flag: str) -> dict[str, int]:
    return {
        f"{group}.{stage.name}": pc.sum(cleaned[f"{flag}_{index}"]).as_py() or 0
        for index, stage in enumerate(stages)
        if stage.counted
    }
