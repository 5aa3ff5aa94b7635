"""The jobs: taking in one batch, and the data-quality checks of the whole index."""

from typing import Final

import dagster as dg

from empi_pipeline.automation.partitions import BATCHES

BATCH_JOB_NAME: Final = "match_batch"
REMATCH_JOB_NAME: Final = "rematch"

BATCH_ASSETS: Final = dg.AssetSelection.assets(
    ["raw", "person_records"],
    ["raw", "rejected_rows"],
    ["cleaned", "person_records"],
    ["matching", "predictions"],
    ["identity", "persons"],
    ["identity", "review_queue"],
    ["publishing", "crosswalk"],
)

batch_job = dg.define_asset_job(
    BATCH_JOB_NAME,
    selection=BATCH_ASSETS,
    partitions_def=BATCHES,
    # A process a step costs 11-15 s for six steps; the steps of a batch follow one another anyway.
    executor_def=dg.in_process_executor,
    description="Take in one batch: read its objects, clean, score, group into persons, publish the crosswalk.",
)
