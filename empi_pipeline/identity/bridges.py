"""Weak bridges: a single weak prediction that alone holds two groups together."""

import numpy as np

from empi_pipeline.identity.arrays import Flags, Ints


def weak_bridges(count: int, left: Ints, right: Ints, weak: Flags, side: int) -> Flags:
    """Which links are weak bridges between two groups of some size.

    A bridge is a link whose removal disconnects its component (Tarjan 1974); parallel links are no bridges.

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
    neighbours: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for link, (one, other) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        if one != other:
            neighbours[one].append((other, link))
            neighbours[other].append((one, link))
    entered = [-1] * count
    lowest = [0] * count
    below = [1] * count
    clock = 0
    for start in range(count):
        if entered[start] >= 0 or not neighbours[start]:
            continue
        tree: list[tuple[int, int]] = []  # (vertex below a tree link, the link)
        stack = [(start, -1, iter(neighbours[start]))]
        entered[start] = lowest[start] = clock
        clock += 1
        while stack:
            vertex, via, ways = stack[-1]
            for other, link in ways:
                if link == via:
                    continue
                if entered[other] >= 0:
                    lowest[vertex] = min(lowest[vertex], entered[other])
                    continue
                entered[other] = lowest[other] = clock
                clock += 1
                stack.append((other, link, iter(neighbours[other])))
                break
            else:
                stack.pop()
                if stack:
                    above = stack[-1][0]
                    lowest[above] = min(lowest[above], lowest[vertex])
                    below[above] += below[vertex]
                    if lowest[vertex] > entered[above]:
                        tree.append((vertex, via))
        total = below[start]
        for vertex, link in tree:
            result[link] = weak[link] and side <= below[vertex] <= total - side
    return result
