"""What happens when a run fails: the ledger says why in words without values, and the log says where to look."""

import logging
from typing import Final

import dagster as dg

from empi_pipeline.automation.jobs import batch_job
from empi_pipeline.automation.partitions import PARTITION_TAG
from empi_pipeline.intake import ledger
from empi_pipeline.resources import PostgresResource

_LOG: Final = logging.getLogger(__name__)


@dg.run_failure_sensor(
    name="on_run_failure",
    monitored_jobs=[batch_job],
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Notes in the ledger which step of a batch failed, and logs it.",
)
def on_run_failure(context: dg.RunFailureSensorContext, postgres: PostgresResource) -> None:
    """Note the failed step of a batch's run."""
    run = context.dagster_run
    steps = [event.step_key for event in context.get_step_failure_events() if event.step_key]
    # The error's text stays in the run: it is redacted there, and here it would be a second place for values to hide.
    reason = f"run {run.run_id} failed in {', '.join(steps) or 'its start'}"
    batch_id = run.tags.get(PARTITION_TAG)
    _LOG.error("batch %s: %s", batch_id, reason)
    if batch_id:
        with postgres.connect() as connection:
            ledger.note_failure(connection, batch_id, reason)
