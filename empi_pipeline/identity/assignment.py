"""Gives each group of records its person: which person survives, which are new, what moves, and why. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from empi_pipeline.identity.arrays import Flags, Floats, Ints, pair_keys_ordered, renumbered
from empi_pipeline.identity.evidence import Evidence
from empi_pipeline.identity.neighbourhood import Persons


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why each record is where it is.

    Attributes:
        cause: Code per record.
        linked: The other record that speaks for it (position), -1 for none.
        weight: How strongly (bits), NaN for none.
    """

    cause: pa.Array
    linked: Ints
    weight: Floats


@dataclass(frozen=True, slots=True)
class Assignment:
    """The persons after a change. Persons are numbered: first those that have a row, then new ones.

    Attributes:
        person_ids: Id of every person, by number.
        existing: How many of them have a row.
        was_retired: Which of those were retired before.
        before: Person of each record before, -1 for new records.
        after: Person of each record now.
        record_count: Records of each person now.
        count_before: Records of each person before.
        reasons: Why each record is where it is.
    """

    person_ids: pa.Array
    existing: int
    was_retired: Flags
    before: Ints
    after: Ints
    record_count: Ints
    count_before: Ints
    reasons: Reasons

    @property
    def changed(self) -> Ints:
        """Numbers of the persons whose records are not those they were."""
        moved = self.before != self.after
        touched = np.zeros(len(self.person_ids), bool)
        touched[self.after[moved]] = True
        touched[self.before[moved & (self.before >= 0)]] = True
        return np.flatnonzero(touched)

    @property
    def records_moved(self) -> int:
        """How many records belong to another person than before."""
        return int(((self.before >= 0) & (self.before != self.after)).sum())

    @property
    def retired(self) -> Ints:
        """Numbers of the persons that lost all their records."""
        return np.flatnonzero((self.count_before > 0) & (self.record_count == 0))

    @property
    def revived(self) -> Ints:
        """Numbers of the persons that were retired and own records again."""
        return np.flatnonzero(self.was_retired & (self.record_count[: self.existing] > 0))

    @property
    def created(self) -> Ints:
        """Numbers of the persons that are new."""
        return self.existing + np.flatnonzero(self.record_count[self.existing :] > 0)

    def most_common(self, of: Ints, to: Ints, which: Ints) -> Ints:
        """For some persons in `of` (a person per record), the person in `to` that most of their records have."""
        relevant = np.zeros(len(self.person_ids), bool)
        relevant[which] = True
        records = np.flatnonzero((of >= 0) & (to >= 0))
        records = records[relevant[of[records]]]
        flows, counts = np.unique(pair_keys_ordered(of[records], to[records]), return_counts=True)
        source, target = flows >> np.int64(32), flows & np.int64(0xFFFFFFFF)
        order = np.lexsort((-target, counts, source))
        most = np.full(len(self.person_ids), -1, np.int64)
        most[source[order]] = target[order]
        return most[which]


def assign(
    evidence: Evidence, persons: Persons, group: Ints, new_ids: Callable[[int], pa.Array], before: Ints | None = None
) -> Assignment:
    """One person for each group.

    The survivor of a merge is the person with most records, then the oldest, then the one with the lowest id; a person
    arranged for that has no row yet survives only where no other does. All records of the others move to it, also those
    that no prediction mentions.

    Args:
        evidence: As clustered; where a steward has arranged the records, `evidence.person` says how.
        persons: As `evidence.person` numbers them; a person arranged for that has no row yet is not among them, but
            numbered on from them.
        group: Group of each record; the persons in `evidence` are whole.
        new_ids: Makes ids for new persons.
        before: Person of each record before the arrangement; None where nobody arranged anything.
    """
    group = renumbered(group)
    groups = int(group.max()) + 1 if len(group) else 0
    existing = len(persons.record_count)
    known = max(existing, int(evidence.person.max()) + 1 if len(group) else 0)
    owned = np.flatnonzero(evidence.person >= 0)
    group_of_person = np.full(known, -1, np.int64)
    group_of_person[evidence.person[owned]] = group[owned]
    size = np.bincount(evidence.person[owned], minlength=known)
    size[existing:] = 0  # An id that somebody may know goes before one that nobody ever had, however many records.
    age = np.r_[persons.created_change_id, np.full(known - existing, np.iinfo(np.int64).max)]
    # Persons come ordered by id, so a stable order ends with the lowest id.
    by_merit = np.lexsort((age, -size))
    by_merit = by_merit[group_of_person[by_merit] >= 0]
    person_of_group = np.full(groups, -1, np.int64)
    person_of_group[group_of_person[by_merit[::-1]]] = by_merit[::-1]
    orphans = np.flatnonzero(person_of_group < 0)
    person_of_group[orphans] = known + np.arange(len(orphans))
    after = person_of_group[group]
    total = known + len(orphans)
    return Assignment(
        person_ids=pa.concat_arrays([persons.person_id, new_ids(total - existing)]),
        existing=existing,
        was_retired=persons.retired,
        before=evidence.person if before is None else before,
        after=after,
        record_count=np.bincount(after, minlength=total).astype(np.int64),
        count_before=np.r_[persons.record_count, np.zeros(total - existing, np.int64)],
        reasons=_reasons(evidence, after),
    )


def _reasons(evidence: Evidence, after: Ints) -> Reasons:
    """For each record the strongest evidence within its person: another version of it, or the best auto-match."""
    count = evidence.count
    linked, weight = np.full(count, -1, np.int64), np.full(count, np.nan)
    cause = np.zeros(count, np.int64)
    inside = after[evidence.left] == after[evidence.right]
    left, right, bits = evidence.left[inside], evidence.right[inside], evidence.weight[inside]
    one, other, bits = np.r_[left, right], np.r_[right, left], np.r_[bits, bits]
    # The strongest, then the lowest record. By scattering: sorting the links costs more than clustering them.
    best = np.full(count, -np.inf)
    np.maximum.at(best, one, bits)
    strongest = bits == best[one]
    lowest = np.full(count, count)
    np.minimum.at(lowest, one[strongest], other[strongest])
    linked_up = lowest < count
    linked[linked_up], weight[linked_up], cause[linked_up] = lowest[linked_up], best[linked_up], 1
    versions = np.flatnonzero(evidence.source_identity >= 0)
    if len(versions):
        together = renumbered(evidence.source_identity[versions] * np.int64(after.max() + 1) + after[versions])
        by_group = versions[np.argsort(together, kind="stable")]
        ordered = np.sort(together, kind="stable")
        follows = np.flatnonzero(ordered[1:] == ordered[:-1])
        for record, version in ((by_group[follows], by_group[follows + 1]), (by_group[follows + 1], by_group[follows])):
            linked[record], weight[record], cause[record] = version, np.nan, 2
    codes = pa.DictionaryArray.from_arrays(
        pa.array(cause, pa.int32()), pa.array(["new", "prediction", "same_source_identity"])
    ).cast(pa.string())
    return Reasons(codes, linked, weight)


def merge_links(evidence: Evidence, assignment: Assignment) -> tuple[Ints, Ints, Floats]:
    """For each person with a row the strongest auto-match that leads out of it to a record it is now together with.

    Returns:
        Own record and other record (positions, -1 for none), and match weight (bits, NaN for none), by person.
    """
    own, other = np.full(assignment.existing, -1, np.int64), np.full(assignment.existing, -1, np.int64)
    weight = np.full(assignment.existing, np.nan)
    before, after = assignment.before, assignment.after
    leads_out = (after[evidence.left] == after[evidence.right]) & (before[evidence.left] != before[evidence.right])
    left, right, bits = evidence.left[leads_out], evidence.right[leads_out], evidence.weight[leads_out]
    one, two, bits = np.r_[left, right], np.r_[right, left], np.r_[bits, bits]
    owned = before[one] >= 0
    one, two, bits = one[owned], two[owned], bits[owned]
    order = np.lexsort((-two, -one, bits))
    person = before[one[order]]
    own[person], other[person], weight[person] = one[order], two[order], bits[order]
    return own, other, weight
