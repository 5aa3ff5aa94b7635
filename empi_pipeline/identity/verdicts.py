"""What the guards say of a scored pair, found out when it is scored and stored with the prediction.

Most components are two records, and these were scored: whoever clusters an index need not read what they look like. A
verdict depends on the two records, the rules and the model alone, all of which stay as they are; it says by which
version of the rules it was reached, and counts only under that version and under the model that scored the pair. Where
there is no verdict that counts, the records are compared when somebody asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from empi_pipeline.identity.arrays import NO_INTS, Flags, Ints, connected, found, pair_keys
from empi_pipeline.identity.evidence import ConflictSource

COLUMN: Final = "guard_verdict"

_ALIKE: Final = 0
_NO_CONFLICT: Final = 1
_FIRST_REASON: Final = 2
_CODES: Final = 64
"""Stored is the code of the rules times this, plus the verdict."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Stored verdicts about some pairs, by record id.

    Attributes:
        left: One record.
        right: The other.
        model_id: The model that scored them.
        verdict: As stored.
    """

    left: Ints
    right: Ints
    model_id: Ints
    verdict: Ints

    def only(self, which: Flags) -> "Verdicts":
        """Some of them."""
        return Verdicts(self.left[which], self.right[which], self.model_id[which], self.verdict[which])


class KnownConflicts:
    """A `ConflictSource` that goes by verdicts where there are any, and asks another one for the rest."""

    def __init__(self, source: ConflictSource, reasons: Sequence[str], record_ids: Ints, verdicts: Verdicts) -> None:
        """Take in verdicts that count.

        Args:
            source: Tells conflicts where no verdict does.
            reasons: What the rules may give as a reason, in the order of the verdicts.
            record_ids: The records that positions are about, ascending.
            verdicts: About these and others.
        """
        self._source, self._reasons = source, reasons
        left, left_here = found(record_ids, verdicts.left)
        right, right_here = found(record_ids, verdicts.right)
        here = left_here & right_here
        left, right, verdict = left[here], right[here], verdicts.verdict[here] % _CODES
        keys = pair_keys(left, right)
        order = np.argsort(keys)
        self._keys, self._verdict = keys[order], verdict[order]
        alike = verdict == _ALIKE
        self._look = connected(len(record_ids), left[alike], right[alike])

    def profiles(self, records: Ints) -> Ints:
        """Numbers of the attribute profiles: equal for records that no conflict can tell apart."""
        return self._source.profiles(records)

    def between(self, left: Ints, right: Ints) -> tuple[Ints, list[str]]:
        """Which of the pairs conflict (ascending indexes into the arguments) and, for each of them, the reasons."""
        if not len(left):
            return NO_INTS, []
        place, known = found(self._keys, pair_keys(left, right))
        told = np.full(len(left), -1, np.int64)
        told[known] = self._verdict[place[known]]
        # Who is like the same record is alike.
        told[~known & (self._look[left] == self._look[right])] = _ALIKE
        conflicting = np.flatnonzero(told >= _FIRST_REASON)
        reasons = [self._reasons[code - _FIRST_REASON] for code in told[conflicting].tolist()]
        asked = np.flatnonzero(told < 0)
        if not len(asked):
            return conflicting, reasons
        clashing, why = self._source.between(left[asked], right[asked])
        both = np.r_[conflicting, asked[clashing]]
        order, every = np.argsort(both), [*reasons, *why]
        return both[order], [every[number] for number in order.tolist()]

    def aspects(self, left: Ints, right: Ints) -> Ints:
        """In how many aspects, each by itself, the pairs conflict."""
        return self._source.aspects(left, right)


def of_rules(rules_code: int, model_id: int, verdicts: Verdicts) -> Verdicts:
    """Those that count under some rules and a model."""
    return verdicts.only((verdicts.verdict // _CODES == rules_code) & (verdicts.model_id == model_id))


def stored(rules_code: int, alike: Flags, clashing: Ints, reasons: Sequence[int]) -> Ints:
    """Verdicts as they are stored.

    Args:
        rules_code: Stands for the rules and their version.
        alike: Of each pair, whether its records are equal in what alone makes a conflict impossible.
        clashing: Places of the pairs that conflict.
        reasons: Why, as places in the vocabulary of the rules.
    """
    verdict = np.where(alike, _ALIKE, _NO_CONFLICT)
    verdict[clashing] = np.array(reasons, np.int64) + _FIRST_REASON
    return rules_code * _CODES + verdict
