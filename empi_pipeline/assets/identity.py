"""Persons and the review queue: what follows from predictions, decisions and guards."""

from collections.abc import Iterator
from typing import Final

import dagster as dg

from empi_pipeline.assets.links import page_links
from empi_pipeline.assets.tables import bar_chart, markdown_table
from empi_pipeline.assets.verdicts import with_verdicts
from empi_pipeline.automation.partitions import BATCHES
from empi_pipeline.identity.apply import Applied, StalePredictions, apply_batch
from empi_pipeline.identity.from_settings import policy_of
from empi_pipeline.identity.queries import open_case_counts, person_sizes
from empi_pipeline.linkage import index_scoring, key_index
from empi_pipeline.resources import BatchClaimResource, PostgresResource, ScratchResource, SettingsResource
from empi_pipeline.settings import Settings

_RESCORES: Final = 10
"""How many other batches may overtake this one between its scoring and its turn, in a row."""


@dg.multi_asset(
    name="identity",
    specs=[
        dg.AssetSpec(
            ["identity", "persons"],
            deps=[["matching", "predictions"]],
            description="Every person_id ever given, and the person records each owns.",
            kinds={"postgres"},
            owners=["team:identity"],
        ),
        dg.AssetSpec(
            ["identity", "review_queue"],
            deps=[["matching", "predictions"]],
            description="Open review cases: potential matches, overlays, conflicts.",
            kinds={"postgres"},
            owners=["team:stewardship"],
        ),
    ],
    partitions_def=BATCHES,
    group_name="identity",
    pool="identity",
)
def identity(
    context: dg.AssetExecutionContext,
    postgres: PostgresResource,
    scratch: ScratchResource,
    settings: SettingsResource,
    batch_claim: BatchClaimResource,
) -> Iterator[dg.MaterializeResult[None]]:
    """Give each new person record its person, in one transaction, and bring the review queue in line."""
    work_list = page_links(work_list="/cases")
    applied = apply_to_current_index(postgres, scratch, settings.read(), context.partition_key)
    with postgres.connect(autocommit=True) as connection:
        sizes, cases = person_sizes(connection, context.partition_key), open_case_counts(connection)
    yield dg.MaterializeResult(
        asset_key=["identity", "persons"],
        metadata={
            "records": applied.records,
            "persons created": applied.persons_created,
            "persons merged": applied.persons_merged,
            "records moved": applied.records_moved,
            "identity change": applied.change_id,
            **({} if applied.change_id is None else page_links(what_it_changed=f"/changes/{applied.change_id}")),
            "records per person": bar_chart(
                {str(size): count for size, count in sizes}, title="persons this batch touched, by number of records"
            ),
        },
    )
    yield dg.MaterializeResult(
        asset_key=["identity", "review_queue"],
        metadata={
            "cases opened": applied.cases_opened,
            "cases updated": applied.cases_updated,
            "cases closed": applied.cases_closed,
            "all open cases": sum(cases.values()),
            **work_list,
            "open cases": markdown_table(["kind", "cases"], sorted(cases.items())),
        },
    )


def apply_to_current_index(
    postgres: PostgresResource, scratch: ScratchResource, settings: Settings, batch_id: str
) -> Applied:
    """Apply a batch; where another one was applied since this one was scored, score it again first.

    Raises:
        StalePredictions: Others were faster every time.
    """
    for _ in range(_RESCORES):
        try:
            with postgres.connect(autocommit=True) as connection:
                return apply_batch(connection, batch_id, policy=policy_of(settings, connection))
        except StalePredictions:
            with postgres.connect() as connection:
                cleaned = key_index.cleaned_of_batch(connection, batch_id)
            with scratch.open() as con:
                scored = with_verdicts(postgres.connect, index_scoring.score(postgres.connect, con, batch_id, cleaned))
            with postgres.connect() as connection:
                index_scoring.store(connection, scored)
    raise StalePredictions(f"batch {batch_id} was overtaken {_RESCORES} times in a row; run it again")
