"""The change feed: what each publication changed, for those who follow the crosswalk instead of reading it whole."""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final, Literal, Protocol, cast

from empi_pipeline.postgres import Connection
from empi_pipeline.publishing.export import write_csv
from empi_pipeline.sql import load

CHANGES_FOLDER: Final = "crosswalk_changes/"

_IN_MEMORY_BYTES: Final = 8_000_000


class ExportTarget(Protocol):
    """Where export objects go: the `exports/` prefix of a bucket that exists."""

    def put(self, key: str, body: BinaryIO) -> None:
        """Write one object, whole or not at all."""
        ...


@dataclass(frozen=True, slots=True)
class CrosswalkChange:
    """One entry of the change feed.

    Attributes:
        change_no: Ascending without doubles; ask on from the last one you have.
        change_id: The newest identity change, of those published together, that touched the source identity.
        data_source: First half of the source identity; None of a withdrawal.
        source_person_id: Second half; None of a withdrawal.
        kind: Whether the row came into the crosswalk or left it; `withdrawn`: drop every row of the person, those it
            still has follow as added.
        person_id: The person of that row.
        published_at: When it was published.
    """

    change_no: int
    change_id: int
    data_source: str | None
    source_person_id: str | None
    kind: Literal["added", "removed", "withdrawn"]
    person_id: str
    published_at: datetime


def changes_since(connection: Connection, after: int = 0, limit: int = 1_000) -> list[CrosswalkChange]:
    """The next entries of the change feed; applied in order to an empty table they give the crosswalk.

    Args:
        connection: An open connection.
        after: The last `change_no` the caller has; 0 from the beginning.
        limit: At most so many.
    """
    rows = connection.execute(load("publishing/changes_since"), {"after": after, "limit": limit}).fetchall()
    return [CrosswalkChange(*row) for row in rows]


def export_new_changes(connection: Connection, target: ExportTarget, prefix: str = "exports/") -> list[str]:
    """Write `<prefix>crosswalk_changes/<through_change_id>.csv` for each publication that has none yet.

    Columns change_no, change_id, data_source, source_person_id, kind, person_id. A publication that changed nothing
    gets no object. Killed half-way it goes on where it stopped; an object written twice has the same content.

    Args:
        connection: An open connection, outside a transaction, so that each object is noted once it is written.
        target: Takes the objects.
        prefix: What the keys start with.

    Returns:
        The keys written.
    """
    keys = []
    with connection.transaction():
        waiting = connection.execute(load("publishing/publications_to_export")).fetchall()
    for publication_no, through_change_id, after_change_no, last_change_no in waiting:
        with connection.transaction():
            if last_change_no > after_change_no:
                key = f"{prefix}{CHANGES_FOLDER}{through_change_id}.csv"
                with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as spooled:
                    body = cast(BinaryIO, spooled)
                    bounds = {"after_change_no": after_change_no, "last_change_no": last_change_no}
                    write_csv(connection, body, load("publishing/publication_changes"), bounds)
                    body.seek(0)
                    target.put(key, body)
                keys.append(key)
            connection.execute(
                "update publishing.publications set exported_at = now() where publication_no = %s", [publication_no]
            )
    return keys
