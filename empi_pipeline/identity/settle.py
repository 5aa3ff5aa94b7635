"""Settles what a change reaches: clusters it, gives each group its person, and brings the review cases in line."""

import numpy as np
import pyarrow as pa

from empi_pipeline.identity.arrays import Flags, Ints, found, sorted_unique
from empi_pipeline.identity.assignment import Assignment, assign
from empi_pipeline.identity.case_evolution import evolve
from empi_pipeline.identity.case_pairs import CasePairs, WhoIsWhere, open_questions
from empi_pipeline.identity.case_store import highest_case_id, read_touched_cases, write_cases
from empi_pipeline.identity.clustering import cluster
from empi_pipeline.identity.evidence import Clustering
from empi_pipeline.identity.ledger import Change, write_assignment
from empi_pipeline.identity.neighbourhood import Neighbourhood, members_of, numbers_of, read_persons
from empi_pipeline.identity.person_ids import new_person_ids
from empi_pipeline.identity.policy import Policy
from empi_pipeline.postgres import Connection


def settle(
    connection: Connection,
    change: Change,
    reach: Neighbourhood,
    policy: Policy,
    *,
    before: Ints | None = None,
    answered_case: int | None = None,
    reopening_change: int | None = None,
) -> Assignment:
    """Write persons, memberships, events and cases for what a change reaches.

    Args:
        connection: In the transaction of the change, under the identity lock.
        change: The change that does it.
        reach: What it reaches; where a steward arranged records, `reach.evidence.person` says how.
        policy: What identity goes by.
        before: Person of each record before that arrangement.
        answered_case: The review case that a steward answers with this change.
        reopening_change: A change being taken back: the cases it closed may go on.
    """
    guards = policy.guards_of(connection)
    with policy.conflicts(connection, guards, reach.record_ids) as conflicts:
        clustering = cluster(reach.evidence, guards, conflicts)
    assignment = assign(reach.evidence, reach.persons, clustering.group, new_person_ids, before)
    write_assignment(connection, change, reach.record_ids, reach.evidence, assignment)
    _bring_cases_in_line(connection, change, reach, clustering, assignment, answered_case, reopening_change)
    return assignment


def _bring_cases_in_line(
    connection: Connection, change: Change, reach: Neighbourhood, clustering: Clustering, assignment: Assignment,
    answered_case: int | None, reopening_change: int | None,
) -> None:  # fmt: skip
    """Open, update and close the review cases that a change reaches; all others stay as they are."""
    potential, decided = reach.potential, reach.decided
    outside = _outside(reach.record_ids, np.r_[potential.left, potential.right, decided.left, decided.right])
    outside_ids, outside_person_ids = members_of(connection, outside)
    old, old_pairs = read_touched_cases(connection, outside_person_ids.unique().to_pylist(), reopening_change)
    # Of cases that reach further, the pairs out of reach stay what they were.
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
    pairs = open_questions(clustering.findings, reach.record_ids, reach.auto, potential, decided, who)
    untouched = ~_among(reach.record_ids, old.left) & ~_among(reach.record_ids, old.right)
    if untouched.any():
        kept = old_pairs.only(untouched)
        kept.person_left[:], kept.person_right[:] = who.of(kept.left), who.of(kept.right)
        pairs = CasePairs.concat(pairs, kept).in_order()
    record_count = np.r_[assignment.record_count, further.record_count]
    changed = np.zeros(len(record_count), bool)
    changed[assignment.changed] = True
    evolution = evolve(pairs, old, who, changed, highest_case_id(connection), answered_case)
    write_cases(connection, change, pairs, evolution, record_count)


def _among(sorted_values: Ints, wanted: Ints) -> Flags:
    return found(sorted_values, wanted)[1]


def _outside(inside: Ints, record_ids: Ints) -> Ints:
    """Those of some records that are not among others (ascending), each once."""
    return sorted_unique(record_ids[~_among(inside, record_ids)])
