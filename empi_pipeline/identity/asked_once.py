"""Conflicts of a small component, asked for all pairs at once: a hundred small questions cost a hundred times one."""

import numpy as np

from empi_pipeline.identity.arrays import NO_INTS, Ints, found, pair_keys
from empi_pipeline.identity.evidence import ConflictSource


class AskedOnce:
    """A `ConflictSource` that answers which pairs conflict from one question about all of them.

    Args:
        conflicts: Whom to ask.
        count: How many records there are; the question is about count x (count - 1) / 2 pairs.
    """

    def __init__(self, conflicts: ConflictSource, count: int) -> None:
        self._conflicts = conflicts
        self._count = count
        self._known: tuple[Ints, list[str]] | None = None

    def profiles(self, records: Ints) -> Ints:
        """As the source says."""
        return self._conflicts.profiles(records)

    def aspects(self, left: Ints, right: Ints) -> Ints:
        """As the source says."""
        return self._conflicts.aspects(left, right)

    def between(self, left: Ints, right: Ints) -> tuple[Ints, list[str]]:
        """Which of the pairs conflict (ascending indexes into the arguments) and, for each of them, the reason."""
        if not len(left):
            return NO_INTS, []
        keys, reasons = self._all()
        place, known = found(keys, pair_keys(np.asarray(left, np.int64), np.asarray(right, np.int64)))
        clashing = np.flatnonzero(known)
        return clashing, [reasons[at] for at in place[clashing].tolist()]

    def _all(self) -> tuple[Ints, list[str]]:
        if self._known is None:
            left, right = (each.astype(np.int64) for each in np.triu_indices(self._count, 1))
            clashing, reasons = self._conflicts.between(left, right)
            # In the order of the upper triangle keys ascend.
            self._known = pair_keys(left[clashing], right[clashing]), reasons
        return self._known
