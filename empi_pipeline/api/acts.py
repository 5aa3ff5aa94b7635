"""What stewards do beside `POST /matches`: confirm, reject, merge, split, undo. Each answers with what it did."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field

from empi_pipeline.api.access import GuardedRoute, Steward
from empi_pipeline.api.cases import visible_case
from empi_pipeline.api.limits import refuse_undo
from empi_pipeline.api.persons import visible_person
from empi_pipeline.api.runtime import AtRuntime
from empi_pipeline.api.saving import PATIENCE_SECONDS, carry_out, saved_on_wire
from empi_pipeline.api.wire import CASE, RECORD, Body, Text, number_of, person_uuid_of
from empi_pipeline.identity import decisions
from empi_pipeline.identity.decisions import Saved
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.undo import undo as take_back
from empi_pipeline.postgres import Connection

router = APIRouter(tags=["acts"], route_class=GuardedRoute)

Note = Annotated[Text, Field(max_length=10_000)]
_MOST = 10_000


class Act(Body):
    """Why, and whether decisions in force that say otherwise are taken back."""

    note: Note | None = None
    overrule: bool = False


class Answer(Act):
    """What one looked at, and which pairs of it are answered."""

    version: int
    pairs: Annotated[list[tuple[Text, Text]], Field(min_length=1, max_length=_MOST)] | None = None
    """Pairs of record ids; all of the case without it. What is not answered waits."""

    def numbers(self) -> list[tuple[int, int]] | None:
        """The pairs as identity takes them."""
        if self.pairs is None:
            return None
        return [
            (_record(left, f"pairs.{place}.0"), _record(right, f"pairs.{place}.1"))
            for place, (left, right) in enumerate(self.pairs)
        ]


class Named(Body):
    """A person as one looked at it."""

    id: Text
    version: int


class Merge(Act):
    """Persons that are one human."""

    persons: Annotated[list[Named], Field(min_length=2, max_length=_MOST)]


class Split(Act):
    """The records of each human that comes out of a person; the rest stays."""

    version: int
    groups: Annotated[
        list[Annotated[list[Text], Field(min_length=1, max_length=_MOST)]], Field(min_length=1, max_length=_MOST)
    ]


class Undo(Body):
    """Why, and whether only what one retired person had is given back."""

    note: Note | None = None
    person_id: Text | None = None


@router.post("/potential-matches/{potential_match_id}/confirm")
def confirm(request: Request, at: AtRuntime, user: Steward, potential_match_id: str, asked: Answer) -> dict[str, Any]:
    """The records a case asks about are one human."""
    return _answer(request, at, user, potential_match_id, asked, "confirm")


@router.post("/potential-matches/{potential_match_id}/reject")
def reject(request: Request, at: AtRuntime, user: Steward, potential_match_id: str, asked: Answer) -> dict[str, Any]:
    """The records a case asks about are different humans."""
    return _answer(request, at, user, potential_match_id, asked, "reject")


@router.post("/persons/merge")
def merge(request: Request, at: AtRuntime, user: Steward, asked: Merge) -> dict[str, Any]:
    """These persons are one human. The one with most records keeps its id; the others lead to it."""
    persons = [
        (person_uuid_of(each.id, f"persons.{place}.id"), each.version) for place, each in enumerate(asked.persons)
    ]
    ids = [person_id for person_id, _ in persons]
    with at.connection() as connection:
        for person_id in ids:
            visible_person(connection, user, person_id)

    def save(connection: Connection, policy: Policy) -> Saved:
        return decisions.merge(
            connection,
            persons,
            actor=user.name,
            note=asked.note,
            policy=policy,
            overrule=asked.overrule,
            patience_seconds=PATIENCE_SECONDS,
        )

    return saved_on_wire(carry_out(at, request, user, "person.merge", save, person_ids=ids))


@router.post("/persons/{person_id}/split")
def split(request: Request, at: AtRuntime, user: Steward, person_id: str, asked: Split) -> dict[str, Any]:
    """This person is several humans."""
    canonical = person_uuid_of(person_id)
    groups = [
        frozenset(_record(record, f"groups.{place}.{index}") for index, record in enumerate(group))
        for place, group in enumerate(asked.groups)
    ]
    with at.connection() as connection:
        visible_person(connection, user, canonical)

    def save(connection: Connection, policy: Policy) -> Saved:
        return decisions.split(
            connection,
            canonical,
            asked.version,
            groups,
            actor=user.name,
            note=asked.note,
            policy=policy,
            overrule=asked.overrule,
            patience_seconds=PATIENCE_SECONDS,
        )

    return saved_on_wire(carry_out(at, request, user, "person.split", save, person_ids=[canonical]))


@router.post("/changes/{change_id}/undo")
def undo(request: Request, at: AtRuntime, user: Steward, change_id: int, asked: Undo) -> dict[str, Any]:
    """Take a change back: records return, retired ids live again.

    All that a batch or a rematch did, admins take back; the part that retired one person (`person_id`), stewards too.
    """
    person = None if asked.person_id is None else person_uuid_of(asked.person_id)
    with at.connection() as connection:
        refuse_undo(connection, user, change_id, person)

    def save(connection: Connection, policy: Policy) -> Saved:
        return take_back(
            connection,
            change_id,
            actor=user.name,
            note=asked.note,
            person_id=person,
            policy=policy,
            patience_seconds=PATIENCE_SECONDS,
        )

    return saved_on_wire(carry_out(at, request, user, "change.undo", save))


def _answer(
    request: Request, at: AtRuntime, user: Steward, potential_match_id: str, asked: Answer, what: str
) -> dict[str, Any]:
    case_id = number_of(potential_match_id, CASE, "PotentialMatch", "potential_match_id")
    pairs = asked.numbers()
    with at.connection() as connection:
        case = visible_case(connection, user, case_id)
    answer = decisions.confirm if what == "confirm" else decisions.reject

    def save(connection: Connection, policy: Policy) -> Saved:
        return answer(
            connection,
            case_id,
            asked.version,
            actor=user.name,
            note=asked.note,
            pairs=pairs,
            policy=policy,
            overrule=asked.overrule,
            patience_seconds=PATIENCE_SECONDS,
        )

    person_ids = [person.person_id for person in case.persons]
    return saved_on_wire(carry_out(at, request, user, f"case.{what}", save, case_ids=[case_id], person_ids=person_ids))


def _record(text: str, field: str) -> int:
    return number_of(text, RECORD, "PersonRecord", field)
