"""Applies a scored batch to the index: new records get their persons, and the review queue follows."""

from dataclasses import dataclass
from typing import Final

from empi_pipeline.identity.errors import StalePredictions
from empi_pipeline.identity.ledger import next_change, prepared_under_lock, seal
from empi_pipeline.identity.neighbourhood import Neighbourhood, read_neighbourhood, start_with_batch
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.settle import Outcome, work_out, write
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

__all__ = ["Applied", "StalePredictions", "apply_batch"]


_STATISTICS_FROM: Final = 20_000
"""So many records make the statistics of the tables worthless; what follows right after would be planned badly."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a batch did; the same answer however often one asks.

    Attributes:
        change_id: Number of the identity change; None for a batch without new records, which changes nothing.
        records: New records, each of which got a person.
        persons_created: New persons.
        persons_merged: Persons that went into others.
        records_moved: Records that went with them.
        cases_opened: Review cases opened.
        cases_updated: Review cases that ask something else now, or about persons that changed.
        cases_closed: Review cases closed.
    """

    change_id: int | None
    records: int
    persons_created: int = 0
    persons_merged: int = 0
    records_moved: int = 0
    cases_opened: int = 0
    cases_updated: int = 0
    cases_closed: int = 0


def apply_batch(
    connection: Connection,
    batch_id: str,
    *,
    untrusted_sources: frozenset[str] = frozenset(),
    actor: str = "pipeline",
    policy: Policy | None = None,
) -> Applied:
    """Give each new record of a batch its person, in one transaction under the identity lock.

    Applied again, it changes nothing and tells the same. Killed at any point, it has changed nothing.

    Args:
        connection: An open connection, best not in a transaction: then the work is committed at the end.
        batch_id: A batch whose predictions are stored.
        untrusted_sources: Data sources in which one source_person_id may stand for several humans.
        actor: Who applies it, for the ledger.
        policy: What identity goes by; None for the defaults with `untrusted_sources`.

    Raises:
        StalePredictions: The index, or the active model, is not what the batch was scored against.
    """
    policy = policy or Policy(untrusted_sources)
    with connection.transaction():
        prepared = prepared_under_lock(
            connection,
            lambda: _prepare(connection, batch_id, policy),
            lambda: connection.execute(load("identity/seen_by_batch"), {"batch_id": batch_id}).fetchone(),
        )
        if isinstance(prepared, Applied):
            return prepared
        model_id, reach, outcome = prepared
        change = next_change(connection, "batch", actor, batch_id=batch_id, model_id=model_id)
        write(connection, change, reach, outcome)
        seal(connection, change)
        if len(reach.record_ids) >= _STATISTICS_FROM:
            connection.execute(load("identity/analyze"))
        applied = _applied(connection, batch_id)
    assert applied is not None
    return applied


def _prepare(connection: Connection, batch_id: str, policy: Policy) -> Applied | tuple[int, Neighbourhood, Outcome]:
    """What there is to write, or what was done already."""
    applied = _applied(connection, batch_id)
    if applied is not None:
        return applied
    started_with = start_with_batch(connection, batch_id)
    if not started_with:
        return Applied(None, 0)
    model_id = _model_of(connection, batch_id)
    reach = read_neighbourhood(connection, started_with, policy.untrusted_sources)
    return model_id, reach, work_out(connection, reach, policy)


def _applied(connection: Connection, batch_id: str) -> Applied | None:
    change = connection.execute(load("identity/change_of_batch"), {"batch_id": batch_id}).fetchone()
    if change is None:
        return None
    row = connection.execute(load("identity/applied"), {"change_id": change[0]}).fetchone()
    assert row is not None
    return Applied(*row)


def _model_of(connection: Connection, batch_id: str) -> int:
    row = connection.execute(load("identity/scored_batch"), {"batch_id": batch_id}).fetchone()
    if row is None:
        raise StalePredictions(f"batch {batch_id} has no predictions: score it, then apply it")
    model_id, is_active, is_current = row
    if not is_active:
        raise StalePredictions(
            f"batch {batch_id} was scored with model {model_id}, which is not active: score it again"
        )
    if not is_current:
        raise StalePredictions(f"another batch was applied since batch {batch_id} was scored: score it again")
    return int(model_id)
