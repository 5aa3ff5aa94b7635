"""The job that takes in one batch."""

from typing import Final

import dagster as dg

from empi_pipeline.automation.partitions import BATCHES
from empi_pipeline.automation.told_errors import tell_own_errors
from empi_pipeline.checks.index import INDEX_CHECKS

BATCH_JOB_NAME: Final = "match_batch"
REMATCH_JOB_NAME: Final = "rematch"
TRAINING_JOB_NAME: Final = "train"

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
    selection=BATCH_ASSETS - dg.AssetSelection.checks(*INDEX_CHECKS),
    partitions_def=BATCHES,
    # A process a step costs 11-15 s for six steps; the steps of a batch follow one another anyway.
    hooks={tell_own_errors},
    # The arrivals sensor tries a batch again, boundedly; Dagster must not multiply that.
    tags={"dagster/max_retries": "0"},
    executor_def=dg.in_process_executor,
    description="Take in one batch: read its objects, clean, score, group into persons, publish the crosswalk.",
)
