"""The Postgres IO manager: asset key `a/b` is table `a.b`, a partition is the rows of one `batch_id`."""

from typing import Final

import dagster as dg
import pyarrow as pa
from psycopg import sql

from empi_pipeline.linkage.index_scoring import erased_since_attempt
from empi_pipeline.postgres import Connection, copy_in, copy_out, refresh_statistics, storing_records
from empi_pipeline.resources.postgres import PostgresResource

_SEARCHED: Final = "cleaned.person_records"
"""What people search by name and date; its indexes for that are built once it is large."""

_TYPES: Final = {
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "smallint": pa.int16(),
    "double precision": pa.float64(),
    "boolean": pa.bool_(),
    "bytea": pa.binary(),
    "smallint[]": pa.list_(pa.int16()),
    "real[]": pa.list_(pa.float32()),
}
"""What a Postgres type becomes in Arrow; whatever is not listed is read as text."""


class PostgresIOManager(dg.ConfigurableIOManager):
    """Stores an Arrow table as the rows of its batch, replacing what an earlier attempt stored.

    The table must exist: migrations make tables, data never does. Columns are matched by name.
    """

    postgres: dg.ResourceDependency[PostgresResource]

    def handle_output(self, context: dg.OutputContext, obj: pa.Table | None) -> None:
        """Replace the rows of this batch in one transaction.

        Raises:
            dg.DagsterInvariantViolationError: The asset is not partitioned by batch.
        """
        if obj is None:  # The asset wrote for itself, or was skipped.
            return
        table = ".".join(context.asset_key.path)
        with self.postgres.connect() as connection:
            replace_batch(connection, table, context.asset_partition_key, obj)
        with self.postgres.connect(autocommit=True) as connection:
            if table == _SEARCHED:
                connection.execute("select cleaned.ensure_search_indexes()")
            refresh_statistics(connection, obj.num_rows, table)
        context.add_output_metadata({"dagster/row_count": obj.num_rows, "dagster/table_name": table})

    def load_input(self, context: dg.InputContext) -> pa.Table:
        """The rows of this batch."""
        schema, table = context.asset_key.path
        with self.postgres.connect() as connection:
            return read_batch(connection, schema, table, context.asset_partition_key)


def replace_batch(connection: Connection, table: str, batch_id: str, rows: pa.Table) -> None:
    """Replace the rows of a batch; rows about records that were erased meanwhile are left out.

    Args:
        connection: The caller's transaction.
        table: `schema.table` with a column `batch_id`.
        batch_id: The batch.
        rows: Its rows, without `batch_id`.
    """
    storing_records(connection)
    name = sql.Identifier(*table.split("."))
    connection.execute(sql.SQL("delete from {} where batch_id = %s").format(name), [batch_id])
    copy_in(connection, table, rows, constants={"batch_id": batch_id})
    if "record_id" in rows.column_names and erased_since_attempt(connection, batch_id):
        connection.execute(
            sql.SQL(
                "delete from {} as stored where batch_id = %s and not exists"
                " (select from raw.person_records as record where record.record_id = stored.record_id)"
            ).format(name),
            [batch_id],
        )


def read_batch(connection: Connection, schema: str, table: str, batch_id: str) -> pa.Table:
    """The rows of a batch: all columns but `batch_id`.

    Args:
        connection: An open connection.
        schema: Schema of the table.
        table: Name of the table.
        batch_id: The batch.
    """
    columns = connection.execute(
        """
        select attribute.attname, format_type(attribute.atttypid, null)
        from pg_attribute as attribute
        where attribute.attrelid = to_regclass(%s) and attribute.attnum > 0 and not attribute.attisdropped
          and attribute.attname <> 'batch_id'
        order by attribute.attnum
        """,
        [f"{schema}.{table}"],
    ).fetchall()
    query = sql.SQL("select {} from {} where batch_id = %(batch_id)s").format(
        sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns), sql.Identifier(schema, table)
    )
    return copy_out(
        connection,
        query,
        pa.schema([(name, _TYPES.get(kind, pa.string())) for name, kind in columns]),
        {"batch_id": batch_id},
    )
