"""How each data source writes its dates, learnt from its first delivery that tells and kept in Postgres.

Kept, because what is learnt from one batch must hold for the next: cleaning does not depend on a batch's company.
"""

import duckdb
import pyarrow as pa

from empi_pipeline.cleaning import DateColumn, DateOrder, infer_date_formats
from empi_pipeline.postgres import Connection


def learnt_date_orders(
    connection: Connection, con: duckdb.DuckDBPyConnection, batch_id: str, person_records: pa.Table
) -> dict[DateColumn, DateOrder | None]:
    """What is known of the date order of each (data_source, column), after looking at these records.

    Args:
        connection: The caller's transaction.
        con: Scratch.
        batch_id: Noted as the teacher of what is new.
        person_records: Person records as delivered.
    """
    learnt = [
        (source, column, order)
        for (source, column), order in infer_date_formats(con, person_records).items()
        if order is not None
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            insert into intake.date_orders (data_source, column_name, date_order, learnt_in_batch)
            values (%s, %s, %s, %s)
            on conflict (data_source, column_name) do nothing
            """,
            [(*each, batch_id) for each in learnt],
        )
    return known_date_orders(connection)


def known_date_orders(connection: Connection) -> dict[DateColumn, DateOrder | None]:
    """What was learnt so far of the date order of each (data_source, column)."""
    rows = connection.execute("select data_source, column_name, date_order from intake.date_orders").fetchall()
    return {(source, column): order for source, column, order in rows}
