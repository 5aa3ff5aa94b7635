"""Joins whatever no refusal can touch, by whole arrays, so that only the contested rest is looked at link by link.

Rounds in the manner of Boruvka (1926). A group joined in them is certain to lie within one group of the outcome, and
refusals only ever become more as groups grow; so whoever starts from the contracted groups refuses and accepts the same
links (docs/identity.md has the argument).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from empi_pipeline.identity.apart import Apart, Worn
from empi_pipeline.identity.arrays import Flags, Ints, connected, distinct_pairs

FEW_LINKS: Final = 256
"""A loop over so few links is faster than a round."""

WORTHWHILE: Final = 0.8
"""A round that leaves more than this share of groups and of links is followed by the loop."""

_MOST_COLOUR_PAIRS: Final = 8
"""Colour pairs that a round may look at for each link; where groups wear more, the loop has better means."""


@dataclass(frozen=True, slots=True)
class Contracted:
    """Where the certain joins lead.

    Attributes:
        label: Group of each item, numbered from 0 without gaps.
        left: One group of each link that is still undecided, best link first.
        right: The other group.
        size: Items in each group, as far as whole items go: parts of one whole count each.
        worn: Colours of the groups.
        rounds: How many rounds it took.
    """

    label: Ints
    left: Ints
    right: Ints
    size: Ints
    worn: Worn
    rounds: int


def contract(
    size: Ints, left: Ints, right: Ints, apart: Apart, worn: Worn, max_size: int | None, divided: Flags,
    component: Ints | None = None,
) -> Contracted:  # fmt: skip
    """Join what is certain to be joined, drop links that are certain to be refused, as long as that gets on.

    Args:
        size: Size of each group at the start.
        left: One group of each link, best link first.
        right: The other group.
        apart: Colours that must not meet.
        worn: Colours of the groups at the start.
        max_size: Most items a joined group may have; None for no limit.
        divided: Groups that hold parts of a whole, which may be smaller than the sum of what they were joined from.
        component: Component of each group, if known; no link leads from one to another.
    """
    label = np.arange(len(size))
    limited = _limited(size, left, right, max_size, component)
    rounds = 0
    left, right = _between_groups(left, right)
    while len(left) > FEW_LINKS:
        rounds += 1
        refused = _hopeless(size, left, right, apart, worn, max_size, divided)
        if refused is None:
            break
        links, groups = len(left), len(size)
        if refused.any():
            left, right = left[~refused], right[~refused]
        root = _certain(size, left, right, apart, worn, limited, max_size, divided)
        survives = root == np.arange(groups)
        number = np.cumsum(survives) - 1
        now = number[root]
        linked = np.zeros(groups, bool)
        linked[left] = linked[right] = True
        idle = groups - int(np.count_nonzero(linked))
        joined = groups - int(np.count_nonzero(survives))
        label = now[label]
        size = np.bincount(now, weights=size).astype(np.int64)
        worn = Worn.of(len(size), now[worn.group], worn.colour)
        divided, limited = _either(now, divided), _either(now, limited)
        left, right = _between_groups(now[left], now[right])
        if len(left) > WORTHWHILE * links and joined < (1 - WORTHWHILE) * (groups - idle):
            break
    if len(left) > FEW_LINKS:
        refused = _hopeless(size, left, right, apart, worn, max_size, divided)
        if refused is not None and refused.any():
            left, right = left[~refused], right[~refused]
    return Contracted(label, *_once(left, right), size, worn, rounds)


def _limited(size: Ints, left: Ints, right: Ints, max_size: int | None, component: Ints | None) -> Flags:
    """Groups in components that are larger than a group may be."""
    if max_size is None or int(size.sum()) <= max_size:
        return np.zeros(len(size), bool)
    if component is None:
        component = connected(len(size), left, right)
    return (np.bincount(component, weights=size) > max_size)[component]


def _hopeless(
    size: Ints, left: Ints, right: Ints, apart: Apart, worn: Worn, max_size: int | None, divided: Flags
) -> Flags | None:
    """Links that would be refused as the groups are now, and so ever after; None where that is too much to find out."""
    refused = np.zeros(len(left), bool)
    if max_size is not None:
        refused = (size[left] + size[right] > max_size) & ~(divided[left] | divided[right])
    colours = worn.counts()
    if len(worn.group):
        contested = np.flatnonzero((colours[left] > 0) & (colours[right] > 0) & ~refused)
        if int((colours[left[contested]] * colours[right[contested]]).sum()) > _MOST_COLOUR_PAIRS * len(left):
            return None
        refused[contested] = worn.clash(apart, left[contested], right[contested]) < len(apart)
    return refused


def _certain(
    size: Ints, left: Ints, right: Ints, apart: Apart, worn: Worn, limited: Flags, max_size: int | None, divided: Flags
) -> Ints:
    """For each group the group it is joined to, by links that nothing can refuse; links are between different groups.

    Three kinds of joins are certain, because no better link is about the groups that they join:
    the best link of a group that could be joined to anything; a link that is the best of both its groups, as nothing
    forbids it now; and what grows from such a link by best links alone, until something else might come first.
    """
    links = len(left)
    me = np.arange(len(size))
    if not links:
        return me
    best = _first_link(len(size), left, right)
    linked = best < links
    chosen = np.where(linked, best, 0)
    towards = np.where(linked, left[chosen] + right[chosen] - me, me)
    mutual = linked & (best[towards] == best)
    first_of_two = mutual & (me < towards)
    coloured = worn.counts() > 0
    certain = linked & ~coloured & ~limited
    if max_size is None or not divided.any():
        certain |= mutual
    else:
        certain |= mutual & (~(divided | divided[towards]) | (size + size[towards] <= max_size))
    if max_size is not None and limited.any():
        root = _ends(np.where(first_of_two, me, towards))
        certain |= _grown(size, left, right, best, root, worn, worn.enemies(apart), limited, max_size)
    return _ends(np.where(certain & ~first_of_two, towards, me))


def _ends(towards: Ints) -> Ints:
    """Where each path ends."""
    while True:
        further = towards[towards]
        if (further == towards).all():
            return towards
        towards = further


def _first_link(groups: int, left: Ints, right: Ints) -> Ints:
    """The first link of each group, the number of links where it has none."""
    first = np.full(groups, len(left))
    descending = np.arange(len(left))[::-1]
    first[left[::-1]] = descending  # The last one written, the best link, stays.
    other = np.full(groups, len(left))
    other[right[::-1]] = descending
    np.minimum(first, other, out=first)
    return first


def _grown(
    size: Ints, left: Ints, right: Ints, best: Ints, root: Ints, worn: Worn, enemies: Ints | None, limited: Flags,
    max_size: int,
) -> Flags:  # fmt: skip
    """Groups that join the tree of best links they are in before anything else may.

    Best links become worse the farther they are from the root of their tree, so the tree grows from the root one group
    at a time, in the order of the groups' best links.
    """
    groups, links = len(size), len(left)
    leaves = np.flatnonzero(root[left] != root[right])
    first_out = np.full(groups, links)
    np.minimum.at(first_out, root[left[leaves]], leaves)
    np.minimum.at(first_out, root[right[leaves]], leaves)
    # The root's best link is also that of the group next to it: the root comes first.
    attached = np.where(root == np.arange(groups), -1, best)
    order = np.argsort(root * np.int64(links + 2) + attached)
    tree = root[order]
    starts = np.flatnonzero(np.r_[True, tree[1:] != tree[:-1]])
    ahead = np.repeat(starts, np.diff(np.r_[starts, groups]))
    total = np.cumsum(size[order])
    total -= (total - size[order])[ahead]
    sound = (attached[order] < first_out[tree]) & ((total <= max_size) | ~limited[order])
    if enemies is None:
        coloured = (worn.counts() > 0)[order].astype(np.int64)
        colours = np.cumsum(coloured)
        sound &= colours - (colours - coloured)[ahead] <= 1
    elif enemies.shape[1]:
        one, other = enemies[:, root[enemies[0]] == root[enemies[1]]]
        first_clash = np.full(groups, links)
        np.minimum.at(first_clash, root[one], np.maximum(attached[one], attached[other]))
        sound &= attached[order] < first_clash[tree]
    grown = np.zeros(groups, bool)
    grown[order] = sound & (best[order] < links)
    return grown


def _either(now: Ints, flags: Flags) -> Flags:
    result = np.zeros(int(now.max()) + 1 if len(now) else 0, bool)
    result[now[flags]] = True
    return result


def _between_groups(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    apart = left != right
    return (left, right) if apart.all() else (left[apart], right[apart])


def _once(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """The best of all links between each two groups."""
    if len(left) <= FEW_LINKS:
        return left, right
    first = np.sort(distinct_pairs(left, right)[0])
    return left[first], right[first]
