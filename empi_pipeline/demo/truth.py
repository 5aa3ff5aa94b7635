"""How well persons agree with the known truth, pair by pair."""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """Pairs of source identities put together rightly and wrongly.

    Attributes:
        right: Pairs in one person that are one human.
        wrong: Pairs in one person that are two humans.
        missed: Pairs of one human in two persons.
        overlaid: Persons that hold more than one human.
    """

    right: int
    wrong: int
    missed: int
    overlaid: int

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
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def agreement(members: Iterable[tuple[Hashable, Hashable]]) -> Agreement:
    """Compare persons with the truth.

    Args:
        members: (person, human) of each source identity.
    """
    together = Counter(members)
    persons: Counter[Hashable] = Counter()
    humans: Counter[Hashable] = Counter()
    for (person, human), count in together.items():
        persons[person] += count
        humans[human] += count
    right = sum(map(_pairs, together.values()))
    kinds = Counter(person for person, _ in together)
    return Agreement(
        right=right,
        wrong=sum(map(_pairs, persons.values())) - right,
        missed=sum(map(_pairs, humans.values())) - right,
        overlaid=sum(count > 1 for count in kinds.values()),
    )


def _pairs(count: int) -> int:
    return count * (count - 1) // 2
