"""Reading the review queue and its cases. Changes nothing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.case_reasons import in_words
from empi_pipeline.identity.decision_queries import DecisionInForce, decisions_among
from empi_pipeline.identity.person_queries import Person, persons_by_id
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

KINDS: Final = ("potential_match", "conflict", "overlay")
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
    record_id: int | None = None,
    opened_since: datetime | None = None,
    opened_before: datetime | None = None,
    min_probability: float | None = None,
    among: Collection[int] | None = None,
    not_among: Collection[int] | None = None,
    limit: int = 50,
    after: CaseSummary | int | None = None,
) -> list[CaseSummary]:
    """The review queue, most urgent first.

    Urgent is what does most harm while it waits, then where an answer is worth most. `priority` is

        risk of the kind + min(99, 10 x probability x log2(1 + records))

    Risk: overlay 300 (two humans in one id: one's allergies in the other's chart), conflict 200 (a decision or guard
    is contradicted), potential match 100 (a history in two parts). Value: the probability of the strongest pair, that
    is of the question being real (1 where nothing was scored), times what is at stake, the records of all its persons.
    So among equals a case about thirty records comes before one about two, though its score is lower. Equal
    priorities: the older case first.

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
        record_id: ... with this record.
        opened_since: Only cases opened at or after.
        opened_before: Only cases opened before.
        min_probability: Only cases with a match probability of at least this.
        among: Only these cases.
        not_among: None of these cases.
        limit: At most so many.
        after: The last case of the page before, or its id. Cases that open or change meanwhile are found in their own
            place; none is listed twice unless its priority falls.
    """
    case_ids = cases_about(
        connection, data_source=data_source, source_person_id=source_person_id, first_name=first_name,
        last_name=last_name, birth_date=birth_date, person_id=person_id, record_id=record_id, among=among,
    )  # fmt: skip
    rows = connection.execute(
        load("identity/cases_list"),
        {
            "kind": kind,
            "status": status,
            "opened_since": opened_since,
            "opened_before": opened_before,
            "min_probability": min_probability,
            "case_ids": case_ids,
            "not_among": None if not_among is None else list(not_among),
            "after_case_id": after.case_id if isinstance(after, CaseSummary) else after,
            "after_priority": after.priority if isinstance(after, CaseSummary) else None,
            "limit": limit,
        },
    ).fetchall()
    return [CaseSummary(*values) for values in ((*row[:-1], tuple(row[-1] or ())) for row in rows)]


def cases_about(
    connection: Connection,
    *,
    data_source: str | None = None,
    source_person_id: str | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    birth_date: str | None = None,
    person_id: str | None = None,
    record_id: int | None = None,
    among: Collection[int] | None = None,
) -> list[int] | None:
    """Ids of the cases, open or closed, about persons with a record that fits; None where nothing is asked for.

    Arguments are those of `list_cases`.
    """
    about = {
        "data_source": data_source,
        "source_person_id": source_person_id,
        "first_name": first_name,
        "last_name": last_name,
        "birth_date": birth_date,
        "person_id": person_id,
        "record_id": record_id,
    }
    if all(value is None for value in about.values()):
        return None if among is None else list(among)
    found = (row[0] for row in connection.execute(load("identity/cases_about"), about).fetchall())
    return [case_id for case_id in found if among is None or case_id in among]


def count_cases(
    connection: Connection,
    *,
    status: str = "open",
    opened_since: datetime | None = None,
    opened_before: datetime | None = None,
    min_probability: float | None = None,
    not_among: Collection[int] | None = None,
    **about: Any,
) -> dict[str, int]:
    """How many cases of each kind `list_cases` would find with the same filters."""
    rows = connection.execute(
        load("identity/cases_counted"),
        {
            "status": status,
            "opened_since": opened_since,
            "opened_before": opened_before,
            "min_probability": min_probability,
            "case_ids": cases_about(connection, **about),
            "not_among": None if not_among is None else list(not_among),
        },
    ).fetchall()
    return dict(rows)


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


def open_case_counts(connection: Connection) -> dict[str, int]:
    """How many cases of each kind are open."""
    return dict(connection.execute(load("identity/open_case_counts")).fetchall())
