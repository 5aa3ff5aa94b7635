"""The arrivals ledger: every object version ever seen, its batch, and what became of it.

Functions over an open connection; where one transaction ends is the caller's decision. Status of a batch:
`waiting` -> `running` -> `applied`, back to `waiting` when an attempt fails, `failed` when it is given up;
`retry` opens it again. Status of an arrival: `waiting` -> `read` or `failed`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from empi_pipeline.errors import ConflictError, NotFoundError
from empi_pipeline.intake.arrivals import ArrivalIdentity, ListedObject
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

_LOCK: Final = "select pg_advisory_xact_lock(hashtext('empi form batch'))"


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch and the sums over its objects.

    Attributes:
        batch_id: Day and number, `2026-11-20-000017`; the Dagster partition key.
        status: `waiting`, `running`, `applied` or `failed`.
        attempts: Runs begun since it was formed or last retried by hand.
        failure_reason: Why the last attempt failed.
        created_at: When it was formed.
        started_at: When the last attempt began.
        finished_at: When it was applied or given up.
        objects: Number of arrivals; of these `objects_waiting` are not read yet and `objects_failed` unreadable.
        objects_waiting: See `objects`.
        objects_failed: See `objects`.
        rows_delivered: Sum over the objects read: new + known + rejected.
        rows_new: Content not seen before.
        rows_known: Content seen before.
        rows_rejected: Rows not accepted.
    """

    batch_id: str
    status: str
    attempts: int
    failure_reason: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    objects: int
    objects_waiting: int
    objects_failed: int
    rows_delivered: int
    rows_new: int
    rows_known: int
    rows_rejected: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """One object version in the ledger.

    Attributes:
        arrival_id: Its number.
        batch_id: The batch that takes it in.
        bucket: Where it is.
        object_key: Its key.
        object_version: Version id, or ETag in quotes.
        size_bytes: Its size.
        status: `waiting`, `read` or `failed`.
        reason_code: Why it could not be read.
        reason: The same in words; for an object that was read, what is odd about it.
        unknown_columns: Delivered columns that were kept aside.
        delivered: Rows; new + known + rejected.
        new: Rows of new content.
        known: Rows of content seen before.
        rejected: Rows not accepted.
        rejected_by_reason: The same by reason code.
    """

    arrival_id: int
    batch_id: str
    bucket: str
    object_key: str
    object_version: str
    size_bytes: int
    status: str
    reason_code: str | None
    reason: str | None
    unknown_columns: Sequence[str]
    delivered: int
    new: int
    known: int
    rejected: int
    rejected_by_reason: Mapping[str, int]


class RowCounts(Protocol):
    """What became of the rows of one object: delivered = new + known + rejected."""

    @property
    def delivered(self) -> int: ...  # noqa: D102
    @property
    def new(self) -> int: ...  # noqa: D102
    @property
    def known(self) -> int: ...  # noqa: D102
    @property
    def rejected(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class ReadObject:
    """An object that was read: what became of its rows, its columns kept aside, and what is odd about it."""

    arrival_id: int
    rows: RowCounts
    unknown_columns: Sequence[str] = ()
    note: str | None = None


def known_arrivals(connection: Connection, listing: Iterable[ListedObject]) -> set[ArrivalIdentity]:
    """Which of the listed object versions are in the ledger."""
    rows = connection.execute(load("intake/known_arrivals"), _columns(listing)).fetchall()
    return {(bucket, key, version) for bucket, key, version in rows}


def form_batch(connection: Connection, arrivals: Sequence[ListedObject]) -> str | None:
    """Register objects and make a batch of them.

    Two callers at once: the second waits for the first one's transaction and registers what is left, so that no
    object is ever in two batches.

    Args:
        connection: An open connection, inside the caller's transaction.
        arrivals: What to take in, in the order to read.

    Returns:
        The id of the batch; None when all of the objects were registered already.
    """
    if not arrivals:
        return None
    with _together(connection):
        connection.execute(_LOCK)
        known = known_arrivals(connection, arrivals)
        new = [listed for listed in arrivals if listed.identity not in known]
        if not new:
            return None
        batch_id = _add_batch(connection)
        columns = _columns(new)
        columns |= {
            "etags": [listed.etag for listed in new],
            "sizes": [listed.size_bytes for listed in new],
            "times": [listed.last_modified for listed in new],
        }
        connection.execute(load("intake/add_arrivals"), {**columns, "batch_id": batch_id})
    return batch_id


def batches(connection: Connection, *, limit: int = 50, statuses: Sequence[str] | None = None) -> list[Batch]:
    """The newest batches first.

    Args:
        connection: An open connection.
        limit: At most so many.
        statuses: Only these.
    """
    given = {"batch_id": None, "statuses": None if statuses is None else list(statuses), "limit": limit}
    return [Batch(*row) for row in connection.execute(load("intake/batches"), given).fetchall()]


def open_batches(connection: Connection, limit: int = 1_000) -> list[Batch]:
    """Batches that are neither applied nor given up, oldest first: the order to run them in."""
    return batches(connection, limit=limit, statuses=["waiting", "running"])[::-1]


def batch(connection: Connection, batch_id: str) -> Batch:
    """One batch.

    Raises:
        NotFoundError: There is none of this id.
    """
    given = {"batch_id": batch_id, "statuses": None, "limit": 1}
    row = connection.execute(load("intake/batches"), given).fetchone()
    if row is None:
        raise _unknown(batch_id)
    return Batch(*row)


def arrivals_of_batch(connection: Connection, batch_id: str, *, only_waiting: bool = False) -> list[Arrival]:
    """The objects of a batch, in the order to read them.

    Args:
        connection: An open connection.
        batch_id: The batch.
        only_waiting: Only those not read yet.
    """
    given = {"batch_id": batch_id, "only_waiting": only_waiting}
    return [Arrival(*row) for row in connection.execute(load("intake/arrivals_of_batch"), given).fetchall()]


def mark_read(
    connection: Connection,
    arrival_id: int,
    rows: RowCounts,
    unknown_columns: Sequence[str] = (),
    note: str | None = None,
) -> None:
    """Note that an object was read; in the transaction that stores its rows.

    Args:
        connection: An open connection.
        arrival_id: The object.
        rows: Its counts.
        unknown_columns: Names of columns kept aside.
        note: What is odd about it (no rows, for example).

    Raises:
        ConflictError: It is not waiting any more: somebody else has read it, and these rows must not be stored.
    """
    mark_several_read(connection, [ReadObject(arrival_id, rows, unknown_columns, note)])


def mark_several_read(connection: Connection, objects: Sequence[ReadObject]) -> None:
    """Note that objects were read; in the transaction that stores their rows.

    Raises:
        ConflictError: One is not waiting any more: somebody else has read it, and none of the rows must be stored.
    """
    assert all(each.rows.delivered == each.rows.new + each.rows.known + each.rows.rejected for each in objects)
    given = {
        "arrival_ids": [each.arrival_id for each in objects],
        "delivered": [each.rows.delivered for each in objects],
        "new": [each.rows.new for each in objects],
        "known": [each.rows.known for each in objects],
        "rejected": [each.rows.rejected for each in objects],
        # Arrays of arrays would all need one length.
        "unknown_columns": [json.dumps(list(each.unknown_columns)) for each in objects],
        "notes": [each.note for each in objects],
    }
    marked = {arrival_id for (arrival_id,) in connection.execute(load("intake/mark_read"), given).fetchall()}
    for each in objects:
        if each.arrival_id not in marked:
            raise _not_waiting(each.arrival_id)


def mark_failed(connection: Connection, arrival_id: int, reason_code: str, reason: str) -> None:
    """Note that an object cannot be read; the others of its batch go on.

    Raises:
        ConflictError: It is not waiting any more.
    """
    given = {"arrival_id": arrival_id, "reason_code": reason_code, "reason": reason}
    if connection.execute(load("intake/mark_failed"), given).fetchone() is None:
        raise _not_waiting(arrival_id)


def count_attempt(connection: Connection, batch_id: str) -> int:
    """Note that an attempt at a batch begins; returns its number, from 1 since the last retry by hand.

    Raises:
        NotFoundError: There is no such batch.
    """
    row = connection.execute(load("intake/count_attempt"), {"batch_id": batch_id}).fetchone()
    if row is None:
        raise _unknown(batch_id)
    return int(row[0])


def note_run(connection: Connection, batch_id: str, run_id: str) -> None:
    """Note which Dagster run works on a batch, so that people find it. Without effect for a batch there is not."""
    connection.execute(load("intake/note_run"), {"batch_id": batch_id, "run_id": run_id})


def note_failure(connection: Connection, batch_id: str, reason: str) -> None:
    """Note why an attempt failed; the batch waits for another. One applied or given up meanwhile stays that."""
    connection.execute(load("intake/note_failure"), {"batch_id": batch_id, "reason": reason})


def give_up(connection: Connection, batch_id: str, reason: str) -> None:
    """Close a batch that failed too often, until somebody retries it."""
    connection.execute(load("intake/give_up"), {"batch_id": batch_id, "reason": reason})


def mark_applied(connection: Connection, batch_id: str) -> None:
    """Note that a batch is in the crosswalk."""
    connection.execute(load("intake/mark_applied"), {"batch_id": batch_id})


def retry(connection: Connection, batch_id: str) -> Batch:
    """Try a batch again: its attempts are counted from the beginning, and its unreadable objects are read again.

    An applied batch stays as it is: identity has taken it in. Its unreadable objects become a batch of their own.
    An object mended and delivered again is an arrival of its own and needs no retry; this is for what was mended
    elsewhere, such as a missing column mapping.

    Returns:
        The batch that is open now: the same, or the new one.

    Raises:
        NotFoundError: There is no such batch.
        ConflictError: It is applied and complete.
    """
    with _together(connection):
        found = batch(connection, batch_id)
        if found.status == "applied" and not found.objects_failed:
            raise ConflictError(f"batch {batch_id} is applied and all its objects were read; there is nothing to retry")
        opened = batch_id
        if found.status == "applied":
            opened = _add_batch(connection)
        else:
            connection.execute(load("intake/reopen_batch"), {"batch_id": batch_id})
        connection.execute(load("intake/reopen_failed_arrivals"), {"batch_id": batch_id, "opened": opened})
        return batch(connection, opened)


def _together(connection: Connection) -> AbstractContextManager[object]:
    """One transaction for several statements. On an idle connection `transaction()` would end the caller's, too."""
    return connection.transaction() if connection.autocommit else nullcontext()


def _add_batch(connection: Connection) -> str:
    (batch_no,) = _one(connection, "intake/add_batch", {})
    (batch_id,) = _one(connection, "intake/name_batch", {"batch_no": batch_no})
    return str(batch_id)


def _columns(listing: Iterable[ListedObject]) -> dict[str, list[Any]]:
    listed = list(listing)
    return {
        "buckets": [each.bucket for each in listed],
        "keys": [each.key for each in listed],
        "versions": [each.version for each in listed],
    }


def _one(connection: Connection, query: str, given: Mapping[str, Any]) -> tuple[Any, ...]:
    row = connection.execute(load(query), given).fetchone()
    assert row is not None
    return row


def _unknown(batch_id: str) -> NotFoundError:
    return NotFoundError(f"there is no batch {batch_id}; `empi batches list` shows those there are")


def _not_waiting(arrival_id: int) -> ConflictError:
    return ConflictError(f"arrival {arrival_id} was read by another run meanwhile; nothing was stored, look again")
