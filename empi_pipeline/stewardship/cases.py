"""Work list and cases: looking, answering, going on."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from starlette.datastructures import FormData

from empi_pipeline.api.access import Steward, User, Viewer
from empi_pipeline.api.audit import audit
from empi_pipeline.api.runtime import AtRuntime, Runtime
from empi_pipeline.errors import EmpiError, NotFoundError
from empi_pipeline.identity.from_settings import policy_of
from empi_pipeline.identity.queries import KINDS, show_case
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load
from empi_pipeline.stewardship import answering, changes
from empi_pipeline.stewardship.arrangement import Entered, entered
from empi_pipeline.stewardship.case_view import KINDS as TOLD
from empi_pipeline.stewardship.case_view import case_view
from empi_pipeline.stewardship.pages import (
    Form,
    PageRoute,
    Problem,
    plain_fields,
    render,
    seal_of,
    see_other,
    text_of,
)
from empi_pipeline.stewardship.saving import problem_of
from empi_pipeline.stewardship.scope import may_decide, seen_by
from empi_pipeline.stewardship.work_list import (
    FIELDS,
    ME,
    NOBODY,
    Looking,
    handed_over,
    next_case,
    work_list,
)

router = APIRouter(route_class=PageRoute)

_LARGEST: Final = 2**62


def _looking(request: Request) -> Looking:
    asked = request.query_params
    after = asked.get("after", "")
    return Looking(
        asked.get("kind", "") if asked.get("kind") in KINDS else "",
        asked.get("with", "") if asked.get("with") in {ME, NOBODY} else "",
        asked.get("q", ""),
        int(after) if re.fullmatch(r"\d{1,18}", after) else None,
    )


_Looking = Annotated[Looking, Depends(_looking)]


def _asked(at: Runtime, looking: Looking) -> tuple[dict[str, Any], bool]:
    """What the list is filtered by, and whether that had expired."""
    opened = seal_of(at).open(looking.q)
    return ({}, True) if opened is None else (opened, False)


@router.get("/cases")
def cases_page(request: Request, user: Viewer, at: AtRuntime, looking: _Looking) -> Response:
    """The work list."""
    asked, expired = _asked(at, looking)
    with at.connection() as connection:
        found = work_list(connection, user, looking, asked)
        audit(
            connection, request, user, "case.list", case_ids=[row.case.case_id for row in found.rows],
            detail={"filters": sorted(asked)},
        )  # fmt: skip
        done = changes.done(connection, request, user)
    here = Looking(looking.kind, looking.with_whom, "" if expired else looking.q)
    names = {"": "All", **{kind: TOLD[kind][0] for kind in ("overlay", "conflict", "potential_match")}}
    everything = sum(found.counts.values())
    problem = Problem("wrong", "The filter has expired.", "Here is the whole list.") if expired else None
    return render(
        request, user, "cases.html", rows=found.rows, done=done, problem=problem, fields=FIELDS, filtered=asked,
        context=here.address(),
        is_all=not (looking.kind or looking.with_whom),
        total=found.counts.get(looking.kind, 0) if looking.kind else everything,
        tabs=[
            {"kind": kind, "name": name, "count": found.counts.get(kind, 0) if kind else everything,
             "is_current": kind == looking.kind, "address": "/cases" + here.address(kind=kind)}
            for kind, name in names.items()
        ],
        withs=[
            {"name": name, "is_current": whom == looking.with_whom, "address": "/cases" + here.address(with_whom=whom)}
            for whom, name in (("", "anyone's"), (ME, "mine"), (NOBODY, "nobody's yet"))
        ],
        first="/cases" + here.address() if looking.after else None,
        more="/cases" + here.address(after=found.rows[-1].case.case_id) if found.has_more else None,
    )  # fmt: skip


@router.post("/cases/filter")
def filter_cases(_user: Viewer, at: AtRuntime, looking: _Looking, form: Form) -> Response:
    """The work list of those that fit; what was asked for is sealed in the address."""
    asked = {name: text_of(form, name, 200) for name, _, _ in FIELDS}
    sealed = seal_of(at).close({name: value for name, value in asked.items() if value})
    return see_other("/cases" + looking.address(q=sealed, after=None))


@router.get("/cases/{case_id}")
def case_page(case_id: int, request: Request, user: Viewer, at: AtRuntime, looking: _Looking) -> Response:
    """A case."""
    return _page(request, user, at, looking, case_id, chosen=answering.pair_of(request.query_params.get("pair", "")))


@router.post("/cases/{case_id}/look")
def look_again(
    case_id: int, request: Request, user: Viewer, at: AtRuntime, looking: _Looking, form: Form
) -> Response:  # fmt: skip
    """The case as it is now, with what was entered; saves nothing."""
    return _page(request, user, at, looking, case_id, form=form, chosen=answering.pair_of(text_of(form, "pair")))


@router.get("/cases/{case_id}/state")
def case_state(case_id: int, user: Viewer, at: AtRuntime) -> Response:
    """Version and status, for a page that wants to know whether it is out of date."""
    with at.connection() as connection:
        if user.data_sources is not None:
            seen_by(user, show_case(connection, _checked(case_id)).persons)
        row = connection.execute(load("identity/case_for_decision"), {"case_id": _checked(case_id)}).fetchone()
    if row is None:
        raise NotFoundError(f"there is no review case {case_id}")
    return JSONResponse({"status": row[2], "version": row[3]}, headers={"Cache-Control": "no-store"})


@router.get("/cases/{case_id}/next")
def go_on(case_id: int, user: Viewer, at: AtRuntime, looking: _Looking) -> Response:
    """The case behind this one in the part of the list one looks at."""
    with at.connection() as connection:
        return see_other(_next(connection, user, at, looking, _checked(case_id)))


@router.post("/cases/{case_id}/answer")
def answer(case_id: int, request: Request, user: Steward, at: AtRuntime, looking: _Looking, form: Form) -> Response:
    """Save an answer and go on with the next case; where that is refused, the case again with what was entered."""
    try:
        saved = answering.answer(at, request, user, _checked(case_id), form)
    except EmpiError as error:
        return _page(
            request, user, at, looking, case_id, form=form, chosen=answering.pair_of(text_of(form, "pair")),
            problem=problem_of(error),
        )  # fmt: skip
    with at.connection() as connection:
        row = connection.execute(load("identity/case_for_decision"), {"case_id": case_id}).fetchone()
        # A save in part: the rest of the case still waits.
        waits = saved.change_id is not None and row is not None and row[2] == "open"
        address = f"/cases/{case_id}{looking.address()}" if waits else _next(connection, user, at, looking, case_id)
    return see_other(
        f"{address}{'&' if '?' in address else '?'}{changes.told_by(saved.change_id, case_id, saved.said)}"
    )


def _next(connection: Connection, user: User, at: Runtime, looking: Looking, case_id: int) -> str:
    asked, _ = _asked(at, looking)
    found = next_case(connection, user, looking, asked, case_id)
    return f"/cases{looking.address(after=None)}" if found is None else f"/cases/{found}{looking.address(after=None)}"


def _page(
    request: Request,
    user: User,
    at: Runtime,
    looking: Looking,
    case_id: int,
    *,
    form: FormData | None = None,
    chosen: tuple[int, int] | None = None,
    problem: Problem | None = None,
) -> Response:
    fields: Mapping[str, str] = plain_fields(form) if form is not None else {}
    said = entered(fields) if form is not None else Entered({}, {})
    with at.connection() as connection:
        by = policy_of(at.settings, connection)
        view = case_view(
            connection, _checked(case_id), by, said, user, chosen,
            answering.pair_of(fields.get("score") or fields.get("compare", "")),
        )  # fmt: skip
        audit(
            connection, request, user, "case.read", case_ids=[case_id],
            person_ids=[person.person_id for person in view.case.persons],
        )  # fmt: skip
        with_whom = handed_over(connection).get(case_id)
        stewards = [name for (name,) in connection.execute(load("stewardship/stewards"), {})]
        done = changes.done(connection, request, user) if form is None else None
    may = may_decide(user, view.withheld)
    if form is not None and problem is None:
        problem = answering.what_changed(view.case, fields, said)
    elif problem is not None and problem.kind == "stale":
        problem = answering.with_changes(problem, view.case, fields, said)
    return render(
        request, user, "case.html", problem.status if problem else 200,
        view=view, may_decide=may, with_whom=with_whom, stewards=stewards, problem=problem, done=done,
        context=looking.address(after=None), quote=quote,
        said={"note": fields.get("note", ""), "assign": fields.get("assign", ""), "only": fields.get("only"),
              "compare": fields.get("compare", "")},
    )  # fmt: skip


def _checked(case_id: int) -> int:
    if not 0 < case_id < _LARGEST:
        raise NotFoundError("there is no such review case")
    return case_id
