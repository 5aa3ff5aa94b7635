"""Reading identities and review cases, for whoever shows them: CLI, later an API and a page. Changes nothing.

Loads nothing that only clustering needs (scipy), so that those who only look start quickly.
"""

from dataclasses import dataclass

from empi_pipeline.identity.case_queries import Case, Pair, show_case
from empi_pipeline.identity.case_queue import KINDS, CaseSummary, list_cases, open_case_counts
from empi_pipeline.identity.decision_queries import DecisionInForce, decisions_among
from empi_pipeline.identity.person_queries import (
    HistoryEntry,
    PastMembership,
    Person,
    Record,
    canonical_person_id,
    history,
    person,
    persons_at,
    records_at,
)
from empi_pipeline.identity.person_search import PersonFound, find_persons
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

__all__ = [
    "KINDS",
    "Case",
    "CaseSummary",
    "DecisionInForce",
    "HistoryEntry",
    "Pair",
    "PastMembership",
    "Person",
    "PersonFound",
    "Record",
    "StatusCounts",
    "canonical_person_id",
    "decisions_among",
    "find_persons",
    "history",
    "list_cases",
    "open_case_counts",
    "person",
    "person_sizes",
    "persons_at",
    "records_at",
    "show_case",
    "status_counts",
]


@dataclass(frozen=True, slots=True)
class StatusCounts:
    """The figures of the identity room."""

    person_records: int
    persons: int
    retired_persons: int
    open_review_cases: int
    decisions_in_force: int
    last_change_id: int


def person_sizes(connection: Connection, batch_id: str) -> list[tuple[int, int]]:
    """(records, persons): how many of the persons that a batch touched own how many records."""
    return [(row[0], row[1]) for row in connection.execute(load("identity/person_sizes"), {"batch_id": batch_id})]


def status_counts(connection: Connection) -> StatusCounts:
    """The figures of the identity room."""
    row = connection.execute(load("identity/status_counts")).fetchone()
    assert row is not None
    return StatusCounts(*row)
