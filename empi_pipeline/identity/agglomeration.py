"""Joining items along ranked links while some of them must stay apart (Kruskal's algorithm with refusals)."""

from dataclasses import dataclass, field

import numpy as np

from empi_pipeline.identity.arrays import NO_INTS, Ints, renumbered


@dataclass(frozen=True, slots=True)
class Apart:
    """Pairs of colours that must not meet in one group; each pair's position is its rank as an explanation.

    Items wear colours, and what holds for a colour holds for everyone who wears it: a thousand records that look alike
    need one entry, not a thousand.
    """

    rank: dict[tuple[int, int], int] = field(default_factory=dict)
    foes: dict[int, set[int]] = field(default_factory=dict)

    def add(self, left: Ints, right: Ints) -> None:
        """Further pairs, which rank behind those already there; known pairs keep their rank."""
        for one, other in zip(left.tolist(), right.tolist(), strict=True):
            pair = (one, other) if one < other else (other, one)
            if pair not in self.rank:
                self.rank[pair] = len(self.rank)
                self.foes.setdefault(one, set()).add(other)
                self.foes.setdefault(other, set()).add(one)

    def forbid(self, first: set[int], second: set[int]) -> bool:
        """Whether two sets of colours may not meet."""
        if len(first) > len(second):
            first, second = second, first
        return any(not self.foes[colour].isdisjoint(second) for colour in first)

    def explain(self, first: set[int], second: set[int]) -> int | None:
        """The lowest rank of the pairs that forbid two sets of colours to meet; None when nothing forbids it."""
        if len(first) > len(second):
            first, second = second, first
        ranks = [
            self.rank[(colour, foe) if colour < foe else (foe, colour)]
            for colour in first
            for foe in self.foes[colour] & second
        ]
        return min(ranks, default=None)


@dataclass(frozen=True, slots=True)
class Agglomeration:
    """The group of each item; by group, the colours with foes it holds, its size, and the wholes it has parts of."""

    labels: Ints
    colours: list[set[int]]
    size: list[int]
    wholes: list[set[int]]

    def joint_size(self, first: int, second: int) -> int:
        """How large two groups would be together."""
        return self.size[first] + self.size[second] - len(self.wholes[first] & self.wholes[second])


def agglomerate(  # noqa: PLR0912 - one loop over all links: calls inside it would double its time.
    initial: Ints,
    left: Ints,
    right: Ints,
    apart: Apart,
    wearers: tuple[Ints, Ints],
    max_size: int | None,
    parts: tuple[Ints, Ints] = (NO_INTS, NO_INTS),
) -> Agglomeration:
    """Join groups of items along links in the order given, as long as the joined group may be.

    A link is refused when the joined group would hold two colours that must stay apart, or more than `max_size`.

    Refusals are final: a group only grows, so what it may not take in now it may not take in later. That makes the
    outcome a function of the ranked links, whatever the order of arrival was (docs/identity.md has the argument).

    Args:
        initial: Group of each item at the start; these are never taken apart, whatever they hold.
        left: One item of each link, best link first.
        right: The other item.
        apart: Colours that must not meet.
        wearers: Items and the colour each of them wears; an item may be listed more than once.
        max_size: Most items a joined group may have; None for no limit.
        parts: Items that are parts of a whole, and the whole; the parts of a whole count once in a group.
    """
    initial = renumbered(initial)
    groups = int(initial.max()) + 1 if len(initial) else 0
    parent = list(range(groups))
    size: list[int] = np.bincount(initial, minlength=groups).tolist()
    wholes: dict[int, set[int]] = {}
    for item, whole in zip(initial[parts[0]].tolist(), parts[1].tolist(), strict=True):
        wholes.setdefault(item, set()).add(whole)
    nothing: set[int] = set()
    colours: dict[int, set[int]] = {}
    for item, colour in zip(initial[wearers[0]].tolist(), wearers[1].tolist(), strict=True):
        if colour in apart.foes:
            colours.setdefault(item, set()).add(colour)

    for left_group, right_group in zip(initial[left].tolist(), initial[right].tolist(), strict=True):
        one, other = left_group, right_group
        while parent[one] != one:
            parent[one] = one = parent[parent[one]]
        while parent[other] != other:
            parent[other] = other = parent[parent[other]]
        if one == other:
            continue
        total = size[one] + size[other]
        if wholes:
            total -= len(wholes.get(one, nothing) & wholes.get(other, nothing))
        if max_size is not None and total > max_size:
            continue
        worn, worn_by_other = colours.get(one), colours.get(other)
        if worn and worn_by_other and apart.forbid(worn, worn_by_other):
            continue
        if worn_by_other and len(worn_by_other) > len(worn or ()):
            one, other, worn, worn_by_other = other, one, worn_by_other, worn
        parent[other] = one
        size[one] = total
        if other in wholes:
            wholes[one] = wholes.get(one, nothing) | wholes.pop(other)
        if worn and worn_by_other:
            worn |= worn_by_other
            del colours[other]

    roots = np.array([_root(parent, group) for group in range(groups)], np.int64)
    final, compact = np.unique(roots, return_inverse=True)
    return Agglomeration(
        compact.astype(np.int64)[initial],
        [colours.get(root, nothing) for root in final.tolist()],
        [size[root] for root in final.tolist()],
        [wholes.get(root, nothing) for root in final.tolist()],
    )


def _root(parent: list[int], item: int) -> int:
    while parent[item] != item:
        parent[item] = item = parent[parent[item]]
    return item
