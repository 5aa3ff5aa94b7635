"""Runs whose process is gone, as Dagster cannot tell by itself: it would keep their pool slot for ever."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import dagster as dg

from empi_pipeline.automation.partitions import PARTITION_TAG
from empi_pipeline.errors import EmpiError
from empi_pipeline.intake.claims import is_claimed
from empi_pipeline.linkage.registry import Connect
from empi_pipeline.postgres import Connection

IDENTITY_POOL: Final = "identity"
_LOOK_EVERY_SECONDS: Final = 5.0


def bury(instance: dg.DagsterInstance, run_id: str) -> None:
    """Report a dead run as failed and give its pool slots back."""
    run = instance.get_run_by_id(run_id)
    if run is not None and not run.is_finished:
        instance.report_run_failed(run, "The process of this run is gone: nothing holds the claim on its batch.")
    instance.event_log_storage.free_concurrency_slots_for_run(run_id)


def bury_slot_holders(instance: dg.DagsterInstance, connection: Connection) -> None:
    """Bury the runs that hold or wait for an identity slot although nobody works on their batch.

    A run comes to the identity step only after it has claimed its batch, and keeps the claim until after it.
    """
    info = instance.event_log_storage.get_concurrency_info(IDENTITY_POOL)
    holders = {slot.run_id for slot in info.claimed_slots} | {step.run_id for step in info.pending_steps}
    for run_id in holders:
        run = instance.get_run_by_id(run_id)
        batch_id = run.tags.get(PARTITION_TAG) if run else None
        if run is None or (batch_id is not None and not is_claimed(connection, batch_id)):
            bury(instance, run_id)


def bury_runs_of(instance: dg.DagsterInstance, job_name: str, batch_id: str) -> None:
    """Bury the started runs of a batch; for who has just claimed it, so that none of them can be alive."""
    started = dg.RunsFilter(job_name=job_name, tags={PARTITION_TAG: batch_id}, statuses=[dg.DagsterRunStatus.STARTED])
    for run in instance.get_runs(started):
        bury(instance, run.run_id)


@contextmanager
def slots_kept_free(instance: dg.DagsterInstance, connect: Connect) -> Iterator[None]:
    """Bury dead slot holders from time to time while this process may be waiting for a slot itself."""
    done = threading.Event()

    def look() -> None:
        while not done.wait(_LOOK_EVERY_SECONDS):
            try:
                with connect() as connection:
                    bury_slot_holders(instance, connection)
            except EmpiError:
                continue  # Postgres is away: the run itself will say so.

    with connect() as connection:
        bury_slot_holders(instance, connection)
    watcher = threading.Thread(target=look, name="slots kept free", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
