"""Orders that say nothing of who came first: links by strength, records by content."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from empi_pipeline.identity.arrays import Floats, Ints, found, sorted_unique


def content_ranks(keys: NDArray[np.bytes_]) -> Ints:
    """Place of each byte string in their order; by whole words, several times faster than comparing strings."""
    width = -(-keys.dtype.itemsize // 8)
    words = keys.astype(f"S{8 * width}").view(">u8").reshape(len(keys), width).astype(np.uint64)
    order = np.argsort(words[:, 0])
    first = words[order, 0]
    equal = first[1:] == first[:-1]
    if equal.any() and width > 1:
        # Few share their first eight bytes; those are put in order among themselves.
        shared = np.flatnonzero(np.r_[equal, False] | np.r_[False, equal])
        some = order[shared]
        order[shared] = some[np.lexsort(words[some].T[::-1])]
    ranks = np.empty(len(keys), np.int64)
    ranks[order] = np.arange(len(keys))
    return ranks


def strongest_first(
    weight: Floats, left: Ints, right: Ints, content_keys: Callable[[Ints], NDArray[np.bytes_]]
) -> Ints:
    """The order of links by descending weight; ties by the content of the two records, the lower one first.

    Args:
        weight: Match weight of each link, bits.
        left: One record of each link.
        right: The other record.
        content_keys: The content of some records, asked for the records of tied links alone.
    """
    order = np.argsort(-weight)
    ordered = weight[order]
    equal = ordered[1:] == ordered[:-1]
    if not equal.any():
        return order
    tied = np.flatnonzero(np.r_[equal, False] | np.r_[False, equal])
    links = order[tied]
    run = np.cumsum(np.r_[True, ordered[tied][1:] != ordered[tied][:-1]])
    records = sorted_unique(np.r_[left[links], right[links]])
    ranks = content_ranks(content_keys(records))
    one, other = ranks[found(records, left[links])[0]], ranks[found(records, right[links])[0]]
    lower, upper = np.minimum(one, other), np.maximum(one, other)
    order[tied] = links[_in_order(run, lower, upper)]
    return order


def _in_order(run: Ints, lower: Ints, upper: Ints) -> Ints:
    """Like `lexsort((upper, lower, run))`: by one number where three fit into it."""
    if not len(run):
        return np.empty(0, np.int64)
    widths = [int(values.max()) + 1 for values in (run, lower, upper)]
    if widths[0] * widths[1] * widths[2] >= 1 << 63:
        return np.lexsort((upper, lower, run))
    # Equal numbers are links between the same records with the same weight: nothing tells them apart, nor needs to.
    return np.argsort((run * widths[1] + lower) * widths[2] + upper)
