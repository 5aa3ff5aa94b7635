"""Finding records by what is known of a person: name, birth date, source id, the beginning of an id."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from empi_pipeline.identity.search_terms import SearchTerms, parameters_of
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

_FEW: Final = 5_000
"""So many records of a data source are looked at one by one; of more, the first that come by name are read."""


class Place(NamedTuple):
    """A place in the order of results."""

    last_name: str | None
    first_name: str | None
    birth_date: str | None
    person_id: str


class Fitting(NamedTuple):
    """A record that fits, with its values as standardised."""

    record_id: int
    person_id: str
    last_name: str | None
    first_name: str | None
    birth_date: str | None
    data_source: str
    source_person_id: str

    @property
    def place(self) -> Place:
        """Its place in the order of results."""
        return Place(self.last_name, self.first_name, self.birth_date, self.person_id)


def values_of(connection: Connection, terms: SearchTerms, record_id: int | None = None) -> dict[str, Any]:
    """What `fitting_records` asks with. `record_ids`: those that alone can fit, where an index of the deliveries tells.

    Args:
        connection: An open connection.
        terms: What one record must say.
        record_id: The record itself.

    Raises:
        NotFoundError: The beginning of the person's id is none.
    """
    values = parameters_of(connection, terms, None)
    if record_id is not None:
        known = values["record_ids"]
        values["record_ids"] = [record_id] if known is None or record_id in known else []
    elif terms.data_source and terms == SearchTerms(data_source=terms.data_source):
        rows = connection.execute(
            load("identity/records_of_source"), {"data_source": terms.data_source, "limit": _FEW + 1}
        ).fetchall()
        values["record_ids"] = [record for (record,) in rows] if len(rows) <= _FEW else None
    return values


def fitting_records(
    connection: Connection,
    values: dict[str, Any],
    *,
    limit: int | None = None,
    after: Place | None = None,
    person_ids: Sequence[str] | None = None,
) -> list[Fitting]:
    """Records that fit, ordered by name and birth date.

    Args:
        connection: An open connection.
        values: Of `values_of`.
        limit: At most so many.
        after: Only those behind this place.
        person_ids: Only those of these persons.
    """
    place = after or Place(None, None, None, "")
    asked = {
        **values,
        "person_ids": None if person_ids is None else list(person_ids),
        "limit": limit,
        "after_person_id": place.person_id or None,
        "after_last_name": place.last_name,
        "after_first_name": place.first_name,
        "after_birth_date": place.birth_date,
    }
    # Planned for the values at hand: which index is good depends on what is asked for.
    rows = connection.execute(load("identity/records_fitting"), asked, prepare=False).fetchall()
    return [Fitting(*row) for row in rows]
