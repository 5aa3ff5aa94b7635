"""The rematch: what the index would be if everything were matched anew with other predictions, and making it so."""

from dataclasses import asdict, dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.identity.arrays import Flags, Ints, found, pair_keys_ordered
from empi_pipeline.identity.assignment import Assignment
from empi_pipeline.identity.clustering import cluster
from empi_pipeline.identity.errors import InvalidDecisionError, PlanRefusedError, StalePredictions
from empi_pipeline.identity.evidence import Kind
from empi_pipeline.identity.ledger import last_change_id, next_change, prepared_under_lock, seal
from empi_pipeline.identity.neighbourhood import (
    Neighbourhood,
    Predictions,
    read_rescored_neighbourhood,
    start_with_everything,
)
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.refusals import CANNOT_LINK
from empi_pipeline.identity.settle import Outcome, work_out, write
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

REMATCH_BATCH: Final = "rematch"
"""What stands as batch of predictions that a rematch made."""

_CLOSINGS: Final = pa.schema({"case_id": pa.int64(), "reason": pa.string(), "superseded_by": pa.int64()})


@dataclass(frozen=True, slots=True)
class RematchRules:
    """How far a rematch may go.

    Attributes:
        may_split: Whether persons may come apart at all; if not, overlay cases propose it.
        stay_probability: Records of one person stay together on predictions above this, although they would not be
            joined on them: what a threshold moved by a hair gave and took would make ids flicker.
        most_changed: Largest share of the persons that may gain or lose records without approval.
        most_split: Largest share of the persons that may come apart without approval.
    """

    may_split: bool = True
    stay_probability: float = 0.5
    most_changed: float = 0.05
    most_split: float = 0.01


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rematch would do.

    Attributes:
        model_id: The model that scored.
        seen_change_id: The identity change it was made at; after another one it is out of date.
        persons: Living persons before.
        persons_after: Living persons then.
        persons_merged: Persons that would go into others.
        persons_split: Persons that would come apart.
        persons_unchanged: Persons that would keep exactly their records.
        records_moved: Records that would belong to another person.
        cases_opened: Review cases that would open.
        cases_updated: Review cases that would ask something else.
        cases_closed: Review cases that would close.
        decisions_contradicted: Auto-matches against decisions in force, which stand.
        moves: record_id, person_id, new_person_id (NULL for a person yet to be made), one row per moved record.
        merges: person_id, merged_into.
        questions: case_id (as it would be now), what (opens, changes, stays), kind, record_id_l, record_id_r, reason:
            the pairs of cases that would open or change, and all that go against decisions in force.
        closings: case_id, reason, superseded_by.
        exceeded: Limits that it breaks, in words.
    """

    model_id: int
    seen_change_id: int
    persons: int
    persons_after: int
    persons_merged: int
    persons_split: int
    persons_unchanged: int
    records_moved: int
    cases_opened: int
    cases_updated: int
    cases_closed: int
    decisions_contradicted: int
    moves: pa.Table
    merges: pa.Table
    questions: pa.Table
    closings: pa.Table
    exceeded: tuple[str, ...]


def rescored_model(connection: Connection) -> int | None:
    """The model that the rescored predictions are of; None if there are none, or of several."""
    models = [int(row[0]) for row in connection.execute(load("identity/rescored_model")).fetchall()]
    return models[0] if len(models) == 1 else None


def plan_rematch(connection: Connection, *, policy: Policy | None = None, rules: RematchRules | None = None) -> Plan:
    """Find out what `matching.rescored_predictions` would change. Writes nothing.

    Args:
        connection: An open connection.
        policy: What identity goes by.
        rules: How far a rematch may go.

    Raises:
        InvalidDecisionError: There are no rescored predictions, or they are of several models.
    """
    with connection.transaction():
        plan, _, _ = _work_out(connection, policy or Policy(), rules or RematchRules())
    return plan


def apply_rematch(
    connection: Connection,
    *,
    actor: str = "pipeline",
    approved: bool = False,
    note: str | None = None,
    policy: Policy | None = None,
    rules: RematchRules | None = None,
) -> Plan:
    """Make the index what the plan says, in one transaction; persons keep their id where most of their records are.

    Args:
        connection: An open connection, not in a transaction.
        actor: Who does it.
        approved: Somebody looked at the plan: its limits do not count.
        note: Why.
        policy: What identity goes by.
        rules: How far a rematch may go.

    Returns:
        The plan that was carried out.

    Raises:
        PlanRefusedError: It would change more than its limits allow, and nobody approved it.
        InvalidDecisionError: There are no rescored predictions, or they are of several models.
        StalePredictions: A batch was applied since the index was rescored, and its records were not.
    """
    policy, rules = policy or Policy(), rules or RematchRules()
    with connection.transaction():
        plan, reach, outcome = prepared_under_lock(
            connection,
            lambda: _current(connection, policy, rules),
            lambda: connection.execute(load("identity/seen_by_rematch")).fetchone(),
        )
        if plan.exceeded and not approved:
            raise PlanRefusedError(
                f"the rematch was not applied: {'; '.join(plan.exceeded)}. Look at the plan (`empi rematch --dry-run`),"
                " then approve it (--approve) or change the limits"
            )
        connection.execute(load("identity/predictions_clear"))
        connection.execute(load("identity/predictions_adopt"), {"batch_id": REMATCH_BATCH})
        connection.execute(load("identity/rescored_clear"))
        change = next_change(connection, "rematch", actor, model_id=plan.model_id, note=note)
        write(connection, change, reach, outcome)
        seal(connection, change)
    return plan


def _current(connection: Connection, policy: Policy, rules: RematchRules) -> tuple[Plan, Neighbourhood, Outcome]:
    """The plan, if no batch was applied since the index was rescored."""
    if connection.execute(load("identity/rescoring_is_outdated")).fetchone() == (True,):
        raise StalePredictions("a batch was applied since the index was rescored; score it again")
    return _work_out(connection, policy, rules)


def _work_out(connection: Connection, policy: Policy, rules: RematchRules) -> tuple[Plan, Neighbourhood, Outcome]:
    seen = last_change_id(connection)
    models = [row[0] for row in connection.execute(load("identity/rescored_model")).fetchall()]
    if len(models) != 1:
        raise InvalidDecisionError("a rematch needs the whole index rescored with one model: score it first")
    reach = read_rescored_neighbourhood(connection, start_with_everything(connection), policy.untrusted_sources)
    before = reach.evidence.person
    arranged = reach
    if rules.may_split:
        arranged = replace(
            reach, evidence=replace(reach.evidence, person=_rearranged(connection, reach, policy, rules))
        )
    outcome = work_out(connection, arranged, policy, before=before)
    return _plan(models[0], seen, reach, outcome, rules), arranged, outcome


def _rearranged(connection: Connection, reach: Neighbourhood, policy: Policy, rules: RematchRules) -> Ints:
    """Where the records of persons would be if they came apart as far as the rules let them.

    Numbers behind the existing persons stand for new ones. Persons keep their number where most of their records are.
    """
    evidence, before = reach.evidence, reach.evidence.person
    stay = _staying(reach, rules.stay_probability)
    left, left_known = found(reach.record_ids, stay.left)
    right, right_known = found(reach.record_ids, stay.right)
    here = left_known & right_known
    stay, left, right = stay.only(here), left[here], right[here]
    own = before[left] == before[right]
    free = replace(
        evidence,
        person=np.full(len(before), -1, np.int64),
        left=np.r_[evidence.left, left[own]],
        right=np.r_[evidence.right, right[own]],
        weight=np.r_[evidence.weight, stay.weight[own]],
        # What holds an existing person together need not be strong to be no weak bridge.
        margin=np.r_[evidence.margin, np.full(int(own.sum()), np.inf)],
    )
    guards = policy.guards_of(connection)
    with policy.conflicts(connection, guards, reach.record_ids, reach.verdicts) as conflicts:
        group = cluster(free, guards, conflicts).group
    # The parts of each person, largest first; the first goes on as the person.
    part_key, part, size = np.unique(pair_keys_ordered(before, group), return_inverse=True, return_counts=True)
    person_of_part = part_key >> np.int64(32)
    order = np.lexsort((np.arange(len(part_key)), -size, person_of_part))
    goes_on = np.zeros(len(part_key), bool)
    goes_on[order[np.r_[np.ones(min(1, len(order)), bool), np.diff(person_of_part[order]) != 0]]] = True
    number = np.where(goes_on, person_of_part, -1)
    # Parts of one group that leave their persons leave together.
    group_of_part = part_key & np.int64(0xFFFFFFFF)
    leaving = np.flatnonzero(~goes_on)
    number[leaving] = len(reach.persons.record_count) + np.unique(group_of_part[leaving], return_inverse=True)[1]
    return np.asarray(number[part], np.int64)


def _staying(reach: Neighbourhood, stay_probability: float) -> Predictions:
    return reach.potential.only(reach.potential.probability > stay_probability)


def _plan(model_id: int, seen: int, reach: Neighbourhood, outcome: Outcome, rules: RematchRules) -> Plan:
    assignment, evolution = outcome.assignment, outcome.evolution
    existing = assignment.existing
    moved = np.flatnonzero(assignment.before != assignment.after)
    split = _split(assignment)
    changed = assignment.changed[assignment.changed < existing]
    ids = assignment.person_ids
    after = assignment.after[moved]
    merged = assignment.retired
    successor = assignment.most_common(assignment.before, assignment.after, merged)
    exceeded = []
    for share, most, what in (
        (len(changed), rules.most_changed, "gain or lose records"),
        (int(split.sum()), rules.most_split, "come apart"),
    ):
        if existing and share / existing > most:
            exceeded.append(f"{share} of {existing} persons would {what}, the limit is {most:.1%}")
    against = outcome.pairs.reason.to_pylist().count(CANNOT_LINK)
    return Plan(
        model_id=model_id,
        seen_change_id=seen,
        persons=existing,
        persons_after=int((assignment.record_count > 0).sum()),
        persons_merged=len(merged),
        persons_split=int(split.sum()),
        persons_unchanged=existing - len(changed),
        records_moved=len(moved),
        cases_opened=int(evolution.is_new.sum()),
        cases_updated=int(evolution.is_changed.sum()),
        cases_closed=len(evolution.closings),
        decisions_contradicted=against,
        moves=pa.table(
            {
                "record_id": reach.record_ids[moved],
                "person_id": ids.take(pa.array(assignment.before[moved])),
                "new_person_id": ids.take(pa.array(after, mask=after >= existing)),
            }
        ),
        merges=pa.table({"person_id": ids.take(merged), "merged_into": ids.take(successor)}),
        questions=_questions(outcome),
        closings=pa.Table.from_pylist([asdict(each) for each in evolution.closings], _CLOSINGS),
        exceeded=tuple(exceeded),
    )


def _questions(outcome: Outcome) -> pa.Table:
    pairs, evolution = outcome.pairs, outcome.evolution
    what = np.where(evolution.is_new, "opens", np.where(evolution.is_changed, "changes", "stays"))[evolution.component]
    against = pc.equal(pairs.reason, CANNOT_LINK).to_numpy(zero_copy_only=False)
    told = np.flatnonzero((what != "stays") | against)
    return pa.table(
        {
            "case_id": evolution.case_id[evolution.component[told]],
            "what": pa.array(what[told].tolist(), pa.string()),
            "kind": pa.array([Kind(kind).code for kind in pairs.kind[told].tolist()], pa.string()),
            "record_id_l": pairs.left[told],
            "record_id_r": pairs.right[told],
            "reason": pairs.reason.take(pa.array(told)),
        }
    )


def _split(assignment: Assignment) -> Flags:
    """Which persons' records would be in several persons."""
    if not len(assignment.before):
        return np.zeros(assignment.existing, bool)
    pairs = np.unique(pair_keys_ordered(assignment.before, assignment.after))
    return np.bincount(pairs >> np.int64(32), minlength=assignment.existing) > 1
