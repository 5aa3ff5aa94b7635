"""The rematch job: everything scored again with the active model, and the plan applied within its limits."""

import dagster as dg

from empi_pipeline.automation.jobs import REMATCH_JOB_NAME
from empi_pipeline.automation.told_errors import tell_own_errors

rematch_job = dg.define_asset_job(
    REMATCH_JOB_NAME,
    selection=dg.AssetSelection.groups("rematch"),
    hooks={tell_own_errors},
    executor_def=dg.in_process_executor,
    description="Score the whole index again with the active model, plan what would change, apply it within limits.",
)
