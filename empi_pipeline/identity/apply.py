"""Applies a scored batch to the index: new records get their persons, and the review queue follows."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from psycopg import sql

from empi_pipeline.identity.arrays import Ints
from empi_pipeline.identity.assignment import Assignment, assign
from empi_pipeline.identity.case_evolution import evolve
from empi_pipeline.identity.case_pairs import CasePairs, WhoIsWhere, open_questions
from empi_pipeline.identity.case_store import highest_case_id, read_touched_cases, write_cases
from empi_pipeline.identity.clustering import cluster
from empi_pipeline.identity.conflicts import FindConflicts, RecordConflicts
from empi_pipeline.identity.errors import StalePredictions
from empi_pipeline.identity.evidence import NO_GUARDS, Clustering, ConflictSource, Guards, NoConflicts
from empi_pipeline.identity.ledger import Change, next_change, seal, write_assignment, writing_identity
from empi_pipeline.identity.neighbourhood import (
    Neighbourhood,
    members_of,
    numbers_of,
    read_neighbourhood,
    read_persons,
    start_with_batch,
)
from empi_pipeline.identity.person_ids import new_person_ids
from empi_pipeline.postgres import Connection, copy_out
from empi_pipeline.scratch import open_scratch
from empi_pipeline.sql import load

__all__ = ["Applied", "ConflictRules", "StalePredictions", "apply_batch"]


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


@dataclass(frozen=True, slots=True)
class ConflictRules:
    """Which attributes hard conflicts look at, and the function that finds them."""

    attributes: Sequence[str]
    find: FindConflicts

    @staticmethod
    def shipped() -> "ConflictRules":
        """The rules of `empi_pipeline.identity.guards`."""
        try:
            guards: Any = importlib.import_module("empi_pipeline.identity.guards")
        except ModuleNotFoundError:  # Until the guards are written.
            return ConflictRules(("birth_date",), lambda _con, pairs, _attributes: pairs.slice(0, 0))
        return ConflictRules(guards.CONFLICT_ATTRIBUTES, guards.find_conflicts)


def apply_batch(
    connection: Connection,
    batch_id: str,
    *,
    untrusted_sources: frozenset[str] = frozenset(),
    actor: str = "pipeline",
    guards: Guards | None = None,
    rules: ConflictRules | None = None,
) -> Applied:
    """Give each new record of a batch its person, in one transaction under the identity lock.

    Applied again, it changes nothing and tells the same. Killed at any point, it has changed nothing.

    Args:
        connection: An open connection, best not in a transaction: then the work is committed at the end.
        batch_id: A batch whose predictions are stored.
        untrusted_sources: Data sources in which one source_person_id may stand for several humans.
        actor: Who applies it, for the ledger.
        guards: What may not be joined without a steward; None for the defaults (or none, if the model says so).
        rules: Hard conflicts between records; None for the shipped ones.

    Raises:
        StalePredictions: The index, or the active model, is not what the batch was scored against.
    """
    with writing_identity(connection):
        applied = _applied(connection, batch_id)
        if applied is not None:
            return applied
        started_with = start_with_batch(connection, batch_id)
        if not started_with:
            return Applied(None, 0)
        model_id = _model_of(connection, batch_id)
        neighbourhood = read_neighbourhood(connection, started_with, untrusted_sources)
        if guards is None:
            guards = Guards() if _guarded(connection, model_id) else NO_GUARDS
        clustering = _cluster(connection, neighbourhood, guards, rules)
        assignment = assign(neighbourhood.evidence, neighbourhood.persons, clustering.group, new_person_ids)
        change = next_change(connection, "batch", actor, batch_id=batch_id, model_id=model_id)
        write_assignment(connection, change, neighbourhood.record_ids, neighbourhood.evidence, assignment)
        bring_cases_in_line(connection, change, neighbourhood, clustering, assignment)
        seal(connection, change)
        applied = _applied(connection, batch_id)
    assert applied is not None
    return applied


def _applied(connection: Connection, batch_id: str) -> Applied | None:
    row = connection.execute(load("identity/applied"), {"batch_id": batch_id}).fetchone()
    return None if row is None else Applied(*row)


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


def _guarded(connection: Connection, model_id: int) -> bool:
    row = connection.execute("select guards from matching.model where model_id = %s", [model_id]).fetchone()
    return row is not None and bool(row[0])


def _cluster(
    connection: Connection, neighbourhood: Neighbourhood, guards: Guards, rules: ConflictRules | None
) -> Clustering:
    if not guards.hard_conflicts:
        return cluster(neighbourhood.evidence, guards, NoConflicts())
    rules = rules or ConflictRules.shipped()
    with open_scratch() as con:
        conflicts: ConflictSource = RecordConflicts(
            con,
            rules.find,
            neighbourhood.record_ids,
            lambda record_ids: _attributes(connection, rules.attributes, record_ids),
            rules.attributes,
        )
        return cluster(neighbourhood.evidence, guards, conflicts)


def _attributes(connection: Connection, attributes: Sequence[str], record_ids: Ints) -> pa.Table:
    """The cleaned attributes of some records; a record that was never cleaned has none."""
    query = sql.SQL(
        "select asked.record_id, {columns} from unnest(%(record_ids)s::bigint[]) as asked (record_id)"
        " left join cleaned.person_records as record on record.record_id = asked.record_id"
    ).format(columns=sql.SQL(", ").join(sql.Identifier("record", name) for name in attributes))
    schema = pa.schema([("record_id", pa.int64()), *((name, pa.string()) for name in attributes)])
    return copy_out(connection, query, schema, {"record_ids": record_ids.tolist()})


def bring_cases_in_line(
    connection: Connection, change: Change, reach: Neighbourhood, clustering: Clustering, assignment: Assignment
) -> None:
    """Open, update and close the review cases that a change reaches; all others stay as they are."""
    potential = reach.potential
    outside_ids, outside_person_ids = members_of(
        connection,
        _outside(reach.record_ids, np.r_[potential.left, potential.right, reach.decided.left, reach.decided.right]),
    )
    old, old_pairs = read_touched_cases(connection, outside_person_ids.unique().to_pylist())
    # Of cases that reach further, the pairs out of reach stay what they were.
    far_ids, far_person_ids = members_of(
        connection, _outside(np.union1d(reach.record_ids, outside_ids), np.r_[old.left, old.right])
    )
    further = read_persons(connection, pa.concat_arrays([outside_person_ids, far_person_ids]).unique().to_pylist())
    here = len(assignment.person_ids)
    record_ids = np.concatenate([reach.record_ids, outside_ids, far_ids])
    person = np.concatenate(
        [assignment.after, here + numbers_of(further, outside_person_ids), here + numbers_of(further, far_person_ids)]
    )
    by_id = np.argsort(record_ids)
    who = WhoIsWhere(record_ids[by_id], person[by_id])
    pairs = open_questions(clustering.findings, reach.record_ids, reach.auto, potential, reach.decided, who)
    untouched = ~np.isin(old.left, reach.record_ids) & ~np.isin(old.right, reach.record_ids)
    if untouched.any():
        kept = old_pairs.only(untouched)
        kept.person_left[:], kept.person_right[:] = who.of(kept.left), who.of(kept.right)
        pairs = CasePairs.concat(pairs, kept).in_order()
    record_count = np.r_[assignment.record_count, further.record_count]
    changed = np.zeros(len(record_count), bool)
    changed[assignment.changed] = True
    evolution = evolve(pairs, old, who, changed, highest_case_id(connection))
    write_cases(connection, change, pairs, evolution, record_count)


def _outside(inside: Ints, record_ids: Ints) -> Ints:
    return np.setdiff1d(record_ids, inside)
