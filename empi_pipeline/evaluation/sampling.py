"""Which pairs stewards are asked about: strata by match weight, how many of each, and which. Pure and seeded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

Allocation = Literal["equal", "neyman"]

FAR_ABOVE_BITS: Final = 5.0
"""Auto-matches by less than this above the threshold are a stratum of their own: errors gather there."""

LEAST_A_STRATUM: Final = 5
"""With fewer pairs (if it has them) a stratum says nothing."""

_CERTAIN: Final = 0.02
"""No stratum is taken to be purer than this when effort is spread: the model may be wrong about itself."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Pairs of like weight and like outcome.

    Attributes:
        number: From 1, the weakest first.
        low: Match weight from which it begins, bits (exclusive, as thresholds are).
        high: Match weight at which it ends (inclusive); None for no end.
        joined: Whether the two records are in one person now.
        population: Pairs in it; extrapolated where only a part of the index was scored.
        expected: Mean match probability of the model in it.
    """

    number: int
    low: float
    high: float | None
    joined: bool
    population: int
    expected: float


def cuts(potential_bits: float, auto_bits: float, below_bits: float) -> list[float]:
    """Where strata begin: two below the potential threshold, two of potential matches, two of auto-matches."""
    found = [
        potential_bits - below_bits,
        potential_bits - below_bits / 2,
        potential_bits,
        (potential_bits + auto_bits) / 2,
        auto_bits,
        auto_bits + FAR_ABOVE_BITS,
    ]
    return sorted(set(found))


def stratify(
    weight: Floats, joined: Flags, begins: Sequence[float], stands_for: Ints | None = None
) -> tuple[Ints, list[Stratum]]:
    """Sort pairs into strata.

    Args:
        weight: Match weight of each pair, bits.
        joined: Whether its records are in one person.
        begins: Ascending lower ends (exclusive), as of `cuts`.
        stands_for: How many pairs of the index each stands for; itself alone when None.

    Returns:
        The position in the list of strata for each pair (-1 where it is below all), and the strata that have pairs.
    """
    band = np.searchsorted(np.asarray(begins), weight, side="left") - 1
    cell = np.where(band < 0, -1, band * 2 + joined)
    stands_for = np.ones(len(weight), np.int64) if stands_for is None else stands_for
    probability = 1 / (1 + np.exp2(-np.clip(weight, -1000, 1000)))
    strata: list[Stratum] = []
    place = np.full(2 * len(begins), -1, np.int64)
    for number in np.unique(cell[cell >= 0]).tolist():
        inside = cell == number
        at = number // 2
        place[number] = len(strata)
        strata.append(
            Stratum(
                number=len(strata) + 1,
                low=float(begins[at]),
                high=float(begins[at + 1]) if at + 1 < len(begins) else None,
                joined=bool(number % 2),
                population=int(stands_for[inside].sum()),
                expected=float(probability[inside].mean()),
            )
        )
    return np.where(cell < 0, -1, place[cell]), strata


def allocate(strata: Sequence[Stratum], pairs: int, how: Allocation, at_hand: Sequence[int] | None = None) -> list[int]:
    """How many pairs to ask about in each stratum.

    `equal` learns as much about every stratum. `neyman` (Neyman 1934) spends most where most pairs and most doubt are,
    which narrows the figures of the whole if the model's own probabilities are about right.

    Args:
        strata: The strata.
        pairs: How many in all.
        how: How they are spread.
        at_hand: How many pairs of each stratum can be asked about; all of them when None.
    """
    sizes = np.array([stratum.population for stratum in strata], np.int64)
    doubt = np.array([np.clip(stratum.expected, _CERTAIN, 1 - _CERTAIN) for stratum in strata])
    pull = np.ones(len(strata)) if how == "equal" else sizes * np.sqrt(doubt * (1 - doubt))
    sizes = sizes if at_hand is None else np.asarray(at_hand, np.int64)
    least = np.minimum(sizes, LEAST_A_STRATUM if pairs >= LEAST_A_STRATUM * len(strata) else 0)
    wanted = min(pairs, int(sizes.sum()))

    def given_at(rate: float) -> Ints:
        return np.asarray(np.minimum(sizes, np.maximum(least, np.floor(rate * pull).astype(np.int64))), np.int64)

    low, high = 0.0, 1.0
    while given_at(high).sum() < wanted:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if given_at(middle).sum() <= wanted else (low, middle)
    given = given_at(low)
    for _ in range(wanted - int(given.sum())):  # What rounding left, to whoever is furthest behind its share.
        given[int(np.where(given < sizes, pull / (given + 1), -1.0).argmax())] += 1
    return [int(count) for count in given]


def choose(left: Ints, right: Ints, stratum: Ints, counts: Sequence[int], seed: int) -> Ints:
    """Positions of the pairs to ask about, in the order to ask: at random, which says nothing of the stratum.

    Each pair has a random number that follows from the seed and its record ids alone; in each stratum the smallest are
    taken. So the same seed on the same pairs gives the same sample, whatever order they come in.
    """
    lot = _mixed(_mixed(left.astype(np.uint64) + _mixed(np.full(1, seed, np.uint64))) ^ right.astype(np.uint64))
    taken = [
        (inside := np.flatnonzero(stratum == at))[np.argsort(lot[inside], kind="stable")[:count]]
        for at, count in enumerate(counts)
    ]
    chosen = np.concatenate(taken) if taken else np.empty(0, np.int64)
    return np.asarray(chosen[np.argsort(_mixed(lot[chosen]), kind="stable")], np.int64)


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64 (Steele, Lea & Flood 2014): each bit of the input reaches each bit of the output."""
    with np.errstate(over="ignore"):
        mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))
