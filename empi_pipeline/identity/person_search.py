"""Finding persons by what is known of them: name, birth date, source id, the beginning of an id. Changes nothing."""

import re
import unicodedata
import uuid
from dataclasses import dataclass
from typing import Any, Final

from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

_BEYOND: Final = "\U0010ffff"
"""Sorts behind whatever may follow a beginning."""
_ID_BEGINNING: Final = re.compile(r"[0-9a-f]{1,32}")


@dataclass(frozen=True, slots=True)
class PersonFound:
    """A living person, with the first of its records that fits: its values as standardised, and where it is from."""

    person_id: str
    version: int
    record_count: int
    last_name: str | None
    first_name: str | None
    birth_date: str | None
    data_source: str
    source_person_id: str


def find_persons(
    connection: Connection,
    *,
    last_name: str | None = None,
    first_name: str | None = None,
    birth_date: str | None = None,
    data_source: str | None = None,
    source_person_id: str | None = None,
    person_id: str | None = None,
    limit: int = 50,
    after: PersonFound | None = None,
) -> list[PersonFound]:
    """Living persons with a record that fits everything asked for, ordered by name and birth date.

    All but a first name or a data source alone are looked up in an index. Names and dates are compared with the
    standardised values: case, accents and punctuation do not matter, and beginnings suffice.

    Args:
        connection: An open connection.
        last_name: How it begins.
        first_name: How it begins.
        birth_date: How it begins, as YYYY-MM-DD.
        data_source: Of the record.
        source_person_id: Of the record; exactly.
        person_id: How the id begins; `p_` before it and dashes do not matter.
        limit: At most so many.
        after: The last person of the page before.

    Raises:
        InvalidDecisionError: Nothing is asked for.
        NotFoundError: The beginning of the id is none.
    """
    asked = (last_name, first_name, birth_date, data_source, source_person_id, person_id)
    if not any(asked):
        raise InvalidDecisionError("say what to look for: a name, a birth date, a source id or the beginning of an id")
    record_ids = _records_of(connection, data_source, source_person_id) if source_person_id else None
    low, high = _ids_from(person_id) if person_id else (None, None)
    values: dict[str, Any] = {
        "data_sources": [data_source] if data_source else None,
        "record_ids": record_ids,
        "person_id": low,
        "person_id_end": high,
        "limit": limit,
        "after_person_id": after.person_id if after else None,
        "after_last_name": (after and after.last_name) or "",
        "after_first_name": (after and after.first_name) or "",
        "after_birth_date": (after and after.birth_date) or "",
    }
    for name, spelling in (
        ("last_name", last_name and _standardised(last_name)),
        ("last_name_typed", _if_other(last_name)),
        ("first_name", first_name and _standardised(first_name)),
        ("first_name_typed", _if_other(first_name)),
        ("birth_date", birth_date and birth_date.strip()),
    ):
        values[name] = spelling or None
        values[f"{name}_end"] = spelling + _BEYOND if spelling else None
    # Planned for the values at hand: which index is good depends on what is asked for.
    rows = connection.execute(load("identity/persons_find"), values, prepare=False).fetchall()
    return [PersonFound(*row) for row in rows]


def _records_of(connection: Connection, data_source: str | None, source_person_id: str) -> list[int]:
    """Records of a source id, in one data source or in all of them."""
    if data_source:
        data_sources = [data_source]
    else:
        data_sources = [name for (name,) in connection.execute(load("identity/data_sources"))]
    rows = connection.execute(
        load("identity/records_of_source_id"), {"data_sources": data_sources, "source_person_id": source_person_id}
    )
    return [record_id for (record_id,) in rows]


def _standardised(name: str) -> str:
    """A name as cleaning writes it: lower case, no accents, single spaces for punctuation, none for apostrophes."""
    folded = "".join(each for each in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(each))
    plain = re.sub(r"[.'\u2018\u2019\u02bc`]", "", folded)
    return " ".join(re.sub(r"[\W_]+", " ", plain).split())


def _if_other(name: str | None) -> str | None:
    """A name as typed, where cleaning would write it in another way."""
    return name.strip() if name and name.strip() != _standardised(name) else None


def _ids_from(beginning: str) -> tuple[str, str]:
    """The lowest and the highest id that begin so."""
    digits = beginning.strip().lower().removeprefix("p_").replace("-", "")
    if not _ID_BEGINNING.fullmatch(digits):
        raise NotFoundError(f"{beginning!r} is not the beginning of a person id, which is a UUID")
    return str(uuid.UUID(digits.ljust(32, "0"))), str(uuid.UUID(digits.ljust(32, "f")))
