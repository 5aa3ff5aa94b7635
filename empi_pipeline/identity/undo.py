"""Takes changes back, with the old ids."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from empi_pipeline.errors import ConflictError, NotFoundError
from empi_pipeline.identity.arrangement import CANNOT_LINK, NewDecision, apart, decide
from empi_pipeline.identity.arrays import found
from empi_pipeline.identity.decisions import PATIENCE_SECONDS
from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.identity.ledger import writing_identity
from empi_pipeline.identity.neighbourhood import Neighbourhood, numbers_of, read_persons
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.queries import canonical_person_id
from empi_pipeline.identity.stewardship import Saved, reach_of, save
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load


def undo(
    connection: Connection,
    change_id: int,
    *,
    actor: str,
    note: str | None = None,
    person_id: str | None = None,
    policy: Policy | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Saved:
    """Take a change back: records return to the persons they had, retired ids live again, decisions end or return.

    An automatic change (batch, rematch) is taken back as far as it merged or split persons; so that it does not happen
    again, the persons are told apart by cannot-links. New records stay with the person they were given.

    Args:
        connection: An open connection, not in a transaction.
        change_id: The change.
        actor: Who takes it back.
        note: Why.
        person_id: Only give back what this (now retired) person had.
        policy: What identity goes by.
        patience_seconds: How long to wait for others who write identities.

    Raises:
        NotFoundError: There is no such change.
        InvalidDecisionError: There is nothing in it to take back.
        ConflictError: It was taken back already, or later changes build on it: take those back first.
        IdentityBusyError: Others did not finish writing in time.
    """
    policy = policy or Policy()
    with writing_identity(connection, patience_seconds=patience_seconds):
        kind = _kind_of(connection, change_id)
        moves = _moves(connection, change_id, None if person_id is None else canonical_person_id(person_id))
        rows = connection.execute(load("identity/decisions_of_change"), {"change_id": change_id}).fetchall()
        made = [(left, right) for what, _, left, right, _ in rows if what == "made"] if person_id is None else []
        ended = [
            NewDecision(of, left, right, weight)
            for what, of, left, right, weight in rows
            if what == "revoked" and person_id is None
        ]
        if not (moves or made or ended):
            raise InvalidDecisionError(f"change {change_id} moved no record and made no decision: nothing to take back")
        mentioned = {record for record, _ in moves}
        mentioned |= {record for pair in made for record in pair}
        mentioned |= {record for decision in ended for record in (decision.left, decision.right)}
        reach = reach_of(connection, policy, record_ids=mentioned, person_ids=sorted({origin for _, origin in moves}))
        reach, after = _returned(connection, reach, moves, _latecomers(connection, change_id, moves))
        decisions = ended
        if kind in {"batch", "rematch"}:
            decisions = decisions + _told_apart(after, reach)
        verdict = decide(after, decisions, made, overrule=False)
        return save(connection, policy, reach, verdict, actor=actor, note=note, kind="undo", undoes=change_id)


def _kind_of(connection: Connection, change_id: int) -> str:
    row = connection.execute(load("identity/change_one"), {"change_id": change_id}).fetchone()
    if row is None:
        raise NotFoundError(f"there is no change {change_id}")
    kind, _, taken_back_by = row
    if kind == "withdrawal":
        raise InvalidDecisionError(f"change {change_id} withdrew records for good: it cannot be taken back")
    if taken_back_by is not None:
        raise ConflictError(f"change {change_id} was taken back already, by change {taken_back_by}")
    return str(kind)


def _moves(connection: Connection, change_id: int, person_id: str | None) -> list[tuple[int, str]]:
    """(record, person it came from) of the records a change moved."""
    rows = connection.execute(load("identity/moves_of_change"), {"change_id": change_id}).fetchall()
    moves = []
    for record, _, origin, placed_by in rows:
        if person_id is not None and origin != person_id:
            continue
        if placed_by is None:
            continue  # Withdrawn since.
        if placed_by != change_id:
            raise ConflictError(
                f"change {placed_by} moved records again that change {change_id} had moved: take change {placed_by}"
                " back first"
            )
        moves.append((record, origin))
    return moves


def _latecomers(connection: Connection, change_id: int, moves: list[tuple[int, str]]) -> list[int]:
    """Records that batches gave to the persons in question since."""
    rows = connection.execute(
        load("identity/latecomers"), {"record_ids": [record for record, _ in moves], "change_id": change_id}
    ).fetchall()
    return [record for (record,) in rows]


def _returned(
    connection: Connection, reach: Neighbourhood, moves: list[tuple[int, str]], latecomers: list[int]
) -> tuple[Neighbourhood, Neighbourhood]:
    """The neighbourhood with the old persons known, and with the records back where they came from.

    Records that came later belong to nobody for the moment: evidence says whom they follow.
    """
    if not moves:
        return reach, reach
    known = set(reach.persons.person_id.to_pylist())
    old = sorted({origin for _, origin in moves} - known)
    if old:
        reach = replace(reach, persons=reach.persons.and_also(read_persons(connection, old)))
    place, _ = found(reach.record_ids, np.array([record for record, _ in moves], np.int64))
    person = reach.evidence.person.copy()
    free, known_here = found(reach.record_ids, np.array(latecomers, np.int64))
    person[free[known_here]] = -1
    person[place] = numbers_of(reach.persons, pa.array([origin for _, origin in moves], pa.string()))
    return reach, replace(reach, evidence=replace(reach.evidence, person=person))


def _told_apart(after: Neighbourhood, before: Neighbourhood) -> list[NewDecision]:
    """Cannot-links between the persons that an automatic change had made one."""
    decisions: list[NewDecision] = []
    now, then = after.evidence.person, before.evidence.person
    for person in np.unique(then[now != then]).tolist():
        members = np.flatnonzero(then == person)
        sets = [
            frozenset(after.record_ids[members[now[members] == number]].tolist()) for number in np.unique(now[members])
        ]
        decisions += apart(after, sets)
    return [decision for decision in decisions if decision.kind == CANNOT_LINK]
