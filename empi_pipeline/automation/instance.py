"""How a run uses Dagster's own storage."""

import dagster as dg


def keep_connections(instance: dg.DagsterInstance) -> None:
    """Let this process keep its connections to Dagster's storage.

    Run workers open one a query by default: some three hundred for a batch, and a third of the time of a small one.
    """
    instance.optimize_for_webserver(statement_timeout=60_000, pool_recycle=600, max_overflow=5)
