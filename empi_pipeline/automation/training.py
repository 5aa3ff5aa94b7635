"""The training job: a new match model from the records of the index; registered, not activated."""

import dagster as dg

from empi_pipeline.automation.jobs import TRAINING_JOB_NAME
from empi_pipeline.automation.told_errors import tell_own_errors

training_job = dg.define_asset_job(
    TRAINING_JOB_NAME,
    selection=dg.AssetSelection.groups("training"),
    hooks={tell_own_errors},
    executor_def=dg.in_process_executor,
    description="Train a match model from the records of the index. Look at it with `empi model`, then activate it.",
)
