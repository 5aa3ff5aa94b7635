"""Given names and surnames as numbers, drawn by frequency, and as text.

A surname is `origin << 40 | rank` (0 is the commonest): there are some seven million, of which a million people use
about 150,000, as surveys of surnames find. A given name is an index into the vocabulary, or beyond it a rare one.
"""

from functools import cache
from itertools import accumulate
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.synthetic.dice import Dice, Flags, Floats, Ints, pick
from empi_pipeline.synthetic.origins import GENERAL, ORIGINS, RARE_PARTS
from empi_pipeline.synthetic.words import given_names as words
from empi_pipeline.synthetic.words.surnames import PARTICLES

_ORIGIN_SHIFT: Final = 40
_RANK: Final = (1 << _ORIGIN_SHIFT) - 1
_KNOWN_RANKS: Final = 162_000
"""Surnames of a hundred bearers or more in the Census 2010: together 90 % of all people."""
_ALL_RANKS: Final = 6_300_000
"""All surnames of the Census 2010."""
_RARE_GIVEN: Final = 0.07
"""Share of given names that are on no list of the commonest."""
_RARE_GIVEN_RANKS: Final = 20_000


def surnames(dice: Dice, question: str, keys: Ints, origin: Ints) -> Ints:
    """A surname for each key, of its origin."""
    chosen = dice.uniform(question, keys)
    result = np.zeros(len(keys), np.int64)
    for number, group in enumerate(ORIGINS):
        here = origin == number
        if here.any():
            result[here] = _ranks(number, chosen[here]) + (number << _ORIGIN_SHIFT)
            assert group.covered < 1
    return result


def _ranks(number: int, chosen: Floats) -> Ints:
    """Ranks by frequency: a list by Zipf-Mandelbrot, then evenly over the logarithm of the rank, twice."""
    group = ORIGINS[number]
    listed = len(group.surnames)
    common = chosen < group.covered
    middle = group.covered + (1 - group.covered) * (0.82 if number == GENERAL else 0.9)
    ranks = np.zeros(len(chosen), np.float64)
    weights = (np.arange(listed) + 1 + group.offset) ** -group.steepness
    ranks[common] = pick(weights, chosen[common] / group.covered)
    known = ~common & (chosen < middle)
    share = (chosen[known] - group.covered) / (middle - group.covered)
    ranks[known] = listed * (_KNOWN_RANKS / listed) ** share
    rare = chosen >= middle
    ranks[rare] = _KNOWN_RANKS * (_ALL_RANKS / _KNOWN_RANKS) ** ((chosen[rare] - middle) / (1 - middle))
    return ranks.astype(np.int64)


def surname_text(surname: Ints) -> pa.Array:
    """Lower-case surnames."""
    distinct, places = np.unique(surname, return_inverse=True)
    origin, rank = distinct >> _ORIGIN_SHIFT, distinct & _RANK
    pieces, order = [], []
    for number, group in enumerate(ORIGINS):
        here = np.flatnonzero(origin == number)
        if not len(here):
            continue
        common = rank[here] < len(group.surnames)
        pieces += [
            pa.array(group.surnames, pa.string()).take(pa.array(rank[here][common])),
            _rare_surnames(group.parts, rank[here][~common] - len(group.surnames)),
        ]
        order += [here[common], here[~common]]
    texts = pa.concat_arrays(pieces).take(pa.array(np.argsort(np.concatenate(order))))
    return texts.take(pa.array(places))


def _rare_surnames(parts: int, rank: Ints) -> pa.Array:
    first, middle, last = (pa.array(part, pa.string()) for part in RARE_PARTS[parts])
    # The rank is spread over all combinations by a multiplication that no factor of their number divides.
    short = len(first) * len(middle) * len(last)
    longer = rank >= short
    spread = np.where(longer, (rank * 7_368_787) % (short * len(middle)), (rank * 104_729) % short)
    texts = [first.take(pa.array(spread % len(first)))]
    rest = spread // len(first)
    texts.append(middle.take(pa.array(rest % len(middle))))
    rest //= len(middle)
    second = middle.take(pa.array(rest % len(middle)))
    texts.append(pc.if_else(pa.array(longer), second, ""))
    texts.append(last.take(pa.array(np.where(longer, rest // len(middle), rest) % len(last))))
    if parts == 0:
        particles = pa.array([*PARTICLES], pa.string())
        has = pa.array(rank % 43 == 0)
        particle = particles.take(pa.array((rank // 43) % len(PARTICLES)))
        spaced = pc.if_else(pc.is_in(particle, pa.array(["van", "de", "di", "la", "le", "st."])), " ", "")
        texts.insert(0, pc.if_else(has, pc.binary_join_element_wise(particle, spaced, ""), ""))
    return pc.binary_join_element_wise(*texts, "")


class _Vocabulary:
    """All listed given names, each once, with the lists they are drawn from."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._places: dict[str, int] = {}
        self.eras = tuple(words.BOYS)
        self.general = [
            [self._list(by_era[era]) for era in self.eras] for by_era in (words.BOYS, words.GIRLS)
        ]  # Sex -> era -> names.
        self.own = [
            [self._list(texts[group.name]) if group.name in texts else None for group in ORIGINS]
            for texts in (words.BOYS_OF, words.GIRLS_OF)
        ]
        nicknames = [[self._place(name) for name in line.split()] for line in words.NICKNAMES.strip().splitlines()]
        most = max(map(len, nicknames)) - 1
        self.nicknames = np.full((len(self.names), most), -1, np.int64)
        for name, *shorter in nicknames:
            self.nicknames[name, : len(shorter)] = shorter
        self.nickname_count = (self.nicknames >= 0).sum(axis=1)
        self.text = pa.array(self.names, pa.string())
        # Neighbours in the alphabet, by sex: what twins alike in name are called.
        self.alphabet = [self._alphabet(sex) for sex in (0, 1)]

    def _place(self, name: str) -> int:
        name = name.replace("_", " ")
        if name not in self._places:
            self._places[name] = len(self.names)
            self.names.append(name)
        return self._places[name]

    def _list(self, text: str) -> Ints:
        return np.array(list(dict.fromkeys(self._place(name) for name in text.split())), np.int64)

    def _alphabet(self, sex: int) -> tuple[Ints, Ints]:
        every = np.unique(np.concatenate(self.general[sex]))
        ordered = np.array(sorted(every.tolist(), key=self.names.__getitem__), np.int64)
        place = np.full(len(self.names), -1, np.int64)
        place[ordered] = np.arange(len(ordered))
        return ordered, place


@cache
def _vocabulary() -> _Vocabulary:
    return _Vocabulary()


def given_names(dice: Dice, question: str, keys: Ints, sex: Ints, origin: Ints, birth_year: Ints) -> Ints:
    """A given name for each key, of its sex (0 male, 1 female), origin and time."""
    known = _vocabulary()
    era = np.searchsorted(np.array(known.eras), birth_year).clip(max=len(known.eras) - 1)
    own_share = np.array([group.own_given_names for group in ORIGINS])[origin]
    own = dice.chance(f"{question}: of the group's own", keys, own_share)
    chosen = dice.uniform(question, keys)
    result = np.zeros(len(keys), np.int64)
    for gender in (0, 1):
        for number, names in enumerate(known.own[gender]):
            here = own & (sex == gender) & (origin == number)
            if names is not None and here.any():
                result[here] = names[_flattened(len(names), chosen[here])]
        for number, names in enumerate(known.general[gender]):
            here = ~own & (sex == gender) & (era == number)
            result[here] = names[_flattened(len(names), chosen[here])]
    # Rare names: numbers beyond the vocabulary, men even and women odd.
    rare = dice.chance(f"{question}: rare", keys, _RARE_GIVEN)
    place = (_RARE_GIVEN_RANKS ** dice.uniform(f"{question}: which rare", keys[rare])).astype(np.int64)
    result[rare] = len(known.names) + place * 2 + sex[rare]
    return result


def _flattened(length: int, chosen: Floats) -> Ints:
    return pick((np.arange(length) + 6.0) ** -0.9, chosen)


def given_name_text(name: Ints) -> pa.Array:
    """Lower-case given names."""
    known = _vocabulary()
    distinct, places = np.unique(name, return_inverse=True)
    listed = distinct < len(known.names)
    beyond = distinct[~listed] - len(known.names)
    texts = pa.concat_arrays([known.text.take(pa.array(distinct[listed])), _rare_given(beyond)])
    return texts.take(pa.array(places))


def _rare_given(number: Ints) -> pa.Array:
    rank, sex = number // 2, number % 2
    texts: list[Any] = [_joined(parts, rank) for parts in (words.RARE_BOYS, words.RARE_GIRLS)]
    return pc.if_else(pa.array(sex == 0), texts[0], texts[1])


def _joined(parts: tuple[list[str], ...], rank: Ints) -> pa.Array:
    sizes = [len(part) for part in parts]
    total = list(accumulate(sizes, int.__mul__))[-1]
    rest = (rank * 7_919) % total
    texts = []
    for part in parts:
        texts.append(pa.array(part, pa.string()).take(pa.array(rest % len(part))))
        rest //= len(part)
    return pc.binary_join_element_wise(*texts, "")


def nicknames(dice: Dice, question: str, keys: Ints, name: Ints) -> Ints:
    """A nickname for each given name; the name itself where it has none."""
    known = _vocabulary()
    result = name.copy()
    listed = np.flatnonzero(name < len(known.names))
    counts = known.nickname_count[name[listed]]
    listed, counts = listed[counts > 0], counts[counts > 0]
    # The first of a line is the usual one.
    which = np.floor(dice.uniform(question, keys[listed]) ** 1.7 * counts).astype(np.int64)
    result[listed] = known.nicknames[name[listed], which]
    return result


def alike(dice: Dice, question: str, keys: Ints, name: Ints, sex: Ints) -> Ints:
    """Another given name of the same sex that begins alike, such as parents choose for twins; `name` where none is."""
    known = _vocabulary()
    result = name.copy()
    for gender, (ordered, place) in enumerate(known.alphabet):
        here = np.flatnonzero((sex == gender) & (name < len(known.names)))
        here = here[place[name[here]] >= 0]
        step = 1 + dice.below(question, keys[here], 2)
        result[here] = ordered[(place[name[here]] + step) % len(ordered)]
    return result


def has_nickname(name: Ints) -> Flags:
    """Whether a given name has nicknames."""
    known = _vocabulary()
    listed = name < len(known.names)
    flags: Flags = np.zeros(len(name), np.bool_)
    flags[listed] = known.nickname_count[name[listed]] > 0
    return flags
