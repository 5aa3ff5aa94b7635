"""Persons: lists, search, one person with its records, and what happened to it."""

import time
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from fastapi import Query as QueryParameters
from fastapi.responses import RedirectResponse, Response

from empi_pipeline.api.access import GuardedRoute, User, Viewer
from empi_pipeline.api.audit import audit
from empi_pipeline.api.errors import not_found
from empi_pipeline.api.paging import Searched, cursor_number, next_person, pagination
from empi_pipeline.api.records import person_on_wire, records_on_wire, visible_records
from empi_pipeline.api.runtime import AtRuntime, Runtime
from empi_pipeline.api.wire import RECORD, person_id_of, person_uuid_of
from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity import queries
from empi_pipeline.identity.lists import ListedPerson, living_persons, page_of_persons
from empi_pipeline.postgres import Connection

router = APIRouter(tags=["persons"], route_class=GuardedRoute)

_COUNT_SECONDS: Final = 15.0
"""How old the number of all persons may be; counting a million takes a tenth of a second."""


class PersonFilters(Searched):
    """Which persons."""


@router.get("/persons")
def list_persons(
    request: Request, at: AtRuntime, user: Viewer, asked: Annotated[PersonFilters, QueryParameters()]
) -> dict[str, Any]:
    """Living persons by last and first name, nulls last."""
    return _listed(request, at, user, asked)


@router.post("/persons/search")
def search_persons(request: Request, at: AtRuntime, user: Viewer, asked: PersonFilters) -> dict[str, Any]:
    """The same with what one looks for in the body, so that no address holds it."""
    return _listed(request, at, user, asked)


@router.get("/persons/{person_id}", responses={301: {"description": "The person this id became"}})
def read_person(request: Request, at: AtRuntime, user: Viewer, person_id: str) -> Any:
    """One person with all its records as delivered. An id that was merged away leads to the person it became."""
    asked_for = person_uuid_of(person_id)
    with at.connection() as connection:
        person = visible_person(connection, user, asked_for)
        if person.asked_for_retired_id:
            return moved_to(request, person_id, person)
        records = records_on_wire(connection, visible_records(person, user)).get(person.person_id, [])
        audit(connection, request, user, "person.read", person_ids=[person.person_id])
    return {
        "person": {
            **person_on_wire(person, records),
            "retired_ids": [person_id_of(retired) for retired in person.retired_ids],
        }
    }


def visible_person(connection: Connection, user: User, person_id: str) -> queries.Person:
    """A living person, by any id it ever had, with a record that the user may see.

    Raises:
        ApiError: 404, there is none.
    """
    try:
        person = queries.person(connection, person_id)
    except NotFoundError:
        raise not_found() from None
    if not person.records or not visible_records(person, user):
        raise not_found()
    return person


def moved_to(request: Request, asked_for: str, person: queries.Person) -> Response:
    """301 to the same of the person an id became. Not to be kept: an undo may give the id back."""
    path = request.url.path.replace(asked_for, person_id_of(person.person_id))
    return RedirectResponse(path, 301, {"Cache-Control": "no-store", "X-Merged-Into": person_id_of(person.person_id)})


def _listed(request: Request, at: Runtime, user: User, asked: PersonFilters) -> dict[str, Any]:
    with at.connection() as connection:
        everybody = not asked.terms.any and user.scope is None
        page = page_of_persons(
            connection,
            asked.terms,
            scope=user.scope,
            limit=asked.page_size,
            offset=asked.offset,
            after=cursor_number(asked.cursor, RECORD),
            total=_everybody(at, connection) if everybody else None,
        )
        audit(
            connection,
            request,
            user,
            "person.list",
            person_ids=[person.person_id for person in page.items],
            detail={"filters": asked.asked_with(), "page": asked.page},
        )
    return {
        "persons": [_listed_on_wire(person) for person in page.items],
        "pagination": pagination(asked, page, next_person(page)),
    }


def _everybody(at: Runtime, connection: Connection) -> int:
    """How many living persons there are, at most some seconds ago."""
    counted: tuple[float, int] | None = at.kept.get("living persons")
    if counted is None or time.monotonic() - counted[0] > _COUNT_SECONDS:
        counted = time.monotonic(), living_persons(connection)
        at.kept["living persons"] = counted
    return counted[1]


def _listed_on_wire(person: ListedPerson) -> dict[str, Any]:
    return {
        "id": person_id_of(person.person_id),
        "first_name": person.first_name,
        "last_name": person.last_name,
        "data_sources": list(person.data_sources),
        "version": person.version,
        "record_count": person.record_count,
    }
