"""The claim on a batch: while a run works on it no other may, and everybody can see that the run is alive."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from empi_pipeline.automation.instance import keep_connections
from empi_pipeline.automation.partitions import CLAIM_TAG, PARTITION_TAG
from empi_pipeline.errors import ConflictError
from empi_pipeline.intake.claims import claim
from empi_pipeline.resources.postgres import PostgresResource


class BatchClaimResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Holds a session lock of Postgres for the length of the run; it goes with the process, also after `kill -9`."""

    postgres: dg.ResourceDependency[PostgresResource]

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["BatchClaimResource"]:
        """Claim the batch of this run, if it has one.

        Raises:
            ConflictError: Another run works on it.
        """
        if context.instance is not None:
            keep_connections(context.instance)
        tags = context.run.tags if context.run else {}
        batch_id = tags.get(PARTITION_TAG)
        if batch_id is None or tags.get(CLAIM_TAG) == str(os.getpid()):
            yield self
            return
        with self.postgres.connect(autocommit=True) as connection:
            if not claim(connection, batch_id):
                raise ConflictError(f"batch {batch_id} is being worked on by another run; wait for it")
            yield self
