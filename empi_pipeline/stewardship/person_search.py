"""Finding persons; what is searched for is sealed before it stands in an address."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from empi_pipeline.api.access import User, Viewer
from empi_pipeline.api.audit import audit
from empi_pipeline.api.runtime import AtRuntime
from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.identity.queries import PersonFound, find_persons
from empi_pipeline.postgres import Connection
from empi_pipeline.stewardship.pages import (
    Form,
    PageRoute,
    Problem,
    render,
    seal_of,
    see_other,
    text_of,
)

router = APIRouter(route_class=PageRoute)

PAGE_SIZE: Final = 50
FIELDS: Final = (
    ("last_name", "last name", "begins"),
    ("first_name", "first name", "begins"),
    ("birth_date", "born", "1971-03-04 or 1971"),
    ("data_source", "source", "whole"),
    ("source_person_id", "source id", "whole"),
    ("person_id", "person id", "begins"),
)
"""What one can search by: field, name, hint."""


@router.get("/persons")
def persons_page(request: Request, user: Viewer, at: AtRuntime) -> Response:
    """The search and what it found."""
    opened = seal_of(at).open(request.query_params.get("q"))
    asked = {} if opened is None else opened
    after = asked.get("after")
    asked = {name: value for name, value in asked.items() if name != "after"}
    found: list[PersonFound] = []
    problem = Problem("wrong", "The search has expired.", "Please search again.") if opened is None else None
    if asked:
        with at.connection() as connection:
            try:
                found = _find(connection, user, asked, None if after is None else PersonFound(*after))
            except (NotFoundError, InvalidDecisionError) as error:
                problem = Problem("wrong", "That cannot be searched for.", str(error))
            audit(
                connection, request, user, "person.search", person_ids=[each.person_id for each in found],
                detail={"filters": sorted(asked)},
            )  # fmt: skip
    shown = found[:PAGE_SIZE]
    more = None
    if len(found) > PAGE_SIZE:
        last = shown[-1]
        following = [getattr(last, name) for name in PersonFound.__slots__]
        more = "/persons?" + urlencode({"q": seal_of(at).close({**asked, "after": following})})
    return render(
        request, user, "persons.html", found=shown, more=more, asked=asked, fields=FIELDS, problem=problem
    )  # fmt: skip


@router.post("/persons/find")
def find(_user: Viewer, at: AtRuntime, form: Form) -> Response:
    """The search, with what was asked for sealed in the address."""
    asked = {name: text_of(form, name, 200) for name, _, _ in FIELDS}
    sealed = seal_of(at).close({name: value for name, value in asked.items() if value})
    return see_other("/persons?" + urlencode({"q": sealed}) if sealed else "/persons")


def _find(
    connection: Connection, user: User, asked: Mapping[str, Any], after: PersonFound | None
) -> list[PersonFound]:  # fmt: skip
    known = {name: value for name, value in asked.items() if name in {field for field, _, _ in FIELDS}}
    if user.data_sources is None:
        return find_persons(connection, **known, limit=PAGE_SIZE + 1, after=after)
    wanted = known.get("data_source")
    sources = [wanted] if wanted else sorted(user.data_sources)
    found: dict[str, PersonFound] = {}
    for source in sources:
        if user.sees(source):
            for each in find_persons(
                connection, **{**known, "data_source": source}, limit=PAGE_SIZE + 1, after=after
            ):  # fmt: skip
                found.setdefault(each.person_id, each)
    order = sorted(found.values(), key=lambda each: each.order)
    return order[: PAGE_SIZE + 1]
