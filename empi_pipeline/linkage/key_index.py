"""The index of blocking keys in Postgres: a table a model, a column a key, so that a batch reads only its candidates.

Keys are hashes of what a blocking rule compares; equal keys make a candidate, and Splink's own rules decide.

A small batch would touch thousands of random pages of the table's many indexes. So keys of small batches wait in a
child table without indexes, `blocking_keys_<model>_recent`, until they are many; who reads the table reads both.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
from psycopg import sql

from empi_pipeline.postgres import Connection, copy_in, copy_out
from empi_pipeline.schema import CLEANED_COLUMNS

CLEANED_SCHEMA: Final = pa.schema([("record_id", pa.int64()), *((name, pa.string()) for name in CLEANED_COLUMNS)])

_CLEANED: Final = sql.SQL(", ").join(sql.Identifier("cleaned", name) for name in CLEANED_SCHEMA.names)

_INDEXED_FROM_ROWS: Final = 50_000
"""So many recent keys are scanned faster than a batch's are filed; more are filed together, which is cheap a key."""


def ensure_table(connection: Connection, model_id: int, key_names: Sequence[str]) -> None:
    """Create the key table of a model where it is missing."""
    columns = sql.SQL(", ").join(sql.SQL("{} bigint").format(sql.Identifier(name)) for name in key_names)
    connection.execute(
        sql.SQL("create table if not exists {} (record_id bigint not null, {})").format(_table(model_id), columns)
    )
    connection.execute(
        sql.SQL("create table if not exists {} () inherits ({})").format(_recent(model_id), _table(model_id))
    )


def forget_keys(connection: Connection, model_id: int, batch_id: str) -> None:
    """Delete the keys of a batch's records, of an earlier attempt at it."""
    # One statement each: together, the planner would look through the whole table for a few.
    for table in (_table(model_id), _recent(model_id)):
        connection.execute(
            sql.SQL(
                "delete from only {} as keys using raw.person_records as record"
                " where record.batch_id = %s and record.record_id = keys.record_id"
            ).format(table),
            [batch_id],
        )


def forget_erased(connection: Connection, model_id: int, record_ids: pa.ChunkedArray) -> None:
    """Delete the keys of those of these records that were erased meanwhile."""
    for table in (_table(model_id), _recent(model_id)):
        connection.execute(
            sql.SQL(
                "delete from only {} as keys using unnest(%s::bigint[]) as saved (record_id)"
                " where keys.record_id = saved.record_id and not exists"
                " (select from raw.person_records as record where record.record_id = saved.record_id)"
            ).format(table),
            [record_ids.to_pylist()],
        )


def save_keys(connection: Connection, model_id: int, keys: pa.Table) -> None:
    """Store the keys of records that have none stored.

    Args:
        connection: The caller's transaction.
        model_id: The model the keys are of.
        keys: `record_id` and one bigint column a key.
    """
    names = [name for name in keys.column_names if name != "record_id"]
    ensure_table(connection, model_id, names)
    name = f"matching.blocking_keys_{model_id}"
    if keys.num_rows >= _INDEXED_FROM_ROWS:
        copy_in(connection, name, keys)
        _index(connection, model_id, names)
        return
    copy_in(connection, f"{name}_recent", keys)
    many = connection.execute(
        sql.SQL("select count(*) = {rows} from (select from {table} limit {rows}) as counted").format(
            table=_recent(model_id), rows=sql.Literal(_INDEXED_FROM_ROWS)
        )
    ).fetchone()
    if many == (True,):
        file_recent(connection, model_id, names)


def file_recent(connection: Connection, model_id: int, names: Sequence[str]) -> int:
    """File the keys of recent records with the others, in the caller's transaction; returns how many.

    Args:
        connection: The caller's transaction.
        model_id: The model the keys are of.
        names: Its key columns.
    """
    columns = sql.SQL(", ").join(map(sql.Identifier, ["record_id", *names]))
    # One statement, so that nobody sees a key twice or not at all.
    filed = connection.execute(
        sql.SQL(
            "with filed as (delete from {recent} returning {columns})"
            " insert into {table} ({columns}) select {columns} from filed"
        ).format(recent=_recent(model_id), table=_table(model_id), columns=columns)
    ).rowcount
    _index(connection, model_id, names)
    return filed


def _index(connection: Connection, model_id: int, names: Sequence[str]) -> None:
    """Index the keys if they are not; built at once, which is cheapest, and kept from then on."""
    table = _table(model_id)
    indexed = connection.execute(
        "select exists (select from pg_indexes where schemaname = 'matching' and tablename = %s)",
        [f"blocking_keys_{model_id}"],
    ).fetchone()
    if indexed == (True,):
        return
    connection.execute(sql.SQL("create unique index on {} (record_id)").format(table))
    for key in names:
        connection.execute(
            sql.SQL("create index on {table} ({key}) where {key} is not null").format(
                table=table, key=sql.Identifier(key)
            )
        )
    connection.execute(sql.SQL("analyze {}").format(table))


def cleaned_of_batch(connection: Connection, batch_id: str) -> pa.Table:
    """The cleaned records of one batch."""
    query = sql.SQL("select {} from cleaned.person_records as cleaned where batch_id = %(batch_id)s").format(_CLEANED)
    return copy_out(connection, query, CLEANED_SCHEMA, {"batch_id": batch_id})


def cleaned_of_records(connection: Connection, record_ids: Sequence[int]) -> pa.Table:
    """The cleaned records of some person records."""
    query = sql.SQL("select {} from cleaned.person_records as cleaned where record_id = any (%(record_ids)s)")
    return copy_out(connection, query.format(_CLEANED), CLEANED_SCHEMA, {"record_ids": list(record_ids)})


def cleaned_of_index(connection: Connection) -> pa.Table:
    """The cleaned records of the index: those that belong to a person."""
    query = "select {} from cleaned.person_records as cleaned join identity.membership using (record_id)"
    return copy_out(connection, sql.SQL(query).format(_CLEANED), CLEANED_SCHEMA)


def key_names(lookups: Sequence[tuple[str, str]]) -> list[str]:
    """The key columns that lookups speak of, each once."""
    return sorted({name for lookup in lookups for name in lookup}, key=lambda name: (len(name), name))


def records_without_keys(connection: Connection, model_id: int, most: int) -> pa.Table:
    """Up to `most` cleaned records that belong to a person and have no keys of this model."""
    query = sql.SQL(
        "select {columns} from cleaned.person_records as cleaned"
        " join identity.membership using (record_id)"
        " where not exists (select from {table} as keys where keys.record_id = cleaned.record_id)"
        " order by cleaned.record_id limit {most}"
    ).format(columns=_CLEANED, table=_table(model_id), most=sql.Literal(most))
    return copy_out(connection, query, CLEANED_SCHEMA)


def candidates(connection: Connection, model_id: int, keys: pa.Table, lookups: Sequence[tuple[str, str]]) -> pa.Table:
    """The cleaned records of the index that share a key with a new record.

    Args:
        connection: A connection; a snapshot (repeatable read) makes the answer one moment's.
        model_id: The model the keys are of.
        keys: Keys of the new records.
        lookups: Pairs (key of a new record, key of the index).

    Returns:
        Cleaned records that belong to a person: those of batches not applied yet will be scored
        against this batch when their own turn comes.
    """
    names = [name for name in keys.column_names if name != "record_id"]
    if connection.execute("select not exists (select from identity.membership)").fetchone() == (True,):
        return CLEANED_SCHEMA.empty_table()
    filled = {name for name in names if keys[name].null_count < keys.num_rows}
    if not any(ours in filled for ours, _ in lookups):
        return CLEANED_SCHEMA.empty_table()
    ensure_table(connection, model_id, names)
    connection.execute("drop table if exists pg_temp.new_keys")
    columns = sql.SQL(", ").join(sql.SQL("{} bigint").format(sql.Identifier(name)) for name in names)
    connection.execute(sql.SQL("create temporary table new_keys (record_id bigint, {}) on commit drop").format(columns))
    copy_in(connection, "new_keys", keys)
    connection.execute("analyze new_keys")
    matches = sql.SQL(" union ").join(
        sql.SQL(
            "select indexed.record_id from new_keys join only {table} as indexed on indexed.{theirs} = new_keys.{ours}"
        ).format(table=table, ours=sql.Identifier(ours), theirs=sql.Identifier(theirs))
        for table in (_table(model_id), _recent(model_id))
        for ours, theirs in lookups
        if ours in filled
    )
    # A table of its own, so that the planner knows how many there are: guessing, it reads the whole index.
    connection.execute("drop table if exists pg_temp.matched_records")
    connection.execute(sql.SQL("create temporary table matched_records on commit drop as {}").format(matches))
    connection.execute("analyze matched_records")
    query = sql.SQL(
        "select {columns} from matched_records"
        " join identity.membership using (record_id)"
        " join cleaned.person_records as cleaned using (record_id)"
    ).format(columns=_CLEANED)
    return copy_out(connection, query, CLEANED_SCHEMA)


def candidates_of_one(
    connection: Connection, model_id: int, keys: Mapping[str, int | None], lookups: Sequence[tuple[str, str]]
) -> list[dict[str, Any]]:
    """The cleaned records of the index that share a key with one record, as `candidates` finds them for many.

    Args:
        connection: A connection.
        model_id: The model the keys are of.
        keys: Keys of the record.
        lookups: Pairs (key of the record, key of the index).

    Returns:
        record_id and the cleaned columns of records that belong to a person.
    """
    filed, recent = _existing(connection, model_id)
    # Keys that are NULL find nothing, so they are left out. The same text each time, so that Postgres plans it once.
    asked = [(ours, theirs) for ours, theirs in lookups if keys[ours] is not None]
    if not asked or not filed:
        return []
    equal = [sql.SQL("{} = {}").format(sql.Identifier(theirs), sql.Placeholder(ours)) for ours, theirs in asked]
    find = sql.SQL("select record_id from only {} where {}")
    # By one index each; recent keys have none and are read once for all.
    matches = sql.SQL(" union ").join(
        [
            *(find.format(_table(model_id), each) for each in equal),
            *([find.format(_recent(model_id), sql.SQL(" or ").join(equal))] if recent else []),
        ]
    )
    query = sql.SQL(
        "select {columns} from ({matches}) as matched"
        " join identity.membership using (record_id)"
        " join cleaned.person_records as cleaned using (record_id)"
    ).format(columns=_CLEANED, matches=matches)
    rows = connection.execute(query, keys).fetchall()
    return [dict(zip(CLEANED_SCHEMA.names, row, strict=True)) for row in rows]


def _existing(connection: Connection, model_id: int) -> tuple[bool, bool]:
    """Whether the table of a model's keys is there, and that of the recent ones."""
    names = [f"matching.blocking_keys_{model_id}{which}" for which in ("", "_recent")]
    row = connection.execute("select to_regclass(%s) is not null, to_regclass(%s) is not null", names).fetchone()
    assert row is not None
    return row[0], row[1]


def _table(model_id: int) -> sql.Identifier:
    return sql.Identifier("matching", f"blocking_keys_{model_id}")


def _recent(model_id: int) -> sql.Identifier:
    return sql.Identifier("matching", f"blocking_keys_{model_id}_recent")
