"""Confidence limits of shares and of what is put together from them. Pure arithmetic, nothing simulated.

One share: the exact limits for a sample without replacement from a known number of pairs (Wright 1991; Clopper &
Pearson 1934 where the population is many times the sample). Sums and ratios of independent shares: the method of
variance estimates recovery, MOVER (Zou & Donner 2008; Donner & Zou 2012), which needs nothing but the limits of each
part and so keeps their lopsidedness near 0 and 1, where this kind of work happens.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import Final

import numpy as np
from scipy.special import betaincinv, gammaln

CONFIDENCE: Final = 0.95

_MUCH_LARGER: Final = 50
"""From so many times the sample on the population is as good as endless."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its confidence limits."""

    estimate: float
    low: float
    high: float

    @property
    def reach(self) -> float:
        """The larger distance of a limit from the estimate."""
        return max(self.high - self.estimate, self.estimate - self.low)


@lru_cache(maxsize=10_000)
def share(
    found: int, asked: int, population: int, *, expected: float = 0.5, confidence: float = CONFIDENCE
) -> Interval:
    """A share of a population, from a sample without replacement.

    Args:
        found: Items of the sample that are what is counted.
        asked: Items in the sample.
        population: Items in the population.
        expected: The estimate where nothing was asked; the limits are then 0 and 1.
        confidence: Of the limits together; each side misses with at most half the rest.
    """
    if asked == 0:
        return Interval(expected, 0.0, 1.0)
    estimate = found / asked
    if asked >= population:
        return Interval(estimate, estimate, estimate)
    miss = (1 - confidence) / 2
    if population > _MUCH_LARGER * asked:
        low = float(betaincinv(found, asked - found + 1, miss)) if found else 0.0
        high = float(betaincinv(found + 1, asked - found, 1 - miss)) if found < asked else 1.0
        return Interval(estimate, low, high)
    # The fewest and the most that leave this sample not too unlikely.
    fewest = _first(found, population, lambda real: _at_least(found, asked, real, population) > miss)
    most = population - _first(
        asked - found, population, lambda real: _at_least(asked - found, asked, real, population) > miss
    )
    return Interval(estimate, fewest / population, most / population)


def weighted_sum(parts: Sequence[tuple[float, Interval]]) -> Interval:
    """The sum of independent shares, each times its weight (not negative)."""
    estimate = sum(weight * part.estimate for weight, part in parts)
    below = sqrt(sum((weight * (part.estimate - part.low)) ** 2 for weight, part in parts))
    above = sqrt(sum((weight * (part.high - part.estimate)) ** 2 for weight, part in parts))
    return Interval(estimate, estimate - below, estimate + above)


def part_of_whole(part: Interval, rest: Interval) -> Interval:
    """The share of one amount in two, `part / (part + rest)`, both independent; 1 where there is nothing."""
    whole = part.estimate + rest.estimate
    estimate = part.estimate / whole if whole else 1.0

    def lower(at: float) -> float:
        value = (1 - at) * part.estimate - at * rest.estimate
        return value - sqrt(((1 - at) * (part.estimate - part.low)) ** 2 + (at * (rest.high - rest.estimate)) ** 2)

    def upper(at: float) -> float:
        value = (1 - at) * part.estimate - at * rest.estimate
        return value + sqrt(((1 - at) * (part.high - part.estimate)) ** 2 + (at * (rest.estimate - rest.low)) ** 2)

    low = 0.0 if part.low + rest.high == 0 else _root(lower)
    high = 1.0 if part.high + rest.low == 0 else _root(upper)
    return Interval(estimate, min(low, estimate), max(high, estimate))


def _root(falling: Callable[[float], float]) -> float:
    """Where a function that falls through zero between 0 and 1 does so."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if falling(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _first(start: int, end: int, holds: Callable[[int], bool]) -> int:
    """The first number from `start` to `end` from which on something holds; it holds at the end."""
    low, high = start, end
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _at_least(found: int, asked: int, real: int, population: int) -> float:
    """Probability that a sample of `asked` holds `found` or more of the `real` ones (hypergeometric)."""
    counts = np.arange(max(found, asked - (population - real)), min(asked, real) + 1)
    if not len(counts):
        return 0.0
    logs = _choose(real, counts) + _choose(population - real, asked - counts) - _choose(population, np.array([asked]))
    return float(np.exp(logs).sum())


def _choose(
    items: int, taken: "np.ndarray[tuple[int], np.dtype[np.int64]]"
) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.asarray(gammaln(items + 1) - gammaln(taken + 1) - gammaln(items - taken + 1))
