"""Pairwise precision, recall and F1 of a partition against the truth, and how many clusters hold two humans."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple


class Quality(NamedTuple):
    """How a partition compares with the truth; pairs are pairs of records."""

    precision: float
    recall: float
    f1: float
    persons: int
    overlaid: int
    """Clusters that hold records of more than one human."""


def quality(clusters: Sequence[object], truth: Sequence[object]) -> Quality:
    """Compares clusters with the truth, record by record."""

    def pairs(counts: Counter[object]) -> int:
        return sum(count * (count - 1) // 2 for count in counts.values())

    right = pairs(Counter(zip(clusters, truth, strict=True)))
    found, real = pairs(Counter(clusters)), pairs(Counter(truth))
    humans = defaultdict(set)
    for cluster, human in zip(clusters, truth, strict=True):
        humans[cluster].add(human)
    precision = right / found if found else 1.0
    recall = right / real if real else 1.0
    f1 = 2 * right / (found + real) if found + real else 1.0
    return Quality(precision, recall, f1, len(humans), sum(len(people) > 1 for people in humans.values()))
