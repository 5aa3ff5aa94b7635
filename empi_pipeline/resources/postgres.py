"""The index database as a Dagster resource."""

from contextlib import AbstractContextManager

import dagster as dg

from empi_pipeline.postgres import Connection, connect


class PostgresResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Opens connections to the index; one a unit of work, so that a restarted server costs one retry."""

    url: str

    def connect(self, *, autocommit: bool = False) -> AbstractContextManager[Connection]:
        """A connection that commits at the end of the `with` block, or rolls back."""
        return connect(self.url, autocommit=autocommit, name="empi pipeline")
