"""Which pairs of records are open questions once persons are settled. Pure.

They are what clustering found, and potential matches and reports that no decision has answered.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from empi_pipeline.identity.arrays import Flags, Floats, Ints, connected, found, pair_keys
from empi_pipeline.identity.evidence import Findings, Kind
from empi_pipeline.identity.neighbourhood import NOTHING_REPORTED, Decided, Predictions, Reported
from empi_pipeline.identity.refusals import CANNOT_LINK

POTENTIAL_MATCH: Final = "potential_match"
REPORTED_SAME: Final = "reported_same"
REPORTED_DIFFERENT: Final = "reported_different"


@dataclass(frozen=True, slots=True)
class CasePairs:
    """Open questions, one row per pair of records: by kind, with the persons (numbers) of both records.

    `weight` (bits) and `probability` are NaN where no prediction speaks.
    """

    kind: Ints
    left: Ints
    right: Ints
    person_left: Ints
    person_right: Ints
    reason: pa.Array
    weight: Floats
    probability: Floats

    def __len__(self) -> int:
        return len(self.kind)

    def only(self, which: Flags | Ints) -> "CasePairs":
        """Some of the pairs."""
        places = np.flatnonzero(which) if which.dtype == bool else which
        return CasePairs(
            self.kind[places], self.left[places], self.right[places], self.person_left[places],
            self.person_right[places], self.reason.take(pa.array(places)), self.weight[places],
            self.probability[places],
        )  # fmt: skip

    @staticmethod
    def concat(first: "CasePairs", second: "CasePairs") -> "CasePairs":
        """All pairs of both."""
        return CasePairs(
            np.r_[first.kind, second.kind], np.r_[first.left, second.left], np.r_[first.right, second.right],
            np.r_[first.person_left, second.person_left], np.r_[first.person_right, second.person_right],
            pa.concat_arrays([first.reason, second.reason]), np.r_[first.weight, second.weight],
            np.r_[first.probability, second.probability],
        )  # fmt: skip

    def in_order(self) -> "CasePairs":
        """By kind and records, each once."""
        order = np.lexsort((self.right, self.left, self.kind))
        ordered = np.stack([self.kind[order], self.left[order], self.right[order]])
        news = np.r_[np.ones(min(1, len(order)), bool), (np.diff(ordered, axis=1) != 0).any(axis=0)]
        return self.only(order[news])


@dataclass(frozen=True, slots=True)
class WhoIsWhere:
    """Person (number) of each record that matters, by ascending record id."""

    record_ids: Ints
    person: Ints

    def of(self, record_ids: Ints) -> Ints:
        """The persons of some records, -1 for records that are not in the index."""
        place, known = found(self.record_ids, record_ids)
        return np.where(known, self.person[place] if len(self.person) else -1, -1)


def open_questions(
    findings: Findings,
    positions: Ints,
    auto: Predictions,
    potential: Predictions,
    decided: Decided,
    who: WhoIsWhere,
    reported: Reported = NOTHING_REPORTED,
) -> CasePairs:
    """The pairs that need a steward.

    Args:
        findings: From clustering, by position.
        positions: Record id of each position.
        auto: Auto-matches, which give findings their weight.
        potential: Potential matches.
        decided: Decisions in force: they answer what they saw, and only stronger evidence asks again.
        who: Person of every record mentioned.
        reported: Reports, which ask where the index has it otherwise and decisions in force say nothing.
    """
    found_pairs = _of_findings(findings, positions, auto, who)
    found_pairs = found_pairs.only(_unanswered(found_pairs, decided, who))
    apart = _persons_apart(decided, who)
    told_apart = _among(apart, found_pairs.person_left, found_pairs.person_right)
    conflict = found_pairs.kind == Kind.CONFLICT
    # Versions of one source identity that a steward told apart are answered; an auto-match against it is news.
    reason = pa.array(
        np.where(conflict & told_apart, CANNOT_LINK, found_pairs.reason.to_numpy(zero_copy_only=False)), pa.string()
    )
    found_pairs = CasePairs(
        found_pairs.kind, found_pairs.left, found_pairs.right, found_pairs.person_left, found_pairs.person_right,
        reason, found_pairs.weight, found_pairs.probability,
    ).only(conflict | ~told_apart)  # fmt: skip
    overlays, joins = _of_reported(reported, auto, potential, decided, who)
    # What was reported names its reason, whatever else speaks for the pair.
    maybe = CasePairs.concat(joins, _of_potential(potential, who))
    maybe = maybe.only(
        (maybe.person_left != maybe.person_right) & ~_among(apart, maybe.person_left, maybe.person_right)
    )
    # Two persons are one question: where a conflict asks about them already, it takes along what else speaks for them.
    in_conflict = found_pairs.only(found_pairs.kind == Kind.CONFLICT)
    clash = pair_keys(in_conflict.person_left, in_conflict.person_right)
    asked = _among(np.unique(clash), maybe.person_left, maybe.person_right)
    maybe.kind[asked] = Kind.CONFLICT
    return CasePairs.concat(CasePairs.concat(found_pairs, overlays), maybe).in_order()


def _of_findings(findings: Findings, positions: Ints, auto: Predictions, who: WhoIsWhere) -> CasePairs:
    one, other = positions[findings.left], positions[findings.right]
    left, right = np.minimum(one, other), np.maximum(one, other)
    weight, probability = np.full(len(left), np.nan), np.full(len(left), np.nan)
    if len(left) and len(auto.left):
        known = pair_keys(auto.left, auto.right)
        order = np.argsort(known, kind="stable")
        place, scored = found(known[order], pair_keys(left, right))
        weight[scored] = auto.weight[order][place[scored]]
        probability[scored] = auto.probability[order][place[scored]]
    return CasePairs(
        findings.kind, left, right, who.of(left), who.of(right), pa.array(findings.reason, pa.string()), weight,
        probability,
    )  # fmt: skip


def _of_potential(potential: Predictions, who: WhoIsWhere) -> CasePairs:
    person_left, person_right = who.of(potential.left), who.of(potential.right)
    # A record without a person comes with its own batch, and its questions with it.
    here = np.flatnonzero((person_left >= 0) & (person_right >= 0))
    return CasePairs(
        np.full(len(here), Kind.POTENTIAL_MATCH, np.int64), potential.left[here], potential.right[here],
        person_left[here], person_right[here], pa.array([POTENTIAL_MATCH] * len(here), pa.string()),
        potential.weight[here], potential.probability[here],
    )  # fmt: skip


def _of_reported(
    reported: Reported, auto: Predictions, potential: Predictions, decided: Decided, who: WhoIsWhere
) -> tuple[CasePairs, CasePairs]:
    """Reported pairs within one person that no must-links hold together, and all that may have to be joined."""
    person_left, person_right = who.of(reported.left), who.of(reported.right)
    known = (person_left >= 0) & (person_right >= 0)
    overlay = known & ~reported.is_same & (person_left == person_right)
    if overlay.any():
        overlay &= ~_held_together(reported, decided)
    count = len(reported.left)
    weight, probability = np.full(count, np.nan), np.full(count, np.nan)
    if count:
        scored = pair_keys(np.r_[auto.left, potential.left], np.r_[auto.right, potential.right])
        order = np.argsort(scored, kind="stable")
        place, has_score = found(scored[order], pair_keys(reported.left, reported.right))
        of_pair = order[place[has_score]]
        weight[has_score] = np.r_[auto.weight, potential.weight][of_pair]
        probability[has_score] = np.r_[auto.probability, potential.probability][of_pair]
    reason = pa.array(np.where(overlay, REPORTED_DIFFERENT, REPORTED_SAME), pa.string())
    pairs = CasePairs(
        np.where(overlay, Kind.OVERLAY, Kind.POTENTIAL_MATCH).astype(np.int64), reported.left, reported.right,
        person_left, person_right, reason, weight, probability,
    )  # fmt: skip
    return pairs.only(overlay), pairs.only(known & reported.is_same)


def _held_together(reported: Reported, decided: Decided) -> Flags:
    """Whether must-links in force hold both records of a report together, over however many steps."""
    must = decided.is_must_link
    records = np.unique(np.r_[reported.left, reported.right, decided.left[must], decided.right[must]])
    label = connected(
        len(records), np.searchsorted(records, decided.left[must]), np.searchsorted(records, decided.right[must])
    )
    same: Flags = label[np.searchsorted(records, reported.left)] == label[np.searchsorted(records, reported.right)]
    return same


def _unanswered(pairs: CasePairs, decided: Decided, who: WhoIsWhere) -> Flags:
    """Whether a pair is not itself the subject of a cannot-link that saw evidence as strong."""
    cannot = ~decided.is_must_link
    if not cannot.any() or not len(pairs):
        return np.ones(len(pairs), bool)
    known = pair_keys(decided.left[cannot], decided.right[cannot])
    order = np.argsort(known)
    place, answered = found(known[order], pair_keys(pairs.left, pairs.right))
    seen = decided.evidence_weight[cannot][order][place]
    return ~answered | (pairs.weight > np.nan_to_num(seen, nan=-np.inf))


def _persons_apart(decided: Decided, who: WhoIsWhere) -> Ints:
    cannot = ~decided.is_must_link
    one, other = who.of(decided.left[cannot]), who.of(decided.right[cannot])
    known = (one >= 0) & (other >= 0)
    return np.unique(pair_keys(one[known], other[known]))


def _among(keys: Ints, one: Ints, other: Ints) -> Flags:
    return found(keys, pair_keys(one, other))[1]
