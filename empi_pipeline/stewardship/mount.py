"""Puts the page on the server of the API."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from empi_pipeline.stewardship import cases, changes, figures, landing, person_search, persons
from empi_pipeline.stewardship.pages import PageRoute

_STATIC: Final = Path(__file__).parent / "static"

_front = APIRouter(route_class=PageRoute)


@_front.get("/", include_in_schema=False)
def front() -> Response:
    """The work list is where one begins."""
    return RedirectResponse("/cases", 303)


class _Static(StaticFiles):
    """Style and script: the same for everybody, so browsers may keep them (addresses change with what they hold)."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def add_to(app: FastAPI) -> None:
    """Add the page to an application that has a `runtime`."""
    # The landing before what could take its fixed paths for ids.
    for router in (
        *(_front, landing.router, cases.router),
        *(person_search.router, persons.router, changes.router, figures.router),
    ):
        app.include_router(router, include_in_schema=False)
    app.mount("/static", _Static(directory=_STATIC), name="static")
