"""COPY between Arrow tables and Postgres, as CSV: the fastest way measured, and NULL stays apart from ''."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, LiteralString, cast

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from psycopg import sql

from empi_pipeline.postgres.connections import Connection

_CHUNK_ROWS: Final = 50_000
_ROWS_A_VALUE: Final = 65_536
"""How many rows `read_packed` gets as one value; Postgres makes values of at most 1 GB."""


def copy_in(
    connection: Connection,
    table: str,
    rows: pa.Table | pa.RecordBatch | Iterator[pa.RecordBatch],
    *,
    constants: Mapping[str, str | int] | None = None,
) -> int:
    """Append rows to a table.

    Args:
        connection: An open connection; the caller's transaction.
        table: `schema.table` (or a temporary table's name).
        rows: Columns are matched by name; lists become Postgres arrays, binary becomes bytea.
        constants: Further columns with one value for all rows, such as the batch.

    Returns:
        How many rows were sent.
    """
    batches = iter([rows]) if isinstance(rows, pa.Table | pa.RecordBatch) else rows
    sent = 0
    first = next(batches, None)
    if first is None or (isinstance(rows, pa.Table | pa.RecordBatch) and not rows.num_rows):
        return 0
    constants = constants or {}
    names = [*first.schema.names, *constants]
    statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(
        sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        while first is not None:
            for start in range(0, first.num_rows, _CHUNK_ROWS):
                copy.write(_as_csv(first.slice(start, _CHUNK_ROWS), constants))
            sent += first.num_rows
            first = next(batches, None)
    return sent


def copy_out(
    connection: Connection,
    query: LiteralString | sql.Composable,
    schema: pa.Schema,
    parameters: Mapping[str, Any] | Sequence[Any] | None = None,
) -> pa.Table:
    """The rows of a query.

    Args:
        connection: An open connection.
        query: A select; its columns in the order of `schema`.
        schema: Names and types to give; lists of numbers are understood (`smallint[]`, `real[]`).
        parameters: Bound values.
    """
    select = query if isinstance(query, sql.Composable) else sql.SQL(query)
    statement: sql.SQL | sql.Composed = sql.SQL("copy ({}) to stdout (format csv)").format(select)
    if parameters is not None:
        # COPY takes no server-side parameters: psycopg quotes them on this side.
        statement = sql.SQL(psycopg.ClientCursor(connection).mogrify(statement, parameters))
    sink = pa.BufferOutputStream()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for piece in copy:
            sink.write(piece)
    text = sink.getvalue()
    if text.size == 0:
        return schema.empty_table()
    read_types = {field.name: _csv_type(field.type) for field in schema}
    table = pyarrow.csv.read_csv(
        pa.BufferReader(text),
        read_options=pyarrow.csv.ReadOptions(column_names=schema.names),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=read_types,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return pa.table([_from_csv(table[field.name], field.type) for field in schema], schema=schema)


def read_packed(
    connection: Connection,
    query: LiteralString | sql.Composable,
    schema: pa.Schema,
    parameters: Mapping[str, Any] | Sequence[Any] | None = None,
) -> pa.Table:
    """The rows of a query, in no order: like `copy_out`, faster where they are many and narrow.

    COPY sends each row by itself, and taking a row in costs more than reading it. Here Postgres puts thousands of them
    into one value first, as the text form of composite values, which is CSV but for backslashes; that may even run in
    parallel, which COPY never does.

    Args:
        connection: An open connection.
        query: A select; its columns named as in `schema`, the first a whole number that differs between rows.
        schema: Names and types to give: numbers and text.
        parameters: Bound values.
    """
    select = query if isinstance(query, sql.Composable) else sql.SQL(query)
    # The nulls around each row part its brackets from its first and last value.
    statement = sql.SQL(
        "select convert_to(string_agg(row(null, {columns}, null)::text, e'\\n'), 'utf8') from ({select}) as wanted"
        " group by {number} / {at_once}"
    ).format(
        columns=sql.SQL(", ").join(sql.Identifier("wanted", name) for name in schema.names),
        select=select,
        number=sql.Identifier("wanted", schema.names[0]),
        at_once=_ROWS_A_VALUE,
    )
    with connection.cursor(binary=True) as cursor:
        text = b"\n".join(value for (value,) in cursor.execute(statement, parameters, prepare=False))
    if not text:
        return schema.empty_table()
    rows = pyarrow.csv.read_csv(
        pa.BufferReader(text),
        read_options=pyarrow.csv.ReadOptions(column_names=["(", *schema.names, ")"]),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, escape_char="\\"),
        convert_options=pyarrow.csv.ConvertOptions(
            include_columns=schema.names,
            column_types={field.name: field.type for field in schema},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return rows.cast(schema)


def _csv_type(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_list(kind) or _is_binary(kind) else kind


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind))


def _from_csv(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | pa.Array:
    if pa.types.is_list(kind):
        return _from_array_literals(column.combine_chunks(), kind)
    if _is_binary(kind):
        # Few columns and rows are read back as bytea: the hashes of one batch.
        decoded = [None if text is None else bytes.fromhex(text[2:]) for text in column.to_pylist()]
        return pa.chunked_array([pa.array(decoded, type=kind)])
    return column


def _from_array_literals(literals: pa.Array, kind: pa.ListType) -> pa.Array:
    """`{1,NULL}` -> `[1, None]`."""
    inner = pc.utf8_slice_codeunits(literals, 1, -1)
    # An empty array splits into one empty element: drop those.
    elements = pc.split_pattern(pc.if_else(pc.equal(inner, ""), None, inner), ",")
    lengths = pc.fill_null(pc.list_value_length(elements), 0)
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(lengths).cast(pa.int32())])
    flat = elements.flatten()
    values = pc.cast(pc.if_else(pc.equal(flat, "NULL"), None, flat), kind.value_type)
    return pa.ListArray.from_arrays(offsets, values, mask=literals.is_null()).cast(kind)


def _as_csv(rows: pa.Table | pa.RecordBatch, constants: Mapping[str, str | int]) -> bytes:
    columns = [_to_csv(column) for column in rows.columns]
    columns += [pa.array([value] * rows.num_rows) for value in constants.values()]
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(
        pa.table(columns, names=[*rows.schema.names, *constants]),
        sink,
        pyarrow.csv.WriteOptions(include_header=False, batch_size=_CHUNK_ROWS),
    )
    return cast(bytes, sink.getvalue().to_pybytes())


def _to_csv(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    kind = column.type
    if pa.types.is_list(kind):
        return _array_literals(column)
    if _is_binary(kind):
        return pa.array([None if value is None else "\\x" + value.hex() for value in column.to_pylist()], pa.string())
    return column


def _array_literals(column: pa.ListArray) -> pa.Array:
    """`[1, 2]` -> `{1,2}`; a NULL list stays NULL, a NULL element becomes the word NULL."""
    elements = pc.fill_null(pc.cast(column.flatten(), pa.string()), "NULL")
    offsets = pc.subtract(column.offsets, column.offsets[0])
    joined = pc.binary_join(pa.ListArray.from_arrays(pc.cast(offsets, pa.int32()), elements), ",")
    literals = pc.binary_join_element_wise("{", joined, "}", "")
    return pc.if_else(column.is_valid(), literals, pa.scalar(None, pa.string()))
