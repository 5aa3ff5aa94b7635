"""Weak bridges: a single weak prediction that alone holds two groups together."""

from itertools import count as counting

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order

from empi_pipeline.identity.arrays import Flags, Ints, connected


def weak_bridges(count: int, left: Ints, right: Ints, weak: Flags, side: int) -> Flags:
    """Which links are weak bridges between two groups of some size.

    A bridge is a link whose removal disconnects its component; parallel links are no bridges.

    Args:
        count: Number of vertices.
        left: One end of each link.
        right: The other end.
        weak: Whether the link is weak by itself.
        side: Fewest vertices on both sides.

    Returns:
        One flag per link. A function of the set of links alone, not of their order.
    """
    result = np.zeros(len(left), bool)
    # What other links hold together stays together, whichever weak link is taken away.
    block = connected(count, left[~weak], right[~weak])
    loose = np.flatnonzero(weak)
    loose = loose[block[left[loose]] != block[right[loose]]]
    if not len(loose):
        return result
    one, other = block[left[loose]], block[right[loose]]
    vertices = np.bincount(block)
    for seed in counting():
        bridge, beyond, total = _bridges(vertices, one, other, seed)
        rest = connected(len(vertices), one[~bridge], other[~bridge])
        if int(rest.max()) - int(connected(len(vertices), one, other).max()) == np.count_nonzero(bridge):
            break  # Every bridge taken away makes one component more; labels that cancel out by chance would not.
    result[loose] = bridge & (side <= beyond) & (beyond <= total - side)
    return result


def _bridges(vertices: Ints, one: Ints, other: Ints, seed: int) -> tuple[Flags, Ints, Ints]:
    """Bridges by random labels (Pritchard & Thurimella 2011): all of them, and others with a chance of 1 in 2^62.

    Each link has a random label. The labels of all links about the vertices below a vertex of a spanning tree cancel
    out, but for those of the links that lead out of there: one label alone is that of a bridge.

    Args:
        vertices: Original vertices in each block.
        one: One block of each link.
        other: The other block, a different one.
        seed: Of the labels.

    Returns:
        Per link whether it is a bridge; of a bridge, how many vertices lie beyond it and in its component.
    """
    blocks = len(vertices)
    component = connected(blocks, one, other)
    starts = np.unique(component, return_index=True)[1]
    ends = np.r_[one, np.full(len(starts), blocks)], np.r_[other, starts]
    graph = coo_matrix((np.ones(len(ends[0])), ends), shape=(blocks + 1, blocks + 1)).tocsr()
    order, above = breadth_first_order(graph, blocks, directed=False)
    label = np.random.default_rng(seed).integers(1, 1 << 62, len(one))
    labels = np.zeros(blocks + 1, np.int64)
    np.bitwise_xor.at(labels, one, label)
    np.bitwise_xor.at(labels, other, label)
    below, leads_out = [*vertices.tolist(), 0], labels.tolist()
    upwards = order[:0:-1]
    for vertex, parent in zip(upwards.tolist(), above[upwards].tolist(), strict=True):
        below[parent] += below[vertex]
        leads_out[parent] ^= leads_out[vertex]
    labels, sizes = np.array(leads_out), np.array(below)
    lower = np.where(above[one] == other, one, other)
    bridge = ((above[one] == other) | (above[other] == one)) & (labels[lower] == label)
    return bridge, sizes[lower], sizes[starts][component[one]]
