"""Person records on the wire: the fields one asks for, within the data sources one may see."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from empi_pipeline.api.access import User
from empi_pipeline.api.errors import invalid
from empi_pipeline.api.wire import RECORD, id_of, moment, moment_with_offset, person_id_of
from empi_pipeline.identity.queries import Person, Record
from empi_pipeline.postgres import Connection
from empi_pipeline.schema import PERSON_RECORD_COLUMNS
from empi_pipeline.sql import load

FIELDS: Final = (
    "id",
    "created",
    "person_uuid",
    "person_updated",
    "matched_or_reviewed",
    *PERSON_RECORD_COLUMNS,
)


def chosen_fields(asked: str | None) -> Sequence[str]:
    """The fields of a comma-separated list; all when None.

    Raises:
        ApiError: 400, there is no such field.
    """
    if not asked:
        return FIELDS
    names = [name.strip() for name in asked.split(",") if name.strip()]
    for name in names:
        if name not in FIELDS:
            raise invalid(f'"{name[:100]}" is not a valid choice.', "fields")
    return names


def visible_records(person: Person, user: User) -> list[Record]:
    """Those of a person's records that a user may see."""
    return [record for record in person.records if user.sees(str(record.values["data_source"]))]


def records_on_wire(
    connection: Connection, records: Iterable[Record], fields: Sequence[str] = FIELDS
) -> dict[str, list[dict[str, Any]]]:
    """Records by person id; `id` and `person_id` are always there."""
    records = list(records)
    rows = connection.execute(load("identity/record_dates"), {"record_ids": [each.record_id for each in records]})
    dates = {record_id: values for record_id, *values in rows.fetchall()}
    found: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        created, updated, matched = dates[record.record_id]
        whole = {
            "id": id_of(RECORD, record.record_id),
            "created": moment_with_offset(created),
            "person_uuid": record.person_id,
            "person_updated": moment_with_offset(updated),
            "matched_or_reviewed": moment_with_offset(matched),
            **record.values,
        }
        told = {name: whole[name] for name in ("id", *fields)} | {"person_id": person_id_of(record.person_id)}
        found.setdefault(record.person_id, []).append(told)
    return found


def person_on_wire(person: Person, records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A person with its records; `hidden_records`: those of data sources one may not see."""
    return {
        "id": person_id_of(person.person_id),
        "created": moment(person.created_at),
        "version": person.version,
        "records": list(records),
        "hidden_records": person.record_count - len(records),
    }
