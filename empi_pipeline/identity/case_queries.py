"""Reading a review case with all that is needed to decide it. Changes nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.case_reasons import in_words
from empi_pipeline.identity.decision_queries import DecisionInForce, decisions_among
from empi_pipeline.identity.person_queries import Person, persons_by_id
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

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

    @property
    def reason_in_words(self) -> str | None:
        """Why the pair is asked about, or what stopped an automatic join."""
        return in_words(self.reason)


@dataclass(frozen=True, slots=True)
class Case:
    """A review case with all that is needed to decide it; `decisions` are those in force among its persons."""

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
    decisions: tuple[DecisionInForce, ...]


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
        persons=tuple(persons_by_id(connection, person_ids)),
        pairs=tuple(_pair(*pair) for pair in pairs),
        decisions=tuple(decisions_among(connection, person_ids)),
    )


def _pair(*row: Any) -> Pair:
    *plain, levels, weights, model_id = row
    values: list[Any] = [*plain, levels and tuple(levels), weights and tuple(weights), model_id]
    return Pair(*values)
