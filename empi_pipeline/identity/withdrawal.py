"""Withdrawal: a source identity is erased with everything that repeats its values; the ledger keeps that it was."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.decisions import PATIENCE_SECONDS
from empi_pipeline.identity.erasure import (
    HeldBy,
    RejectedRows,
    SourceIdentity,
    erase,
    objects_holding,
    rejected_rows_of,
)
from empi_pipeline.identity.ledger import Change, next_change, seal, take_identity_lock, writing_identity
from empi_pipeline.identity.neighbourhood import read_neighbourhood, start_with_records
from empi_pipeline.identity.person_changes import person_changes
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.settle import Outcome, Withdrawn, work_out, write
from empi_pipeline.identity.stewardship import Saved, opened_and_closed, write_decisions
from empi_pipeline.identity.withdrawn_notes import erase_notes, refuse_repeating, values_of
from empi_pipeline.postgres import Connection, copy_in, erasing_records
from empi_pipeline.publishing.withdrawal import forget
from empi_pipeline.sql import load

WITHDRAWAL_PATIENCE_SECONDS: Final = 60.0
"""A withdrawal waits for objects that are being stored, not only for other stewards."""


@dataclass(frozen=True, slots=True)
class Affected:
    """What a withdrawal would erase.

    Attributes:
        records: Person records.
        persons: Persons that lose records.
        rejected_rows: Rejected rows whose content goes, as far as they can be told.
        objects: Delivered objects that hold the rows; they stay in the bucket until somebody deletes them.
        repeats: Delivered objects, of whatever source, that repeated known content: they may hold rows as well.
    """

    records: int
    persons: int
    rejected_rows: int
    objects: list[HeldBy]
    repeats: int


@dataclass(frozen=True, slots=True)
class Withdrawal(Saved):
    """What a withdrawal did, beyond what every save tells.

    Attributes:
        erased: What was erased.
        notes_erased: Notes whose text was erased.
        ledger_notes_erased: Changes in the ledger whose notes were erased.
        notes_left: Notes about the same persons, questions and changes that repeat no value: somebody must read them.
        crosswalk_rows: Rows that left the crosswalk.
        feed_entries: Entries that left the change feed.
        exports: Objects of the change feed that were written before and name the source identity.
    """

    erased: Affected
    notes_erased: int
    ledger_notes_erased: int
    notes_left: int
    crosswalk_rows: int
    feed_entries: int
    exports: list[str]


def affected(
    connection: Connection, data_source: str, source_person_id: str, *, prefixes: Sequence[str] = ()
) -> Affected:
    """What withdrawing a source identity would erase; writes nothing. Arguments and errors as `withdraw`."""
    identity = SourceIdentity(data_source, source_person_id, prefixes)
    members, rejected = _found(connection, identity)
    return _affected(connection, identity, members, rejected)


def withdraw(
    connection: Connection,
    data_source: str,
    source_person_id: str,
    *,
    actor: str,
    note: str | None = None,
    policy: Policy | None = None,
    prefixes: Sequence[str] = (),
    patience_seconds: float = WITHDRAWAL_PATIENCE_SECONDS,
) -> Withdrawal:
    """Erase a source identity: its records, what was derived from them, what was published. It cannot be taken back.

    What remains of its person stays whole; a person without any record left is retired. Decisions about its records
    end, and review cases no longer ask about them. Its rows are rejected when they are delivered again, until the
    withdrawal is lifted. One transaction: all of this, or nothing.

    Args:
        connection: An open connection, not in a transaction.
        data_source: Data source of the identity.
        source_person_id: Its id there.
        actor: Who withdraws it.
        note: Why; it stays in the ledger, so it must not repeat what is withdrawn.
        policy: What identity goes by.
        prefixes: Beginnings of the object keys that are this data source's own.
        patience_seconds: How long to wait for others who store records, write identities or publish.

    Raises:
        NotFoundError: The index has nothing of this source identity.
        InvalidDecisionError: The note repeats a value of the records.
        ConflictError: Others did not finish in time.
    """
    identity = SourceIdentity(data_source, source_person_id, prefixes)
    with connection.transaction():
        erasing_records(connection, patience_seconds=patience_seconds)
        take_identity_lock(connection, patience_seconds=patience_seconds)
        members, rejected = _found(connection, identity)
        erased = _affected(connection, identity, members, rejected)
        records = [record for record, _ in members]
        values = values_of(connection, records) | {source_person_id.casefold()}
        refuse_repeating(note, values)
        owner_of = {record: person_id for record, person_id in members if person_id is not None}
        lost = Counter(owner_of.values())
        owned = connection.execute(load("identity/records_of_persons"), {"person_ids": sorted(lost)}).fetchall()
        left_over = Counter(person_id for person_id, record in owned if record not in owner_of)
        emptied = sorted(person_id for person_id in lost if not left_over[person_id])
        neighbours = connection.execute(load("identity/withdraw_neighbours"), {"record_ids": records}).fetchall()
        ended = connection.execute(load("identity/decisions_about"), {"record_ids": records}).fetchall()
        change = next_change(connection, "withdrawal", actor, note=note)
        events = _events(owner_of, emptied)
        copy_in(connection, "identity.events", events, constants={"change_id": change.change_id})
        notes = erase_notes(connection, change.change_id, values, records, sorted(lost), frozenset(emptied))
        write_decisions(connection, change, [], [(left, right) for left, right in ended], None)
        connection.execute(
            load("identity/withdraw_persons"),
            {"change_id": change.change_id, "person_ids": list(lost), "lost": list(lost.values())},
        )
        erase(connection, records, rejected)
        rest = [record for _, record in owned if record not in owner_of] + [record for (record,) in neighbours]
        outcome = _settle(
            connection, change, policy or Policy(), rest, Withdrawn(records, frozenset(lost)), events.num_rows
        )
        connection.execute(
            load("identity/withdraw_tombstone"),
            {"data_source": data_source, "source_person_id": source_person_id, "change_id": change.change_id},
        )
        published = forget(
            connection, data_source, source_person_id, change.change_id, patience_seconds=patience_seconds
        )
        seal(connection, change)
        persons = person_changes(connection, outcome.assignment, erased=lost)
    return Withdrawal(
        change.change_id, 0, len(ended), outcome.assignment.records_moved, persons, *opened_and_closed(outcome), erased,
        notes.notes, notes.changes, notes.left, published.crosswalk_rows, published.feed_entries, published.exports,
    )  # fmt: skip


def lift(
    connection: Connection,
    data_source: str,
    source_person_id: str,
    *,
    actor: str,
    note: str | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> int:
    """Accept rows of a withdrawn source identity again, from the next delivery on; nothing erased comes back.

    Returns:
        The number of the identity change.

    Raises:
        NotFoundError: No withdrawal of this source identity is in force.
        IdentityBusyError: Others did not finish writing in time.
    """
    identity = {"data_source": data_source, "source_person_id": source_person_id}
    with writing_identity(connection, patience_seconds=patience_seconds):
        change = next_change(connection, "withdrawal_lifted", actor, note=note)
        lifted = connection.execute(load("identity/withdraw_lift"), {**identity, "change_id": change.change_id})
        if lifted.fetchone() is None:
            raise NotFoundError("no withdrawal of this source identity is in force")
        seal(connection, change)
    return change.change_id


def _found(connection: Connection, identity: SourceIdentity) -> tuple[list[tuple[int, str | None]], RejectedRows]:
    """The records of a source identity with their persons, and its rejected rows."""
    members = connection.execute(
        load("identity/withdraw_members"),
        {"data_source": identity.data_source, "source_person_id": identity.source_person_id},
    ).fetchall()
    rejected = rejected_rows_of(connection, identity)
    if not members and not rejected.places:
        raise NotFoundError("the index has no record of this source identity")
    return [(record, person_id) for record, person_id in members], rejected


def _affected(
    connection: Connection,
    identity: SourceIdentity,
    members: Iterable[tuple[int, str | None]],
    rejected: RejectedRows,
) -> Affected:
    owners = [person_id for _, person_id in members]
    row = connection.execute(load("identity/withdraw_repeats")).fetchone()
    assert row is not None
    return Affected(
        len(owners),
        len({person_id for person_id in owners if person_id is not None}),
        len(rejected.places),
        objects_holding(connection, identity, rejected),
        row[0],
    )


def _settle(
    connection: Connection, change: Change, policy: Policy, rest: list[int], withdrawn: Withdrawn, first_event_no: int
) -> Outcome:
    """Work out anew what remains of the persons and questions that the erased records were part of."""
    reach = read_neighbourhood(connection, start_with_records(connection, rest), policy.untrusted_sources)
    outcome = work_out(connection, reach, policy, withdrawn=withdrawn)
    write(connection, change, reach, outcome, first_event_no=first_event_no)
    return outcome


def _events(owner_of: dict[int, str], emptied: list[str]) -> pa.Table:
    records = sorted(owner_of)
    return pa.table(
        {
            "event_no": list(range(len(records) + len(emptied))),
            "kind": ["record_withdrawn"] * len(records) + ["person_retired"] * len(emptied),
            "record_id": pa.array([*records, *[None] * len(emptied)], pa.int64()),
            "person_id": pa.array([owner_of[record] for record in records] + emptied, pa.string()),
            "cause": ["withdrawal"] * (len(records) + len(emptied)),
        }
    )
