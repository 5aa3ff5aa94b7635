"""The crosswalk: what everybody downstream lives on."""

from datetime import timedelta

import dagster as dg

from empi_pipeline import publishing
from empi_pipeline.automation.partitions import BATCHES
from empi_pipeline.intake import ledger
from empi_pipeline.resources import BatchClaimResource, ObjectStoreResource, PostgresResource


@dg.asset(
    key=["publishing", "crosswalk"],
    deps=[["identity", "persons"]],
    partitions_def=BATCHES,
    group_name="publishing",
    kinds={"postgres", "s3"},
    owners=["team:publishing"],
    metadata={
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn("data_source", "text"),
                dg.TableColumn("source_person_id", "text"),
                dg.TableColumn("person_id", "uuid"),
            ]
        )
    },
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(days=7), warn_window=timedelta(days=2)),
)
def crosswalk(
    context: dg.AssetExecutionContext,
    postgres: PostgresResource,
    object_store: ObjectStoreResource,
    batch_claim: BatchClaimResource,
) -> dg.MaterializeResult[None]:
    """Source identity -> person_id, brought up to the newest identity change, with the change feed in S3.

    Only what changed is written: rows of the table, entries of the feed, and one small object a publication.
    """
    with postgres.connect() as connection:
        published = publishing.publish(connection)
    with postgres.connect(autocommit=True) as connection:
        objects = publishing.export_new_changes(connection, object_store.store())
        ledger.mark_applied(connection, context.partition_key)
    return dg.MaterializeResult(
        metadata={
            "rows added": published.added,
            "rows removed": published.removed,
            "through identity change": published.through_change_id,
            "objects written": len(objects),
        }
    )
