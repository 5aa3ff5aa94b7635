"""Changes of identity: what one did to whom, taking it back, and the line that says what has just been done."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from empi_pipeline.addresses import dagster_link
from empi_pipeline.api.access import STEWARD, Steward, User, Viewer
from empi_pipeline.api.audit import audit
from empi_pipeline.api.limits import refuse_change_beyond, refuse_undo
from empi_pipeline.api.runtime import AtRuntime
from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.stewardship import Saved
from empi_pipeline.identity.undo import undo
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load
from empi_pipeline.stewardship.pages import Form, PageRoute, render, see_other
from empi_pipeline.stewardship.saving import carry_out

router = APIRouter(route_class=PageRoute)

_SAID: Final = {
    "confirm": "same person",
    "reject": "not the same",
    "arrange": "as arranged",
    "unsure": "noted, still open",
    "merge": "merged",
    "apart": "different humans",
    "note": "noted",
    "undo": "taken back",
}
_BACK: Final = re.compile(r"/(cases|persons)(/[0-9a-f-]{1,36})?")
_MOST_PERSONS: Final = 200


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change of identity."""

    change_id: int
    at: datetime
    kind: str
    actor: str
    batch_id: str | None
    note: str | None
    undoes_change_id: int | None
    taken_back_by: int | None
    run_id: str | None

    @property
    def can_be_undone(self) -> bool:
        """Whether a steward made it and it still stands."""
        return self.kind in {"decision", "undo"} and self.taken_back_by is None

    @property
    def in_dagster(self) -> str | None:
        """Where Dagster tells more, if it had a part in it."""
        if self.kind == "rematch":  # Which run it was is not kept; the plan's page lists them.
            return dagster_link("/assets/identity/rematch_plan")
        return dagster_link(f"/runs/{self.run_id}") if self.run_id else None


@dataclass(frozen=True, slots=True)
class Done:
    """What the user has just done, and how to take it back."""

    told: str
    change_id: int | None
    can_be_undone: bool
    back: str


def told_by(change_id: int | None, case_id: int | None, said: str) -> str:
    """The part of an address by which the next page says what was done."""
    values = {"done": change_id or "", "said": said, "of": case_id or ""}
    return urlencode({name: value for name, value in values.items() if value})


def done(connection: Connection, request: Request, user: User) -> Done | None:
    """What the address says was just done; an undo is offered for one's own changes only."""
    asked = request.query_params
    said, of, change = _SAID.get(asked.get("said", "")), asked.get("of", ""), asked.get("done", "")
    if said is None:
        return None
    told = f"Case {of}: {said}." if re.fullmatch(r"\d{1,18}", of) else f"{said[0].upper()}{said[1:]}."
    if not re.fullmatch(r"\d{1,18}", change):
        return Done(told, None, False, "/cases")
    found = change_view(connection, int(change))
    mine = found is not None and found.actor == user.name and found.can_be_undone
    path = request.url.path
    return Done(told, int(change), mine, f"/cases/{of}" if of else path if _BACK.fullmatch(path) else "/cases")


def change_view(connection: Connection, change_id: int) -> ChangeView | None:
    """A change by its number."""
    row = connection.execute(load("stewardship/change"), {"change_id": change_id}).fetchone()
    return None if row is None else ChangeView(*row)


@router.get("/changes/{change_id}")
def change_page(change_id: int, request: Request, user: Viewer, at: AtRuntime) -> Response:
    """What a change did to each person it touched."""
    with at.connection() as connection:
        found = change_view(connection, change_id) if change_id < 2**62 else None
        if found is None:
            raise NotFoundError(f"there is no change {change_id}")
        refuse_change_beyond(connection, user, change_id)
        rows: list[Any] = connection.execute(
            load("stewardship/change_persons"), {"change_id": change_id, "limit": _MOST_PERSONS + 1}
        ).fetchall()
        audit(connection, request, user, "change.read", person_ids=[row[0] for row in rows], change_id=change_id)
    return render(
        request, user, "change.html", change=found, persons=rows[:_MOST_PERSONS], has_more=len(rows) > _MOST_PERSONS,
        may_decide=user.may(STEWARD),
    )  # fmt: skip


@router.post("/changes/{change_id}/undo")
def undo_change(change_id: int, request: Request, user: Steward, at: AtRuntime, form: Form) -> Response:
    """Take a change back, and show what it is then like where one was."""
    asked = request.query_params
    back = str(form.get("back") or asked.get("back") or "")
    person_id = asked.get("person") or None
    with at.connection() as connection:
        refuse_undo(connection, user, change_id, person_id)
    taking_back = partial(_take_back, change_id=change_id, person_id=person_id, actor=user.name)
    saved = carry_out(at, request, user, "change.undo", taking_back)
    back = back if _BACK.fullmatch(back) else f"/changes/{saved.change_id}"
    return see_other(f"{back}?{told_by(saved.change_id, None, 'undo')}")


def _take_back(connection: Connection, policy: Policy, *, change_id: int, **common: Any) -> Saved:
    return undo(connection, change_id, policy=policy, **common)
