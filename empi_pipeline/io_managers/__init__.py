"""How asset values travel: Arrow tables to and from Postgres, one batch replaced in one transaction.

Only for layers that a batch may replace (raw, cleaned, predictions). Identity and publishing write for themselves.
"""

from empi_pipeline.io_managers.postgres import PostgresIOManager

__all__ = ["PostgresIOManager"]
