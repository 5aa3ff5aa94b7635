"""Finding persons by what is known of them: name, birth date, source id, the beginning of an id. Changes nothing."""

from dataclasses import dataclass
from typing import Any, Final

from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.identity.record_search import Fitting, Place, fitting_records, values_of
from empi_pipeline.identity.search_terms import SearchTerms
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

_RECORDS_A_PERSON: Final = 4
_FURTHER: Final = 8
"""So many records are read at first for each person wanted, and so many times as many each time that was too few."""


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

    @property
    def order(self) -> tuple[tuple[bool, str], ...]:
        """What results are ordered by: name and birth date, missing ones last."""
        return tuple((each is None, each or "") for each in self.place)

    @property
    def place(self) -> Place:
        """Its place in that order."""
        return Place(self.last_name, self.first_name, self.birth_date, self.person_id)


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
    """Living persons with a record that fits everything asked for, ordered by the name and birth date of that record.

    Names come in the order of their characters, missing ones last; of several records that fit, the first counts.
    Whatever is asked for is looked up in an index. Names and dates are compared with the standardised values: case,
    accents and punctuation do not matter, and beginnings suffice.

    Args:
        connection: An open connection.
        last_name: How it begins.
        first_name: How it begins.
        birth_date: How it begins, as YYYY-MM-DD.
        data_source: Of the record.
        source_person_id: Of the record; exactly.
        person_id: How the id begins.
        limit: At most so many.
        after: The last person of the page before.

    Raises:
        InvalidDecisionError: Nothing is asked for.
        NotFoundError: The beginning of the id is none.
    """
    terms = SearchTerms(first_name, last_name, birth_date, person_id, source_person_id, data_source)
    if not terms.any:
        raise InvalidDecisionError("say what to look for: a name, a birth date, a source id or the beginning of an id")
    values = values_of(connection, terms)
    page = None if after is None else after.place
    found: dict[str, Fitting] = {}
    place: Place | None = page
    most = _RECORDS_A_PERSON * limit
    while True:
        records = fitting_records(connection, values, limit=most, after=place)
        new = {each.person_id: each for each in reversed(records) if each.person_id not in found}
        if page is not None and new:
            new = _not_before(connection, values, new)
        for each in records:
            if new.get(each.person_id) is each:
                found[each.person_id] = each
        if len(found) >= limit or len(records) < most:
            return _persons(connection, list(found.values())[:limit])
        place, most = records[-1].place, most * _FURTHER


def _not_before(connection: Connection, values: dict[str, Any], new: dict[str, Fitting]) -> dict[str, Fitting]:
    """Those of some persons that no earlier page has shown already, for another record of theirs."""
    first: dict[str, int] = {}
    for each in fitting_records(connection, values, person_ids=list(new)):
        first.setdefault(each.person_id, each.record_id)
    return {person_id: each for person_id, each in new.items() if first[person_id] == each.record_id}


def _persons(connection: Connection, records: list[Fitting]) -> list[PersonFound]:
    asked = {"person_ids": [each.person_id for each in records]}
    rows = connection.execute(load("identity/person_versions"), asked).fetchall()
    known = {person_id: (version, count) for person_id, version, _, count in rows}
    return [
        PersonFound(
            each.person_id,
            *known[each.person_id],
            each.last_name,
            each.first_name,
            each.birth_date,
            each.data_source,
            each.source_person_id,
        )
        for each in records
    ]
