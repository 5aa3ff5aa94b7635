"""Partitions and pairs as numpy arrays. Pure index work; no records, persons or evidence here."""

from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

NO_INTS: Final[Ints] = np.empty(0, np.int64)


def connected(count: int, left: Ints, right: Ints) -> Ints:
    """Connected components of an undirected graph.

    Args:
        count: Number of vertices, named 0 .. count - 1.
        left: One end of each edge.
        right: The other end.

    Returns:
        The component of each vertex, numbered from 0 without gaps.
    """
    if count == 0:
        return NO_INTS
    if len(left) == 0:
        return np.arange(count, dtype=np.int64)
    graph = coo_matrix((np.ones(len(left)), (left, right)), shape=(count, count))
    # Else scipy sorts the edges to add up equal ones, which takes longer than all the rest and changes nothing here.
    graph.has_canonical_format = True
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def links_of(labels: Ints) -> tuple[Ints, Ints]:
    """Edges that join the members of each group in a chain; a negative label is no group."""
    members = np.flatnonzero(labels >= 0)
    if len(members) < 2 or _each_once(labels[members]):
        return NO_INTS, NO_INTS
    order = members[np.argsort(labels[members], kind="stable")]
    same = labels[order[1:]] == labels[order[:-1]]
    return order[:-1][same], order[1:][same]


def _each_once(labels: Ints) -> bool:
    """Whether no two labels are equal, as far as that is cheap to see: not where numbers are left out."""
    highest = int(labels.max())
    return highest < 2 * len(labels) and int(np.bincount(labels).max()) == 1


def renumbered(labels: Ints) -> Ints:
    """The same partition with labels 0, 1, 2, ... in ascending order of the old labels."""
    highest = int(labels.max()) if len(labels) else -1
    if len(labels) and int(labels.min()) >= 0 and highest < 8 * len(labels) + 1024:
        # Few labels are missing: counting them off is several times faster than sorting.
        present = np.zeros(highest + 1, bool)
        present[labels] = True
        return (np.cumsum(present) - 1)[labels]
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def finest_common(first: Ints, second: Ints) -> Ints:
    """The partition in which two elements are together when they are in both partitions."""
    width = np.int64(second.max() + 1 if len(second) else 1)
    return renumbered(first * width + second)


def pairs_within(labels: Ints) -> tuple[Ints, Ints]:
    """All unordered pairs of elements that share a label, as positions (left < right is not promised)."""
    for left, right in pairs_across(labels, np.arange(len(labels))):
        return left, right
    return NO_INTS, NO_INTS


def pairs_across(labels: Ints, blocks: Ints, at_once: int | None = None) -> Iterator[tuple[Ints, Ints]]:
    """All unordered pairs of elements that share a label but no block, as positions (left < right is not promised).

    Args:
        labels: Label of each element.
        blocks: Block of each element; time and memory do not depend on pairs within a block.
        at_once: About how many pairs to give at once; None for all.

    Yields:
        Both elements of each pair; nothing where there is no pair.
    """
    order = np.lexsort((blocks, labels))
    label, block = labels[order], blocks[order]
    starts_label = np.r_[True, label[1:] != label[:-1]] if len(order) else np.empty(0, bool)
    starts_block = starts_label | np.r_[True, block[1:] != block[:-1]] if len(order) else starts_label
    label_ends, block_ends = _ends_of(starts_label), _ends_of(starts_block)
    partners = label_ends - block_ends
    done = np.cumsum(partners)
    begin = 0
    while begin < len(order) and (done[begin - 1] if begin else 0) < done[-1]:
        spent = int(done[begin - 1]) if begin else 0
        end = len(order)
        if at_once is not None:
            end = max(begin + 1, int(np.searchsorted(done, spent + at_once, side="right")))
        count = partners[begin:end]
        left = np.repeat(np.arange(begin, end), count)
        right = block_ends[left] + np.arange(len(left)) - (done[left] - partners[left] - spent)
        if len(left):
            yield order[left], order[right]
        begin = end


def _ends_of(starts: Flags) -> Ints:
    """For each element of an ordered array where its run ends."""
    first = np.flatnonzero(starts)
    return np.repeat(np.r_[first[1:], len(starts)], np.diff(np.r_[first, len(starts)])) if len(first) else NO_INTS


def found(sorted_values: Ints, wanted: Ints) -> tuple[Ints, Flags]:
    """Position of each wanted value in an ascending array, and whether it is there (else the position is void)."""
    if len(sorted_values) == 0:
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    position = np.minimum(np.searchsorted(sorted_values, wanted), len(sorted_values) - 1)
    return position, sorted_values[position] == wanted


def first_of_each(labels: Ints, order: Ints) -> Ints:
    """For each label 0 .. max, the element that comes first in `order` (a permutation of all elements)."""
    ordered = labels[order]
    _, first = np.unique(ordered, return_index=True)
    return order[first]


def pair_keys(one: Ints, other: Ints) -> Ints:
    """One number for each unordered pair of numbers from 0 to 2^31 - 1 (record ids stay far below)."""
    return pair_keys_ordered(np.minimum(one, other), np.maximum(one, other))


def pair_keys_ordered(first: Ints, second: Ints) -> Ints:
    """One number for each ordered pair of numbers from 0 to 2^31 - 1."""
    return (first << np.int64(32)) | second


def distinct_pairs(one: Ints, other: Ints) -> tuple[Ints, Ints]:
    """The first place of each unordered pair of numbers, and for every place the number of its pair among them.

    Like `unique` of `pair_keys`, but sorts numbers instead of places, which is several times faster.
    """
    count = len(one)
    if not count:
        return NO_INTS, NO_INTS
    lower, upper = np.minimum(one, other), np.maximum(one, other)
    width = int(upper.max()) + 1
    if width * width >= (1 << 63) // count:
        _, first, number = np.unique(pair_keys(one, other), return_index=True, return_inverse=True)
        return first, number
    ordered = np.sort((lower * width + upper) * count + np.arange(count))
    pair, place = np.divmod(ordered, count)
    begins = np.r_[True, pair[1:] != pair[:-1]]
    number = np.empty(count, np.int64)
    number[place] = np.cumsum(begins) - 1
    return place[begins], number


def sorted_unique(values: Ints) -> Ints:
    """Ascending, each once. By sorting: numpy's own `unique` hashes, which is several times slower on many values."""
    if not len(values):
        return values
    ordered = np.sort(values)
    return ordered[np.r_[True, ordered[1:] != ordered[:-1]]]
