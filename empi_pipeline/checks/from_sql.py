"""A check is a query that returns what is wrong: rows of (problem, affected); it passes when nothing is."""

import warnings
from collections.abc import Sequence

import dagster as dg

from empi_pipeline.assets.tables import markdown_table
from empi_pipeline.automation.partitions import BATCHES
from empi_pipeline.resources import PostgresResource
from empi_pipeline.sql import load


def sql_check(
    asset: Sequence[str], query: str, *, blocking: bool, description: str, whole_index: bool = False
) -> dg.AssetChecksDefinition:
    """Build an asset check from `sql/checks/<query>.sql`.

    Args:
        asset: Key of the asset it is about.
        query: Name of the file, and of the check.
        blocking: Whether a finding is an error that keeps the batch from what follows; else it is a warning.
        description: What it guards, for the Dagster UI.
        whole_index: The query is about everything; else about `%(batch_id)s`.
    """

    def found(postgres: PostgresResource, batch_id: str | None) -> dg.AssetCheckResult:
        with postgres.connect() as connection:
            rows = connection.execute(load(f"checks/{query}"), {"batch_id": batch_id}).fetchall()
        problems = [(problem, affected) for problem, affected in rows if affected]
        return dg.AssetCheckResult(
            passed=not problems,
            severity=dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN,
            metadata={"problems": markdown_table(["problem", "affected"], problems)} if problems else {},
        )

    if whole_index:

        @dg.asset_check(asset=dg.AssetKey(asset), name=query, description=description)
        def index_check(postgres: PostgresResource) -> dg.AssetCheckResult:
            return found(postgres, None)

        return index_check

    with warnings.catch_warnings():
        # Partitioned checks are a preview in Dagster 1.13; the version is pinned below 1.14.
        warnings.simplefilter("ignore", dg.PreviewWarning)

        @dg.asset_check(
            asset=dg.AssetKey(asset), name=query, description=description, blocking=blocking, partitions_def=BATCHES
        )
        def batch_check(context: dg.AssetCheckExecutionContext, postgres: PostgresResource) -> dg.AssetCheckResult:
            return found(postgres, context.partition_key)

    return batch_check
