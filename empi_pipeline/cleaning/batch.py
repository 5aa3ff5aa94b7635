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
from empi_pipeline.cleaning.further import IDENTIFIERS, delivered_further, with_further
from empi_pipeline.cleaning.rulebook import GROUPS
from empi_pipeline.cleaning.stages import CHANGED, EMPTIED, UNCHANGED, Group, Stage
from empi_pipeline.schema import CLEANED_COLUMNS, DERIVED_COLUMNS, PERSON_RECORD_COLUMNS

NOTHING_LEARNT: Final[Mapping[DateColumn, DateOrder | None]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RuleCount:
    """What a rule did.

    Attributes:
        before: Values that reached it; for the rules over whole records, records.
        changed: Records in which it changed something.
        emptied: Those of them whose value it took away.
    """

    before: int
    changed: int
    emptied: int

    @property
    def after(self) -> int:
        """Values that left it."""
        return self.before - self.emptied

    def plus(self, more: "RuleCount") -> "RuleCount":
        """What it did to these values and to others."""
        return RuleCount(self.before + more.before, self.changed + more.changed, self.emptied + more.emptied)


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Cleaned records and what it took.

    Attributes:
        table: record_id (int64) and CLEANED_COLUMNS (text, NULL where missing), one row per input row, in no particular
            order.
        rule_counts: `<group>.<stage>` to what the rule did; every rule is listed.
    """

    table: pa.Table
    rule_counts: Mapping[str, RuleCount]


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
            text whose keys middle_name, name_suffix (or suffix), email and those of `schema.FURTHER_COLUMNS` are used.
        sources: Settings by data source; a data source without any is cleaned with the defaults.
        today: Dates after this day are nulled, and two-digit years end with it.
        date_orders: What `infer_date_formats` learnt first for each data source; without it `03/04/1990` is March 4.

    Returns:
        One cleaned row per input row, and counts by rule.
    """
    table, counts = _standardised(con, person_records, sources, today, date_orders)
    further = delivered_further(con, person_records)
    standard = None
    if further is not None:
        standard, again = _standardised(con, further, sources, today, {})
        counts |= {rule: counts[rule].plus(more) for rule, more in again.items() if not rule.startswith("record.")}
        through = pa.array([name for name, source in sources.items() if source.pass_through], pa.string())
        standard = standard.append_column("pass_through", pc.is_in(standard["data_source"], through))
    together = with_further(con, table, further, standard)
    counts |= _group_counts(IDENTIFIERS, together.identifiers, together.done)
    return Cleaning(together.table.select(["record_id", *CLEANED_COLUMNS]), counts)


def _standardised(
    con: duckdb.DuckDBPyConnection,
    person_records: pa.Table,
    sources: Mapping[str, SourceCleaning],
    today: date,
    date_orders: Mapping[DateColumn, DateOrder | None],
) -> tuple[pa.Table, dict[str, RuleCount]]:
    """The standard columns and what is set apart from them, and counts by rule."""
    columns = ["record_id", *PERSON_RECORD_COLUMNS, *DERIVED_COLUMNS]
    done: dict[str, list[_Done]] = {}
    with _scratch(con, person_records, today), vocabulary.registered(con):
        _create_base(con, person_records, sources, date_orders)
        ((*filled,),) = con.execute(queries.filled_groups()).fetchall()
        needed = {name for group in GROUPS for name in group.after}
        empty = {group.name for group, values in zip(GROUPS, filled, strict=True) if not values} - needed
        for group in GROUPS:
            if group.name not in empty and not group.mostly_unique:
                con.execute(queries.distinct_values(group))
                done[group.name] = _done_to_distinct(con, group.name, len(group.stages))
        cleaned = con.sql(queries.assembled(empty)).to_arrow_table()
        passed = con.sql(queries.passed_through()).to_arrow_table()
    counts = _record_counts(cleaned, records.BEFORE, queries.BEFORE_FLAG)
    for group, values in zip(GROUPS, filled, strict=True):
        if group.mostly_unique and group.name not in empty:
            done[group.name] = _done_to_records(cleaned, f"changed_{group.name}", len(group.stages))
        counts |= _group_counts(group, values, done.get(group.name))
    counts |= _record_counts(cleaned, records.AFTER, queries.AFTER_FLAG)
    return pa.concat_tables([cleaned.select(columns), passed.select(columns)]), counts


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


_Done = tuple[int, int]
"""Records that a stage changed, and those whose value it took away."""


def _done_to_distinct(con: duckdb.DuckDBPyConnection, group: str, stages: int) -> list[_Done]:
    """What the stages of a group did, counted in records, from its distinct values."""
    sums = ", ".join(
        f"coalesce(sum(records) filter (where changed_{index} {which}), 0)::bigint"
        for index in range(stages)
        for which in (f"> {UNCHANGED}", f"= {EMPTIED}")
    )
    # fetchall, not fetchone: DuckDB refuses other work on the connection while a result is unfinished.
    ((*counts,),) = con.execute(f"select {sums} from cleaned_{group}").fetchall()
    return list(zip(counts[::2], counts[1::2], strict=True))


def _done_to_records(cleaned: pa.Table, flag: str, stages: int) -> list[_Done]:
    """What stages that ran record by record did."""
    found = []
    for index in range(stages):
        counts = {each["values"]: each["counts"] for each in pc.value_counts(cleaned[f"{flag}_{index}"]).to_pylist()}
        found.append((counts.get(CHANGED, 0) + counts.get(EMPTIED, 0), counts.get(EMPTIED, 0)))
    return found


def _group_counts(group: Group, values: int, done: list[_Done] | None) -> dict[str, RuleCount]:
    """Rule by rule: a value that one took away does not reach the next."""
    counts = {}
    for stage, (changed, emptied) in zip(group.stages, done or [(0, 0)] * len(group.stages), strict=True):
        if stage.counted:
            counts[f"{group.name}.{stage.name}"] = RuleCount(values, changed, emptied)
        values -= emptied
    return counts


def _record_counts(cleaned: pa.Table, stages: tuple[Stage, ...], flag: str) -> dict[str, RuleCount]:
    return {
        f"record.{stage.name}": RuleCount(cleaned.num_rows, *done)
        for stage, done in zip(stages, _done_to_records(cleaned, flag, len(stages)), strict=True)
    }
