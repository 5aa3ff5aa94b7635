"""Reads what the guards look at: a few cleaned columns of some records, of three records or of a whole index."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
from psycopg import sql

from empi_pipeline.identity.arrays import Ints, found
from empi_pipeline.postgres import Connection, read_packed

_DENSE: Final = 0.2
"""Share of a range of record ids from which on reading the whole range is faster than looking the records up."""

_MANY: Final = 20_000


def read_attributes(connection: Connection, columns: Sequence[str], record_ids: Ints) -> pa.Table:
    """The cleaned attributes of some records; a record that was never cleaned has none.

    Args:
        connection: An open connection.
        columns: Names of cleaned columns.
        record_ids: The records, ascending, each once.

    Returns:
        record_id and the columns as text, one row for each record, in no order.
    """
    schema = pa.schema([("record_id", pa.int64()), *((name, pa.string()) for name in columns)])
    names = sql.SQL(", ").join(sql.Identifier("record", name) for name in columns)
    count = len(record_ids)
    if count >= _MANY and count >= _DENSE * (record_ids[-1] - record_ids[0] + 1):
        return _range(connection, names, schema, record_ids)
    query = sql.SQL(
        "select asked.record_id, {columns} from unnest(%(record_ids)s::bigint[]) as asked (record_id)"
        " left join cleaned.person_records as record on record.record_id = asked.record_id"
    ).format(columns=names)
    return read_packed(connection, query, schema, {"record_ids": _literal(record_ids)})


def _range(connection: Connection, names: sql.Composed, schema: pa.Schema, record_ids: Ints) -> pa.Table:
    query = sql.SQL(
        "select record.record_id, {columns} from cleaned.person_records as record"
        " where record.record_id between %(first)s and %(last)s"
    ).format(columns=names)
    bounds = {"first": int(record_ids[0]), "last": int(record_ids[-1])}
    rows = read_packed(connection, query, schema, bounds)
    place, wanted = found(record_ids, np.asarray(rows["record_id"].to_numpy(), np.int64))
    rows = rows.filter(pa.array(wanted))
    cleaned = np.zeros(len(record_ids), bool)
    cleaned[place[wanted]] = True
    without = record_ids[~cleaned]
    nothing = pa.nulls(len(without), pa.string())
    return pa.concat_tables([rows, pa.table([pa.array(without), *[nothing] * (len(schema) - 1)], schema=schema)])


def _literal(numbers: Ints) -> str:
    """An array as Postgres writes it: ten times faster than binding a list of many numbers."""
    return "{" + ",".join(map(str, numbers.tolist())) + "}"
