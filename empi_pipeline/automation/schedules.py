"""What happens by the clock: the nightly rematch, the daily look at data quality, and the rates after both."""

import dagster as dg

from empi_pipeline.automation.evaluation import evaluation_job
from empi_pipeline.automation.rematch import rematch_job
from empi_pipeline.checks import data_quality_job
from empi_pipeline.settings import AutomationSettings


def build_schedules(automation: AutomationSettings) -> list[dg.ScheduleDefinition]:
    """The schedules at the configured times."""
    return [
        dg.ScheduleDefinition(
            name="nightly_rematch",
            job=rematch_job,
            cron_schedule=automation.rematch_cron,
            execution_timezone=automation.timezone,
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description="Scores everything again with the active model and applies the plan within its limits.",
        ),
        dg.ScheduleDefinition(
            name="daily_data_quality",
            job=data_quality_job,
            cron_schedule=automation.data_quality_cron,
            execution_timezone=automation.timezone,
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description="Checks the invariants of the whole index.",
        ),
        dg.ScheduleDefinition(
            name="daily_rates",
            job=evaluation_job,
            cron_schedule=automation.evaluation_cron,
            execution_timezone=automation.timezone,
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description="Measures the rates of the index and keeps them.",
        ),
    ]
