"""DuckDB as a Dagster resource: scratch, never state."""

from contextlib import AbstractContextManager

import dagster as dg
import duckdb

from empi_pipeline.scratch import open_scratch


class ScratchResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Opens scratch databases under the configured ceilings."""

    memory: str = "4GB"
    threads: int | None = None

    def open(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A private in-memory database that can reach neither files nor network."""
        return open_scratch(memory_limit=self.memory, threads=self.threads)
