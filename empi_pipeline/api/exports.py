"""Exports: streamed as CSV, or written to S3."""

import json
import tempfile
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import Annotated, Any, BinaryIO, Final, Literal, cast

import anyio
from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response, StreamingResponse
from psycopg.types.json import Jsonb
from pydantic import Field
from starlette.types import Receive, Scope, Send

from empi_pipeline.api.access import GuardedRoute, Steward, User
from empi_pipeline.api.audit import audit
from empi_pipeline.api.errors import ApiError, invalid
from empi_pipeline.api.objects import address_of, put_object
from empi_pipeline.api.runtime import AtRuntime, Runtime
from empi_pipeline.api.wire import JOB, Body, Moment, Text, number_of
from empi_pipeline.errors import EmpiError
from empi_pipeline.publishing.record_exports import ExportFilters, What, count_rows, export_pieces
from empi_pipeline.sql import load

router = APIRouter(tags=["exports"], route_class=GuardedRoute)
_CSV: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/csv": {}}, "description": "The export"}}


class Filters(Body):
    """Which rows; all without them."""

    s3_uri: Text | None = None
    data_sources: Annotated[list[Text], Field(max_length=10_000)] | None = None
    since: Moment | None = None
    before: Moment | None = None


class RecordExport(Filters):
    """Where to, and which records."""

    job_id: Text | None = None
    """Only what this job brought."""

    def of(self, user: User) -> ExportFilters:
        """As publishing takes them."""
        batch_no = None if self.job_id is None else number_of(self.job_id, JOB, "Job", "job_id")
        return ExportFilters(self.data_sources, user.scope, batch_no, self.since, self.before)


class CaseExport(Filters):
    """Where to, and which pairs."""

    estimate: bool = False
    kind: Literal["potential_match", "overlay", "conflict"] | None = None

    def of(self, user: User) -> ExportFilters:
        """As publishing takes them."""
        return ExportFilters(self.data_sources, user.scope, None, self.since, self.before, self.kind)


@router.post("/person-records/export", responses=_CSV)
def export_person_records(request: Request, at: AtRuntime, user: Steward, asked: RecordExport) -> Response:
    """All records with the person they belong to, as CSV, or written to `s3_uri`; a bucket is never created."""
    filters = asked.of(user)
    if asked.s3_uri is None:
        return _streamed(at, request, user, "person_records", filters, "person-record-export.csv")
    bucket, key = address_of(asked.s3_uri)
    _note(at, request, user, "person_records", filters, "s3")
    try:
        with _slot(at):
            _to_s3(at, "person_records", filters, bucket, key)
    except EmpiError as error:
        raise invalid(str(error), code="s3") from None
    return JSONResponse({})


@router.post("/potential-matches/export", responses={**_CSV, 202: {"description": "A job writes it to S3"}})
def export_potential_matches(
    request: Request, at: AtRuntime, user: Steward, asked: CaseExport, background: BackgroundTasks
) -> Response:
    """The pairs that open cases ask about: how many, as CSV, or written to `s3_uri` by a job."""
    filters = asked.of(user)
    if asked.estimate:
        with at.connection() as connection:
            count = count_rows(connection, "potential_matches", filters)
        return JSONResponse({"estimated_count": count, "message": f"Estimated {count} potential match pairs to export"})
    if asked.s3_uri is None:
        name = f"potential_matches_export_{datetime.now(UTC):%Y%m%d_%H%M%S}.csv"
        return _streamed(at, request, user, "potential_matches", filters, name)
    if not asked.s3_uri.startswith("s3://"):
        raise invalid("S3 URI must start with 's3://'")
    bucket, key = address_of(asked.s3_uri)
    job_no = _register(at, user, "potential_matches", asked.s3_uri, filters)
    _note(at, request, user, "potential_matches", filters, "s3")
    background.add_task(run_export, at, job_no, "potential_matches", filters, bucket, key)
    return JSONResponse(
        {
            "job_id": job_no,
            "status": "new",
            "message": f"Export job {job_no} created for S3 export to {asked.s3_uri}",
        },
        202,
        background=background,
    )


def run_export(at: Runtime, job_no: int, what: What, filters: ExportFilters, bucket: str, key: str) -> None:
    """Do one export job and note how it ended."""
    with at.connection() as connection:
        if connection.execute(load("api/export_job_start"), {"job_no": job_no}).fetchone() is None:
            return
    status, reason, rows = "succeeded", None, None
    try:
        with _slots(at):
            rows = _to_s3(at, what, filters, bucket, key)
    except EmpiError as error:
        status, reason = "failed", str(error)
    except Exception as error:  # Its text may quote values of records.
        status, reason = "failed", type(error).__name__
    with at.connection() as connection:
        values = {"job_no": job_no, "status": status, "reason": reason, "row_count": rows}
        connection.execute(load("api/export_job_end"), values)


def _register(at: Runtime, user: User, what: What, address: str, filters: ExportFilters) -> int:
    told = {name: value for name, value in filters.values().items() if value is not None}
    values = {
        "asked_by": user.name,
        "what": what,
        "address": address,
        "filters": Jsonb(told, dumps=partial(json.dumps, default=str)),
    }
    with at.connection() as connection:
        row = connection.execute(load("api/export_job_add"), values).fetchone()
    assert row is not None
    return int(row[0])


def _note(at: Runtime, request: Request, user: User, what: What, filters: ExportFilters, where: str) -> None:
    detail = {"what": what, "to": where, "data_sources": filters.data_sources, "batch": filters.batch_no}
    with at.connection() as connection:
        audit(connection, request, user, "export", detail=detail)


def _streamed(
    at: Runtime, request: Request, user: User, what: What, filters: ExportFilters, file_name: str
) -> StreamingResponse:
    """The rows as they come from Postgres; the first of them before the answer begins, so that errors have a status."""
    _note(at, request, user, what, filters, "client")

    def told() -> Generator[bytes, None, None]:
        with _slot(at), at.connection() as connection:
            yield from export_pieces(connection, what, filters)

    # Begun here and not when the answer is sent: a client that left is no reason to keep the connection.
    pieces = told()
    first = next(pieces, b"")
    disposition = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return _Streamed(first, pieces, disposition)


class _Streamed(StreamingResponse):
    """Pieces as CSV; whatever becomes of the client, what they come from is let go at the end."""

    def __init__(self, first: bytes, pieces: Generator[bytes, None, None], headers: Mapping[str, str]) -> None:
        super().__init__(chain([first], pieces), media_type="text/csv", headers=headers)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            with anyio.CancelScope(shield=True):
                await run_in_threadpool(self._pieces.close)


def _slots(at: Runtime) -> threading.BoundedSemaphore:
    """As many as exports may be under way."""
    limits = at.settings.api
    made = threading.BoundedSemaphore(min(limits.exports, limits.connections - 1))
    slots: threading.BoundedSemaphore = at.kept.setdefault("export slots", made)
    return slots


@contextmanager
def _slot(at: Runtime) -> Iterator[None]:
    """A place for one export.

    Raises:
        ApiError: 503, there is none.
    """
    slots = _slots(at)
    if not slots.acquire(blocking=False):
        raise ApiError(503, "Too many exports are under way; try again", "busy", headers={"Retry-After": "30"})
    try:
        yield
    finally:
        slots.release()


def _to_s3(at: Runtime, what: What, filters: ExportFilters, bucket: str, key: str) -> int:
    """Write an export to S3; returns how many rows. Its size must be known before it is sent."""
    rows = -1
    with tempfile.TemporaryFile() as body:
        with at.connection() as connection:
            for piece in export_pieces(connection, what, filters):
                body.write(piece)
                rows += piece.count(b"\n")
        body.seek(0)
        put_object(at, bucket, key, cast(BinaryIO, body))
    return max(rows, 0)
