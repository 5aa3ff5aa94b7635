"""How every room talks to Postgres: connections, migrations, and COPY between Arrow tables and SQL.

No table's meaning lives here.
"""

from empi_pipeline.postgres.arrow import copy_in, copy_out
from empi_pipeline.postgres.connections import Connection, connect
from empi_pipeline.postgres.migrations import migrate
from empi_pipeline.postgres.statistics import refresh_statistics

__all__ = ["Connection", "connect", "copy_in", "copy_out", "migrate", "refresh_statistics"]
