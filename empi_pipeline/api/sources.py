"""`GET /data-sources`."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Query as QueryParameters

from empi_pipeline.api.access import GuardedRoute, Viewer
from empi_pipeline.api.runtime import AtRuntime
from empi_pipeline.api.wire import Query
from empi_pipeline.sql import load

router = APIRouter(tags=["data sources"], route_class=GuardedRoute)


@router.get("/data-sources")
def list_data_sources(at: AtRuntime, user: Viewer, _asked: Annotated[Query, QueryParameters()]) -> dict[str, Any]:
    """The data sources of the index that one may see, by name."""
    with at.connection() as connection:
        names = [name for (name,) in connection.execute(load("identity/data_sources")).fetchall()]
    return {"data_sources": [{"name": name} for name in names if user.sees(name)]}
