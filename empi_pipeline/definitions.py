"""What Dagster loads: one explicit build of assets, checks, jobs, sensors, schedules and resources."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from empi_pipeline.assets.cleaned import cleaned_person_records
from empi_pipeline.assets.evaluation import rates
from empi_pipeline.assets.identity import identity
from empi_pipeline.assets.matching import model, predictions
from empi_pipeline.assets.publishing import crosswalk
from empi_pipeline.assets.raw import raw_rows
from empi_pipeline.assets.rematch import rematch_plan, rescored_predictions
from empi_pipeline.assets.training import model_training
from empi_pipeline.automation.alerts import on_run_failure
from empi_pipeline.automation.arrivals import build_arrivals_sensor
from empi_pipeline.automation.evaluation import evaluation_job
from empi_pipeline.automation.jobs import batch_job
from empi_pipeline.automation.progress import PROGRESS_LOGGER, progress_logger
from empi_pipeline.automation.rematch import rematch_job
from empi_pipeline.automation.schedules import build_schedules
from empi_pipeline.automation.told_errors import mask_logged_errors
from empi_pipeline.automation.training import training_job
from empi_pipeline.checks import all_checks, data_quality_job
from empi_pipeline.io_managers import PostgresIOManager
from empi_pipeline.resources import (
    BatchClaimResource,
    ObjectStoreResource,
    PostgresResource,
    ScratchResource,
    SettingsResource,
)
from empi_pipeline.settings import Settings, read_settings


def build_definitions(settings: Settings | None = None, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Everything Dagster knows of this project.

    Args:
        settings: For intervals and schedules; `empi.yaml` when None.
        resources: Replacements by key, for tests.
    """
    settings = settings or read_settings()
    return dg.Definitions(
        assets=[
            raw_rows,
            cleaned_person_records,
            model,
            predictions,
            identity,
            crosswalk,
            rescored_predictions,
            rematch_plan,
            rates,
            model_training,
        ],
        asset_checks=all_checks,
        jobs=[batch_job, rematch_job, training_job, data_quality_job, evaluation_job],
        sensors=[build_arrivals_sensor(settings.automation), on_run_failure],
        schedules=build_schedules(settings.automation),
        resources={**build_resources(settings), **(resources or {})},
        loggers={PROGRESS_LOGGER: progress_logger, "console": dg.colored_console_logger},
        executor=dg.in_process_executor,
    )


def build_resources(settings: Settings) -> dict[str, Any]:
    """The resources, taking the addresses of the servers from the environment."""
    postgres = PostgresResource(url=dg.EnvVar("EMPI_POSTGRES_URL"))
    return {
        "postgres": postgres,
        "object_store": ObjectStoreResource(bucket=dg.EnvVar("EMPI_S3_BUCKET")),
        "scratch": ScratchResource(memory=settings.scratch.memory, threads=settings.scratch.threads),
        "settings": SettingsResource(),
        "batch_claim": BatchClaimResource(postgres=postgres),
        "io_manager": PostgresIOManager(postgres=postgres),
    }


mask_logged_errors()
defs = build_definitions()
