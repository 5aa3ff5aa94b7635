"""A steward's answer to a case, from the fields of a form to the function of identity that carries it out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from fastapi import Request
from starlette.datastructures import FormData

from empi_pipeline.api.access import User
from empi_pipeline.api.audit import audit
from empi_pipeline.api.errors import forbidden
from empi_pipeline.api.runtime import Runtime
from empi_pipeline.identity import decisions
from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.identity.notes import add_note
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.queries import Case, Person, show_case
from empi_pipeline.identity.rearrangements import PersonUpdate
from empi_pipeline.identity.stewardship import Saved, open_case
from empi_pipeline.postgres import Connection
from empi_pipeline.stewardship.arrangement import Entered, changed_since, entered, placed, updates_of
from empi_pipeline.stewardship.pages import Problem, plain_fields, text_of
from empi_pipeline.stewardship.saving import carry_out
from empi_pipeline.stewardship.scope import may_decide, seen_by

_PAIR: Final = re.compile(r"(\d{1,18})\s*[-, ]\s*(\d{1,18})")
_NAME: Final = re.compile(r"[^\s:,@][^\s:,]{0,59}")


@dataclass(frozen=True, slots=True)
class Answered:
    """What was said, and the change it made; None where only a note was written."""

    said: str
    change_id: int | None


def pair_of(text: str) -> tuple[int, int] | None:
    """`12-15` -> (12, 15)."""
    found = _PAIR.fullmatch(text.strip())
    return (int(found[1]), int(found[2])) if found else None


def answer(at: Runtime, request: Request, user: User, case_id: int, form: FormData) -> Answered:
    """Carry out the answer of a form.

    Raises:
        EmpiError: Nothing was saved, and why.
        ApiError: 403, the user does not see all records of the case.
    """
    said = text_of(form, "answer", 20)
    with at.connection() as connection:
        persons = show_case(connection, case_id).persons
    _, withheld = seen_by(user, persons)
    if not may_decide(user, withheld):
        raise forbidden()
    if said == "unsure":
        return _unsure(at, request, user, case_id, form)
    common: dict[str, Any] = {
        "actor": user.name,
        "note": note_of(form),
        "overrule": text_of(form, "overrule") == "1",
        "case_id": case_id,
        "version": _version(form),
    }
    if said in {"confirm", "reject"}:
        _refuse_with_moves(persons, entered(plain_fields(form)))
        only = None
        if text_of(form, "only") == "1":
            only = pair_of(text_of(form, "pair"))
            if only is None:  # Never all of the case in place of a part.
                raise InvalidDecisionError("choose the pair that this is about, one of those in question")
        function = decisions.confirm if said == "confirm" else decisions.reject
        save = partial(_by_pairs, function=function, pairs=None if only is None else [only], **common)
    elif said == "arrange":
        save = partial(_arrange, said=entered(plain_fields(form)), **common)
    else:
        raise InvalidDecisionError("the form says no answer")
    saved = carry_out(at, request, user, "case.decide", save, (case_id,))
    return Answered(said, saved.change_id)


def _refuse_with_moves(persons: Sequence[Person], said: Entered) -> None:
    """Whoever moved records and then answers the whole case may mean either.

    Raises:
        InvalidDecisionError: Records are moved, of persons that are as they were shown.
    """
    moved = sum(place.is_moved for place in placed(persons, said))
    if moved and not changed_since(persons, said):
        raise InvalidDecisionError(
            f"{moved} record{'' if moved == 1 else 's'} moved, which this answer would forget: save it as arranged,"
            " or put back what was moved (r) and answer then"
        )


def note_of(form: FormData) -> str | None:
    """Why, if it was said."""
    return text_of(form, "note") or None


def what_changed(case: Case, fields: Mapping[str, str], said: Entered) -> Problem | None:
    """What is not any more as the page showed it that this form comes from."""
    if fields.get("version") == str(case.version) and case.status == "open":
        return None
    told = changed_since(case.persons, said)
    if case.status != "open":
        return Problem("changed", "The case has been closed meanwhile.", details=_kept(told, fields))
    if fields.get("version") is None:
        return None
    return Problem(
        "changed", f"The case has changed: this is version {case.version}.", "What you entered is kept.", told
    )


def with_changes(problem: Problem, case: Case, fields: Mapping[str, str], said: Entered) -> Problem:
    """A conflict with what is different now and, where nothing can be entered any more, with what was written."""
    told = changed_since(case.persons, said)
    if case.status != "open":
        return replace(problem, details=[*problem.details, *_kept(told, fields)], advice="")
    return replace(problem, details=[*problem.details, *told])


def _kept(told: Sequence[str], fields: Mapping[str, str]) -> list[str]:
    note = fields.get("note", "").strip()
    return [*told, f"you had written: {note}"] if note else list(told)


def _version(form: FormData) -> int:
    text = text_of(form, "version", 10)
    if not text.isdecimal():
        raise InvalidDecisionError("the form does not say which version of the case it is about")
    return int(text)


def _by_pairs(connection: Connection, policy: Policy, *, function: Any, **arguments: Any) -> Saved:
    saved: Saved = function(connection, policy=policy, **arguments)
    return saved


def _arrange(
    connection: Connection, policy: Policy, *, said: Entered, case_id: int, version: int, **common: Any
) -> Saved:
    """Hand out the records as entered; the save looks again whether case and persons are what was read here."""
    with connection.transaction():
        open_case(connection, case_id, version, None)  # A stale case is told before what it makes of the numbers.
        updates: list[PersonUpdate] = updates_of(show_case(connection, case_id).persons, said)
    return decisions.partition(connection, updates, case_id=case_id, case_version=version, policy=policy, **common)


def _unsure(at: Runtime, request: Request, user: User, case_id: int, form: FormData) -> Answered:
    """Write the note and hand the case over; it stays open, whatever its version."""
    assign, note = text_of(form, "assign", 60).removeprefix("@"), text_of(form, "note")
    if assign and not _NAME.fullmatch(assign):
        raise InvalidDecisionError("a steward's name has no blanks, commas or colons; nobody gives the case back")
    if not (assign or note):
        raise InvalidDecisionError("say in the note what is unclear, or to whom to hand the case")
    with at.connection() as connection:
        add_note(connection, f"@{assign} {note}".strip() if assign else note, actor=user.name, case_id=case_id)
        audit(connection, request, user, "case.note", case_ids=[case_id])
    return Answered("unsure", None)
