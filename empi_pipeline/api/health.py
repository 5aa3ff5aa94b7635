"""Whether the server can work."""

from typing import Any

from fastapi import APIRouter

from empi_pipeline.api.errors import ApiError
from empi_pipeline.api.runtime import AtRuntime
from empi_pipeline.postgres.connections import DatabaseError
from empi_pipeline.postgres.migrations import pending

router = APIRouter(tags=["health"])


@router.get("/health-check")
def health_check(at: AtRuntime) -> dict[str, Any]:
    """`{}` while the server can work; 503 when the database does not answer or lacks migrations. Needs no login."""
    try:
        with at.connection() as connection:
            missing = pending(connection)
    except DatabaseError:
        raise ApiError(503, "The database does not answer", "database") from None
    if missing:
        raise ApiError(503, "The database lacks migrations: run `empi db upgrade`", "migrations")
    return {}
