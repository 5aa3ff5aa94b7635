"""What a steward wants, before it is written: who owns which records, and the decisions that make it last. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from empi_pipeline.errors import ConflictError
from empi_pipeline.identity.arrays import found
from empi_pipeline.identity.contradictions import MUST_LINK, clashes, path_of, settled_by_overruling
from empi_pipeline.identity.errors import ContradictionError, Statement
from empi_pipeline.identity.neighbourhood import Decided, Neighbourhood

CANNOT_LINK = "cannot_link"


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision to be written: `left` < `right` are record ids; `evidence_weight` (bits) None where nothing spoke."""

    kind: str
    left: int
    right: int
    evidence_weight: float | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """A set of records that shall be one person, whole.

    Attributes:
        person: Number of the person that shall own them; None for a new one.
        record_ids: All records it shall own.
    """

    person: int | None
    record_ids: frozenset[int]


def arranged(reach: Neighbourhood, wishes: Sequence[Wish]) -> Neighbourhood:
    """The neighbourhood with the records where the wishes put them; new persons are numbered behind all others."""
    person = reach.evidence.person.copy()
    next_person = len(reach.persons.record_count)
    for wish in wishes:
        place, known = found(reach.record_ids, np.array(sorted(wish.record_ids), np.int64))
        if not known.all():
            raise ConflictError("some of these records are not in the index any more; look again")
        number = wish.person
        if number is None:
            number, next_person = next_person, next_person + 1
        person[place] = number
    return replace(reach, evidence=replace(reach.evidence, person=person))


def together(record_ids: Iterable[int]) -> list[NewDecision]:
    """Must-links that hold a set of records together, as a chain."""
    ordered = sorted(record_ids)
    return [NewDecision(MUST_LINK, one, other) for one, other in pairwise(ordered)]


def apart(reach: Neighbourhood, sets: Sequence[frozenset[int]]) -> list[NewDecision]:
    """Cannot-links between sets of records: on all predictions between them, and on one pair each at least."""
    of_record = {record: number for number, records in enumerate(sets) for record in records}
    decisions, answered = [], set[tuple[int, int]]()
    for left, right, weight in _predictions(reach):
        one, other = of_record.get(left), of_record.get(right)
        if one is not None and other is not None and one != other:
            decisions.append(NewDecision(CANNOT_LINK, left, right, weight))
            answered.add((min(one, other), max(one, other)))
    for one in range(len(sets)):
        for other in range(one + 1, len(sets)):
            if (one, other) not in answered:
                left, right = sorted((min(sets[one]), min(sets[other])))
                decisions.append(NewDecision(CANNOT_LINK, left, right))
    return decisions


def weights_of(reach: Neighbourhood) -> dict[tuple[int, int], float]:
    """Match weight (bits) of every prediction in reach."""
    return {(left, right): weight for left, right, weight in _predictions(reach)}


def records_of(reach: Neighbourhood, persons: np.ndarray) -> frozenset[int]:
    """Record ids of some persons."""
    return frozenset(reach.record_ids[np.isin(reach.evidence.person, persons)].tolist())


def survivor(reach: Neighbourhood, persons: np.ndarray) -> int:
    """Most records, then the oldest, then the lowest id (persons are numbered by id)."""
    return int(
        min(
            persons,
            key=lambda number: (-reach.persons.record_count[number], reach.persons.created_change_id[number], number),
        )
    )


def apart_between(reach: Neighbourhood, pairs: set[tuple[int, int]]) -> list[NewDecision]:
    """Cannot-links on all predictions between pairs of persons."""
    wanted = {(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}
    person = dict(zip(reach.record_ids.tolist(), reach.evidence.person.tolist(), strict=True))
    decisions = []
    for (left, right), weight in weights_of(reach).items():
        one, other = person.get(left, -1), person.get(right, -1)
        if (min(one, other), max(one, other)) in wanted:
            decisions.append(NewDecision(CANNOT_LINK, left, right, weight))
    return decisions


def _predictions(reach: Neighbourhood) -> Iterable[tuple[int, int, float]]:
    for some in (reach.auto, reach.potential):
        yield from zip(some.left.tolist(), some.right.tolist(), some.weight.tolist(), strict=True)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to write and to revoke so that new decisions stand.

    Attributes:
        reach: The neighbourhood as if it were written.
        made: Decisions to write.
        revoked: Pairs (record ids) whose decision in force is to be revoked.
    """

    reach: Neighbourhood
    made: list[NewDecision]
    revoked: list[tuple[int, int]]


def decide(
    reach: Neighbourhood, decisions: Sequence[NewDecision], revoke: Iterable[tuple[int, int]] = (), *, overrule: bool
) -> Verdict:
    """Add decisions to those in force.

    Args:
        reach: The neighbourhood of all records mentioned.
        decisions: New decisions; a pair named twice keeps what was said first.
        revoke: Pairs whose decision in force ends.
        overrule: Revoke decisions in force that contradict new ones, on the same pair or over many.

    Raises:
        ContradictionError: Decisions, in force and new, would say that the same records are and are not one human.
    """
    decided = reach.decided
    in_force = {
        (left, right): NewDecision(
            MUST_LINK if must else CANNOT_LINK, left, right, None if np.isnan(weight) else weight
        )
        for must, left, right, weight in zip(
            decided.is_must_link.tolist(),
            decided.left.tolist(),
            decided.right.tolist(),
            decided.evidence_weight.tolist(),
            strict=True,
        )
    }
    revoked = {pair for pair in revoke if pair in in_force}
    made: dict[tuple[int, int], NewDecision] = {}
    for decision in decisions:
        made.setdefault((decision.left, decision.right), decision)
    new = [_said(decision, is_new=True) for decision in made.values()]
    for pair, decision in list(made.items()):
        standing = in_force.get(pair)
        if standing is None or pair in revoked:
            continue
        if standing.kind == decision.kind:
            if (decision.evidence_weight or 0.0) <= (standing.evidence_weight or 0.0):
                del made[pair]
            else:
                revoked.add(pair)
        elif overrule:
            revoked.add(pair)
    standing_now = {pair: decision for pair, decision in in_force.items() if pair not in revoked}
    again = {(each.left, each.right, each.kind) for each in new}
    earlier = [_said(each) for pair, each in standing_now.items() if (*pair, each.kind) not in again]
    if overrule:
        fallen = {(each.left, each.right) for each in settled_by_overruling(new, earlier)}
        revoked |= fallen
        standing_now = {pair: decision for pair, decision in standing_now.items() if pair not in fallen}
        earlier = [each for each in earlier if (each.left, each.right) not in fallen]
    total = [*earlier, *new]
    contradictions = clashes(total)
    if contradictions:
        raise ContradictionError([path_of(cannot, total) for cannot in contradictions])
    verdict = Verdict(_with(reach, [*standing_now.values(), *made.values()]), list(made.values()), sorted(revoked))
    misplaced = _misplaced(verdict.reach)
    if misplaced:
        raise ContradictionError([[statement] for statement in misplaced])
    return verdict


def _said(decision: NewDecision, *, is_new: bool = False) -> Statement:
    return Statement(decision.kind, decision.left, decision.right, is_new)


def _misplaced(reach: Neighbourhood) -> list[Statement]:
    """Decisions in force that the arrangement of records breaks."""
    person, broken = reach.evidence.person, []
    for kind, pairs in ((MUST_LINK, reach.evidence.must), (CANNOT_LINK, reach.evidence.cannot)):
        one, other = person[pairs[0]], person[pairs[1]]
        wrong = (one >= 0) & (other >= 0) & ((one == other) != (kind == MUST_LINK))
        broken += [Statement(kind, int(left), int(right)) for left, right in reach.record_ids[pairs[:, wrong]].T]
    return sorted(broken, key=lambda statement: (statement.left, statement.right))


def _with(reach: Neighbourhood, decisions: Sequence[NewDecision]) -> Neighbourhood:
    """The neighbourhood under other decisions in force."""
    left = np.array([decision.left for decision in decisions], np.int64)
    right = np.array([decision.right for decision in decisions], np.int64)
    must = np.array([decision.kind == MUST_LINK for decision in decisions], bool)
    weight = np.array(
        [np.nan if decision.evidence_weight is None else decision.evidence_weight for decision in decisions], np.float64
    )
    pairs = np.stack([left, right])
    place, known = found(reach.record_ids, pairs.ravel())
    place, inside = place.reshape(2, -1), known.reshape(2, -1).all(axis=0)
    return replace(
        reach,
        decided=Decided(must, left, right, weight),
        evidence=replace(reach.evidence, must=place[:, inside & must], cannot=place[:, inside & ~must]),
    )
