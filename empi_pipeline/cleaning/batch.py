"""Cleaning of one table of person records: each distinct value once, then joined back to the records."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.cleaning import records, vocabulary
from empi_pipeline.cleaning.formats import DATE_COLUMNS, UNDECIDED, DateColumn, DateOrder, SourceCleaning, order_of
from empi_pipeline.cleaning.rulebook import GROUPS
from empi_pipeline.cleaning.stages import Group, Stage, chain
from empi_pipeline.schema import CLEANED_COLUMNS, PERSON_RECORD_COLUMNS, SOURCE_IDENTITY_COLUMNS

NOTHING_LEARNT: Final[Mapping[DateColumn, DateOrder | None]] = MappingProxyType({})

_EXTRA_KEYS: Final = {
    "delivered_middle": ("middle_name",),
    "delivered_suffix": ("name_suffix", "suffix"),
    "delivered_email": ("email",),
}
"""Column of the base table to the keys of `extra` it is taken from, the first that is there."""

_DELIVERED: Final = (*PERSON_RECORD_COLUMNS, *_EXTRA_KEYS)
_DERIVED: Final = {
    "middle_name": "delivered_middle",
    "name_suffix": "delivered_suffix",
    "address_unit": "null::varchar",
    "phone_extension": "null::varchar",
    "email": "delivered_email",
}
"""What pass-through puts into the derived columns."""


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Cleaned records and what it took.

    Attributes:
        table: record_id (int64) and CLEANED_COLUMNS (text, NULL where missing), one row per input row, in no particular order.
        rule_counts: `<group>.<stage>` to the number of records it changed or nulled something in; every stage is listed.
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
        person_records: record_id, the 15 standard columns (an absent one counts as empty) and optionally `extra`, JSON text whose
            keys middle_name, name_suffix (or suffix) and email are used.
        sources: Settings by data source; a data source without any is cleaned with the defaults.
        today: Dates after this day are nulled, and two-digit years end with it.
        date_orders: What `infer_date_formats` learnt first for each data source; without it `03/04/1990` is March 4.

    Returns:
        One cleaned row per input row, and counts by rule.
    """
    with _scratch_tables(con, person_records), vocabulary.registered(con):
        con.execute("set variable cleaning_today = ?", [today])
        _create_base(con, person_records.column_names, sources, date_orders)
        counts = dict(_clean_groups(con))
        cleaned = con.sql(_assembled()).to_arrow_table()
        counts |= dict(_flag_counts(cleaned))
        passed = con.sql(_passed_through()).to_arrow_table()
    columns = ["record_id", *CLEANED_COLUMNS]
    return Cleaning(pa.concat_tables([cleaned.select(columns), passed.select(columns)]), counts)


@contextmanager
def _scratch_tables(con: duckdb.DuckDBPyConnection, person_records: pa.Table) -> Iterator[None]:
    con.register("cleaning_delivery", person_records)
    try:
        yield
    finally:
        con.unregister("cleaning_delivery")
        con.execute("reset variable cleaning_today")
        for table in ("cleaning_base", "cleaning_sources", *(f"cleaned_{group.name}" for group in GROUPS)):
            con.execute(f"drop table if exists temp.{table}")


def _create_base(
    con: duckdb.DuckDBPyConnection,
    delivered: Sequence[str],
    sources: Mapping[str, SourceCleaning],
    date_orders: Mapping[DateColumn, DateOrder | None],
) -> None:
    """Temp table cleaning_base: delivered values as text with '' as NULL, extra columns apart, and the date orders."""
    names = [name for (name,) in con.execute("select distinct data_source::varchar from cleaning_delivery").fetchall()]
    con.execute("create temp table cleaning_sources (name varchar, pass_through boolean, birth_date_order varchar, death_date_order varchar)")
    con.executemany(
        "insert into cleaning_sources values (?, ?, ?, ?)",
        [
            (name, name in sources and sources[name].pass_through, *(order_of(name, column, sources, date_orders) for column in DATE_COLUMNS))
            for name in names
        ],
    )
    columns = [
        f"nullif({column}::varchar, '') as {column}" if column in delivered else f"null::varchar as {column}"
        for column in PERSON_RECORD_COLUMNS
    ]
    for column, keys in _EXTRA_KEYS.items():
        values = ", ".join(f"nullif(json_extract_string(extra, '$.{key}'), '')" for key in keys)
        columns.append(f"case when json_valid(extra) then coalesce({values}) end as {column}" if "extra" in delivered else f"null::varchar as {column}")
    orders = [f"{column}_order" for column in DATE_COLUMNS]
    known_orders = [f"coalesce({order}, '{UNDECIDED}') as {order}" for order in orders]
    source = (
        f"(select record_id::bigint as record_id, {', '.join(columns)}, "
        f"coalesce(pass_through, false) as pass_through, {', '.join(known_orders)} from cleaning_delivery "
        "left join cleaning_sources on name = data_source::varchar)"
    )
    working = ["first_name", "last_name"]
    kept = ["record_id", "pass_through", *orders, *(column for column in _DELIVERED if column not in working)]
    guarded = [
        Stage(stage.name, stage.reason, stage.columns, f"not pass_through and ({stage.when})", stage.lookups) for stage in records.BEFORE
    ]
    con.execute(f"create temp table cleaning_base as {chain(source, kept, working, guarded)}")


def _clean_groups(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, int]]:
    """Clean the distinct values of each group into temp table cleaned_<group>; yields counts by rule."""
    for stage, count in zip(records.BEFORE, _sums(con, "cleaning_base", len(records.BEFORE), "1"), strict=True):
        yield f"record.{stage.name}", count
    for group in GROUPS:
        con.execute(f"create temp table cleaned_{group.name} as {_group_query(group)}")
        for stage, count in zip(group.stages, _sums(con, f"cleaned_{group.name}", len(group.stages), "records"), strict=True):
            if stage.counted:
                yield f"{group.name}.{stage.name}", count


def _sums(con: duckdb.DuckDBPyConnection, table: str, stages: int, weight: str) -> list[int]:
    sums = ", ".join(f"coalesce(sum({weight}) filter (where changed_{index}), 0)::bigint" for index in range(stages))
    # fetchall, not fetchone: DuckDB refuses other work on the connection while a result is unfinished.
    ((*counts,),) = con.execute(f"select {sums} from {table}").fetchall()
    return counts


def _group_query(group: Group) -> str:
    """SQL of a group's distinct keys (`key_<name>`), outputs, number of records and changed flags."""
    keys = [f"key_{key}" for key in group.keys]
    distinct = (
        f"select {', '.join(f'{_key(key)} as {key}' for key in group.keys)}, count(*) as records "
        f"from {_base_with(group.after)} where not pass_through and base.{group.keys[0]} is not null group by all"
    )
    start = [f"{key} as key_{key}" for key in group.keys] + [f"{expression} as {column}" for column, expression in group.start.items()]
    query = chain(f"(select {', '.join(start)}, records from ({distinct}) as delivered) as started", [*keys, "records"], list(group.start), group.stages)
    flags = [f"changed_{index}" for index in range(len(group.stages))]
    return f"select {', '.join([*keys, 'records', *group.outputs, *flags])} from ({query}) as cleaned"


def _key(key: str) -> str:
    """Where a key comes from: `clean_state` is the output of the group `state`, all others are in the base table."""
    return f"cleaned_{key.removeprefix('clean_')}.{key.removeprefix('clean_')}" if key.startswith("clean_") else f"base.{key}"


def _base_with(groups: Sequence[str]) -> str:
    joins = [_join(group) for group in GROUPS if group.name in groups]
    return " ".join(["cleaning_base as base", *joins])


def _join(group: Group) -> str:
    first, *others = group.keys
    condition = f"{_key(first)} = cleaned_{group.name}.key_{first}"
    condition += "".join(f" and {_key(key)} is not distinct from cleaned_{group.name}.key_{key}" for key in others)
    return f"left join cleaned_{group.name} on {condition}"


def _assembled() -> str:
    """SQL of the cleaned records with the changed flags of the rules across columns."""
    outputs = [f"cleaned_{group.name}.{output}" for group in GROUPS for output in group.outputs]
    identity = ["record_id", *SOURCE_IDENTITY_COLUMNS]
    joined = f"(select {', '.join([*(f'base.{column}' for column in identity), *outputs])} from {_base_with([group.name for group in GROUPS])} where not pass_through) as joined"
    columns = [output for group in GROUPS for output in group.outputs]
    changed = {column for stage in records.AFTER for column in stage.columns}
    kept = [*identity, *(column for column in columns if column not in changed)]
    return chain(joined, kept, [column for column in columns if column in changed], records.AFTER)


def _flag_counts(cleaned: pa.Table) -> Iterator[tuple[str, int]]:
    for index, stage in enumerate(records.AFTER):
        yield f"record.{stage.name}", pc.sum(cleaned[f"changed_{index}"]).as_py() or 0


def _passed_through() -> str:
    derived = [f"{expression} as {column}" for column, expression in _DERIVED.items()]
    return f"select {', '.join(['record_id', *PERSON_RECORD_COLUMNS, *derived])} from cleaning_base where pass_through"
