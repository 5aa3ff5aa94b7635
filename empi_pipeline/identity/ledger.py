"""Writes one identity change: events, persons, membership, and the change row that seals them with a digest."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import psycopg
import pyarrow as pa

from empi_pipeline.identity.arrays import Ints
from empi_pipeline.identity.assignment import Assignment
from empi_pipeline.identity.errors import IdentityBusyError
from empi_pipeline.identity.events import events_of
from empi_pipeline.identity.evidence import Evidence
from empi_pipeline.postgres import Connection, copy_in
from empi_pipeline.sql import load

IDENTITY_LOCK: Final = 0x4944_454E_5449_5459
"""Key of the advisory lock ("IDENTITY") that everyone who writes identities holds until the end of the transaction."""

_ATTEMPTS: Final = 3
"""How often something long is worked out without the lock, before nobody else may write until it is done."""

T = TypeVar("T")


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
        take_identity_lock(connection, patience_seconds=patience_seconds)
        yield


def take_identity_lock(connection: Connection, *, patience_seconds: float | None = None) -> None:
    """Wait for the right to write identities until the end of the transaction; arguments as `writing_identity`."""
    if patience_seconds is None:
        connection.execute(load("identity/lock"), {"key": IDENTITY_LOCK})
        return
    before = connection.execute("select current_setting('lock_timeout')").fetchone()
    assert before is not None
    connection.execute("select set_config('lock_timeout', %s, true)", [f"{round(patience_seconds * 1000)}ms"])
    try:
        connection.execute(load("identity/lock"), {"key": IDENTITY_LOCK})
    except psycopg.errors.LockNotAvailable:
        raise IdentityBusyError(
            f"identities are being written by another process, for more than {patience_seconds:g} s now;"
            " nothing was saved, try again"
        ) from None
    connection.execute("select set_config('lock_timeout', %s, true)", before)


def prepared_under_lock(
    connection: Connection,
    prepare: Callable[[], T],
    relied_on: Callable[[], object],
    *,
    patient_from: float = 1.0,
) -> T:
    """Work something out, then take the identity lock; again if what it relied on changed in between.

    Working it out holds nobody up: where that takes long, and somebody was faster, the lock is given back before it is
    worked out anew. After some such attempts it is done under the lock, so that it comes to an end however busy
    stewards are. The caller then writes, and commits.

    Args:
        connection: In a transaction that sees what others commit meanwhile (read committed).
        prepare: Works it out; reads only.
        relied_on: Reads what tells one state from another for it, quickly.
        patient_from: Seconds that working it out takes from which on others are let in between.
    """
    for _ in range(_ATTEMPTS):
        seen, begun = relied_on(), time.monotonic()
        prepared = prepare()
        is_long = time.monotonic() - begun >= patient_from
        with connection.transaction() as attempt:  # A savepoint: rolled back, it gives the lock back.
            take_identity_lock(connection)
            if relied_on() == seen:
                return prepared
            if is_long:
                raise psycopg.Rollback(attempt)
            return prepare()
    take_identity_lock(connection)
    return prepare()


def last_change_id(connection: Connection) -> int:
    """Number of the latest identity change; 0 before the first."""
    row = connection.execute("select coalesce(max(change_id), 0) from identity.changes").fetchone()
    assert row is not None
    return int(row[0])


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
    connection: Connection,
    change: Change,
    record_ids: Ints,
    evidence: Evidence,
    assignment: Assignment,
    first_event_no: int = 0,
) -> None:
    """Write the persons, memberships and events of an assignment; events are numbered from `first_event_no` on."""
    new = np.flatnonzero(assignment.before < 0)
    moved = np.flatnonzero((assignment.before >= 0) & (assignment.before != assignment.after))
    events = events_of(change.kind, record_ids, evidence, assignment, first_event_no)
    if events.num_rows:
        copy_in(connection, "identity.events", events, constants={"change_id": change.change_id})
    person_ids, created = assignment.person_ids, assignment.created
    if len(created):
        copy_in(
            connection,
            "identity.persons",
            pa.table({"person_id": person_ids.take(created), "record_count": assignment.record_count[created]}),
            constants={"created_change_id": change.change_id, "created_at": change.at},
        )
    if len(new):
        copy_in(
            connection,
            "identity.membership",
            pa.table({"record_id": record_ids[new], "person_id": person_ids.take(assignment.after[new])}),
            constants={"change_id": change.change_id},
        )
    changed = assignment.changed[assignment.changed < assignment.existing]
    if len(changed):
        gone = assignment.retired
        successor = np.full(len(person_ids), -1, np.int64)
        successor[gone] = assignment.most_common(assignment.before, assignment.after, gone)
        stage(
            connection,
            "changed_persons",
            pa.table(
                {
                    "person_id": person_ids.take(changed),
                    "record_count": assignment.record_count[changed],
                    "merged_into": person_ids.take(pa.array(successor[changed], mask=successor[changed] < 0)),
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
