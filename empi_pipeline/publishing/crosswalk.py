"""Keeps `publishing.crosswalk` up to date with identity, in steps that cost what changed and not what there is."""

from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg.rows import TupleRow

from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

_ANALYZE_FROM_ROWS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Published:
    """What one publication did.

    Attributes:
        added: Rows added to the crosswalk.
        removed: Rows removed from it, withdrawn ones among them; a source identity that moved counts as one of each.
        through_change_id: The identity change the crosswalk now stands at; 0 when nothing ever changed.
    """

    added: int
    removed: int
    through_change_id: int


def publish(connection: Connection) -> Published:
    """Bring the crosswalk up to the newest identity change, and tell the change feed what that changed.

    One transaction; run again, or killed and run again, it adds nothing. Publications wait for each other;
    identity is read in one snapshot and never locked.

    Args:
        connection: An open connection; inside a transaction of the caller's, that one is joined.
    """
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("lock table publishing.publications in share row exclusive mode")
        last = cursor.execute(load("publishing/last_publication")).fetchone()
        through, change_no = last or (0, 0)
        bounds = {"published_through": through, "after_change_no": change_no}
        if last:
            noted_through = _note_touched(cursor, through)
            cursor.execute(load("publishing/record_changes"), {**bounds, "noted_through": noted_through})
        else:
            cursor.execute(load("publishing/record_first_publication"), bounds)
        changes = cursor.rowcount
        removed = added = 0
        if changes:
            removed = cursor.execute(load("publishing/remove_rows"), bounds).rowcount if last else 0
            added = cursor.execute(load("publishing/add_rows"), bounds).rowcount
        removed += _tell_withdrawn(cursor)
        row = cursor.execute(
            load("publishing/complete_publication"), {**bounds, "added": added, "removed": removed}
        ).fetchone()
        if changes >= _ANALYZE_FROM_ROWS:
            # Otherwise the next publication is planned as if the crosswalk were still as small as before.
            cursor.execute("analyze publishing.crosswalk, publishing.crosswalk_changes")
    return Published(added, removed, row[0] if row else through)


def _tell_withdrawn(cursor: psycopg.Cursor[TupleRow]) -> int:
    """Tell the feed of persons something was withdrawn from; returns how many rows that took from the crosswalk."""
    row = cursor.execute("select sum(crosswalk_rows)::bigint from publishing.withdrawn_persons").fetchone()
    if row is None or row[0] is None:
        return 0
    cursor.execute(load("publishing/tell_withdrawn"))
    return int(row[0])


def _note_touched(cursor: psycopg.Cursor[TupleRow], published_through: int) -> int:
    """Fill the temporary table `touched`, whose statistics let the planner choose between lookups and whole tables.

    Returns:
        The newest identity change when it was begun; later ones may be missing in it.
    """
    newest = cursor.execute("select coalesce(max(change_id), 0) from identity.changes").fetchone()
    assert newest is not None
    cursor.execute("drop table if exists pg_temp.touched")
    cursor.execute(
        "create temporary table touched (data_source text, source_person_id text, change_id bigint) on commit drop"
    )
    cursor.execute(load("publishing/note_touched"), {"published_through": published_through})
    cursor.execute("analyze pg_temp.touched")
    return int(newest[0])
