"""How well persons agree with the known truth: pair by pair, record by record, person by person. Pure arithmetic.

Everything is counted from the table (person, human) -> items, so a million records cost a sort and no pair is listed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Agreement:
    """What is together and what belongs together. An item is a record or a source identity, as the caller counts.

    Attributes:
        items: Items compared.
        persons: Groups they were put into.
        humans: Groups they truly belong to.
        right: Pairs in one person that are one human.
        wrong: Pairs in one person that are two humans.
        missed: Pairs of one human in two persons.
        exact: Persons that hold all items of one human and no others.
        overlaid: Persons that hold more than one human.
        split: Humans who are in more than one person.
        bcubed_precision: Mean over the items of the share of their person that is their human
            (Bagga & Baldwin 1998, as extended by Amigo et al. 2009).
        bcubed_recall: Mean over the items of the share of their human that is in their person.
    """

    items: int
    persons: int
    humans: int
    right: int
    wrong: int
    missed: int
    exact: int
    overlaid: int
    split: int
    bcubed_precision: float
    bcubed_recall: float

    @property
    def precision(self) -> float:
        """Share of the pairs put together that are right; 1 when there are none."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Share of the true pairs that were found; 1 when there are none."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return harmonic(self.precision, self.recall)

    @property
    def bcubed_f1(self) -> float:
        """Harmonic mean of B-cubed precision and recall."""
        return harmonic(self.bcubed_precision, self.bcubed_recall)

    def as_figures(self) -> dict[str, int | float]:
        """All of it by name, rates included."""
        names = (*Agreement.__slots__, "precision", "recall", "f1", "bcubed_f1")
        return {name: getattr(self, name) for name in names}


def agreement(persons: Sequence[Any] | ArrayLike | pa.Array, humans: Sequence[Any] | ArrayLike | pa.Array) -> Agreement:
    """Compare persons with the truth.

    Args:
        persons: The person of each item: numbers, texts, anything Arrow knows; none missing.
        humans: The human of each item, in the same order.
    """
    person, human = codes(persons), codes(humans)
    if len(person) != len(human):
        raise ValueError("persons and humans must be of one length")
    in_person, in_human = np.bincount(person), np.bincount(human)
    width = len(in_human) or 1
    cells, together = np.unique(person * np.int64(width) + human, return_counts=True)
    cell_person, cell_human = cells // width, cells % width
    right = _pairs(together)
    share_of_person = (together**2 / in_person[cell_person]).sum() if len(cells) else 0.0
    share_of_human = (together**2 / in_human[cell_human]).sum() if len(cells) else 0.0
    items = len(person)
    return Agreement(
        items=items,
        persons=len(in_person),
        humans=len(in_human),
        right=right,
        wrong=_pairs(in_person) - right,
        missed=_pairs(in_human) - right,
        exact=int(((together == in_person[cell_person]) & (together == in_human[cell_human])).sum()),
        overlaid=int((np.bincount(cell_person) > 1).sum()) if len(cells) else 0,
        split=int((np.bincount(cell_human) > 1).sum()) if len(cells) else 0,
        bcubed_precision=float(share_of_person / items) if items else 1.0,
        bcubed_recall=float(share_of_human / items) if items else 1.0,
    )


def harmonic(precision: float, recall: float) -> float:
    """F1: the harmonic mean; 0 when both are."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def codes(values: Sequence[Any] | ArrayLike | pa.Array) -> Codes:
    """Numbers 0, 1, 2, ... for the distinct values, in order of appearance."""
    array = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return np.asarray(array.dictionary_encode().indices.to_numpy(zero_copy_only=False), np.int64)


def _pairs(counts: NDArray[np.int64]) -> int:
    return int((counts.astype(np.int64) * (counts - 1) // 2).sum())
