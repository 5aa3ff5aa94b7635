"""What stewards write down about a case or a person without deciding anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.identity.person_queries import canonical_person_id
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load


@dataclass(frozen=True, slots=True)
class Note:
    """A note about a case or about a person."""

    note_id: int
    case_id: int | None
    person_id: str | None
    actor: str
    note: str
    noted_at: datetime


def add_note(
    connection: Connection, text: str, *, actor: str, case_id: int | None = None, person_id: str | None = None
) -> Note:
    """Write a note about a case or a person.

    Args:
        connection: An open connection; the caller commits.
        text: What to write down.
        actor: Who writes it.
        case_id: The review case it is about; open or closed.
        person_id: The person it is about, by any id it ever had: the note is kept with the living person.

    Raises:
        InvalidDecisionError: It is empty, or about neither or both.
        NotFoundError: There is no such case or person.
    """
    if (case_id is None) == (person_id is None):
        raise InvalidDecisionError("a note is about a case or about a person, one of them")
    if not text.strip():
        raise InvalidDecisionError("the note is empty")
    about = None
    if person_id is not None:
        row = connection.execute(
            load("identity/person_one"), {"person_id": canonical_person_id(person_id)}
        ).fetchone()  # fmt: skip
        if row is None:
            raise NotFoundError(f"no person ever had the id {person_id}")
        about = row[0]
    elif connection.execute(load("identity/case_one"), {"case_id": case_id}).fetchone() is None:
        raise NotFoundError(f"there is no review case {case_id}")
    row = connection.execute(
        load("identity/note_add"), {"case_id": case_id, "person_id": about, "actor": actor, "note": text}
    ).fetchone()
    assert row is not None
    return Note(*row)


def notes_about(connection: Connection, *, case_id: int | None = None, person_ids: Sequence[str] = ()) -> list[Note]:
    """Notes about a case or about any of some persons, the oldest first.

    Args:
        connection: An open connection.
        case_id: The case.
        person_ids: Ids of persons; name the retired ones too: notes stay with the id they were written for.
    """
    rows = connection.execute(load("identity/notes_about"), {"case_id": case_id, "person_ids": list(person_ids)})
    return [Note(*row) for row in rows]
