"""What must stay apart: pairs of colours, and which groups wear them. Pure index work."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from empi_pipeline.identity.arrays import NO_INTS, Flags, Ints, found, pair_keys, pair_keys_ordered, sorted_unique

_PAIRS_AT_ONCE: Final = 2_000_000
MANY: Final = 10_000
"""From this many pairs of colours between two groups on, the list of foes is gone through instead."""


class Apart:
    """Pairs of colours that must not meet in one group; each pair's position is its rank as an explanation.

    Items wear colours, and what holds for a colour holds for everyone who wears it: a thousand records that look alike
    need one entry, not a thousand.
    """

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.pairs: Ints = np.empty((2, 0), np.int64)
        self._keys: Ints = NO_INTS
        self._ranks: Ints = NO_INTS
        self._with_foes: Ints = NO_INTS

    def __len__(self) -> int:
        return len(self.reasons)

    def add(self, left: Ints, right: Ints, reasons: Sequence[str]) -> None:
        """Further pairs, which rank behind those already there; known pairs keep their rank."""
        keys = pair_keys(left, right)
        first = np.sort(np.unique(keys, return_index=True)[1])
        news = first[~found(self._keys, keys[first])[1]]
        if not len(news):
            return
        self.pairs = np.concatenate([self.pairs, np.stack([left[news], right[news]])], axis=1)
        self.reasons += [reasons[place] for place in news.tolist()]
        keys = pair_keys(*self.pairs)
        self._ranks = np.argsort(keys)
        self._keys = keys[self._ranks]
        self._with_foes = sorted_unique(self.pairs.ravel())

    def have_foes(self, colours: Ints) -> Flags:
        """Which of the colours must stay apart from any other."""
        if not len(self._with_foes) or not len(colours):
            return np.zeros(len(colours), bool)
        highest = max(int(self._with_foes[-1]), int(colours.max()))
        if highest > 8 * len(colours):
            return found(self._with_foes, colours)[1]
        # Looking up beats searching where there are about as many colours as wearers.
        hostile = np.zeros(highest + 1, bool)
        hostile[self._with_foes] = True
        return hostile[colours]

    def ranks_of(self, one: Ints, other: Ints) -> Ints:
        """Rank of each pair of colours, -1 where the two may meet."""
        if not len(self._keys):
            return np.full(len(one), -1, np.int64)
        ranks = np.full(len(one), -1, np.int64)
        some = np.flatnonzero(self.have_foes(one) & self.have_foes(other))
        place, known = found(self._keys, pair_keys(one[some], other[some]))
        ranks[some[known]] = self._ranks[place[known]]
        return ranks

    def lowest_between(self, first: Ints, second: Ints) -> int:
        """The lowest rank of what keeps two sets of colours (ascending) apart, `len(self)` where nothing does."""
        one, other = self.pairs
        hostile = found(first, one)[1] & found(second, other)[1] | found(first, other)[1] & found(second, one)[1]
        return int(np.argmax(hostile)) if hostile.any() else len(self)

    def foes_among(self, colours: Ints) -> dict[int, set[int]]:
        """For some colours, those of them that each must not meet."""
        worn = sorted_unique(colours)
        both = found(worn, self.pairs)[1].all(axis=0) if len(worn) else np.zeros(len(self), bool)
        foes: dict[int, set[int]] = {colour: set() for colour in worn.tolist()}
        for one, other in zip(*self.pairs[:, both].tolist(), strict=True):
            foes[one].add(other)
            foes[other].add(one)
        return foes


@dataclass(frozen=True, slots=True)
class Worn:
    """The colours with foes that each group wears: by group, then by colour, each once.

    Attributes:
        group: Ascending.
        colour: What it wears.
        start: Where each group begins (one entry more than groups).
    """

    group: Ints
    colour: Ints
    start: Ints

    @staticmethod
    def of(groups: int, group: Ints, colour: Ints) -> "Worn":
        """From pairs in any order, some of them maybe several times."""
        keys = sorted_unique(pair_keys_ordered(group, colour))
        group, colour = keys >> np.int64(32), keys & np.int64(0xFFFFFFFF)
        return Worn(group, colour, np.r_[0, np.cumsum(np.bincount(group, minlength=groups))])

    def by(self, group: int) -> Ints:
        """The colours of one group."""
        return self.colour[self.start[group] : self.start[group + 1]]

    def counts(self) -> Ints:
        """How many colours each group wears."""
        return np.diff(self.start)

    def enemies(self, apart: Apart) -> Ints | None:
        """Pairs (2, n) of groups that must not meet; None where groups share colours, which may be very many pairs."""
        by_colour = np.argsort(self.colour)
        colours = self.colour[by_colour]
        if (colours[1:] == colours[:-1]).any():
            return None
        place, worn = found(colours, apart.pairs)
        pairs: Ints = self.group[by_colour][place[:, worn.all(axis=0)]]
        return pairs

    def clash(self, apart: Apart, left: Ints, right: Ints) -> Ints:
        """For pairs of groups the lowest rank of what keeps them apart, `len(apart)` where nothing does."""
        lowest = np.full(len(left), len(apart), np.int64)
        counts = self.counts()
        work = counts[left] * counts[right]
        both = np.flatnonzero((work > 0) & (work <= MANY))
        done = np.cumsum(work[both])
        begin = 0
        while begin < len(both):
            end = max(
                begin + 1, int(np.searchsorted(done, (done[begin - 1] if begin else 0) + _PAIRS_AT_ONCE, side="right"))
            )
            pairs, ahead = both[begin:end], np.cumsum(work[both[begin:end]]) - work[both[begin:end]]
            of_pair = np.repeat(pairs, work[pairs])
            step = np.arange(len(of_pair)) - np.repeat(ahead, work[pairs])
            other = counts[right[of_pair]]
            ranks = apart.ranks_of(
                self.colour[self.start[left[of_pair]] + step // other],
                self.colour[self.start[right[of_pair]] + step % other],
            )
            forbidden = ranks >= 0
            np.minimum.at(lowest, of_pair[forbidden], ranks[forbidden])
            begin = end
        for place in np.flatnonzero(work > MANY).tolist():
            lowest[place] = apart.lowest_between(self.by(int(left[place])), self.by(int(right[place])))
        return lowest
