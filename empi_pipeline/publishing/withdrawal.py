"""A withdrawn source identity leaves the crosswalk and the change feed at once, and the feed tells it without its id.

The feed says of each person the identity was ever published under: drop all you have of this person; what it still has
follows as added. So whoever follows it, from wherever, ends with the crosswalk, and no entry names what was withdrawn.
A digest of the id instead would have asked every follower to hash its whole copy, and an id kept until everybody has
read it would stay for as long as one of them is late.
"""

from collections import Counter
from dataclasses import dataclass

from empi_pipeline.postgres import Connection, patience
from empi_pipeline.publishing.feed import CHANGES_FOLDER
from empi_pipeline.settings import EXPORTS_PREFIX
from empi_pipeline.sql import load


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a source identity had in what is published.

    Attributes:
        crosswalk_rows: Rows it had in the crosswalk.
        feed_entries: Entries it had in the change feed.
        exports: Keys of the feed's objects that hold them; they lie in the bucket and are not ours to delete.
    """

    crosswalk_rows: int
    feed_entries: int
    exports: list[str]


def forget(
    connection: Connection, data_source: str, source_person_id: str, change_id: int, *, patience_seconds: float
) -> Forgotten:
    """Take a source identity out of what is published, in the caller's transaction.

    Args:
        connection: In a transaction.
        data_source: Data source of the identity.
        source_person_id: Its id there.
        change_id: The withdrawal.
        patience_seconds: How long to wait for a publication that is under way.

    Raises:
        ConflictError: It did not finish in time.
    """
    with patience(connection, patience_seconds, "the crosswalk is being published"):
        connection.execute("lock table publishing.publications in share row exclusive mode")
    identity = {"data_source": data_source, "source_person_id": source_person_id}
    rows = Counter(person_id for (person_id,) in connection.execute(load("publishing/forget_rows"), identity))
    entries = connection.execute(load("publishing/forget_changes"), identity).fetchall()
    persons = sorted({*rows, *(person_id for _, person_id in entries)})
    connection.execute(
        load("publishing/note_withdrawn"),
        {"change_id": change_id, "person_ids": persons, "crosswalk_rows": [rows[person] for person in persons]},
    )
    exported = connection.execute(
        load("publishing/exports_with"), {"change_nos": [change_no for change_no, _ in entries]}
    ).fetchall()
    keys = [f"{EXPORTS_PREFIX}{CHANGES_FOLDER}{through_change_id}.csv" for (through_change_id,) in exported]
    return Forgotten(rows.total(), len(entries), keys)
