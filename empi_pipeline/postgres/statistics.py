"""Fresh statistics after a large write: plans stay index-driven before autovacuum comes round."""

from typing import Final

from psycopg import sql

from empi_pipeline.postgres.connections import Connection

_SHARE: Final = 0.1
_LEAST_ROWS: Final = 100_000
"""Fewer are autovacuum's: a wrong plan over so few rows costs less than the look."""


def refresh_statistics(connection: Connection, written: int, *tables: str) -> None:
    """Analyze the tables whose rows grew by more than a tenth.

    A role that does not own a table gets a warning of the server instead; autovacuum does it later then.

    Args:
        connection: An open connection, best in autocommit.
        written: Rows just written to each.
        tables: `schema.table`.
    """
    for table in tables:
        row = connection.execute("select reltuples from pg_class where oid = to_regclass(%s)", [table]).fetchone()
        if row is not None and written >= _LEAST_ROWS and written > _SHARE * row[0]:
            connection.execute(sql.SQL("analyze {}").format(sql.Identifier(*table.split("."))))
