"""Reads what the guards look at: a few cleaned columns of some records, of three records or of a whole index."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from psycopg import sql

from empi_pipeline.identity.arrays import Ints, found
from empi_pipeline.postgres import Connection, read_packed


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
    query = sql.SQL(
        "select record_id, {columns} from cleaned.person_records where record_id = any (%(record_ids)s::bigint[])"
    ).format(columns=sql.SQL(", ").join(map(sql.Identifier, columns)))
    rows = read_packed(connection, query, schema, {"record_ids": _literal(record_ids)})
    never_cleaned = np.ones(len(record_ids), bool)
    never_cleaned[found(record_ids, np.asarray(rows["record_id"].to_numpy(), np.int64))[0]] = False
    nothing = pa.nulls(int(never_cleaned.sum()), pa.string())
    return pa.concat_tables(
        [rows, pa.table([pa.array(record_ids[never_cleaned]), *[nothing] * len(columns)], schema=schema)]
    )


def _literal(numbers: Ints) -> str:
    """An array as Postgres writes it: ten times faster than binding a list of many numbers."""
    return "{" + ",".join(map(str, numbers.tolist())) + "}"
