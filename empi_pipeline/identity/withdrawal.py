"""Erasure: the records of a source identity go, with everything that repeats their values; the ledger keeps that."""

from collections import Counter

import pyarrow as pa
from psycopg import sql

from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.decisions import PATIENCE_SECONDS
from empi_pipeline.identity.ledger import next_change, seal, writing_identity
from empi_pipeline.identity.neighbourhood import read_neighbourhood, start_with_records
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.settle import Withdrawn, work_out, write
from empi_pipeline.identity.stewardship import Saved, write_decisions
from empi_pipeline.postgres import Connection, copy_in
from empi_pipeline.sql import load


def withdraw(
    connection: Connection,
    data_source: str,
    source_person_id: str,
    *,
    actor: str,
    note: str | None = None,
    policy: Policy | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Saved:
    """Erase a source identity: its records, their cleaned forms, keys and predictions. It cannot be taken back.

    What remains of its person stays whole; a person without any record left is retired. Decisions about its records
    end, and review cases no longer ask about them.

    Args:
        connection: An open connection, not in a transaction.
        data_source: Data source of the identity.
        source_person_id: Its id there.
        actor: Who withdraws it.
        note: Why; it stays in the ledger, so it must not repeat what is withdrawn.
        policy: What identity goes by.
        patience_seconds: How long to wait for others who write identities.

    Raises:
        NotFoundError: The index has no record of this source identity.
        IdentityBusyError: Others did not finish writing in time.
    """
    policy = policy or Policy()
    with writing_identity(connection, patience_seconds=patience_seconds):
        owner_of: dict[int, str] = dict(
            connection.execute(
                load("identity/withdraw_members"), {"data_source": data_source, "source_person_id": source_person_id}
            ).fetchall()
        )
        if not owner_of:
            raise NotFoundError("the index has no record of this source identity")
        records = sorted(owner_of)
        lost = Counter(owner_of.values())
        owned = connection.execute(load("identity/records_of_persons"), {"person_ids": sorted(lost)}).fetchall()
        left_over = Counter(person_id for person_id, record in owned if record not in owner_of)
        emptied = sorted(person_id for person_id in lost if not left_over[person_id])
        neighbours = connection.execute(load("identity/withdraw_neighbours"), {"record_ids": records}).fetchall()
        ended = connection.execute(load("identity/decisions_about"), {"record_ids": records}).fetchall()
        change = next_change(connection, "withdrawal", actor, note=note)
        events = _events(owner_of, emptied)
        copy_in(connection, "identity.events", events, constants={"change_id": change.change_id})
        write_decisions(connection, change, [], [(left, right) for left, right in ended], None)
        connection.execute(
            load("identity/withdraw_persons"),
            {"change_id": change.change_id, "person_ids": list(lost), "lost": list(lost.values())},
        )
        _erase(connection, records)
        rest = [record for _, record in owned if record not in owner_of] + [record for (record,) in neighbours]
        reach = read_neighbourhood(connection, start_with_records(connection, rest), policy.untrusted_sources)
        outcome = work_out(connection, reach, policy, withdrawn=Withdrawn(records, frozenset(lost)))
        write(connection, change, reach, outcome, first_event_no=events.num_rows)
        seal(connection, change)
    return Saved(change.change_id, 0, len(ended), 0, tuple(sorted(left_over)))


def _events(owner_of: dict[int, str], emptied: list[str]) -> pa.Table:
    records = sorted(owner_of)
    return pa.table(
        {
            "event_no": list(range(len(records) + len(emptied))),
            "kind": ["record_withdrawn"] * len(records) + ["person_retired"] * len(emptied),
            "record_id": pa.array([*records, *[None] * len(emptied)], pa.int64()),
            "person_id": [owner_of[record] for record in records] + emptied,
            "cause": ["withdrawal"] * (len(records) + len(emptied)),
        }
    )


def _erase(connection: Connection, records: list[int]) -> None:
    """Delete the records wherever their values, or hashes of their values, are."""
    for statement in ("withdraw_membership", "withdraw_predictions", "withdraw_rescored", "withdraw_cleaned"):
        connection.execute(load(f"identity/{statement}"), {"record_ids": records})
    # Each match model has a table of blocking keys of its own.
    for (table,) in connection.execute(load("identity/blocking_key_tables")).fetchall():
        connection.execute(
            sql.SQL("delete from {} where record_id = any (%(record_ids)s)").format(sql.Identifier("matching", table)),
            {"record_ids": records},
        )
    connection.execute(load("identity/withdraw_raw"), {"record_ids": records})
