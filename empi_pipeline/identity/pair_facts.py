"""What identity holds for or against two records being of one human, whatever their score. Changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.case_queries import Pair, show_case
from empi_pipeline.identity.case_reasons import GUARD_REASONS, in_words
from empi_pipeline.identity.decision_queries import DecisionInForce, decisions_among
from empi_pipeline.identity.obstacles import reasons_in_words
from empi_pipeline.identity.policy import Policy
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

_MOST_RECORDS: Final = 500
"""Of two larger persons, not every pair of records is looked at for conflicts."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two records that a guard keeps apart, and why, in words."""

    record_id_l: int
    record_id_r: int
    reason: str
    told: str


@dataclass(frozen=True, slots=True)
class PairFacts:
    """Two records as identity sees them.

    Attributes:
        person_l: Person of the first record.
        person_r: Person of the second.
        decision: The decision about just these two records, if one is in force.
        decisions_between: Other decisions in force between records of the two persons.
        conflict: Why a guard keeps just these two apart, if one does.
        conflict_between: A conflict of other records of the two persons, if these have none.
        cases: Open cases about both persons: (number, kind, reason in words). Of a case about refused evidence it is
            what stands in the way, which may be a record of a third person.
    """

    person_l: str
    person_r: str
    decision: DecisionInForce | None
    decisions_between: Sequence[DecisionInForce]
    conflict: Conflict | None
    conflict_between: Conflict | None
    cases: Sequence[tuple[int, str, str | None]]

    @property
    def is_one_person(self) -> bool:
        """Whether both records belong to one person."""
        return self.person_l == self.person_r


def pair_facts(connection: Connection, left: int, right: int, policy: Policy) -> PairFacts:
    """Look up decisions, guards and cases about two records.

    Args:
        connection: An open connection.
        left: A record id.
        right: Another.
        policy: What identity goes by.

    Raises:
        NotFoundError: A record belongs to no person: withdrawn, or its batch is not applied yet.
    """
    rows = connection.execute(load("identity/pair_members"), {"record_ids": [left, right]}).fetchall()
    person_of = {record: person for record, person, _ in rows}
    for record in (left, right):
        if record not in person_of:
            raise NotFoundError(f"record {record} belongs to no person: withdrawn, or its batch is not applied yet")
    persons = [person_of[left], person_of[right]]
    asked = (min(left, right), max(left, right))
    one_person = persons[0] == persons[1]
    decision, others = None, []
    for each in decisions_among(connection, persons):
        if (each.record_id_l, each.record_id_r) == asked:
            decision = each
        elif one_person or person_of.get(each.record_id_l) != person_of.get(each.record_id_r):
            others.append(each)
    conflicts = _conflicts(connection, policy, asked, {} if one_person else _sides(rows, persons))
    # What is about one of the records asked about explains best.
    others.sort(key=lambda each: -len({each.record_id_l, each.record_id_r} & set(asked)))
    conflicts.sort(key=lambda each: -len({each.record_id_l, each.record_id_r} & set(asked)))
    direct = next((each for each in conflicts if (each.record_id_l, each.record_id_r) == asked), None)
    rows = connection.execute(load("identity/cases_of_persons"), {"person_ids": persons}).fetchall()
    kinds = {int(number): kind for number, kind, _ in rows}  # A case has a row for each reason.
    return PairFacts(
        persons[0],
        persons[1],
        decision,
        others,
        direct,
        None if direct else next(iter(conflicts), None),
        [(number, kind, _reason(connection, number, asked, persons, policy)) for number, kind in kinds.items()],
    )


def _reason(
    connection: Connection, case_id: int, asked: tuple[int, int], persons: Sequence[str], policy: Policy
) -> str | None:
    """Why a case asks about two records, or about their persons where it does not about themselves."""
    case = show_case(connection, case_id)
    person_of = {record.record_id: record.person_id for person in case.persons for record in person.records}

    def nearness(pair: Pair) -> tuple[bool, bool]:
        ids = (pair.record_id_l, pair.record_id_r)
        return ids == asked, sorted(person_of[record] for record in ids) == sorted(persons)

    place = max(range(len(case.pairs)), key=lambda at: nearness(case.pairs[at]))
    if case.kind == "potential_match":
        return in_words(case.pairs[place].reason)
    return reasons_in_words(connection, case, policy)[place][1]


def _sides(rows: Sequence[tuple[int, str, bool]], persons: Sequence[str]) -> dict[str, list[int]]:
    return {person: [record for record, of, _ in rows if of == person][:_MOST_RECORDS] for person in persons}


def _conflicts(
    connection: Connection, policy: Policy, asked: tuple[int, int], sides: dict[str, list[int]]
) -> list[Conflict]:
    """Conflicts between two records and, given the records of two persons, between any of theirs."""
    first, second = (*sides.values(),) if len(sides) == 2 else ([], [])
    pairs = list(dict.fromkeys([asked, *((min(one, two), max(one, two)) for one in first for two in second)]))
    records = np.array(sorted({record for pair in pairs for record in pair}), np.int64)
    left, right = (np.searchsorted(records, [pair[side] for pair in pairs]).astype(np.int64) for side in (0, 1))
    with policy.conflicts(connection, policy.guards_of(connection), records) as source:
        places, reasons = source.between(left, right)
    return [
        Conflict(*pairs[int(place)], reason, GUARD_REASONS.get(reason, reason))
        for place, reason in zip(places.tolist(), reasons, strict=True)
    ]
