"""What a save did to each person it touched, also to those nobody named: evidence may answer what a decision frees."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from empi_pipeline.identity.assignment import Assignment
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

CHANGED: Final = "changed"
REVIVED: Final = "revived"
CREATED: Final = "created"
RETIRED: Final = "retired"
KEPT: Final = "kept"
_ORDER: Final = (CHANGED, REVIVED, CREATED, RETIRED, KEPT)


@dataclass(frozen=True, slots=True)
class PersonChange:
    """A person that a save touched.

    Attributes:
        person_id: Its id.
        version: Its version now.
        what: `changed` (other records than before), `revived` (was retired), `created`, `retired`, or `kept` (a steward
            stated that it is right as it is).
        record_count: Records it has now.
        gained: Records it has now and had not before.
        lost: Records it had and has no more.
        other_person_id: Of a retired person the one most of its records went to, of a created one where most of them
            come from; None where there is none.
    """

    person_id: str
    version: int
    what: str
    record_count: int
    gained: int
    lost: int
    other_person_id: str | None


def person_changes(
    connection: Connection,
    assignment: Assignment,
    *,
    stated: Collection[str] = (),
    erased: Mapping[str, int] | None = None,
) -> tuple[PersonChange, ...]:
    """All persons that a change touched: changed, revived, created, retired, kept, each kind by id.

    Args:
        connection: In the transaction of the change, which has written its persons.
        assignment: Who owned which records, and who owns them now.
        stated: Ids of persons that a steward listed.
        erased: How many records were taken from persons before `assignment` was worked out.
    """
    erased = erased or {}
    ids = assignment.person_ids.to_pylist()
    total, moved = len(ids), assignment.before != assignment.after
    gained = np.bincount(assignment.after[moved], minlength=total)
    lost = np.bincount(assignment.before[moved & (assignment.before >= 0)], minlength=total)
    what = dict.fromkeys(erased, CHANGED) | {ids[number]: CHANGED for number in assignment.changed.tolist()}
    other: dict[str, str | None] = {}
    for kind, numbers, of, to in (
        (CREATED, assignment.created, assignment.after, assignment.before),
        (RETIRED, assignment.retired, assignment.before, assignment.after),
    ):
        for number, partner in zip(numbers.tolist(), assignment.most_common(of, to, numbers).tolist(), strict=True):
            what[ids[number]] = kind
            other[ids[number]] = ids[partner] if partner >= 0 else None
    what |= {ids[number]: REVIVED for number in assignment.revived.tolist()}
    number_of = {person_id: number for number, person_id in enumerate(ids)}
    rows = connection.execute(load("identity/person_versions"), {"person_ids": sorted({*what, *stated})}).fetchall()
    changes = []
    for person_id, version, retired, record_count in rows:
        number = number_of.get(person_id)
        came, went = (0, 0) if number is None else (int(gained[number]), int(lost[number]))
        said = RETIRED if retired else what.get(person_id, KEPT)
        changes.append(
            PersonChange(
                person_id, version, said, record_count, came, went + erased.get(person_id, 0), other.get(person_id)
            )
        )
    return tuple(sorted(changes, key=lambda each: (_ORDER.index(each.what), each.person_id)))
