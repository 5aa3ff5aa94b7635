"""Reading persons: one with its records, what happened to an id, and who was who at a moment. Changes nothing."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from empi_pipeline.errors import NotFoundError
from empi_pipeline.postgres import Connection
from empi_pipeline.schema import PERSON_RECORD_COLUMNS
from empi_pipeline.sql import load


@dataclass(frozen=True, slots=True)
class Record:
    """A person record as delivered; `values` holds the standard columns."""

    record_id: int
    person_id: str
    since_change_id: int
    batch_id: str
    values: dict[str, str | None]


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


def person(connection: Connection, person_id: str) -> Person:
    """A person by any id it ever had.

    Raises:
        NotFoundError: No person ever had this id.
    """
    return next(iter(persons_by_id(connection, [canonical_person_id(person_id)])))


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


def canonical_person_id(person_id: str) -> str:
    """A person id as stored; understands the prefix `p_` of the API.

    Raises:
        NotFoundError: It is no UUID, so nobody has it.
    """
    try:
        return str(uuid.UUID(person_id.removeprefix("p_")))
    except ValueError:
        raise NotFoundError(f"{person_id!r} is not a person id: it must be a UUID") from None


def persons_by_id(connection: Connection, person_ids: Sequence[str]) -> list[Person]:
    """Living persons by any id they ever had (canonical), each once.

    Raises:
        NotFoundError: No person ever had one of them.
    """
    rows = connection.execute(load("identity/persons_many"), {"person_ids": list(person_ids)}).fetchall()
    missing = set(person_ids) - {row[0] for row in rows}
    if missing:
        raise NotFoundError(f"no person ever had the id {min(missing)}")
    found: dict[str, tuple[Any, ...]] = {row[1]: row for row in rows}
    records: dict[str, list[Record]] = {}
    for row in connection.execute(load("identity/person_records_of"), {"person_ids": list(found)}):
        values = dict(zip(PERSON_RECORD_COLUMNS, row[4:], strict=True))
        records.setdefault(row[0], []).append(Record(row[1], row[0], row[2], row[3], values))
    gone: dict[str, list[str]] = {}
    for person_id, retired in connection.execute(load("identity/persons_merged_into"), {"person_ids": list(found)}):
        gone.setdefault(person_id, []).append(retired)
    return [
        Person(
            person_id,
            version,
            record_count,
            created_at,
            asked_for,
            tuple(gone.get(person_id, ())),
            tuple(records.get(person_id, ())),
        )
        for asked_for, person_id, version, record_count, created_at in found.values()
    ]
