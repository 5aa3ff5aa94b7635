"""Joining items along ranked links while some of them must stay apart (Kruskal's algorithm with refusals)."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from empi_pipeline.identity.apart import Apart, Worn
from empi_pipeline.identity.arrays import NO_INTS, Ints, distinct_pairs, renumbered
from empi_pipeline.identity.contraction import contract

AT_ONCE: Final = 4096
"""After so many links, or an eighth of those left, what joined groups have settled is dropped by whole arrays."""


@dataclass(frozen=True, slots=True)
class Agglomeration:
    """The outcome.

    Attributes:
        labels: Group of each item, numbered from 0 without gaps.
        worn: The colours with foes that each group holds.
        size: Items of each group; the parts of a whole count once.
        wholes: For groups that hold parts of wholes, which wholes.
        one_by_one: How many links had to be looked at one by one; all others went in whole arrays.
    """

    labels: Ints
    worn: Worn
    size: Ints
    wholes: dict[int, set[int]]
    one_by_one: int

    def joint_sizes(self, first: Ints, second: Ints) -> Ints:
        """How large pairs of groups would be together."""
        total = self.size[first] + self.size[second]
        if self.wholes:
            divided = np.zeros(len(self.size), bool)
            divided[list(self.wholes)] = True
            both = np.flatnonzero(divided[first] & divided[second])
            place, number = distinct_pairs(first[both], second[both])
            shared = np.zeros(len(place), np.int64)
            for pair, link in enumerate(both[place].tolist()):
                shared[pair] = len(self.wholes[int(first[link])] & self.wholes[int(second[link])])
            total[both] -= shared[number]
        return total


def agglomerate(
    initial: Ints,
    left: Ints,
    right: Ints,
    apart: Apart,
    wearers: tuple[Ints, Ints],
    max_size: int | None,
    parts: tuple[Ints, Ints] = (NO_INTS, NO_INTS),
    component: Ints | None = None,
) -> Agglomeration:
    """Follow links in the order given, as long as the joined group may be.

    A link is refused when the joined group would hold two colours that must stay apart, or more than `max_size`.

    Refusals are final: a group only grows, so what it may not take in now it may not take in later. That makes the
    outcome a function of the ranked links, whatever the order of arrival was (docs/identity.md has the argument), and
    lets everything that no refusal can touch be joined beforehand.

    Args:
        initial: Group of each item at the start; these are never taken apart, whatever they hold.
        left: One item of each link, best link first.
        right: The other item.
        apart: Colours that must not meet.
        wearers: Items and the colour each of them wears; an item may be listed more than once.
        max_size: Most items a joined group may have; None for no limit.
        parts: Items that are parts of a whole, and the whole; the parts of a whole count once in a group.
        component: Component of each item, if known: neither links nor groups lead from one to another.
    """
    initial = renumbered(initial)
    size = np.bincount(initial).astype(np.int64)
    with_foes = apart.have_foes(wearers[1])
    worn = Worn.of(len(size), initial[wearers[0][with_foes]], wearers[1][with_foes])
    divided = np.zeros(len(size), bool)
    divided[initial[parts[0]]] = True
    of_group = None
    if component is not None:
        of_group = np.empty(len(size), np.int64)
        of_group[initial] = component
    rest = contract(size, initial[left], initial[right], apart, worn, max_size, divided, of_group)
    group = rest.label[initial]
    wholes: dict[int, set[int]] = {}
    for holder, whole in zip(group[parts[0]].tolist(), parts[1].tolist(), strict=True):
        wholes.setdefault(holder, set()).add(whole)
    size = rest.size
    if len(parts[0]):
        size = size - np.bincount(group[parts[0]], minlength=len(size))
        size[list(wholes)] += [len(held) for held in wholes.values()]
    joined = one_by_one(rest.left, rest.right, apart, rest.worn, size, wholes, max_size)
    final = np.flatnonzero(joined.root == np.arange(len(size)))
    label = renumbered(joined.root)
    number = dict(zip(final.tolist(), range(len(final)), strict=True)) if wholes else {}
    return Agglomeration(
        label[group],
        Worn.of(len(final), label[rest.worn.group], rest.worn.colour),
        joined.size[final],
        {number[root]: held for root, held in wholes.items()},
        len(rest.left),
    )


@dataclass(frozen=True, slots=True)
class Joined:
    """Where the groups went: the root of each, and by root the size."""

    root: Ints
    size: Ints


def one_by_one(
    left: Ints, right: Ints, apart: Apart, worn: Worn, size: Ints, wholes: dict[int, set[int]], max_size: int | None
) -> Joined:
    """Follow links between groups one by one.

    Args:
        left: One group of each link, best link first.
        right: The other group.
        apart: Colours that must not meet.
        worn: Colours of the groups.
        size: Size of each group.
        wholes: For groups that hold parts of wholes, which wholes; changed so that the keys are roots.
        max_size: Most a joined group may have; None for no limit.
    """
    if not len(left):
        return Joined(np.arange(len(size)), size)
    parent: list[int] = list(range(len(size)))
    sizes: list[int] = size.tolist()
    enmity = _Enmity(apart, worn, len(size))
    while len(left):
        step = max(AT_ONCE, len(left) // 8)
        _follow(left[:step], right[:step], parent, sizes, enmity, wholes, max_size)
        left, right = _undecided(left[step:], right[step:], parent, sizes, wholes, max_size)
    return Joined(_roots(parent), np.array(sizes))


def _follow(
    left: Ints, right: Ints, parent: list[int], sizes: list[int], enmity: "_Enmity", wholes: dict[int, set[int]],
    max_size: int | None,
) -> None:  # fmt: skip
    """Follow some links; alters `parent`, `sizes` (of roots), what is known and `wholes`."""
    nothing: set[int] = set()
    noted = enmity.noted
    for left_group, right_group in zip(left.tolist(), right.tolist(), strict=True):
        one, other = left_group, right_group
        while parent[one] != one:
            parent[one] = one = parent[parent[one]]
        while parent[other] != other:
            parent[other] = other = parent[parent[other]]
        if one == other:
            continue
        total = sizes[one] + sizes[other]
        if wholes:
            total -= len(wholes.get(one, nothing) & wholes.get(other, nothing))
        if max_size is not None and total > max_size:
            continue
        if noted[other]:
            if noted[one]:
                if enmity.between(one, other):
                    continue
                if enmity.known(other) > enmity.known(one):
                    one, other = other, one
                enmity.join(one, other)
            else:
                one, other = other, one
        parent[other] = one
        sizes[one] = total
        if other in wholes:
            wholes[one] = wholes.get(one, nothing) | wholes.pop(other)


def _undecided(
    left: Ints, right: Ints, parent: list[int], sizes: list[int], wholes: dict[int, set[int]], max_size: int | None
) -> tuple[Ints, Ints]:
    """Of the links that are left those that may join something yet, between the groups as they are now."""
    if not len(left):
        return left, right
    root = _roots(parent)
    left, right = root[left], root[right]
    open_yet = left != right
    if max_size is not None:
        size = np.array(sizes)
        fits = size[left] + size[right] <= max_size
        if wholes:
            divided = np.zeros(len(size), bool)
            divided[list(wholes)] = True
            fits |= divided[left] & divided[right]
        open_yet &= fits
    return left[open_yet], right[open_yet]


def _roots(parent: list[int]) -> Ints:
    root = np.array(parent)
    while True:
        further = root[root]
        if (further == root).all():
            return root
        root = further


class _Enmity:
    """Which groups may not be joined: what they wear, and who was refused already, so that nobody has to ask again."""

    def __init__(self, apart: Apart, worn: Worn, groups: int) -> None:
        self.noted: list[bool] = [False] * groups
        self._foes = apart.foes_among(worn.colour)
        self._colours: dict[int, set[int]] = {}
        self._refused: dict[int, set[int]] = {}
        for group, colour in zip(worn.group.tolist(), worn.colour.tolist(), strict=True):
            if self._foes[colour]:
                self._colours.setdefault(group, set()).add(colour)
                self.noted[group] = True

    def between(self, one: int, other: int) -> bool:
        """Whether two groups wear colours that must not meet."""
        if one not in self._colours or other not in self._colours:
            return False
        if other in self._refused.get(one, ()):
            return True
        fewer, more = sorted((self._colours[one], self._colours[other]), key=len)
        if all(self._foes[colour].isdisjoint(more) for colour in fewer):
            return False
        self._refused.setdefault(one, set()).add(other)
        self._refused.setdefault(other, set()).add(one)
        return True

    def known(self, group: int) -> int:
        """How much is known about a group: small goes into large, so that nothing is moved often."""
        return len(self._colours.get(group, ())) + len(self._refused.get(group, ()))

    def join(self, one: int, other: int) -> None:
        """Let the first group take over what is known about the second."""
        if other in self._colours:
            self._colours.setdefault(one, set()).update(self._colours.pop(other))
        for enemy in self._refused.pop(other, ()):
            self._refused[enemy].remove(other)
            self._refused[enemy].add(one)
            self._refused.setdefault(one, set()).add(enemy)
