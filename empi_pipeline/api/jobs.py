"""Jobs: imports (each a batch) and exports to S3, how they go, trying again and cancelling."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi import Query as QueryParameters

from empi_pipeline.addresses import dagster_link
from empi_pipeline.api.access import GuardedRoute, Steward, User, Viewer
from empi_pipeline.api.audit import audit
from empi_pipeline.api.errors import ApiError, not_found
from empi_pipeline.api.imports import batch_number
from empi_pipeline.api.limits import refuse_limited
from empi_pipeline.api.paging import Size
from empi_pipeline.api.runtime import AtRuntime
from empi_pipeline.api.wire import JOB, Query, Text, id_of, moment, number_of
from empi_pipeline.intake import ledger
from empi_pipeline.intake.claims import is_claimed
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

router = APIRouter(tags=["jobs"], route_class=GuardedRoute)


class JobFilters(Query):
    """Which jobs."""

    status: Literal["new", "running", "succeeded", "failed", "cancelled"] | None = None
    kind: Literal["import", "export"] | None = None
    page_size: Size = 50
    cursor: Text | None = None


@router.get("/jobs")
def list_jobs(at: AtRuntime, user: Viewer, asked: Annotated[JobFilters, QueryParameters()]) -> dict[str, Any]:
    """Jobs, the newest first."""
    before = None if asked.cursor is None else number_of(asked.cursor, JOB, "cursor", "cursor")
    with at.connection() as connection:
        found = _jobs(connection, before=before, status=asked.status, kind=asked.kind, limit=asked.page_size + 1)
    more = len(found) > asked.page_size
    shown = [_seen_by(user, job) for job in found[: asked.page_size]]
    return {"jobs": shown, "pagination": {"has_next": more, "next_cursor": shown[-1]["id"] if more else None}}


@router.get("/jobs/{job_id}")
def read_job(at: AtRuntime, user: Viewer, job_id: str) -> dict[str, Any]:
    """One job: its status, why it failed, and what it took in."""
    with at.connection() as connection:
        return {"job": _seen_by(user, _job(connection, job_id))}


@router.post("/jobs/{job_id}/retry")
def retry_job(request: Request, at: AtRuntime, user: Steward, job_id: str) -> dict[str, Any]:
    """Try a failed import again; of one that succeeded, the objects that could not be read, as a job of their own."""
    refuse_limited(user)
    with at.connection() as connection:
        job = _job(connection, job_id)
        if job["kind"] != "import":
            raise ApiError(409, "An export is not tried again: ask for it anew", "conflict")
        if is_claimed(connection, job["batch_id"]):
            raise ApiError(409, "This job is being worked on; wait for it", "busy")
        opened = ledger.retry(connection, job["batch_id"])
        number = batch_number(connection, opened.batch_id)
        audit(connection, request, user, "job.retry", detail={"job": number})
        return {"job": _job(connection, id_of(JOB, number))}


@router.post("/jobs/{job_id}/cancel")
def cancel_job(request: Request, at: AtRuntime, user: Steward, job_id: str) -> dict[str, Any]:
    """Cancel a job that has not begun. One that has goes to its end: what it did can be undone."""
    refuse_limited(user)
    with at.connection() as connection:
        job = _job(connection, job_id)
        if job["status"] != "new":
            raise ApiError(
                409, f"This job is {job['status']}: only one that has not begun can be cancelled", "conflict"
            )
        number = number_of(job_id, JOB, "Job", "job_id")
        if job["kind"] == "export":
            values = {"job_no": number, "status": "cancelled", "reason": f"cancelled by {user.name}", "row_count": None}
            connection.execute(load("api/export_job_end"), values)
        else:
            if is_claimed(connection, job["batch_id"]):
                raise ApiError(409, "This job has begun: only one that has not can be cancelled", "busy")
            ledger.give_up(connection, job["batch_id"], f"cancelled by {user.name}")
        audit(connection, request, user, "job.cancel", detail={"job": number})
        return {"job": _job(connection, job_id)}


def _seen_by(user: User, job: dict[str, Any]) -> dict[str, Any]:
    """A job without its objects for who is limited to some sources: names of files tell of others."""
    return job if user.scope is None else {**job, "objects": None, "s3_uri": None}


def _job(connection: Connection, job_id: str) -> dict[str, Any]:
    number = number_of(job_id, JOB, "Job", "job_id")
    found = _jobs(connection, job_no=number, limit=1)
    if not found:
        raise not_found()
    return found[0]


def _jobs(
    connection: Connection,
    *,
    job_no: int | None = None,
    before: int | None = None,
    status: str | None = None,
    kind: str | None = None,
    limit: int,
) -> list[dict[str, Any]]:
    values = {"job_no": job_no, "before": before, "status": status, "kind": kind, "limit": limit}
    return [_on_wire(*row) for row in connection.execute(load("api/jobs"), values).fetchall()]


def _on_wire(
    job_no: int,
    kind: str,
    batch_id: str | None,
    status: str,
    reason: str | None,
    created: datetime,
    started: datetime | None,
    finished: datetime | None,
    attempts: int | None,
    run_id: str | None,
    address: str | None,
    rows: int | None,
    objects: list[dict[str, Any]] | None,
) -> dict[str, Any]:
    return {
        "id": id_of(JOB, job_no),
        "kind": kind,
        "batch_id": batch_id,
        "status": status,
        "reason": reason,
        "created": moment(created),
        "started": started and moment(started),
        "finished": finished and moment(finished),
        "attempts": attempts,
        "dagster_run_id": run_id,
        "dagster_run_url": dagster_link(f"/runs/{run_id}") if run_id else None,
        "s3_uri": address,
        "rows": rows,
        "objects": objects,
    }
