"""The claim on a batch: while a run works on it no other may, and everybody can see that the run is alive."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from empi_pipeline.automation.instance import keep_connections
from empi_pipeline.automation.partitions import CLAIM_TAG, PARTITION_TAG
from empi_pipeline.errors import ConflictError
from empi_pipeline.intake import ledger
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
        batch_id = context.run.tags.get(PARTITION_TAG) if context.run else None
        if context.run is None or batch_id is None:
            yield self
            return
        claimed_here = context.run.tags.get(CLAIM_TAG) == str(os.getpid())
        with self.postgres.connect(autocommit=True) as connection:
            if not claimed_here and not claim(connection, batch_id):
                raise ConflictError(f"batch {batch_id} is being worked on by another run; wait for it")
            ledger.note_run(connection, batch_id, context.run.run_id)
            yield self
