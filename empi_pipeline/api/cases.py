"""Review cases, on the wire potential matches: the queue, and one case with its persons, records and pairs."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi import Query as QueryParameters
from pydantic import ConfigDict

from empi_pipeline.api.access import GuardedRoute, User, Viewer
from empi_pipeline.api.audit import audit
from empi_pipeline.api.errors import not_found
from empi_pipeline.api.paging import Paged, Searched, Size, cursor_number, next_case, pagination
from empi_pipeline.api.records import chosen_fields, person_on_wire, records_on_wire, visible_records
from empi_pipeline.api.runtime import AtRuntime, Runtime
from empi_pipeline.api.wire import (
    CASE,
    RECORD,
    Query,
    Text,
    id_of,
    moment,
    number_of,
    pair_id_of,
)
from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.lists import ListedCase, Page, page_of_cases
from empi_pipeline.identity.queries import Case, Pair, Person, show_case
from empi_pipeline.postgres import Connection

router = APIRouter(tags=["potential matches"], route_class=GuardedRoute)

Kind = Literal["potential_match", "overlay", "conflict"]


class CaseFilters(Searched):
    """Which cases."""

    kind: Kind | None = None


class CaseView(Query):
    """What of a case to tell."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    fields: Text | None = None
    """Fields of the records, separated by commas; all without it."""
    include_metadata: bool = True
    page: Annotated[int, QueryParameters(ge=1, le=2**31)] = 1
    page_size: Size = 500
    """Persons a page."""


@router.get("/potential-matches")
def list_cases(
    request: Request, at: AtRuntime, user: Viewer, asked: Annotated[CaseFilters, QueryParameters()]
) -> dict[str, Any]:
    """Open review cases, the most urgent first; conflicts and overlays among them are told apart by `kind`."""
    return _listed(request, at, user, asked)


@router.post("/potential-matches/search")
def search_cases(request: Request, at: AtRuntime, user: Viewer, asked: CaseFilters) -> dict[str, Any]:
    """The same with what one looks for in the body, so that no address holds it."""
    return _listed(request, at, user, asked)


@router.get("/potential-matches/{potential_match_id}")
def read_case(
    request: Request,
    response: Response,
    at: AtRuntime,
    user: Viewer,
    potential_match_id: str,
    asked: Annotated[CaseView, QueryParameters()],
) -> dict[str, Any]:
    """One open case: its persons with their records, and the pairs in question."""
    case_id = number_of(potential_match_id, CASE, "PotentialMatch", "potential_match_id")
    fields = chosen_fields(asked.fields)
    with at.connection() as connection:
        # One moment for all that is told of the case.
        connection.execute("set transaction isolation level repeatable read")
        case = visible_case(connection, user, case_id)
        if case.status != "open":
            raise not_found()
        persons = [person for person in case.persons if user.scope is None or visible_records(person, user)]
        paged = Paged(page=asked.page, page_size=min(asked.page_size, 1_000))
        shown = persons[paged.offset : paged.offset + paged.page_size]
        by_person = records_on_wire(
            connection, [record for person in shown for record in visible_records(person, user)], fields
        )
        audit(
            connection,
            request,
            user,
            "case.read",
            case_ids=[case_id],
            person_ids=[person.person_id for person in shown],
        )
    response.headers["ETag"] = f'"pm_{potential_match_id}_v{case.version}"'
    answer: dict[str, Any] = {"potential_match": _case_on_wire(case, shown, by_person, user)}
    if asked.include_metadata:
        page = Page(shown, paged.offset + len(shown) < len(persons), len(persons), True)
        answer["pagination"] = pagination(paged, page, None)
        answer["metadata"] = {
            "fields_requested": ",".join(fields),
            "response_size_optimized": True,
            "memory_optimized": True,
            "pagination_enabled": True,
        }
    return answer


def visible_case(connection: Connection, user: User, case_id: int) -> Case:
    """A case with at least one record that the user may see.

    Raises:
        ApiError: 404, there is none.
    """
    try:
        case = show_case(connection, case_id)
    except NotFoundError:
        raise not_found() from None
    if user.scope is not None and not any(visible_records(person, user) for person in case.persons):
        raise not_found()
    return case


def _listed(request: Request, at: Runtime, user: User, asked: CaseFilters) -> dict[str, Any]:
    with at.connection() as connection:
        page = page_of_cases(
            connection,
            asked.terms,
            kind=asked.kind,
            scope=user.scope,
            limit=asked.page_size,
            offset=asked.offset,
            after=cursor_number(asked.cursor, CASE),
        )
        audit(
            connection,
            request,
            user,
            "case.list",
            case_ids=[case.case_id for case in page.items],
            detail={"filters": asked.asked_with(), "page": asked.page},
        )
    return {
        "potential_matches": [_listed_on_wire(case) for case in page.items],
        "pagination": pagination(asked, page, next_case(page)),
    }


def _listed_on_wire(case: ListedCase) -> dict[str, Any]:
    return {
        "id": id_of(CASE, case.case_id),
        "first_name": case.first_name,
        "last_name": case.last_name,
        "data_sources": list(case.data_sources),
        # Clients of the reference system do arithmetic with it; a case without any score has a kind and a reason.
        "max_match_probability": case.max_match_probability or 0.0,
        "kind": case.kind,
        "reason": case.reason,
        "priority": case.priority,
        "version": case.version,
        "person_count": case.person_count,
        "record_count": case.record_count,
        "created": moment(case.opened_at),
    }


def _case_on_wire(
    case: Case, persons: list[Person], by_person: dict[str, list[dict[str, Any]]], user: User
) -> dict[str, Any]:
    visible = {record.record_id for person in case.persons for record in visible_records(person, user)}
    pairs = [pair for pair in case.pairs if {pair.record_id_l, pair.record_id_r} <= visible]
    return {
        "id": id_of(CASE, case.case_id),
        "created": moment(case.opened_at),
        "version": case.version,
        "kind": case.kind,
        "reason": case.reason,
        "results": [_pair_on_wire(case, pair) for pair in pairs],
        "persons": [person_on_wire(person, by_person.get(person.person_id, [])) for person in persons],
    }


def _pair_on_wire(case: Case, pair: Pair) -> dict[str, Any]:
    return {
        "id": pair_id_of(pair.record_id_l, pair.record_id_r),
        "created": moment(case.opened_at),
        "match_probability": pair.match_probability or 0.0,
        "person_record_l_id": id_of(RECORD, pair.record_id_l),
        "person_record_r_id": id_of(RECORD, pair.record_id_r),
        "match_weight": pair.match_weight,
        "reason": pair.reason,
    }
