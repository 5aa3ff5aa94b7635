"""Rows as delivered: accepted ones and rejected ones."""

from collections import Counter
from collections.abc import Iterator

import dagster as dg

from empi_pipeline.assets.tables import markdown_table
from empi_pipeline.automation.partitions import BATCHES
from empi_pipeline.intake.taking_in import take_in
from empi_pipeline.postgres import refresh_statistics
from empi_pipeline.resources import (
    BatchClaimResource,
    ObjectStoreResource,
    PostgresResource,
    ScratchResource,
    SettingsResource,
)


@dg.multi_asset(
    name="raw_rows",
    specs=[
        dg.AssetSpec(
            ["raw", "person_records"],
            description="Person records exactly as delivered, one row per distinct content, immutable.",
            kinds={"s3", "postgres"},
            owners=["team:intake"],
        ),
        dg.AssetSpec(
            ["raw", "rejected_rows"],
            description="Rows that could not be accepted: object, line and reason code.",
            kinds={"s3", "postgres"},
            owners=["team:intake"],
        ),
    ],
    partitions_def=BATCHES,
    group_name="raw",
)
def raw_rows(
    context: dg.AssetExecutionContext,
    postgres: PostgresResource,
    object_store: ObjectStoreResource,
    scratch: ScratchResource,
    settings: SettingsResource,
    batch_claim: BatchClaimResource,
) -> Iterator[dg.MaterializeResult[None]]:
    """Read every object of the batch that was not read yet, each in full or not at all."""
    with scratch.open() as con:
        taken = take_in(postgres.connect, object_store.store(), con, context.partition_key, settings.read())
    with postgres.connect(autocommit=True) as connection:
        refresh_statistics(connection, sum(each.new for each in taken), "raw.person_records")
    reasons: Counter[str] = Counter()
    for each in taken:
        reasons.update(each.rejected_by_reason)
    yield dg.MaterializeResult(
        asset_key=["raw", "person_records"],
        metadata={
            "dagster/row_count": sum(each.new for each in taken),
            "rows delivered": sum(each.delivered for each in taken),
            "rows known before": sum(each.known for each in taken),
            "objects": len(taken),
            "objects that could not be read": sum(each.status == "failed" for each in taken),
            "by object": markdown_table(
                ["arrival", "delivered", "new", "known", "rejected", "status"],
                [[each.arrival_id, each.delivered, each.new, each.known, each.rejected, each.status] for each in taken],
            ),
        },
    )
    yield dg.MaterializeResult(
        asset_key=["raw", "rejected_rows"],
        metadata={
            "dagster/row_count": reasons.total(),
            "by reason": markdown_table(["reason", "rows"], sorted(reasons.items())),
        },
    )
