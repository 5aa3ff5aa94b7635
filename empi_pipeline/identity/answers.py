"""A steward's answer to a review case: its records are one human, or they are not."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from empi_pipeline.identity.arrangement import (
    CANNOT_LINK,
    NewDecision,
    Wish,
    apart,
    apart_between,
    arranged,
    decide,
    records_of,
    survivor,
    together,
    weights_of,
)
from empi_pipeline.identity.arrays import Ints, connected, found
from empi_pipeline.identity.clustering import cluster
from empi_pipeline.identity.contradictions import MUST_LINK, clashes
from empi_pipeline.identity.errors import Statement
from empi_pipeline.identity.neighbourhood import Neighbourhood
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.stewardship import (
    PATIENCE_SECONDS,
    OpenCase,
    Save,
    Saved,
    open_case,
    persons_of_pairs,
    saving,
)
from empi_pipeline.postgres import Connection


def confirm(
    connection: Connection,
    case_id: int,
    version: int,
    *,
    actor: str,
    note: str | None = None,
    pairs: Iterable[tuple[int, int]] | None = None,
    policy: Policy | None = None,
    overrule: bool = False,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Saved:
    """Say that the records a case asks about are one human: their persons become one, and stay one.

    Args:
        connection: An open connection, not in a transaction.
        case_id: The review case.
        version: The version of the case one looked at.
        actor: Who decides.
        note: Why.
        pairs: Only these pairs of the case (record ids); None for all. The rest of the case stays open.
        policy: What identity goes by.
        overrule: Take back decisions in force that say otherwise.
        patience_seconds: How long to wait for others who write identities.

    Raises:
        ConflictError: The case is closed or changed since; nothing was written.
        ContradictionError: Decisions in force say otherwise.
        IdentityBusyError: Others did not finish writing in time.
    """
    with saving(connection, policy, actor=actor, note=note, patience_seconds=patience_seconds) as save:
        case = open_case(connection, case_id, version, pairs)
        reach = save.reach(record_ids=case.record_ids)
        left, right = persons_of_pairs(reach, case)
        persons = np.unique(np.r_[left, right])
        label = connected(len(persons), np.searchsorted(persons, left), np.searchsorted(persons, right))
        wishes, decisions = [], [NewDecision(MUST_LINK, *pair, weights_of(reach).get(pair)) for pair in case.pairs]
        for group in range(int(label.max()) + 1):
            joined = persons[label == group]
            records = records_of(reach, joined)
            wishes.append(Wish(survivor(reach, joined), records))
            decisions += together(records)
        verdict = decide(arranged(reach, wishes), decisions, overrule=overrule)
        return save.write(reach, verdict, case=case)


def reject(
    connection: Connection,
    case_id: int,
    version: int,
    *,
    actor: str,
    note: str | None = None,
    pairs: Iterable[tuple[int, int]] | None = None,
    policy: Policy | None = None,
    overrule: bool = False,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Saved:
    """Say that the records a case asks about are different humans: their persons never become one.

    Where the records are in one person (an overlay), it comes apart along the evidence that remains; what only pairs
    ask about that were not answered stays together.
    Arguments and errors are those of `confirm`.
    """
    with saving(connection, policy, actor=actor, note=note, patience_seconds=patience_seconds) as save:
        case = open_case(connection, case_id, version, pairs)
        reach = save.reach(record_ids=case.record_ids)
        weights = weights_of(reach)
        decisions = [NewDecision(CANNOT_LINK, *pair, weights.get(pair)) for pair in case.pairs]
        left, right = persons_of_pairs(reach, case)
        overlaid = np.unique(left[left == right])
        wishes: list[Wish] = []
        if len(overlaid):
            wishes = _come_apart(save, reach, case, decisions, overlaid.tolist(), overrule=overrule)
            decisions += apart(reach, [wish.record_ids for wish in wishes])
        decisions += apart_between(reach, set(zip(left.tolist(), right.tolist(), strict=True)))
        verdict = decide(arranged(reach, wishes), decisions, overrule=overrule)
        return save.write(reach, verdict, case=case)


def _come_apart(
    save: Save,
    reach: Neighbourhood,
    case: OpenCase,
    decisions: list[NewDecision],
    persons: list[int],
    *,
    overrule: bool,
) -> list[Wish]:
    """How persons come apart along the evidence when some of their records are different humans."""
    free = reach.evidence.person.copy()
    free[np.isin(free, persons)] = -1
    undecided = replace(reach, evidence=replace(reach.evidence, person=free))
    verdict = decide(undecided, decisions, overrule=overrule)
    evidence = verdict.reach.evidence
    waiting = _waiting(verdict.reach, case, reach.evidence.person, persons)
    evidence = replace(evidence, must=np.concatenate([evidence.must, waiting], axis=1))
    guards = save.policy.guards_of(save.connection)
    with save.policy.conflicts(save.connection, guards, reach.record_ids, reach.verdicts) as conflicts:
        scratch = cluster(evidence, guards, conflicts).from_scratch
    wishes = []
    for person in persons:
        members = np.flatnonzero(reach.evidence.person == person)
        parts = [members[scratch[members] == label] for label in np.unique(scratch[members])]
        parts.sort(key=lambda part: (-len(part), int(part[0])))
        for place, part in enumerate(parts):
            wishes.append(Wish(person if place == 0 else None, frozenset(reach.record_ids[part].tolist())))
    return wishes


def _waiting(reach: Neighbourhood, case: OpenCase, person: Ints, persons: list[int]) -> Ints:
    """Pairs (2, n; positions) that a case asks about within some persons and that nobody answered yet.

    Only as far as decisions let them stay together.
    """
    place, known = found(reach.record_ids, np.array(case.waiting, np.int64).ravel())
    pairs = place.reshape(-1, 2)[known.reshape(-1, 2).all(axis=1)]
    pairs = pairs[(person[pairs[:, 0]] == person[pairs[:, 1]]) & np.isin(person[pairs[:, 0]], persons)]
    held = [Statement(MUST_LINK, left, right) for left, right in reach.record_ids[pairs].tolist()]
    decided = reach.decided
    standing = [
        Statement(MUST_LINK if must else CANNOT_LINK, left, right)
        for must, left, right in zip(
            decided.is_must_link.tolist(), decided.left.tolist(), decided.right.tolist(), strict=True
        )
    ]
    stay = np.ones(len(held), bool)
    if clashes([*standing, *held]):
        kept: list[Statement] = []
        for place_of, each in enumerate(held):
            stay[place_of] = not clashes([*standing, *kept, each])
            kept += [each] if stay[place_of] else []
    held_pairs: Ints = pairs[stay].T
    return held_pairs
