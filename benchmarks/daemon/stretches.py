"""What Dagster and the ledger wrote down about one batch, as stretches of time that follow one another."""

from typing import Any

import dagster as dg

from empi_pipeline.intake import ledger
from empi_pipeline.postgres import Connection

Stretches = dict[str, float]
"""Seconds by name, in order."""


def sensor_ticked(since: float) -> bool:
    """Whether the arrivals sensor has looked since then."""
    with dg.DagsterInstance.get() as instance:
        return any(tick.timestamp > since and tick.end_timestamp for tick in _ticks(instance))


def stretches_of(connection: Connection, batch_id: str, landed: float) -> Stretches:
    """Where the time went.

    Args:
        connection: To the index.
        batch_id: An applied batch.
        landed: When its file was moved into the inbox.
    """
    (run_id,) = connection.execute(
        "select last_run_id from intake.batches where batch_id = %s", [batch_id]
    ).fetchone() or (None,)
    batch = ledger.batch(connection, batch_id)
    assert run_id is not None
    assert batch.finished_at is not None
    with dg.DagsterInstance.get() as instance:
        events = sorted(
            ((record.timestamp, record.dagster_event) for record in instance.all_logs(run_id) if record.dagster_event),
            key=lambda each: each[0],
        )
        record = instance.get_run_record_by_id(run_id)
        assert record is not None
        queued = _first(events, "PIPELINE_ENQUEUED")
        looked = max(tick.timestamp for tick in _ticks(instance) if tick.timestamp <= queued)
    marks = [
        ("landed, until the sensor looks", landed),
        ("the sensor looks: listing, ledger", looked),
        ("run made and queued by the daemon", batch.created_at.timestamp()),
        ("queued, until it is taken from the queue", queued),
        ("a process for it starts: Python, Dagster", _first(events, "PIPELINE_STARTING")),
        ("definitions are loaded in it", next(at for at, event in events if "Started process" in str(event.message))),
        ("run starts: resources, claim", _first(events, "PIPELINE_START")),
    ]
    marks += [(f"step {event.step_key}", at) for at, event in events if event.event_type_value == "STEP_START"]
    ends = [at for _, at in marks[1:]] + [max(batch.finished_at.timestamp(), marks[-1][1])]
    return {name: end - start for (name, start), end in zip(marks, ends, strict=True)}


def _first(events: list[tuple[float, Any]], kind: str) -> float:
    return next(at for at, event in events if event.event_type_value == kind)


def _ticks(instance: dg.DagsterInstance) -> list[Any]:
    from empi_pipeline.automation.arrivals import SENSOR_NAME

    return [
        tick
        for state in instance.all_instigator_state()
        if state.instigator_name == SENSOR_NAME
        for tick in instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=20)
    ]
