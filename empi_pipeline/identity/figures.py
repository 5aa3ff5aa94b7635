"""Figures about persons and cases, for the metadata of assets: counts, never ids or values."""

from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load


def person_sizes(connection: Connection, batch_id: str) -> list[tuple[int, int]]:
    """Records per person and how many persons hold so many, among the persons a batch touched."""
    rows = connection.execute(load("identity/person_sizes_of_batch"), {"batch_id": batch_id}).fetchall()
    return [(records, persons) for records, persons in rows]


def open_case_counts(connection: Connection) -> dict[str, int]:
    """How many review cases of each kind are open."""
    return dict(connection.execute(load("identity/open_case_counts")).fetchall())
