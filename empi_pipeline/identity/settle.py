"""Settles what a change reaches: clusters it, gives each group its person, and brings the review cases in line.

In two steps, so that the long one, working it out, needs no lock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.identity.arrays import Flags, Ints, found, sorted_unique
from empi_pipeline.identity.assignment import Assignment, assign
from empi_pipeline.identity.case_evolution import Evolution, evolve
from empi_pipeline.identity.case_pairs import CasePairs, WhoIsWhere, open_questions
from empi_pipeline.identity.case_store import highest_case_id, read_touched_cases, write_cases
from empi_pipeline.identity.clustering import cluster
from empi_pipeline.identity.evidence import Clustering
from empi_pipeline.identity.grouping_rules import note_rules
from empi_pipeline.identity.ledger import Change, write_assignment
from empi_pipeline.identity.neighbourhood import Neighbourhood, members_of, numbers_of, read_persons
from empi_pipeline.identity.person_ids import new_person_ids
from empi_pipeline.identity.policy import Policy
from empi_pipeline.postgres import Connection


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to become of persons and cases; nothing of it is written yet.

    Attributes:
        clustering: The partition and what it found.
        assignment: Who owns which records.
        pairs: All open questions in reach.
        evolution: What becomes of the cases.
        record_count: Records of each person, by number; persons out of reach that cases mention are numbered on.
        rules: What it goes by (`Policy.described`).
    """

    clustering: Clustering
    assignment: Assignment
    pairs: CasePairs
    evolution: Evolution
    record_count: Ints
    rules: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Records that were erased, and the persons that lost them."""

    record_ids: list[int]
    person_ids: frozenset[str]


def work_out(
    connection: Connection,
    reach: Neighbourhood,
    policy: Policy,
    *,
    before: Ints | None = None,
    answered_case: int | None = None,
    reopening_changes: Sequence[int] = (),
    withdrawn: Withdrawn | None = None,
) -> Outcome:
    """Find out what becomes of persons and cases; reads only.

    Args:
        connection: In the transaction that made the list of touched records.
        reach: What the change reaches; where records were arranged, `reach.evidence.person` says how.
        policy: What identity goes by.
        before: Person of each record before that arrangement.
        answered_case: The review case that a steward answers with this change.
        reopening_changes: Changes being taken back: the cases they closed may go on.
        withdrawn: What was erased just before.
    """
    guards = policy.guards_of(connection)
    with policy.conflicts(connection, guards, reach.record_ids, reach.verdicts) as conflicts:
        clustering = cluster(reach.evidence, guards, conflicts)
    assignment = assign(reach.evidence, reach.persons, clustering.group, new_person_ids, before)
    potential, decided, reported = reach.potential, reach.decided, reach.reported
    mentioned = np.r_[potential.left, potential.right, decided.left, decided.right, reported.left, reported.right]
    outside = _outside(reach.record_ids, mentioned)
    outside_ids, outside_person_ids = members_of(connection, outside)
    old, old_pairs = read_touched_cases(
        connection,
        outside_person_ids.unique().to_pylist(),
        reopening_changes,
        withdrawn.record_ids if withdrawn else [],
    )
    # Of open cases that reach further, the pairs out of reach stay what they were.
    far = _outside(np.sort(np.r_[reach.record_ids, outside_ids]), np.r_[old.left, old.right])
    far_ids, far_person_ids = members_of(connection, far)
    further = read_persons(connection, pa.concat_arrays([outside_person_ids, far_person_ids]).unique().to_pylist())
    here = len(assignment.person_ids)
    record_ids = np.concatenate([reach.record_ids, outside_ids, far_ids])
    person = np.concatenate(
        [assignment.after, here + numbers_of(further, outside_person_ids), here + numbers_of(further, far_person_ids)]
    )
    by_id = np.argsort(record_ids, kind="stable")
    who = WhoIsWhere(record_ids[by_id], person[by_id])
    pairs = open_questions(clustering.findings, reach.record_ids, reach.auto, potential, decided, who, reported)
    untouched = old.is_open[old.case] & ~_among(reach.record_ids, old.left) & ~_among(reach.record_ids, old.right)
    untouched &= (who.of(old.left) >= 0) & (who.of(old.right) >= 0)
    if untouched.any():
        kept = old_pairs.only(untouched)
        kept.person_left[:], kept.person_right[:] = who.of(kept.left), who.of(kept.right)
        pairs = CasePairs.concat(pairs, kept).in_order()
    record_count = np.r_[assignment.record_count, further.record_count]
    changed = np.zeros(len(record_count), bool)
    changed[assignment.changed] = True
    if withdrawn:
        losers = pa.array(sorted(withdrawn.person_ids), pa.string())
        everybody = pa.concat_arrays([assignment.person_ids, further.person_id])
        changed |= pc.is_in(everybody, value_set=losers).to_numpy(zero_copy_only=False)
    evolution = evolve(pairs, old, who, changed, highest_case_id(connection), answered_case)
    return Outcome(clustering, assignment, pairs, evolution, record_count, policy.described(connection))


def write(
    connection: Connection, change: Change, reach: Neighbourhood, outcome: Outcome, first_event_no: int = 0
) -> None:
    """Write persons, memberships, events, cases, and the rules that they follow from.

    The caller holds the identity lock, and nothing changed since.
    """
    write_assignment(connection, change, reach.record_ids, reach.evidence, outcome.assignment, first_event_no)
    write_cases(connection, change, outcome.pairs, outcome.evolution, outcome.record_count)
    note_rules(connection, change.change_id, outcome.rules)


def _among(sorted_values: Ints, wanted: Ints) -> Flags:
    return found(sorted_values, wanted)[1]


def _outside(inside: Ints, record_ids: Ints) -> Ints:
    """Those of some records that are not among others (ascending), each once."""
    return sorted_unique(record_ids[~_among(inside, record_ids)])
