"""Persons and their records as a page shows them, side by side: what differs marked, in the arrangement entered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from empi_pipeline.identity.queries import Person, Record
from empi_pipeline.postgres import Connection
from empi_pipeline.schema import ATTRIBUTE_COLUMNS, PERSON_RECORD_COLUMNS
from empi_pipeline.sql import load
from empi_pipeline.stewardship.arrangement import MOST_SHOWN, Entered, Placed, placed
from empi_pipeline.stewardship.differences import Marked, Value, marked, plain

COLUMNS: Final = (
    ("last_name", "last name"),
    ("first_name", "first name"),
    ("birth_date", "born"),
    ("sex", "sex"),
    ("social_security_number", "SSN"),
    ("phone", "phone"),
    ("address", "address"),
    ("city", "city"),
    ("state", "state"),
    ("zip_code", "zip"),
    ("county", "county"),
    ("race", "race"),
    ("death_date", "died"),
)
"""Attributes in the order one looks at them, and what they are called."""

MOST_EXTRA: Final = 20
"""Columns beyond the standard ones that are shown."""

MOST_SIDE_BY_SIDE: Final = 6
"""Of more records each is a row, for columns would not fit a laptop's screen."""


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record: its place, whether the chosen pair has it, and its values, marked."""

    place: Placed
    data_source: str
    source_person_id: str
    batch_id: str
    role: str
    cells: Mapping[str, Marked]


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person as entered: those there are, and new ones. `records` are those that are to belong to it."""

    number: int
    person_id: str | None
    version: int | None
    record_count: int
    retired_ids: tuple[str, ...]
    records: tuple[RecordView, ...]

    @property
    def is_new(self) -> bool:
        """Whether saving would create it."""
        return self.person_id is None


@dataclass(frozen=True, slots=True)
class RecordsView:
    """All persons, the columns that hold anything, how many records move, and what is compared with what."""

    persons: tuple[PersonView, ...]
    columns: tuple[tuple[str, str], ...]
    moved: int
    reference: int | None
    is_side_by_side: bool
    hidden: int = 0
    next_number: int = 1
    agreeing: frozenset[str] = field(default_factory=frozenset)

    @property
    def record_count(self) -> int:
        """Records shown."""
        return sum(len(person.records) for person in self.persons)


Standardised = Mapping[int, Mapping[str, str | None]]
"""Record id -> its standardised values by column."""


def standardised(connection: Connection, persons: Sequence[Person]) -> Standardised:
    """The standardised values of the records that a page shows."""
    record_ids = [record.record_id for person in persons for record in person.records][:MOST_SHOWN]
    rows = connection.execute(load("stewardship/cleaned_values"), {"record_ids": record_ids})
    return {row[0]: dict(zip(ATTRIBUTE_COLUMNS, row[1:], strict=True)) for row in rows}


def with_extras(connection: Connection, persons: Sequence[Person]) -> tuple[Person, ...]:
    """The persons with what their records were delivered with beyond the standard columns."""
    record_ids = [record.record_id for person in persons for record in person.records][:MOST_SHOWN]
    extras: dict[int, Mapping[str, object]] = dict(
        connection.execute(load("stewardship/extra_values"), {"record_ids": record_ids}).fetchall()
    )
    if not extras:
        return tuple(persons)
    return tuple(
        replace(person, records=tuple(_with_extra(record, extras.get(record.record_id)) for record in person.records))
        for person in persons
    )


def _with_extra(record: Record, extra: Mapping[str, object] | None) -> Record:
    told = {name: str(value) for name, value in (extra or {}).items() if value not in (None, "")}
    return replace(record, values={**told, **record.values})


def records_view(
    persons: Sequence[Person],
    said: Entered,
    cleaned: Standardised,
    *,
    pair: tuple[int, int] | None = None,
    most: int = MOST_SHOWN,
) -> RecordsView:
    """Persons with their records, compared with the first record of the chosen pair, or with the first of all.

    Args:
        persons: As they are now.
        said: What was entered so far.
        cleaned: Standardised values.
        pair: The chosen pair of records.
        most: Records to show.
    """
    places = {place.record_id: place for place in placed(persons, said)}
    all_records = [record for person in persons for record in person.records]
    records = all_records[:most]
    by_id = {record.record_id: record for record in records}
    known = [record_id for record_id in pair or () if record_id in by_id]
    reference = by_id[known[0]] if known else (records[0] if len(records) > 1 else None)
    extra = sorted({name for record in records for name in record.values} - set(PERSON_RECORD_COLUMNS))
    named = (*COLUMNS, *((name, name.replace("_", " ")) for name in extra[:MOST_EXTRA]))
    columns = tuple((name, told) for name, told in named if any(record.values.get(name) for record in all_records))
    views = {
        record.record_id: _view(record, places[record.record_id], columns, reference, known, cleaned)
        for record in records
    }
    numbers = [*range(1, len(persons) + 1)]
    numbers += sorted({place.to for place in places.values()} - set(numbers))
    shown = []
    for number in numbers:
        mine = tuple(views[record.record_id] for record in records if places[record.record_id].to == number)
        if number <= len(persons):
            person = persons[number - 1]
            shown.append(
                PersonView(number, person.person_id, person.version, person.record_count, person.retired_ids, mine)
            )
        else:
            shown.append(PersonView(number, None, None, len(mine), (), mine))
    return RecordsView(
        tuple(shown),
        columns,
        sum(place.is_moved for place in places.values()),
        reference.record_id if reference else None,
        len(records) <= MOST_SIDE_BY_SIDE,
        len(all_records) - len(records),
        max(numbers, default=0) + 1,
        frozenset(name for name, _ in columns if len({record.values.get(name) for record in records}) == 1),
    )


def _view(
    record: Record,
    place: Placed,
    columns: Sequence[tuple[str, str]],
    reference: Record | None,
    pair: Sequence[int],
    cleaned: Standardised,
) -> RecordView:
    def value(of: Record, name: str) -> Value:
        return Value(of.values.get(name), cleaned.get(of.record_id, {}).get(name))

    is_reference = reference is None or record.record_id == reference.record_id
    cells = {
        name: plain(value(record, name))
        if is_reference or reference is None
        else marked(value(record, name), value(reference, name))
        for name, _ in columns
    }
    role = "asked" if record.record_id in pair else ""
    return RecordView(
        place,
        record.values["data_source"] or "",
        record.values["source_person_id"] or "",
        record.batch_id,
        "reference" if is_reference and reference is not None else role,
        cells,
    )
