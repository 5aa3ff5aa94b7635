"""Persons: one or several with their records, merging, splitting, saying that they are different."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData

from empi_pipeline.api.access import Steward, User, Viewer
from empi_pipeline.api.audit import audit
from empi_pipeline.api.errors import forbidden
from empi_pipeline.api.runtime import AtRuntime, Runtime
from empi_pipeline.errors import EmpiError, NotFoundError
from empi_pipeline.identity import decisions
from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.identity.notes import add_note, notes_about
from empi_pipeline.identity.person_queries import persons_by_id
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.queries import Person, canonical_person_id, decisions_among
from empi_pipeline.identity.rearrangements import PersonUpdate
from empi_pipeline.identity.stewardship import Saved
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load
from empi_pipeline.stewardship import changes
from empi_pipeline.stewardship.answering import note_of
from empi_pipeline.stewardship.arrangement import Entered, changed_since, entered, updates_of
from empi_pipeline.stewardship.pages import (
    Form,
    PageRoute,
    Problem,
    plain_fields,
    render,
    see_other,
    text_of,
)
from empi_pipeline.stewardship.records_view import records_view, standardised, with_extras
from empi_pipeline.stewardship.saving import carry_out, problem_of
from empi_pipeline.stewardship.scope import decisions_seen, may_decide, seen_by

router = APIRouter(route_class=PageRoute)

MOST_TOGETHER: Final = 60
MOST_CHANGES: Final = 50


@dataclass(frozen=True, slots=True)
class PersonStep:
    """A change in the life of a person."""

    change_id: int
    at: datetime
    kind: str
    actor: str
    batch_id: str | None
    note: str | None
    undoes_change_id: int | None
    taken_back_by: int | None
    came: int
    went: int
    what: Sequence[str] | None
    others: Sequence[str] | None

    @property
    def told(self) -> str:
        """What happened, in words."""
        parts = list(self.what or ())
        for count, told in ((self.came, "came"), (self.went, "went")):
            if count:
                parts.append(f"{count:,} record{'' if count == 1 else 's'} {told}")
        return ", ".join(parts)

    @property
    def can_be_undone(self) -> bool:
        """Whether there is something in it that an undo takes back."""
        return self.taken_back_by is None and self.kind in {"decision", "undo"}

    @property
    def can_be_given_back(self) -> Sequence[str]:
        """The persons that an automatic change merged into this one: each can have its own again."""
        is_merge = self.kind not in {"decision", "undo"} and "took in" in (self.what or ())
        return (self.others or ()) if is_merge and self.taken_back_by is None else ()


@router.get("/persons/together")
def together(request: Request, user: Viewer, at: AtRuntime) -> Response:
    """Several persons side by side."""
    chosen = request.query_params.getlist("id")
    if not chosen:
        return see_other("/persons")
    return _page(request, user, at, chosen)


@router.post("/persons/look")
def look_again(request: Request, user: Viewer, at: AtRuntime, form: Form) -> Response:
    """The persons as they are now, with what was entered; saves nothing."""
    chosen = _ids(form)
    beside = text_of(form, "beside", 60)
    if beside:
        return see_other("/persons/together?" + urlencode([("id", each) for each in (*chosen, beside)]))
    return _page(request, user, at, chosen, form=form)


@router.post("/persons/arrange")
def arrange(request: Request, user: Steward, at: AtRuntime, form: Form) -> Response:
    """Save what was decided about persons; where that is refused, they are shown again with what was entered."""
    chosen = _ids(form)
    try:
        said, change_id = _answer(at, request, user, chosen, form)
    except EmpiError as error:
        return _page(request, user, at, chosen, form=form, problem=problem_of(error))
    address = f"/persons/{chosen[0]}" if len(chosen) == 1 or said == "merge" else "/persons/together?" + urlencode(
        [("id", each) for each in chosen]
    )  # fmt: skip
    return see_other(f"{address}{'&' if '?' in address else '?'}{changes.told_by(change_id, None, said)}")


@router.get("/persons/{person_id}")
def person_page(person_id: str, request: Request, user: Viewer, at: AtRuntime) -> Response:
    """One person, by any id it ever had."""
    return _page(request, user, at, [person_id])


def _ids(form: FormData) -> list[str]:
    return [value for value in form.getlist("id") if isinstance(value, str)]


def _read(connection: Connection, user: User, chosen: Sequence[str]) -> tuple[tuple[Person, ...], int]:
    if not chosen:
        raise NotFoundError("no person was chosen")
    if len(chosen) > MOST_TOGETHER:
        raise InvalidDecisionError(f"at most {MOST_TOGETHER} persons can be shown side by side")
    ids = list(dict.fromkeys(canonical_person_id(each.strip()) for each in chosen))
    persons: dict[str, Person] = {}
    for person in persons_by_id(connection, ids):
        persons.setdefault(person.person_id, person)
    return seen_by(user, tuple(persons.values()))


def _page(
    request: Request,
    user: User,
    at: Runtime,
    chosen: Sequence[str],
    *,
    form: FormData | None = None,
    problem: Problem | None = None,
) -> Response:
    fields: Mapping[str, str] = plain_fields(form) if form is not None else {}
    said = entered(fields) if form is not None else Entered({}, {})
    with at.connection() as connection:
        persons, withheld = _read(connection, user, chosen)
        ids = [person.person_id for person in persons]
        audit(connection, request, user, "person.read", person_ids=ids)
        history: list[PersonStep] = []
        if len(persons) == 1 and not withheld:
            rows = connection.execute(
                load("stewardship/person_history"), {"person_id": ids[0], "limit": MOST_CHANGES + 1}
            )
            history = [PersonStep(*row) for row in rows]
        known = [each for person in persons for each in (person.person_id, *person.retired_ids)]
        # A note may quote any record of the person.
        notes = [] if withheld else notes_about(connection, person_ids=known)
        seen = {record.record_id for person in persons for record in person.records}
        decided = decisions_seen(decisions_among(connection, ids), seen)
        cases = [row[0] for row in connection.execute(load("stewardship/open_cases_of_persons"), {"person_ids": ids})]
        done = changes.done(connection, request, user) if form is None else None
        view = records_view(with_extras(connection, persons), said, standardised(connection, persons))
    if form is not None:
        told = changed_since(persons, said)
        if told and problem is None:
            problem = Problem("changed", "This has changed meanwhile.", "What you entered is kept.", told)
        elif problem is not None and problem.kind == "stale":
            problem = replace(problem, details=told)
    return render(
        request, user, "person.html", problem.status if problem else 200, persons=persons,
        view=view, may_decide=may_decide(user, withheld), withheld=withheld,
        history=history[:MOST_CHANGES], history_hidden=max(0, len(history) - MOST_CHANGES),
        notes=notes, decisions=decided, cases=cases, problem=problem, done=done, said={"note": fields.get("note", "")},
    )  # fmt: skip


def _answer(
    at: Runtime, request: Request, user: User, chosen: Sequence[str], form: FormData
) -> tuple[str, int | None]:  # fmt: skip
    said = text_of(form, "answer", 20)
    with at.connection() as connection:
        persons, withheld = _read(connection, user, chosen)
    if not may_decide(user, withheld):
        raise forbidden()
    if said == "note":
        with at.connection() as connection:
            add_note(connection, text_of(form, "note"), actor=user.name, person_id=persons[0].person_id)
            audit(connection, request, user, "person.note", person_ids=[persons[0].person_id])
        return said, None
    known = entered(plain_fields(form))
    common: dict[str, Any] = {"actor": user.name, "note": note_of(form), "overrule": text_of(form, "overrule") == "1"}
    if said == "merge":
        listed = list(known.persons.values())
        save = partial(_merge, persons=listed, **common)
    elif said == "apart":
        save = partial(_apart, chosen=chosen, said=known, user=user, **common)
    elif said == "arrange":
        save = partial(_arrange, chosen=chosen, said=known, user=user, **common)
    else:
        raise InvalidDecisionError("the form says no answer")
    saved = carry_out(at, request, user, f"person.{said}", save)
    return said, saved.change_id


def _merge(connection: Connection, policy: Policy, *, persons: Sequence[tuple[str, int]], **common: Any) -> Saved:
    return decisions.merge(connection, persons, policy=policy, **common)


def _apart(
    connection: Connection, policy: Policy, *, chosen: Sequence[str], said: Entered, user: User, **common: Any
) -> Saved:
    """Different humans, each with the records it has: the save compares the versions that were looked at."""
    with connection.transaction():
        persons, _ = _read(connection, user, chosen)
    seen = dict(said.persons.values())
    updates = [
        PersonUpdate(
            person.person_id,
            seen.get(person.person_id, 0),
            frozenset(record.record_id for record in person.records),
        )
        for person in persons
    ]
    if len(updates) < 2:
        raise InvalidDecisionError("they are one person by now: look again")
    return decisions.partition(connection, updates, policy=policy, **common)


def _arrange(
    connection: Connection, policy: Policy, *, chosen: Sequence[str], said: Entered, user: User, **common: Any
) -> Saved:
    with connection.transaction():
        persons, _ = _read(connection, user, chosen)
        updates = updates_of(persons, said)
    if not updates:
        raise InvalidDecisionError("no record was moved")
    return decisions.partition(connection, updates, policy=policy, **common)
