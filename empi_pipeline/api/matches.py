"""`POST /matches`: a steward says who owns which records of a case."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from pydantic import Field

from empi_pipeline.api.access import GuardedRoute, Steward
from empi_pipeline.api.errors import ApiError, invalid
from empi_pipeline.api.limits import refuse_beyond
from empi_pipeline.api.runtime import AtRuntime
from empi_pipeline.api.saving import PATIENCE_SECONDS, carry_out
from empi_pipeline.api.wire import CASE, RECORD, Body, Text, number_in, uuid_in
from empi_pipeline.errors import EmpiError, NotFoundError
from empi_pipeline.identity.decisions import PersonUpdate, Saved, partition
from empi_pipeline.identity.errors import (
    CaseChangedError,
    CaseClosedError,
    CaseReplacedError,
    IdentityBusyError,
    InvalidDecisionError,
    PersonChangedError,
)
from empi_pipeline.identity.notes import add_note
from empi_pipeline.identity.policy import Policy
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

router = APIRouter(tags=["potential matches"], route_class=GuardedRoute)

_MOST: Final = 100_000
_BUSY: Final = "A matching job is currently updating matches. Please try again later."
_REFUSALS: Final[tuple[tuple[type[EmpiError], int, str, str], ...]] = (
    (CaseReplacedError, 400, "Potential match has been replaced", "replaced"),
    (CaseClosedError, 400, "Potential match has already been matched", "closed"),
    (CaseChangedError, 400, "Potential match version is outdated", "outdated"),
    (PersonChangedError, 400, "Invalid Person UUID or version outdated", "outdated"),
    (IdentityBusyError, 409, _BUSY, "busy"),
)


class Update(Body):
    """The complete set of records of one person."""

    id: Text | None = None
    version: int | None = None
    new_person_record_ids: Annotated[list[Text], Field(max_length=_MOST)]


class Comment(Body):
    """What one writes down about a record."""

    person_record_id: Text
    comment: Annotated[Text, Field(max_length=10_000)]


class Match(Body):
    """Who owns which records of a case from now on; persons not listed stay as they are."""

    potential_match_id: Text
    potential_match_version: int
    person_updates: Annotated[list[Update], Field(max_length=_MOST)]
    comments: Annotated[list[Comment], Field(max_length=_MOST, default_factory=list)]
    note: Annotated[Text, Field(max_length=10_000)] | None = None
    overrule: bool = False


@router.post("/matches")
def match(request: Request, at: AtRuntime, user: Steward, asked: Match) -> dict[str, Any]:
    """Answer a review case. The decision binds from now on, and can be undone.

    The records of each person are one human; those of different persons are different humans. Answers 400 with the
    reason and writes nothing when the case or a person is not any more what one looked at; 409 while a batch is being
    applied, or when decisions in force say otherwise.
    """
    case_id = _number(asked.potential_match_id, CASE, "potential_match_id", "Invalid PotentialMatch ID")
    _check_form(asked.person_updates)
    updates = [_update(number, each) for number, each in enumerate(asked.person_updates)]
    comments = [
        (_number(each.person_record_id, RECORD, f"comments.{place}.person_record_id", "Invalid PersonRecord ID"), each)
        for place, each in enumerate(asked.comments)
    ]

    def save(connection: Connection, policy: Policy) -> Saved:
        rows = connection.execute(load("identity/person_ids_of_case"), {"case_id": case_id}).fetchall()
        refuse_beyond(connection, user, [person_id for (person_id,) in rows])
        saved = partition(
            connection,
            updates,
            actor=user.name,
            note=asked.note,
            case_id=case_id,
            case_version=asked.potential_match_version,
            policy=policy,
            overrule=asked.overrule,
            patience_seconds=PATIENCE_SECONDS,
        )
        for record_id, comment in comments:
            if comment.comment.strip():
                add_note(connection, f"record {record_id}: {comment.comment}", actor=user.name, case_id=case_id)
        return saved

    try:
        carry_out(at, request, user, "case.decide", save, case_ids=[case_id])
    except EmpiError as error:
        raise _refusal(error) from None
    return {}


def _refusal(error: EmpiError) -> Exception:
    for kind, status, message, code in _REFUSALS:
        if isinstance(error, kind):
            return ApiError(status, "Validation failed" if status == 400 else message, code, [{"message": message}])
    if isinstance(error, NotFoundError):
        return invalid("Potential match does not exist", code="not_found")
    if isinstance(error, InvalidDecisionError):
        return invalid(str(error), code="invalid_decision")
    return error


def _check_form(updates: Sequence[Update]) -> None:
    """What is wrong with the updates by themselves, in the order clients know."""
    for update in updates:
        if update.id is not None and update.version is None:
            raise invalid("A PersonUpdate for an existing Person should specify a version", code="invalid_decision")
    for update in updates:
        if update.id is None and update.version is not None:
            raise invalid("A PersonUpdate for a new Person should not specify a version", code="invalid_decision")
    for update in updates:
        if update.id is None and not update.new_person_record_ids:
            raise invalid(
                "A PersonUpdate for a new Person should have 1 or more new_record_ids", code="invalid_decision"
            )
    known = [update.id.lower() for update in updates if update.id is not None]
    if len(set(known)) < len(known):
        raise invalid("The same Person UUID cannot exist in more than one PersonUpdate", code="invalid_decision")
    owner: dict[str, int] = {}
    for place, update in enumerate(updates):
        for record in update.new_person_record_ids:
            first = owner.setdefault(record, place)
            number = number_in(record, RECORD)
            told = record[:50] if number is None else number
            if first != place:
                raise invalid(
                    "A PersonRecord ID cannot exist in more than PersonUpdate. PersonRecord"
                    f" {told} exists in updates for Person {_name(updates, first)} and"
                    f" Person {_name(updates, place)}.",
                    code="invalid_decision",
                )
        if len(set(update.new_person_record_ids)) < len(update.new_person_record_ids):
            twice = next(each for each, times in Counter(update.new_person_record_ids).items() if times > 1)
            raise invalid(
                "A PersonRecord ID cannot exist twice in the same PersonUpdate. PersonRecord"
                f" {number_in(twice, RECORD) or twice[:50]} exists in update for Person {_name(updates, place)} twice.",
                code="invalid_decision",
            )


def _name(updates: Sequence[Update], place: int) -> str:
    """How a person is called in a message: its uuid, or the place of a new one."""
    person_id = updates[place].id
    return f"index {place}" if person_id is None else uuid_in(person_id) or person_id[:50]


def _update(place: int, update: Update) -> PersonUpdate:
    where = f"person_updates.{place}"
    person_id = None
    if update.id is not None:
        person_id = uuid_in(update.id)
        if person_id is None:
            raise invalid("Invalid Person ID", f"{where}.id", "invalid_id")
    records = frozenset(
        _number(each, RECORD, f"{where}.new_person_record_ids.{index}", "Invalid PersonRecord ID")
        for index, each in enumerate(update.new_person_record_ids)
    )
    return PersonUpdate(person_id, update.version, records)


def _number(text: str, prefix: str, field: str, message: str) -> int:
    number = number_in(text, prefix)
    if number is None:
        raise invalid(message, field, "invalid_id")
    return number
