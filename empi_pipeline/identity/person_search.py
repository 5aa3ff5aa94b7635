"""Finding persons by what is known of them: name, birth date, source id, the beginning of an id. Changes nothing."""

from dataclasses import dataclass

from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.identity.search_terms import SearchTerms, parameters_of
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load


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
    terms = SearchTerms(first_name, last_name, birth_date, person_id, source_person_id, data_source)
    values = parameters_of(connection, terms, None) | {
        "data_sources": [data_source] if data_source else None,
        "limit": limit,
        "after_person_id": after.person_id if after else None,
        "after_last_name": (after and after.last_name) or "",
        "after_first_name": (after and after.first_name) or "",
        "after_birth_date": (after and after.birth_date) or "",
    }
    # Planned for the values at hand: which index is good depends on what is asked for.
    rows = connection.execute(load("identity/persons_find"), values, prepare=False).fetchall()
    return [PersonFound(*row) for row in rows]
