"""`GET /audit`: who looked at whom and who did what; for admins."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi import Query as QueryParameters
from pydantic import Field

from empi_pipeline.api.access import Admin, GuardedRoute
from empi_pipeline.api.audit import audit
from empi_pipeline.api.paging import Size
from empi_pipeline.api.runtime import AtRuntime
from empi_pipeline.api.wire import CASE, RECORD, USER, Moment, Query, Text, id_of, moment, person_id_of, person_uuid_of
from empi_pipeline.sql import load

router = APIRouter(tags=["audit"], route_class=GuardedRoute)


class AuditFilters(Query):
    """Which entries."""

    actor: Text | None = None
    person_id: Text | None = None
    operation: Text | None = None
    since: Moment | None = None
    page_size: Size = 100
    cursor: Annotated[int, Field(ge=0, le=2**62)] | None = None


@router.get("/audit")
def read_audit(
    request: Request, at: AtRuntime, user: Admin, asked: Annotated[AuditFilters, QueryParameters()]
) -> dict[str, Any]:
    """The audit, the newest first; that it was read is noted too."""
    values = {
        "before": asked.cursor,
        "actor": asked.actor,
        "operation": asked.operation,
        "person_id": None if asked.person_id is None else person_uuid_of(asked.person_id),
        "since": asked.since,
        "limit": asked.page_size + 1,
    }
    with at.connection() as connection:
        rows = connection.execute(load("api/audit_page"), values, prepare=False).fetchall()
        detail = {"filters": sorted(name for name in ("actor", "person_id", "operation") if getattr(asked, name))}
        audit(connection, request, user, "audit.read", detail=detail)
    shown, more = rows[: asked.page_size], len(rows) > asked.page_size
    return {
        "entries": [
            {
                "id": audit_id,
                "at": moment(at_),
                "actor": actor,
                "user_id": user_id and id_of(USER, user_id),
                "client": client,
                "operation": operation,
                "person_ids": [person_id_of(each) for each in person_ids],
                "record_ids": [id_of(RECORD, each) for each in record_ids],
                "potential_match_ids": [id_of(CASE, each) for each in case_ids],
                "change_id": change_id,
                "detail": told,
            }
            for (
                audit_id,
                at_,
                actor,
                user_id,
                client,
                operation,
                person_ids,
                record_ids,
                case_ids,
                change_id,
                told,
            ) in shown
        ],
        "pagination": {"has_next": more, "next_cursor": shown[-1][0] if more else None},
    }
