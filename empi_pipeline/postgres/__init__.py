"""How every room talks to Postgres: connections, migrations, and COPY between Arrow tables and SQL.

No table's meaning lives here.
"""

from empi_pipeline.postgres.arrow import copy_in, copy_out, read_packed
from empi_pipeline.postgres.connections import Connection, connect
from empi_pipeline.postgres.locks import erasing_records, patience, storing_records
from empi_pipeline.postgres.migrations import migrate
from empi_pipeline.postgres.statistics import refresh_statistics

__all__ = [
    "Connection",
    "connect",
    "copy_in",
    "copy_out",
    "erasing_records",
    "migrate",
    "patience",
    "read_packed",
    "refresh_statistics",
    "storing_records",
]
