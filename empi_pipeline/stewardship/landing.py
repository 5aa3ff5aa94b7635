"""Where a browser lands that was sent to sign in between a form and its answer: on the page the form was of.

A proxy that asks for a new sign-in leads back to the address by GET, and what was sent is gone; the page says so.
"""

from typing import Final

from fastapi import APIRouter, Response

from empi_pipeline.api.access import Viewer
from empi_pipeline.stewardship.pages import LOST, PageRoute, see_other

router = APIRouter(route_class=PageRoute)

_LOST: Final = f"?{LOST}=1"


@router.get("/cases/{case_id}/answer")
@router.get("/cases/{case_id}/look")
def to_case(case_id: int, _user: Viewer) -> Response:
    """To the case."""
    return see_other(f"/cases/{case_id}{_LOST}")


@router.get("/cases/filter")
def to_work_list(_user: Viewer) -> Response:
    """To the work list."""
    return see_other(f"/cases{_LOST}")


@router.get("/persons/arrange")
@router.get("/persons/look")
@router.get("/persons/find")
def to_persons(_user: Viewer) -> Response:
    """To the search; which persons it was about was in the form."""
    return see_other(f"/persons{_LOST}")


@router.get("/changes/{change_id}/undo")
def to_change(change_id: int, _user: Viewer) -> Response:
    """To the change, which still stands."""
    return see_other(f"/changes/{change_id}{_LOST}")
