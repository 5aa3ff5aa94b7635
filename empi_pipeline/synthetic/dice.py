"""Random numbers that are a function of (seed, question, who is asked about): no state, no order, no chunks.

The k-th record of a population is the same however many are made, in whatever pieces, by however many threads.
The mixing function is the finaliser of SplitMix64 (Steele, Lea & Flood 2014), applied twice.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)


class Dice:
    """Answers questions by chance; the same question about the same key has the same answer."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._salts: dict[str, np.uint64] = {}

    def bits(self, question: str, keys: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
        """64 random bits for each key.

        Args:
            question: What they are for; different questions have independent answers.
            keys: Whole numbers that say who is asked about.
        """
        salt = self._salts.get(question)
        if salt is None:
            digest = hashlib.blake2b(f"{self._seed} {question}".encode(), digest_size=8).digest()
            salt = self._salts[question] = np.uint64(int.from_bytes(digest, "little"))
        with np.errstate(over="ignore"):
            return _mixed(_mixed(keys.astype(np.uint64) * _GOLDEN + salt) ^ salt)

    def uniform(self, question: str, keys: npt.NDArray[Any]) -> Floats:
        """A number from [0, 1) for each key."""
        return (self.bits(question, keys) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def chance(self, question: str, keys: npt.NDArray[Any], share: float | Floats) -> Flags:
        """Yes for this share of the keys."""
        flags: Flags = self.uniform(question, keys) < share
        return flags

    def below(self, question: str, keys: npt.NDArray[Any], limit: int | Ints) -> Ints:
        """A whole number from [0, limit) for each key."""
        return np.floor(self.uniform(question, keys) * limit).astype(np.int64)

    def choice(self, question: str, keys: npt.NDArray[Any], weights: Sequence[float] | npt.NDArray[Any]) -> Ints:
        """An index into the weights for each key, as often as its weight says."""
        return pick(weights, self.uniform(question, keys))

    def bell(self, question: str, keys: npt.NDArray[Any], mean: float, spread: float) -> Floats:
        """Numbers around the mean with this standard deviation, at most 3.5 of them away (Irwin-Hall, n = 4)."""
        total: Floats = np.sum([self.uniform(f"{question} {part}", keys) for part in range(4)], axis=0)
        result: Floats = mean + spread * (total - 2.0) * 3.0**0.5
        return result


def pick(weights: Sequence[float] | npt.NDArray[Any], uniform: Floats) -> Ints:
    """The index into the weights that each number from [0, 1) falls on."""
    total = np.cumsum(np.asarray(weights, dtype=np.float64))
    places: Ints = np.searchsorted(total, uniform * total[-1], side="right").astype(np.int64)
    return np.minimum(places, len(total) - 1)


def _mixed(value: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    value = (value ^ (value >> np.uint64(30))) * _FIRST
    value = (value ^ (value >> np.uint64(27))) * _SECOND
    return value ^ (value >> np.uint64(31))
