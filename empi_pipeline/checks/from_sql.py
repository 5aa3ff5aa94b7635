"""A check is a query that returns what is wrong: rows of (problem, affected); it passes when nothing is."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import dagster as dg

from empi_pipeline.assets.tables import markdown_table
from empi_pipeline.automation.partitions import BATCHES
from empi_pipeline.postgres import Connection
from empi_pipeline.resources import PostgresResource
from empi_pipeline.sql import load


@dataclass(frozen=True, slots=True)
class SqlCheck:
    """One check.

    Attributes:
        query: `sql/checks/<query>.sql`, and the name of the check.
        blocking: Whether a finding is an error that keeps the batch from what follows; else it is a warning.
        description: What it guards, for the Dagster UI.
    """

    query: str
    blocking: bool
    description: str


def batch_checks(asset: Sequence[str], checks: Sequence[SqlCheck]) -> dg.AssetChecksDefinition:
    """Checks of one asset about one batch (`%(batch_id)s`), all in one step: steps cost more than queries."""
    with warnings.catch_warnings():
        # Partitioned checks are a preview in Dagster 1.13; the version is pinned below 1.14.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        specs = [
            dg.AssetCheckSpec(
                each.query,
                asset=dg.AssetKey(asset),
                description=each.description,
                blocking=each.blocking,
                partitions_def=BATCHES,
            )
            for each in checks
        ]

        @dg.multi_asset_check(name=f"{'_'.join(asset)}_checks", specs=specs, can_subset=True)
        def checked(
            context: dg.AssetCheckExecutionContext, postgres: PostgresResource
        ) -> Iterator[dg.AssetCheckResult]:
            chosen = {key.name for key in context.selected_asset_check_keys}
            with postgres.connect() as connection:
                for each in checks:
                    if each.query in chosen:
                        yield _evaluated(connection, asset, each, context.partition_key)

    return checked


def index_checks(asset: Sequence[str], checks: Sequence[SqlCheck]) -> dg.AssetChecksDefinition:
    """Checks of one asset over the whole index."""
    specs = [dg.AssetCheckSpec(each.query, asset=dg.AssetKey(asset), description=each.description) for each in checks]

    @dg.multi_asset_check(name=f"index_{'_'.join(asset)}_checks", specs=specs)
    def checked(postgres: PostgresResource) -> Iterator[dg.AssetCheckResult]:
        with postgres.connect() as connection:
            for each in checks:
                yield _evaluated(connection, asset, each, None)

    return checked


def _evaluated(
    connection: Connection, asset: Sequence[str], check: SqlCheck, batch_id: str | None
) -> dg.AssetCheckResult:
    rows = connection.execute(load(f"checks/{check.query}"), {"batch_id": batch_id}).fetchall()
    problems = [(problem, affected) for problem, affected in rows if affected]
    return dg.AssetCheckResult(
        check_name=check.query,
        asset_key=dg.AssetKey(asset),
        passed=not problems,
        severity=dg.AssetCheckSeverity.ERROR if check.blocking else dg.AssetCheckSeverity.WARN,
        metadata={"problems": markdown_table(["problem", "affected"], problems)} if problems else {},
    )
