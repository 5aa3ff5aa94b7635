"""Writes the crosswalk and the retired ids as CSV or Parquet to any binary stream, in bounded memory."""

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, Final, Literal

import psycopg
from psycopg import sql

from empi_pipeline.errors import NotFoundError
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

CROSSWALK_COLUMNS: Final = ("data_source", "source_person_id", "person_id")
RETIRED_PERSON_COLUMNS: Final = ("retired_person_id", "person_id")

Format = Literal["csv", "parquet"]

_ROW_GROUP: Final = 100_000


def export_crosswalk(
    connection: Connection,
    sink: BinaryIO,
    file_format: Format = "csv",
    data_sources: Sequence[str] | None = None,
) -> int:
    r"""Write the crosswalk as last published: data_source, source_person_id, person_id, in that order.

    CSV is UTF-8 with a header and `\n` line ends. One snapshot, also while a publication runs.

    Args:
        connection: An open connection.
        sink: Written to piece by piece; not closed.
        file_format: `csv` or `parquet`.
        data_sources: Only these; all when None.

    Returns:
        How many rows were written.

    Raises:
        NotFoundError: The crosswalk has no row of one of the data sources named.
    """
    names = list(data_sources) if data_sources is not None else None
    if names is not None:
        unknown = connection.execute(load("publishing/unpublished_data_sources"), {"data_sources": names}).fetchall()
        if unknown:
            raise NotFoundError(f"the crosswalk has no data source named {', '.join(row[0] for row in unknown)}")
    query, parameters = load("publishing/crosswalk"), {"data_sources": names}
    if file_format == "csv":
        return write_csv(connection, sink, query, parameters)
    return _write_parquet(connection, sink, query, parameters, CROSSWALK_COLUMNS)


def export_retired_persons(connection: Connection, sink: BinaryIO, file_format: Format = "csv") -> int:
    """Write every retired person_id and the living person it resolves to: retired_person_id, person_id.

    Args:
        connection: An open connection.
        sink: Written to piece by piece; not closed.
        file_format: `csv` or `parquet`.

    Returns:
        How many rows were written.
    """
    query = load("publishing/retired_persons")
    if file_format == "csv":
        return write_csv(connection, sink, query)
    return _write_parquet(connection, sink, query, None, RETIRED_PERSON_COLUMNS)


def write_csv(connection: Connection, sink: BinaryIO, query: str, parameters: Mapping[str, Any] | None = None) -> int:
    """Stream the rows of a query as CSV with a header, as Postgres writes it.

    Args:
        connection: An open connection.
        sink: Written to piece by piece; not closed.
        query: A statement of `sql/`; its column names are the header.
        parameters: Bound values.

    Returns:
        How many rows were written.
    """
    # COPY takes no server-side parameters: psycopg quotes them on this side.
    bound = psycopg.ClientCursor(connection).mogrify(query, parameters) if parameters else query
    statement = sql.SQL("copy ({}) to stdout (format csv, header)").format(sql.SQL(bound))
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for piece in copy:
                sink.write(piece)
        return cursor.rowcount


def _write_parquet(
    connection: Connection, sink: BinaryIO, query: str, parameters: Mapping[str, Any] | None, columns: Sequence[str]
) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([pa.field(name, pa.string(), nullable=False) for name in columns])
    written = 0
    with (
        connection.transaction(),
        connection.cursor(name="export") as cursor,
        pq.ParquetWriter(sink, schema, compression="zstd") as writer,
    ):
        cursor.execute(query, parameters)
        while rows := cursor.fetchmany(_ROW_GROUP):
            values = list(zip(*rows, strict=True))
            writer.write_batch(pa.record_batch([pa.array(each, pa.string()) for each in values], schema=schema))
            written += len(rows)
    return written
