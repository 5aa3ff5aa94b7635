"""Puts what the guards say of each pair into what is stored of a scored batch."""

from dataclasses import replace

from psycopg import IsolationLevel

from empi_pipeline.identity.policy import Policy
from empi_pipeline.linkage.index_scoring import ScoredBatch
from empi_pipeline.linkage.registry import Connect


def with_verdicts(connect: Connect, scored: ScoredBatch) -> ScoredBatch:
    """A scored batch whose predictions tell what the guards say; no verdict depends on settings.

    Args:
        connect: Opens a connection.
        scored: The batch; its cleaned records are stored.
    """
    with connect() as connection:
        connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        predictions = Policy().with_verdicts(connection, scored.predictions, scored.registered.model_id)
    return replace(scored, predictions=predictions)
