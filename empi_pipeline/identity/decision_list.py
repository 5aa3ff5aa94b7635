"""Decisions as a list, the newest first. Changes nothing."""

from dataclasses import dataclass
from datetime import datetime

from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load


@dataclass(frozen=True, slots=True)
class ListedDecision:
    """A decision as it was made.

    Attributes:
        decision_id: Its number.
        kind: `must_link` or `cannot_link`.
        record_id_l: The lower record id.
        record_id_r: The higher.
        actor: Who decided, or who undid what had ended it.
        note: Why.
        evidence_weight: The match weight (bits) that was seen.
        case_id: The case it answered.
        change_id: The change it was made in.
        decided_at: When.
        revoked_change_id: The change that ended it; None while it is in force.
    """

    decision_id: int
    kind: str
    record_id_l: int
    record_id_r: int
    actor: str
    note: str | None
    evidence_weight: float | None
    case_id: int | None
    change_id: int
    decided_at: datetime
    revoked_change_id: int | None


def list_decisions(
    connection: Connection,
    *,
    in_force: bool = True,
    actor: str | None = None,
    since: datetime | None = None,
    record_id: int | None = None,
    scope: list[str] | None = None,
    limit: int = 50,
    before: int | None = None,
) -> list[ListedDecision]:
    """Decisions, the newest first.

    Args:
        connection: An open connection.
        in_force: Leave out what was ended.
        actor: Whose.
        since: Made then or later.
        record_id: About this record.
        scope: Only between records of these data sources.
        limit: At most so many.
        before: The last `decision_id` of the page before.
    """
    values = {
        "in_force": in_force,
        "actor": actor,
        "since": since,
        "record_id": record_id,
        "scope": scope,
        "limit": limit,
        "before": before,
    }
    rows = connection.execute(load("identity/decisions_page"), values, prepare=False).fetchall()
    return [ListedDecision(*row) for row in rows]
