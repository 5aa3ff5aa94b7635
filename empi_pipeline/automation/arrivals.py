"""The S3-arrival sensor: what is new in the inbox becomes a batch, and each open batch gets its run."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import dagster as dg

from empi_pipeline.automation.dead_runs import bury, bury_slot_holders
from empi_pipeline.automation.dispatch import BatchRun, OpenBatch, RunState, dispatch
from empi_pipeline.automation.jobs import BATCH_JOB_NAME, batch_job
from empi_pipeline.automation.partitions import BATCHES, PARTITION_TAG
from empi_pipeline.intake import arrivals, ledger
from empi_pipeline.intake.claims import is_claimed
from empi_pipeline.postgres import Connection
from empi_pipeline.resources import ObjectStoreResource, PostgresResource, SettingsResource
from empi_pipeline.settings import INBOX_PREFIX, AutomationSettings, Settings

SENSOR_NAME: Final = "s3_arrivals"

_MOST_REQUESTS: Final = 20
"""Run requests a tick: a tick has 60 seconds, and batches run one after the other anyway."""

_STATES: Final = {
    dg.DagsterRunStatus.QUEUED: RunState.PENDING,
    dg.DagsterRunStatus.NOT_STARTED: RunState.PENDING,
    dg.DagsterRunStatus.MANAGED: RunState.PENDING,
    dg.DagsterRunStatus.STARTING: RunState.PENDING,
    dg.DagsterRunStatus.STARTED: RunState.STARTED,
    dg.DagsterRunStatus.CANCELING: RunState.STARTED,
    dg.DagsterRunStatus.SUCCESS: RunState.SUCCEEDED,
}


def build_arrivals_sensor(automation: AutomationSettings) -> dg.SensorDefinition:
    """The sensor with the configured interval."""

    @dg.sensor(
        name=SENSOR_NAME,
        job=batch_job,
        minimum_interval_seconds=automation.sensor_interval_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Takes in what is new under the inbox prefix: listing minus ledger, nothing twice, nothing missed.",
    )
    def s3_arrivals(
        context: dg.SensorEvaluationContext,
        postgres: PostgresResource,
        object_store: ObjectStoreResource,
        settings: SettingsResource,
    ) -> dg.SensorResult | dg.SkipReason:
        current = settings.read()
        # A listing that fails raises: a sensor that finds no work looks just like one with no work to do.
        listing = object_store.store().list(INBOX_PREFIX)
        with postgres.connect() as connection:
            plan = arrivals.plan(listing, ledger.known_arrivals(connection, listing), _limits(current))
            if plan.arrivals:
                ledger.form_batch(connection, plan.arrivals)
        with postgres.connect() as connection:
            return dispatch_open_batches(context.instance, connection, current, backlog=plan.left, ignored=plan.ignored)

    return s3_arrivals


def dispatch_open_batches(
    instance: dg.DagsterInstance, connection: Connection, settings: Settings, *, backlog: int, ignored: int
) -> dg.SensorResult | dg.SkipReason:
    """Ask for a run of each open batch that has none, bury dead runs, give up on batches that failed too often."""
    open_batches = ledger.open_batches(connection)
    batches = [
        OpenBatch(batch.batch_id, batch.attempts, is_claimed(connection, batch.batch_id)) for batch in open_batches
    ]
    runs = {batch.batch_id: runs_of(instance, batch.batch_id) for batch in batches if not batch.is_claimed}
    decided = dispatch(batches, runs, datetime.now(UTC), settings.intake.batch_attempts)
    bury_slot_holders(instance, connection)
    for run_id in decided.bury:
        bury(instance, run_id)
    for batch_id in decided.give_up:
        ledger.give_up(
            connection, batch_id, "failed too often; `empi batches show` says why, `empi batches retry` tries again"
        )
    requests = []
    for batch_id in decided.request[:_MOST_REQUESTS]:
        # Counted before it is asked for: a run that cannot even start must not be asked for for ever.
        ledger.count_attempt(connection, batch_id)
        # Attempts start at 1 again after a retry by hand, and Dagster remembers run keys for ever: number the runs.
        requests.append(dg.RunRequest(run_key=f"{batch_id}#{len(runs[batch_id]) + 1}", partition_key=batch_id))
    if not requests:
        return dg.SkipReason(
            f"nothing new; {ignored} objects that are no data files, {backlog} waiting for the next tick"
        )
    return dg.SensorResult(
        run_requests=requests,
        dynamic_partitions_requests=[BATCHES.build_add_request([str(request.partition_key) for request in requests])],
    )


def runs_of(instance: dg.DagsterInstance, batch_id: str) -> Sequence[BatchRun]:
    """The runs of the batch job for a batch, newest first."""
    records = instance.get_run_records(dg.RunsFilter(job_name=BATCH_JOB_NAME, tags={PARTITION_TAG: batch_id}), limit=50)
    return [
        BatchRun(
            record.dagster_run.run_id,
            _STATES.get(record.dagster_run.status, RunState.ENDED),
            datetime.fromtimestamp(record.start_time, UTC) if record.start_time else record.create_timestamp,
        )
        for record in records
    ]


def _limits(settings: Settings) -> arrivals.BatchLimits:
    return arrivals.BatchLimits(objects=settings.intake.objects_per_batch, size_bytes=settings.intake.bytes_per_batch)
