"""Writes one identity change: events, persons, membership, and the change row that seals them with a digest."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
import psycopg
import pyarrow as pa

from empi_pipeline.identity.arrays import Ints
from empi_pipeline.identity.assignment import Assignment, merge_links
from empi_pipeline.identity.errors import IdentityBusyError
from empi_pipeline.identity.evidence import Evidence
from empi_pipeline.postgres import Connection, copy_in
from empi_pipeline.sql import load

IDENTITY_LOCK: Final = 0x4944_454E_5449_5459
"""Key of the advisory lock ("IDENTITY") that everyone who writes identities holds until the end of the transaction."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the ledger to be: why identity changes, and who changes it."""

    change_id: int
    at: str
    kind: str
    actor: str
    batch_id: str | None = None
    model_id: int | None = None
    undoes_change_id: int | None = None
    note: str | None = None


@contextmanager
def writing_identity(connection: Connection, *, patience_seconds: float | None = None) -> Iterator[None]:
    """One transaction that alone may write identities; commits at the end, unless the caller is in a transaction.

    Args:
        connection: An open connection.
        patience_seconds: How long to wait for others who write; None waits until they are done.

    Raises:
        IdentityBusyError: Others did not finish in time; nothing was written.
    """
    with connection.transaction():
        if patience_seconds is not None:
            connection.execute("select set_config('lock_timeout', %s, true)", [f"{round(patience_seconds * 1000)}ms"])
        try:
            connection.execute(load("identity/lock"), {"key": IDENTITY_LOCK})
        except psycopg.errors.LockNotAvailable:
            raise IdentityBusyError(
                f"identities are being written by another process, for more than {patience_seconds:g} s now;"
                " nothing was saved, try again"
            ) from None
        if patience_seconds is not None:
            connection.execute("select set_config('lock_timeout', '0', true)")
        yield


def next_change(
    connection: Connection,
    kind: str,
    actor: str,
    *,
    batch_id: str | None = None,
    model_id: int | None = None,
    undoes_change_id: int | None = None,
    note: str | None = None,
) -> Change:
    """Number and time of the change about to be written; the caller holds the lock."""
    row = connection.execute(load("identity/next_change")).fetchone()
    assert row is not None
    return Change(row[0], row[1], kind, actor, batch_id, model_id, undoes_change_id, note)


def write_assignment(
    connection: Connection, change: Change, record_ids: Ints, evidence: Evidence, assignment: Assignment
) -> None:
    """Write the persons, memberships and events of an assignment."""
    new = np.flatnonzero(assignment.before < 0)
    moved = np.flatnonzero((assignment.before >= 0) & (assignment.before != assignment.after))
    retired = np.flatnonzero(assignment.successor != np.arange(assignment.existing))
    created = np.arange(assignment.existing, len(assignment.person_ids))
    _write_events(connection, change, _events(record_ids, evidence, assignment, new, moved, retired))
    person_ids = assignment.person_ids
    if len(created):
        copy_in(
            connection,
            "identity.persons",
            pa.table(
                {"person_id": person_ids.slice(assignment.existing), "record_count": assignment.record_count[created]}
            ),
            constants={"created_change_id": change.change_id, "created_at": change.at},
        )
    if len(new):
        copy_in(
            connection,
            "identity.membership",
            pa.table({"record_id": record_ids[new], "person_id": person_ids.take(assignment.after[new])}),
            constants={"change_id": change.change_id},
        )
    grown = assignment.changed[assignment.changed < assignment.existing]
    if len(grown):
        gone = np.isin(grown, retired)
        stage(
            connection,
            "changed_persons",
            pa.table(
                {
                    "person_id": person_ids.take(grown),
                    "record_count": assignment.record_count[grown],
                    "merged_into": pa.array(
                        person_ids.take(assignment.successor[grown]).to_numpy(zero_copy_only=False), mask=~gone
                    ),
                }
            ),
        )
        connection.execute(load("identity/persons_change"), {"change_id": change.change_id})
    if len(moved):
        stage(
            connection,
            "moved_records",
            pa.table({"record_id": record_ids[moved], "person_id": person_ids.take(assignment.after[moved])}),
        )
        connection.execute(load("identity/membership_move"), {"change_id": change.change_id})


def seal(connection: Connection, change: Change) -> None:
    """Write the change row: from here on nobody alters what happened without breaking the chain of digests."""
    connection.execute(
        load("identity/change_seal"),
        {
            "change_id": change.change_id,
            "at": change.at,
            "kind": change.kind,
            "batch_id": change.batch_id,
            "model_id": change.model_id,
            "undoes_change_id": change.undoes_change_id,
            "actor": change.actor,
            "note": change.note,
        },
    )


def stage(connection: Connection, name: str, rows: pa.Table) -> None:
    """Put rows into an empty temporary table."""
    connection.execute("drop table if exists pg_temp." + name)
    connection.execute(load(f"identity/{name}_make"))
    copy_in(connection, name, rows)
    connection.execute("analyze " + name)


def _write_events(connection: Connection, change: Change, events: pa.Table) -> None:
    if events.num_rows:
        copy_in(connection, "identity.events", events, constants={"change_id": change.change_id})


def _events(
    record_ids: Ints, evidence: Evidence, assignment: Assignment, new: Ints, moved: Ints, retired: Ints
) -> pa.Table:
    """The events of an assignment, numbered: merges first, then moved records, then new ones."""
    person_ids, after = assignment.person_ids, assignment.after
    own, other, bits = merge_links(evidence, assignment)
    reasons = assignment.reasons
    kinds = pa.array(["person_merged", "record_moved", "record_assigned"])
    counts = [len(retired), len(moved), len(new)]
    record = np.concatenate([_ids(record_ids, own[retired]), record_ids[moved], record_ids[new]])
    linked = np.concatenate(
        [_ids(record_ids, other[retired]), np.full(len(moved), -1), _ids(record_ids, reasons.linked[new])]
    )
    weight = np.concatenate([bits[retired], np.full(len(moved), np.nan), reasons.weight[new]])
    others = pa.concat_arrays(
        [
            person_ids.take(assignment.successor[retired]),
            person_ids.take(assignment.before[moved]),
            pa.nulls(len(new), pa.string()),
        ]
    )
    merged_because = pa.array(np.where(np.isnan(bits[retired]), "same_source_identity", "prediction"), pa.string())
    return pa.table(
        {
            "event_no": np.arange(sum(counts)),
            "kind": pa.DictionaryArray.from_arrays(pa.array(np.repeat(np.arange(3), counts)), kinds).cast(pa.string()),
            "record_id": pa.array(record, mask=record < 0),
            "person_id": pa.concat_arrays(
                [person_ids.take(retired), person_ids.take(after[moved]), person_ids.take(after[new])]
            ),
            "other_person_id": others,
            "cause": pa.concat_arrays(
                [merged_because, pa.array(["merge"] * len(moved), pa.string()), reasons.cause.take(new)]
            ),
            "linked_record_id": pa.array(linked, mask=linked < 0),
            "match_weight": pa.array(weight, mask=np.isnan(weight)),
        }
    )


def _ids(record_ids: Ints, positions: Ints) -> Ints:
    """Record ids of positions, -1 where there is none."""
    return np.where(positions >= 0, record_ids[np.maximum(positions, 0)], -1) if len(record_ids) else positions
