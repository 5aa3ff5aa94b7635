"""Reading identities and review cases, for whoever shows them: CLI, later an API and a page. Changes nothing."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.evidence import Kind
from empi_pipeline.postgres import Connection
from empi_pipeline.schema import PERSON_RECORD_COLUMNS
from empi_pipeline.sql import load

KINDS: Final = tuple(kind.code for kind in Kind)
_CASE_COLUMNS: Final = (
    "case_id",
    "kind",
    "status",
    "version",
    "reason",
    "priority",
    "max_match_weight",
    "max_match_probability",
    "opened_at",
    "closed_reason",
    "superseded_by",
)


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """A review case as the queue lists it; names are those of its first record."""

    case_id: int
    kind: str
    status: str
    version: int
    reason: str | None
    priority: float
    max_match_weight: float | None
    max_match_probability: float | None
    person_count: int
    record_count: int
    opened_at: datetime
    first_name: str | None
    last_name: str | None
    data_sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A person record as delivered; `values` holds the standard columns."""

    record_id: int
    person_id: str
    since_change_id: int
    batch_id: str
    values: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair of records in question. `levels` and `weights` (bits) are by comparison of model `model_id`."""

    record_id_l: int
    record_id_r: int
    reason: str | None
    match_weight: float | None
    match_probability: float | None
    levels: tuple[int, ...] | None
    weights: tuple[float, ...] | None
    model_id: int | None


@dataclass(frozen=True, slots=True)
class Person:
    """A living person. `asked_for` is the id one asked with, which may be retired; `retired_ids` all that became it."""

    person_id: str
    version: int
    record_count: int
    created_at: datetime
    asked_for: str
    retired_ids: tuple[str, ...]
    records: tuple[Record, ...]

    @property
    def asked_for_retired_id(self) -> bool:
        """Whether the id one asked with is not in use any more."""
        return self.asked_for != self.person_id


@dataclass(frozen=True, slots=True)
class Case:
    """A review case with all that is needed to decide it."""

    case_id: int
    kind: str
    status: str
    version: int
    reason: str | None
    priority: float
    max_match_weight: float | None
    max_match_probability: float | None
    opened_at: datetime
    closed_reason: str | None
    superseded_by: int | None
    persons: tuple[Person, ...]
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One event in the life of a person_id, with its change."""

    change_id: int
    at: datetime
    change_kind: str
    actor: str
    batch_id: str | None
    model_id: int | None
    note: str | None
    undoes_change_id: int | None
    kind: str
    record_id: int | None
    person_id: str
    other_person_id: str | None
    cause: str
    linked_record_id: int | None
    match_weight: float | None


@dataclass(frozen=True, slots=True)
class PastMembership:
    """The person that a record belonged to at some moment, and since which change."""

    record_id: int
    person_id: str
    change_id: int
    since: datetime


@dataclass(frozen=True, slots=True)
class StatusCounts:
    """The figures of the identity room."""

    person_records: int
    persons: int
    retired_persons: int
    open_review_cases: int
    decisions_in_force: int
    last_change_id: int


def list_cases(
    connection: Connection,
    *,
    kind: str | None = None,
    status: str = "open",
    data_source: str | None = None,
    source_person_id: str | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    birth_date: str | None = None,
    person_id: str | None = None,
    opened_since: datetime | None = None,
    opened_before: datetime | None = None,
    min_probability: float | None = None,
    limit: int = 50,
    after: CaseSummary | None = None,
) -> list[CaseSummary]:
    """The review queue, most urgent first.

    Args:
        connection: An open connection.
        kind: One of `KINDS`.
        status: `open` or `closed`.
        data_source: Only cases about a person with a record of this data source.
        source_person_id: ... with this source_person_id.
        first_name: ... with a first name that contains this.
        last_name: ... with a last name that contains this.
        birth_date: ... with a birth date, as delivered, that starts with this.
        person_id: ... whose id starts with this.
        opened_since: Only cases opened at or after.
        opened_before: Only cases opened before.
        min_probability: Only cases with a match probability of at least this.
        limit: At most so many.
        after: The last case of the page before.
    """
    about = {
        "data_source": data_source,
        "source_person_id": source_person_id,
        "first_name": first_name,
        "last_name": last_name,
        "birth_date": birth_date,
        "person_id": person_id,
    }
    case_ids: list[int] | None = None
    if any(value is not None for value in about.values()):
        case_ids = [row[0] for row in connection.execute(load("identity/cases_about"), about).fetchall()]
    rows = connection.execute(
        load("identity/cases_list"),
        {
            "kind": kind,
            "status": status,
            "opened_since": opened_since,
            "opened_before": opened_before,
            "min_probability": min_probability,
            "case_ids": case_ids,
            "after_case_id": after.case_id if after else None,
            "after_priority": after.priority if after else None,
            "limit": limit,
        },
    ).fetchall()
    return [CaseSummary(*values) for values in ((*row[:-1], tuple(row[-1] or ())) for row in rows)]


def show_case(connection: Connection, case_id: int) -> Case:
    """One case with its persons, their records as delivered, and the pairs in question.

    Raises:
        NotFoundError: There is no such case.
    """
    row = connection.execute(load("identity/case_one"), {"case_id": case_id}).fetchone()
    if row is None:
        raise NotFoundError(f"there is no review case {case_id}")
    person_ids = [row[0] for row in connection.execute(load("identity/person_ids_of_case"), {"case_id": case_id})]
    pairs = connection.execute(load("identity/case_pairs_of"), {"case_id": case_id}).fetchall()
    described: dict[str, Any] = dict(zip(_CASE_COLUMNS, row, strict=True))
    return Case(
        **described,
        persons=tuple(_persons(connection, person_ids)),
        pairs=tuple(_pair(*pair) for pair in pairs),
    )


def _pair(*row: Any) -> Pair:
    *plain, levels, weights, model_id = row
    values: list[Any] = [*plain, levels and tuple(levels), weights and tuple(weights), model_id]
    return Pair(*values)


def person(connection: Connection, person_id: str) -> Person:
    """A person by any id it ever had.

    Raises:
        NotFoundError: No person ever had this id.
    """
    return next(iter(_persons(connection, [canonical_person_id(person_id)])))


def history(connection: Connection, person_id: str) -> list[HistoryEntry]:
    """Everything that ever happened to this very id, oldest first.

    Raises:
        NotFoundError: No person ever had this id.
    """
    rows = connection.execute(load("identity/person_history"), {"person_id": canonical_person_id(person_id)}).fetchall()
    if not rows:
        raise NotFoundError(f"no person ever had the id {person_id}")
    return [HistoryEntry(*row) for row in rows]


def persons_at(connection: Connection, data_source: str, source_person_id: str, at: datetime) -> list[PastMembership]:
    """Which person each record of a source identity belonged to at a moment; records that came later are left out."""
    rows = connection.execute(
        load("identity/person_at"),
        {"data_source": data_source, "source_person_id": source_person_id, "at": at},
    ).fetchall()
    return [
        PastMembership(record_id, person_id, change_id, since)
        for record_id, person_id, kind, change_id, since in rows
        if kind != "record_withdrawn"
    ]


def records_at(connection: Connection, person_id: str, at: datetime) -> list[int]:
    """Ids of the records that a person owned at a moment."""
    rows = connection.execute(
        load("identity/records_at"), {"person_id": canonical_person_id(person_id), "at": at}
    ).fetchall()
    return [row[0] for row in rows]


def open_case_counts(connection: Connection) -> dict[str, int]:
    """How many cases of each kind are open."""
    return dict(connection.execute(load("identity/open_case_counts")).fetchall())


def person_sizes(connection: Connection, batch_id: str) -> list[tuple[int, int]]:
    """(records, persons): how many of the persons that a batch touched own how many records."""
    return [(row[0], row[1]) for row in connection.execute(load("identity/person_sizes"), {"batch_id": batch_id})]


def status_counts(connection: Connection) -> StatusCounts:
    """The figures of the identity room."""
    row = connection.execute(load("identity/status_counts")).fetchone()
    assert row is not None
    return StatusCounts(*row)


def canonical_person_id(person_id: str) -> str:
    """A person id as stored; understands the prefix `p_` of the API.

    Raises:
        NotFoundError: It is no UUID, so nobody has it.
    """
    try:
        return str(uuid.UUID(person_id.removeprefix("p_")))
    except ValueError:
        raise NotFoundError(f"{person_id!r} is not a person id: it must be a UUID") from None


def _persons(connection: Connection, person_ids: list[str]) -> list[Person]:
    found: dict[str, tuple[str, tuple[Any, ...]]] = {}
    for asked_for in person_ids:
        row = connection.execute(load("identity/person_one"), {"person_id": asked_for}).fetchone()
        if row is None:
            raise NotFoundError(f"no person ever had the id {asked_for}")
        found[row[0]] = (asked_for, row)
    records: dict[str, list[Record]] = {}
    for row in connection.execute(load("identity/person_records_of"), {"person_ids": list(found)}):
        values = dict(zip(PERSON_RECORD_COLUMNS, row[4:], strict=True))
        records.setdefault(row[0], []).append(Record(row[1], row[0], row[2], row[3], values))
    persons = []
    for person_id, (asked_for, row) in found.items():
        gone = connection.execute(load("identity/person_merged_into"), {"person_id": person_id}).fetchall()
        _, version, record_count, created_at, _ = row
        retired_ids = tuple(retired for (retired,) in gone)
        persons.append(
            Person(
                person_id, version, record_count, created_at, asked_for, retired_ids, tuple(records.get(person_id, ()))
            )
        )
    return persons
