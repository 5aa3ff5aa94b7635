"""Notes who looked at what and who did what, in the transaction that does it."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import Request
from psycopg.types.json import Jsonb

from empi_pipeline.api.access import User
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load


def audit(
    connection: Connection,
    request: Request,
    user: User,
    operation: str,
    *,
    person_ids: Iterable[str] = (),
    record_ids: Iterable[int] = (),
    case_ids: Iterable[int] = (),
    change_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Note one reading of person data, or one act.

    Args:
        connection: Of the transaction that reads or acts; where it fails, nothing was read and nothing is noted.
        request: Where it comes from.
        user: Who.
        operation: What, e.g. `person.read`, `case.decide`.
        person_ids: Persons shown or changed.
        record_ids: Records shown apart from persons.
        case_ids: Review cases shown or decided.
        change_id: The identity change that was made.
        detail: Names of filters, counts, formats: nothing of what records say or what was searched for.
    """
    connection.execute(
        load("api/audit_add"),
        {
            "actor": user.name,
            "user_id": user.user_id,
            "client": request.client.host if request.client else None,
            "operation": operation,
            "person_ids": [each.removeprefix("p_") for each in person_ids],
            "record_ids": list(record_ids),
            "case_ids": list(case_ids),
            "change_id": change_id,
            "detail": Jsonb(dict(detail or {})),
        },
    )
