"""The job that measures how the index does."""

import dagster as dg

from empi_pipeline.automation.told_errors import tell_own_errors

evaluation_job = dg.define_asset_job(
    "evaluation",
    selection=dg.AssetSelection.groups("evaluation"),
    hooks={tell_own_errors},
    executor_def=dg.in_process_executor,
    description="Measure the rates of the whole index, keep them, and warn where they are beyond their limits.",
)
