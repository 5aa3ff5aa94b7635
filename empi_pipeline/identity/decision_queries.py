"""Reading decisions in force: who decided what about which records. Changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from empi_pipeline.identity.errors import ContradictionError, Statement
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load


@dataclass(frozen=True, slots=True)
class DecisionInForce:
    """A decision that binds.

    Attributes:
        kind: `must_link` or `cannot_link`.
        record_id_l: The lower record id.
        record_id_r: The higher record id.
        change_id: The change it was decided in.
        actor: Who decided it.
        decided_at: When.
        note: Why.
        case_id: The review case it answered, if any.
        evidence_weight: The match weight (bits) that was seen; None where no prediction spoke.
    """

    kind: str
    record_id_l: int
    record_id_r: int
    change_id: int
    actor: str
    decided_at: datetime
    note: str | None
    case_id: int | None
    evidence_weight: float | None


def decisions_among(connection: Connection, person_ids: Sequence[str]) -> list[DecisionInForce]:
    """Decisions in force between records of some persons: cannot-links first, each kind the oldest first.

    What an undo gave back is told as it was decided at first.

    Args:
        connection: An open connection.
        person_ids: Ids of living persons.
    """
    rows = connection.execute(load("identity/decisions_among"), {"person_ids": list(person_ids)}).fetchall()
    return [DecisionInForce(*row) for row in rows]


def told(connection: Connection, error: ContradictionError) -> ContradictionError:
    """The same contradictions, with who decided what, when and in which change.

    Args:
        connection: In the transaction in which they came to light.
        error: The contradictions.
    """
    asked = {(each.left, each.right) for path in error.paths for each in path if not each.is_new}
    if not asked:
        return error
    rows = connection.execute(
        load("identity/decisions_of_pairs"),
        {"lefts": [left for left, _ in asked], "rights": [right for _, right in asked]},
    ).fetchall()
    decided = {(left, right): (change_id, actor, at) for left, right, change_id, actor, at in rows}

    def look_up(statement: Statement) -> Statement:
        known = decided.get((statement.left, statement.right))
        if statement.is_new or known is None:
            return statement
        change_id, actor, at = known
        return replace(statement, change_id=change_id, actor=actor, decided_at=at)

    return ContradictionError([[look_up(statement) for statement in path] for path in error.paths])
