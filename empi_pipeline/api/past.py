"""What happened: the history of a person, notes, decisions, and the change feed for systems downstream."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi import Query as QueryParameters
from pydantic import Field

from empi_pipeline.api.access import GuardedRoute, Steward, Viewer
from empi_pipeline.api.audit import audit
from empi_pipeline.api.cases import visible_case
from empi_pipeline.api.limits import refuse_beyond
from empi_pipeline.api.paging import Size
from empi_pipeline.api.persons import visible_person
from empi_pipeline.api.runtime import AtRuntime
from empi_pipeline.api.wire import (
    CASE,
    RECORD,
    Body,
    Moment,
    Query,
    Text,
    id_of,
    moment,
    number_of,
    person_id_of,
    person_uuid_of,
)
from empi_pipeline.identity import queries
from empi_pipeline.identity.decision_list import list_decisions
from empi_pipeline.identity.notes import Note, add_note, notes_about
from empi_pipeline.sql import load

router = APIRouter(tags=["history"], route_class=GuardedRoute)

_LARGEST = 2**62


class NewNote(Body):
    """What to write down."""

    note: Annotated[Text, Field(min_length=1, max_length=10_000)]


class DecisionFilters(Query):
    """Which decisions."""

    actor: Text | None = None
    since: Moment | None = None
    record_id: Text | None = None
    in_force: bool = True
    page_size: Size = 50
    cursor: Annotated[int, Field(ge=0, le=_LARGEST)] | None = None


class FeedPosition(Query):
    """Where to go on."""

    after: Annotated[int, Field(ge=0, le=_LARGEST)] = 0
    """The last `change_no` one has; 0 from the beginning."""
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1_000


@router.get("/persons/{person_id}/history")
def person_history(request: Request, at: AtRuntime, user: Viewer, person_id: str) -> dict[str, Any]:
    """Everything that ever happened to this very id, oldest first: what, why, by whom, in which change."""
    asked_for = person_uuid_of(person_id)
    with at.connection() as connection:
        person = visible_person(connection, user, asked_for)
        refuse_beyond(connection, user, [person.person_id])
        events = queries.history(connection, asked_for)
        audit(connection, request, user, "person.history", person_ids=[asked_for])
    return {
        "person_id": person_id_of(asked_for),
        "living_person_id": person_id_of(person.person_id),
        "events": [
            {
                **asdict(event),
                "at": moment(event.at),
                "record_id": event.record_id and id_of(RECORD, event.record_id),
                "person_id": person_id_of(event.person_id),
                "other_person_id": event.other_person_id and person_id_of(event.other_person_id),
                "linked_record_id": event.linked_record_id and id_of(RECORD, event.linked_record_id),
            }
            for event in events
        ],
    }


@router.get("/persons/{person_id}/notes")
def person_notes(request: Request, at: AtRuntime, user: Viewer, person_id: str) -> dict[str, Any]:
    """Notes about a person and all ids that became it."""
    with at.connection() as connection:
        person = visible_person(connection, user, person_uuid_of(person_id))
        refuse_beyond(connection, user, [person.person_id])
        found = notes_about(connection, person_ids=[person.person_id, *person.retired_ids])
        audit(connection, request, user, "person.notes", person_ids=[person.person_id])
    return {"notes": [_note(each) for each in found]}


@router.post("/persons/{person_id}/notes")
def note_person(request: Request, at: AtRuntime, user: Steward, person_id: str, asked: NewNote) -> dict[str, Any]:
    """Write a note about a person."""
    with at.connection() as connection:
        person = visible_person(connection, user, person_uuid_of(person_id))
        refuse_beyond(connection, user, [person.person_id])
        added = add_note(connection, asked.note, actor=user.name, person_id=person.person_id)
        audit(connection, request, user, "person.note", person_ids=[person.person_id])
    return {"note": _note(added)}


@router.get("/potential-matches/{potential_match_id}/notes")
def case_notes(request: Request, at: AtRuntime, user: Viewer, potential_match_id: str) -> dict[str, Any]:
    """Notes about a review case, open or closed."""
    case_id = number_of(potential_match_id, CASE, "PotentialMatch", "potential_match_id")
    with at.connection() as connection:
        case = visible_case(connection, user, case_id)
        refuse_beyond(connection, user, [person.person_id for person in case.persons])
        found = notes_about(connection, case_id=case_id)
        audit(connection, request, user, "case.notes", case_ids=[case_id])
    return {"notes": [_note(each) for each in found]}


@router.post("/potential-matches/{potential_match_id}/notes")
def note_case(
    request: Request, at: AtRuntime, user: Steward, potential_match_id: str, asked: NewNote
) -> dict[str, Any]:
    """Write a note about a review case."""
    case_id = number_of(potential_match_id, CASE, "PotentialMatch", "potential_match_id")
    with at.connection() as connection:
        case = visible_case(connection, user, case_id)
        refuse_beyond(connection, user, [person.person_id for person in case.persons])
        added = add_note(connection, asked.note, actor=user.name, case_id=case_id)
        audit(connection, request, user, "case.note", case_ids=[case_id])
    return {"note": _note(added)}


@router.get("/decisions")
def decisions(
    request: Request, at: AtRuntime, user: Viewer, asked: Annotated[DecisionFilters, QueryParameters()]
) -> dict[str, Any]:
    """Decisions of stewards, the newest first: those in force, or all with `in_force=false`."""
    record = None if asked.record_id is None else number_of(asked.record_id, RECORD, "PersonRecord", "record_id")
    with at.connection() as connection:
        found = list_decisions(
            connection,
            in_force=asked.in_force,
            actor=asked.actor,
            since=asked.since,
            record_id=record,
            scope=user.scope,
            limit=asked.page_size + 1,
            before=asked.cursor,
        )
        shown, more = found[: asked.page_size], len(found) > asked.page_size
        ids = sorted({record_id for each in shown for record_id in (each.record_id_l, each.record_id_r)})
        audit(connection, request, user, "decision.list", record_ids=ids)
    return {
        "decisions": [
            {
                **asdict(each),
                "record_id_l": id_of(RECORD, each.record_id_l),
                "record_id_r": id_of(RECORD, each.record_id_r),
                "case_id": each.case_id and id_of(CASE, each.case_id),
                "decided_at": moment(each.decided_at),
            }
            for each in shown
        ],
        "pagination": {"has_next": more, "next_cursor": shown[-1].decision_id if more else None},
    }


@router.get("/crosswalk/changes")
def crosswalk_changes(
    request: Request, at: AtRuntime, user: Viewer, asked: Annotated[FeedPosition, QueryParameters()]
) -> dict[str, Any]:
    """What each publication added to and removed from the crosswalk; applied in order it gives the crosswalk.

    Go on from `next_after`. An entry `withdrawn` says: drop every row of the person; those it still has follow.
    """
    values = {"after": asked.after, "limit": asked.limit, "scope": user.scope}
    with at.connection() as connection:
        rows = connection.execute(load("api/feed"), values).fetchall()
        audit(connection, request, user, "feed.read", detail={"after": asked.after, "entries": len(rows)})
    changes = [
        {
            "change_no": change_no,
            "change_id": change_id,
            "data_source": data_source,
            "source_person_id": source_person_id,
            "kind": kind,
            "person_id": person_id_of(person_id),
            "published": moment(published_at),
        }
        for change_no, change_id, data_source, source_person_id, kind, person_id, published_at in rows
    ]
    return {
        "changes": changes,
        "next_after": changes[-1]["change_no"] if changes else asked.after,
        "has_next": len(changes) == asked.limit,
    }


def _note(note: Note) -> dict[str, Any]:
    return {
        "id": note.note_id,
        "case_id": note.case_id and id_of(CASE, note.case_id),
        "person_id": note.person_id and person_id_of(note.person_id),
        "actor": note.actor,
        "note": note.note,
        "at": moment(note.noted_at),
    }
